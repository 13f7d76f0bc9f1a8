"""A class of any size whose results are made up, not computed.

What the writer, the export and the report have to bear.
"""

import time
from typing import NamedTuple

from nbjudge.assignment.spec import ANSWER, TEST
from nbjudge.course import course_config
from nbjudge.execution.result import Result
from nbjudge.records.gradebook import Writer


class Spent(NamedTuple):
    """What writing one submission took; `steps` are hundreds of instructions of SQLite's machine,
    the same on any computer.
    """

    seconds: float
    cpu: float
    steps: int


def name(number):
    """The student with this number."""
    return f"student-{number:05d}"


def share(number):
    """The share of every test's points that this student earns: 0, a quarter, a half, three
    quarters or all.
    """
    return number % 5 / 4


def outcome(spec, number, key=None):
    """What grading this student might have given."""
    cells = [
        {
            "cell_type": cell.cell_type,
            "metadata": cell.metadata,
            "id": f"cell-{i}",
            "source": f"{cell.visible}\n# student {number}",
            **({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}),
        }
        for i, cell in enumerate(spec.cells)
    ]
    scores = {
        cell.grade_id: cell.points * share(number) for cell in spec.cells if cell.role == TEST
    }
    comments = {cell.grade_id: None for cell in spec.cells if cell.role == ANSWER}
    return Result(
        key or f"{number:064d}",
        name(number),
        spec.chapter,
        spec.notebook,
        "2026-02-27 18:30:00 UTC",
        cells,
        scores,
        comments,
        seconds=0.1,
        fingerprints=[number],
    )


def write_class(home, root, spec, size, db=None, again=0):
    """Write `size` results into the gradebook and autograded/ under `root`, and grades.csv.

    Parameters
    ----------
    home, root : path
    spec : Spec
    size : int
    db : str, optional
        The gradebook's address; SQLite in `root` by default.
    again : int
        How many of them to write a second time, as after a new grading.

    Returns
    -------
    list of Spent
        One for each writing.
    """
    from sqlalchemy import event

    config, steps, spent = course_config(home, root), [0], []
    if db:
        config.CourseDirectory.db_url = db
    writer = Writer(config)

    def step():
        steps[0] += 1

    if writer.book.engine.dialect.name == "sqlite":
        event.listen(
            writer.book.engine,
            "checkout",
            lambda connection, *_: connection.set_progress_handler(step, 100),
        )
    writer.register(spec)
    writer.enrol([name(number) for number in range(size)])
    for number in [*range(size), *range(again)]:
        made, steps[0] = outcome(spec, number), 0
        begin, cpu = time.perf_counter(), time.process_time()
        writer.write(spec, made)
        spent.append(Spent(time.perf_counter() - begin, time.process_time() - cpu, steps[0]))
    writer.set_penalties(spec.chapter)
    writer.write_csv(f"{root}/grades.csv")
    writer.close()
    return spent
