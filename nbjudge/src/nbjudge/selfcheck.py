"""The visible tests of an assignment, run on the student's own work.

Everything runs in a fresh kernel from top to bottom, as it will when the assignment is graded; the
notebook itself is not changed. More tests, with other numbers, run at grading.
"""

from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution

from nbjudge.submission.collect import notebook_trouble

SECONDS_PER_CELL = 60


class Seen(NamedTuple):
    """What the visible tests say of one graded cell."""

    notebook: str
    name: str
    # None: a person will read it
    earned: float | None
    points: float
    said: str


def visible_results(path):
    """Run a notebook and score its graded cells.

    Parameters
    ----------
    path : path
        A release notebook, solved or not.

    Returns
    -------
    list of Seen

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
        timeout=SECONDS_PER_CELL,
        allow_errors=True,
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        raise ValueError(
            f"a cell of {path} ran longer than {SECONDS_PER_CELL} s: look for a loop that"
            " never ends"
        ) from None
    except DeadKernelError:
        raise ValueError(
            f"the kernel died while running {path}: it may have run out of memory"
        ) from None
    return [_result(path.stem, cell) for cell in notebook.cells if is_grade(cell)]


def _result(notebook, cell):
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
        return Seen(
            notebook, name, None, points, "still blank" if blank else "a person will read it"
        )
    return Seen(notebook, name, determine_grade(cell)[0], points, "".join(said))
