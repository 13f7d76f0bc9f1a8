"""Run the visible tests of one assignment on your own work: python -m nbjudge.selfcheck 03    (make check CH=03)

Everything runs in a fresh kernel from top to bottom, as it will when the assignment is graded; the notebook itself is
not changed. More tests, with other numbers, run at grading.
"""

import argparse
import sys
import textwrap
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution

from nbjudge.course import find_chapters
from nbjudge.submission.collect import notebook_trouble

WIDTH = 110
SECONDS_A_CELL = 60


def visible_results(path):
    """Run a notebook and score its graded cells.

    Parameters
    ----------
    path : path
        A release notebook, solved or not.

    Returns
    -------
    list of (str, float or None, float, str)
        For each graded cell its name, the points of the visible tests (None: a person will read
        it), the points there are, and what its tests said.

    Raises
    ------
    ValueError
        If the file is no notebook, its kernel dies or a cell runs too long; the message says what
        to do.
    """
    path = Path(path)
    if trouble := notebook_trouble(path):
        raise ValueError(trouble)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=SECONDS_A_CELL,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        raise ValueError(
            f"a cell of {path} ran longer than {SECONDS_A_CELL} s: look for a loop that never ends"
        ) from None
    except DeadKernelError:
        raise ValueError(
            f"the kernel died while running {path}: it may have run out of memory"
        ) from None
    return [_result(cell) for cell in notebook.cells if is_grade(cell)]


def _result(cell):
    """Points and words of one graded cell; what it wrote to stderr costs nothing."""
    said = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            output.name = "stdout"
            said.append(output.text)
        elif output.output_type == "error":
            said.append(f"{output.ename}: {output.evalue}")
    name, points = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
    if is_solution(cell):
        blank = cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)
        return name, None, points, "still blank" if blank else "a person will read it"
    return name, determine_grade(cell)[0], points, "".join(said)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m nbjudge.selfcheck", description=__doc__.split("\n")[0]
    )
    parser.add_argument("chapter", metavar="CHAPTER", help="number or name, such as 03")
    parser.add_argument(
        "--home", default=".", type=Path, help="the course's folder (default: here)"
    )
    options = parser.parse_args(arguments)
    try:
        (chapter,) = find_chapters(options.home, [options.chapter], folder="exercises")
        rows = visible_results(options.home / "exercises" / chapter / "exercises.ipynb")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    for name, earned, points, said in rows:
        print(f"{name:<12} " + f"{'-' if earned is None else f'{earned:g}':>4} of {points:g}")
        for line in said.splitlines():
            print(textwrap.fill(line, WIDTH, initial_indent="    ", subsequent_indent=" " * 12))
    tested = [(earned, points) for _, earned, points, _ in rows if earned is not None]
    print(f"\nvisible tests: {sum(e for e, _ in tested):g} of {sum(p for _, p in tested):g} points")
    return 0


if __name__ == "__main__":
    sys.exit(main())
