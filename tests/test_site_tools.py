"""book/_tools: the local server, the runner of the book's notebooks, and their reruns."""

import contextlib
import importlib.util
import io
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest

HOME = Path(__file__).resolve().parents[1]
SERVE = HOME / "book" / "_tools" / "serve.py"


def load(name):
    spec = importlib.util.spec_from_file_location(name, HOME / "book" / "_tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- serve.py ---


@pytest.fixture
def site(tmp_path):
    (tmp_path / "index.html").write_text("start")
    (tmp_path / "404.html").write_text("no such page here")
    return tmp_path


def test_serves_pages_and_the_sites_own_404(site):
    process = subprocess.Popen(
        [sys.executable, SERVE, "--port", "0", "--dir", site], stdout=subprocess.PIPE, text=True
    )
    try:
        address = re.match(r"http://\S+", process.stdout.readline()).group()
        assert urllib.request.urlopen(address + "index.html").read() == b"start"
        with pytest.raises(urllib.error.HTTPError) as missing:
            urllib.request.urlopen(address + "deep/in/nowhere.html")
        assert missing.value.code == 404 and missing.value.read() == b"no such page here"
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(300) == 0
        process.stdout.close()


def test_a_port_in_use_is_named_with_a_remedy(site, capsys):
    serve = load("serve")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert serve.main(["--port", str(port), "--dir", str(site)]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said and re.search(r"make serve PORT=\d+", said)


def test_a_site_not_built_yet_is_said(tmp_path, capsys):
    assert load("serve").main(["--dir", str(tmp_path)]) == 2
    assert "not built yet" in capsys.readouterr().err


def test_an_impossible_port_is_refused(capsys):
    with pytest.raises(SystemExit):
        load("serve").main(["--port", "70000"])
    assert "between 0 and 65535" in capsys.readouterr().err


# --- notebooks.py ---


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    pytest.importorskip("nbclient")
    module = load("notebooks")
    monkeypatch.setattr(module, "STAMPS", tmp_path / ".stamps" / "notebooks.json")
    monkeypatch.setattr(module, "course_digest", lambda: "course")
    return module


def make_notebook(path, *sources):
    cells = [nbformat.v4.new_markdown_cell("# Title")] + [
        nbformat.v4.new_code_cell(source) for source in sources
    ]
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=cells,
            metadata={"language_info": {"name": "python", "version": "3.9.1"}, "widgets": {}},
        ),
        path,
    )
    return path


def test_executes_strips_and_then_leaves_alone(notebooks, tmp_path, capsys):
    path = make_notebook(tmp_path / "1-slug.ipynb", "print(1)\nprint(2)", "3 + 4")
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    assert notebooks.main(["--check", str(path)]) == 1
    assert notebooks.main([str(path)]) == 0
    done = nbformat.read(path, as_version=4)
    assert [cell.id for cell in done.cells] == ids
    assert done.metadata == {"kernelspec": notebooks.KERNEL, "language_info": {"name": "python"}}
    assert [cell.execution_count for cell in done.cells[1:]] == [1, 2]
    assert done.cells[1].outputs == [{"name": "stdout", "output_type": "stream", "text": "1\n2\n"}]
    assert all(cell.metadata == {} for cell in done.cells)
    before = path.read_bytes()
    assert notebooks.main(["--check", str(path)]) == 0
    assert notebooks.main([str(path)]) == 0 and path.read_bytes() == before
    assert "up to date" in capsys.readouterr().out


def test_what_makes_a_notebook_need_a_run(notebooks, tmp_path):
    path = make_notebook(tmp_path / "1-slug.ipynb", "1 + 1")
    notebook = nbformat.read(path, as_version=4)
    first = notebooks.stamp(notebook, "course")
    assert notebooks.stamp(notebook, "another lmcore or other data") != first
    notebook.cells[0].source = "# New words"
    assert notebooks.stamp(notebook, "course") == first
    notebook.cells[1].source = "1 + 2"
    assert notebooks.stamp(notebook, "course") != first
    notebook.cells[1].source = "1 + 1"
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="2")]
    assert notebooks.stamp(notebook, "course") != first


