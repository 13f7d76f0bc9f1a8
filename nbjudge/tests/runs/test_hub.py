"""A week on a JupyterHub: students log in, fetch, submit and read their feedback in the servers
that the hub starts for them, the instructor grades between.

It needs root, to start servers for other accounts, and two programs that this project does not
install: `pip install jupyterhub` and `npm install --global configurable-http-proxy`.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests
from nbjudge.cli import main

from .accounts import CHAPTER, STUDENTS, nbgrader, python_of, solve
from .machinery import PATIENCE

SETTINGS = """
import os
from jupyterhub.spawner import LocalProcessSpawner

class AtHome(LocalProcessSpawner):
    '''Servers whose home is the folder of this test and not that of the account.'''

    def user_env(self, env):
        return super().user_env(env) | {{"HOME": self.format_string(self.notebook_dir)}}

    def make_preexec_fn(self, name):
        become, home = super().make_preexec_fn(name), self.format_string(self.notebook_dir)
        return lambda: (become(), os.chdir(home))

c = get_config()
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = AtHome
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.Spawner.notebook_dir = {place!r} + "/{{username}}"
c.Spawner.cmd = [{python!r}, "-m", "jupyterhub.singleuser"]
c.Spawner.environment = {environment!r}
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
"""


@pytest.fixture
def hub(place, tmp_path):
    """The address of a hub that runs, whose accounts are the students'."""
    proxy = shutil.which("configurable-http-proxy")
    if find_spec("jupyterhub") is None or proxy is None:
        pytest.skip("NOT TESTED: JupyterHub and configurable-http-proxy are not installed")
    port, hub, api = free_ports(3)
    prefix = Path(sys.prefix)
    # what every account gets, as the guide has it in /etc/jupyter
    everybodys = place / "etc"
    everybodys.mkdir()
    shutil.copy(place / STUDENTS[0] / "nbgrader_config.py", everybodys)
    environment = {
        "PYTHONPATH": str(Path(pytest.__file__).parents[1]),
        "JUPYTER_CONFIG_PATH": f"{everybodys}{os.pathsep}{prefix / 'etc' / 'jupyter'}",
        "JUPYTER_PATH": str(prefix / "share" / "jupyter"),
    }
    settings = SETTINGS.format(
        port=port,
        hub=hub,
        api=api,
        proxy=proxy,
        place=str(place),
        python=python_of(STUDENTS[0]),
        environment=environment,
        patience=PATIENCE,
    )
    (tmp_path / "jupyterhub_config.py").write_text(settings)
    log = tmp_path / "log"
    with open(log, "w") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub"], cwd=tmp_path, stdout=lines, stderr=lines
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: answers(f"{address}/hub/health"), process, log)
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_ports(number):
    """Ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [held.getsockname()[1] for held in sockets]
    for held in sockets:
        held.close()
    return ports


def answers(address):
    """Whether a server says that it is there."""
    try:
        return requests.get(address, timeout=PATIENCE).ok
    except requests.ConnectionError:
        return False


def wait_for(done, process, log):
    """Wait until the hub has done something, while it runs."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert process.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.1)


@contextmanager
def logged_in(hub, student):
    """A student's browser, and what `(page, **data)` brings from the student's own server."""
    with requests.Session() as browser:
        browser.get(f"{hub}/hub/login", timeout=PATIENCE)
        form = {"username": student, "password": "", "_xsrf": browser.cookies["_xsrf"]}
        page = browser.post(f"{hub}/hub/login?next=/hub/spawn", data=form, timeout=PATIENCE)
        assert page.ok, page.text
        server = f"{hub}/user/{student}"
        end = time.monotonic() + PATIENCE
        while not (lab := browser.get(f"{server}/lab", timeout=PATIENCE)).url.startswith(server):
            assert time.monotonic() < end, lab.text
            time.sleep(0.2)

        def ask(page, /, **data):
            token = next(
                cookie.value
                for cookie in browser.cookies
                if cookie.name == "_xsrf" and cookie.path == f"/user/{student}/"
            )
            where, how = f"{server}/{page}", {"timeout": PATIENCE}
            if data.pop("get", False):
                answer = browser.get(where, params=data, **how)
            else:
                answer = browser.post(where, data=data, headers={"X-XSRFToken": token}, **how)
            assert answer.ok, answer.text
            answer = answer.json()
            assert answer["success"], answer
            return answer["value"]

        yield ask


@pytest.mark.root
@pytest.mark.slow
def test_a_week_on_a_hub(sandbox, hub, place):
    home = place / "course"
    assert nbgrader(home, "release_assignment", CHAPTER).returncode == 0
    this = {"assignment_id": CHAPTER, "course_id": "made-up"}
    for student, kind in zip(STUDENTS, "RX", strict=True):
        with logged_in(hub, student) as ask:
            [listed] = ask("assignments", course_id="made-up", get=True)
            assert listed["status"] == "released"
            ask("assignments/fetch", **this)
            blank = ask("assignments/validate", path=f"{CHAPTER}/exercises.ipynb")
            assert len(blank["failed"]) == 3
            solve(place, student, kind)
            solved = ask("assignments/validate", path=f"{CHAPTER}/exercises.ipynb")
            # the visible part of a cell with partial credit cannot earn all of it
            assert [cell["source"].splitlines()[-1] for cell in solved["failed"]] == ["score"]
            ask("assignments/submit", **this)
    assert nbgrader(home, "collect", CHAPTER).returncode == 0
    assert main(["grade", "1", "--home", str(home)]) == 0
    assert not (place / "marker").exists()
    assert nbgrader(home, "release_feedback", CHAPTER).returncode == 0
    for student in STUDENTS:
        with logged_in(hub, student) as ask:
            ask("assignments/fetch_feedback", **this)
        [page] = (place / student / CHAPTER).rglob("*.html")
        text = page.read_text()
        assert f"{student} · {CHAPTER}" in text and "10 of 10 points, 2 to be marked" in text
        assert page.stat().st_uid != os.geteuid()
