"""Run every cell of the book's notebooks again, and compare what it says with what it said before.

    python book/_tools/twice.py [--jobs N] [NOTEBOOK ...]

A reader reruns the cell in front of him, and later the whole page. So each cell runs twice in a
row, in order, and then all of them once more from the top, in one kernel; every output must be that
of the first run. Outputs that the tests of the notebooks ignore, such as times, are ignored here.
"""

import argparse
import concurrent.futures
import copy
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from notebooks import HOME, SECONDS_A_CELL, merge_streams, name_of, read


def said(cell):
    """What a cell put out: texts and pictures, without the number of its run."""
    outputs = merge_streams(copy.deepcopy(cell.outputs))
    return [
        (output.output_type, output.get("text") or output.get("data") or output.get("evalue"))
        for output in outputs
    ]


def first_difference(before, after):
    """One line about two outputs of a cell that differ."""
    if len(before) != len(after):
        return f"{len(before)} outputs, then {len(after)}"
    one, two = next((one, two) for one, two in zip(before, after, strict=True) if one != two)
    if isinstance(one[1], str) and isinstance(two[1], str):
        lines = zip([*one[1].splitlines(), ""], [*two[1].splitlines(), ""], strict=False)
        return "first {!r}, then {!r}".format(*next(pair for pair in lines if len({*pair}) > 1))
    return f"another {one[0]}" if one[0] == two[0] else f"{one[0]}, then {two[0]}: {two[1]}"


def complaints(notebook, run):
    """Cells whose second or third run is not like their first.

    Parameters
    ----------
    notebook : notebook
        Its cells are run in place.
    run : callable
        Runs one cell, given the cell and its number among all of them.
    """
    cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    first, found = {}, []

    def again(i, cell, when):
        run(cell, i)
        ignored = "nbval-ignore-output" in cell.metadata.get("tags", [])
        if not ignored and said(cell) != first[i]:
            found.append(f"cell {i}, {when}: {first_difference(first[i], said(cell))}")

    for i, cell in cells:
        run(cell, i)
        first[i] = said(cell)
        if any(kind == "error" for kind, _ in first[i]):
            return [f"cell {i}, the first time: {first[i][-1][1]}"]
        again(i, cell, "at once")
    for i, cell in cells:
        again(i, cell, "after the last")
    return found


def rerun(path):
    """Complaints about one notebook, run in a kernel of its own; its file is left alone."""
    from nbclient import NotebookClient

    notebook = read(path)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        allow_errors=True,  # an error in a later run is an output that differs
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    with client.setup_kernel():
        return complaints(notebook, client.execute_cell)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, metavar="NOTEBOOK", help="default: book/*/[1-5]-*.ipynb"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (default 2)")
    options = parser.parse_args(arguments)
    paths = [path.resolve() for path in options.notebooks] or sorted(
        HOME.glob("book/*/[1-5]-*.ipynb")
    )
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, options.jobs)) as pool:
        for path, found in zip(paths, pool.map(rerun, paths), strict=True):
            bad += bool(found)
            print(f"{name_of(path)}: " + ("\n    ".join(["", *found]) or "the same each time"))
            sys.stdout.flush()
    print(f"{len(paths) - bad} of {len(paths)} notebooks can be run again")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