def test_the_course_digest_covers_code_and_data(tmp_path):
    module = load("notebooks")
    for name in ("softmax.py", "data/smollm2.npz", "check.py"):
        (tmp_path / "lmcore" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lmcore" / name).write_text("1")
    seen = [module.course_digest(tmp_path)]
    for name, counts in (
        ("softmax.py", True),
        ("data/smollm2.npz", True),
        ("check.py", False),
    ):
        (tmp_path / "lmcore" / name).write_text("2")
        seen.append(module.course_digest(tmp_path))
        assert (seen[-1] != seen[-2]) == counts, name


def test_a_failing_cell_is_named_and_nothing_is_lost(notebooks, tmp_path, capsys):
    bad = make_notebook(tmp_path / "bad.ipynb", "x = 1", "x / 0")
    good = make_notebook(tmp_path / "good.ipynb", "print('fine')")
    before = bad.read_bytes()
    assert notebooks.main([str(bad), str(good)]) == 1
    said = capsys.readouterr().out
    assert "bad.ipynb: cell 3 failed: ZeroDivisionError" in said and "as it was" in said
    assert bad.read_bytes() == before
    assert "fine" in good.read_text()
    assert sorted(path.name for path in tmp_path.glob("*")) == [
        ".stamps",
        "bad.ipynb",
        "good.ipynb",
    ] or not list(tmp_path.glob(".bad*"))
    assert notebooks.main(["--check", str(bad)]) == 1


def test_an_unreadable_notebook_is_named(notebooks, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text('{"cells": [')
    with pytest.raises(SystemExit, match="broken.ipynb is not a readable notebook.*git checkout"):
        notebooks.main([str(path)])


def test_interrupting_leaves_the_old_notebook_whole(tmp_path, tmp_path_factory):
    begun = tmp_path_factory.mktemp("elsewhere") / "begun"
    path = make_notebook(
        tmp_path / "slow.ipynb",
        f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(600)",
    )
    before = path.read_bytes()
    runner = (
        "import importlib.util, pathlib, sys\nspec = importlib.util.spec_from_file_location('n',"
        f" {str(HOME / 'book/_tools/notebooks.py')!r})\nn = importlib.util.module_from_spec(spec);"
        " spec.loader.exec_module(n)\nn.STAMPS ="
        f" pathlib.Path({str(tmp_path / 's' / 'x.json')!r})\nsys.exit(n.main([{str(path)!r}]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", runner], stdout=subprocess.PIPE, text=True)
    assert "running" in process.stdout.readline()
    while not begun.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 130 and "interrupted: 0 of 1" in said
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["slow.ipynb"]


# --- twice.py ---


def rerun(*sources, tags=()):
    """What `twice.py` says of some cells, run in one name space instead of a kernel."""
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)}) for source in sources]
    names = {}

    def run(cell, number):
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(cell.source, names)
        except Exception as error:
            cell.outputs = [nbformat.v4.new_output("error", ename="", evalue=str(error))]
        else:
            cell.outputs = [nbformat.v4.new_output("stream", text=printed.getvalue())]

    return load("twice").complaints(nbformat.v4.new_notebook(cells=cells), run)


def test_cells_that_say_the_same_again_are_left_alone():
    assert rerun("x = 1", "y = x + 1\nprint(y)", "print(x + y)") == []
    assert rerun("import itertools; n = itertools.count()", "print(next(n))", tags=["x"]) != []
    assert rerun("import time", "print(time.perf_counter())", tags=["nbval-ignore-output"]) == []


@pytest.mark.parametrize(
    "sources, complaint",
    [
        (["x = [1]", "x.append(2)\nprint(len(x))"], "cell 1, at once: first '2', then '3'"),
        (["x = 1", "print(x)", "x = 'two'"], None),
        (["y = 0", "print('new')", "if y: del y\ny += 1\nprint(y)"], "cell 2, at once"),
        (["print(2 if 'z' in globals() else 1)", "z = 0"], "cell 0, after the last"),
        (["a = (1, 2)", "print(a[0])", "a = 3\nprint(a)", "print(a)"], None),
        (["print('fine')", "1 / 0"], "cell 1, the first time: division by zero"),
    ],
)
def test_a_cell_that_says_something_else_is_named(sources, complaint):
    found = rerun(*sources)
    assert found == [] if complaint is None else found and found[0].startswith(complaint), found
