"""A student's path through one assignment, on the system that runs this.

    python tests/machines/student.py FOLDER

FOLDER gets what a student has of the course. The notebook in it is solved with the reference
answers and has the line ends of an editor on Windows. It is checked, and validated in JupyterLab;
grading is refused where it must be.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(HOME / "tests"), str(HOME / "nbjudge" / "tests")]

from made_up.students import Student, write_submission  # noqa: E402
from sample_class import CHAPTER  # noqa: E402

NOTEBOOK = f"exercises/{CHAPTER}/exercises.ipynb"
LAB = "-m jupyterlab exercises --no-browser --allow-root --IdentityProvider.token=secret"
OPTIONS = ["--ServerApp.port=0", "--ServerApp.log_level=ERROR"]


def students_folder(folder, answers):
    """What a student has of the course, with the notebook as an editor on Windows saves it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(HOME / "nbgrader_config.py", folder)
    written = write_submission(HOME, folder, CHAPTER, "me", Student(answers))
    (folder / NOTEBOOK).parent.mkdir(parents=True)
    text = written.read_text(encoding="utf-8")
    (folder / NOTEBOOK).write_text(text, encoding="utf-8", newline="\r\n")
    return folder


def nbjudge(folder, *arguments):
    """Run the command as a student does; returns its exit status and all that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "nbjudge", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    said = done.stdout.decode(errors="replace")
    assert "Traceback" not in said, said
    return done.returncode, said


def validate(folder):
    """Press Validate in JupyterLab; returns what the server answers."""
    runtime = folder / "runtime"
    server = subprocess.Popen(
        [sys.executable, *LAB.split(), *OPTIONS],
        cwd=folder,
        env=os.environ | {"JUPYTER_RUNTIME_DIR": str(runtime)},
    )
    try:
        request = urllib.request.Request(
            f"{_address(server, runtime)}assignments/validate",
            json.dumps({"path": f"{CHAPTER}/exercises.ipynb"}).encode(),
            {"Authorization": "token secret"},
        )
        with urllib.request.urlopen(request, timeout=240) as answer:
            return json.load(answer)
    finally:
        server.terminate()
        server.wait(30)


def _address(server, runtime):
    """Where a Jupyter server listens, as it notes when it is ready."""
    while server.poll() is None:
        for note in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(note.read_text(encoding="utf-8"))["url"]
            except json.JSONDecodeError:  # not written to its end
                pass
        time.sleep(0.1)
    raise AssertionError("JupyterLab ended")


def main(folder):
    """Walk the path; an assertion fails where it is blocked."""
    home = students_folder(Path(folder), {})
    status, said = nbjudge(home, "check", "03")
    assert status == 0 and "visible tests: 16 of 16 points" in said, said
    print("nbjudge check: all visible tests pass")
    answer = validate(home)
    assert answer["success"], answer["value"]
    assert not answer["value"].get("failed") and not answer["value"].get("changed"), answer
    print("Validate in JupyterLab: all visible tests pass")
    if platform.system() != "Linux":
        status, said = nbjudge(home, "grade")
        assert status == 2 and "docker run" in said, said
        print("nbjudge grade: refused, and the container is named")


if __name__ == "__main__":
    main(sys.argv[1])
