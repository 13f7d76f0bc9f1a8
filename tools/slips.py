"""What each slip that the graders are tried with costs, as a page of the book.

``python -m tools.slips`` grades them all, which takes a minute or two, and writes book/slips.md.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "book/slips.md"
HEAD = """\
# What one slip costs

The tests of the assignments are tried with right answers written in several ways, which earn
everything, and with the {count} wrong answers below, which students write. Each is graded here with
all else right. A slip that the tests recognise costs at most half of its problem, whatever else
fails because of it; {share} of the {count} keep half or more. Where one costs more, the table says
why."""


class Row(NamedTuple):
    """One line of the page; `why` is given where a slip costs more than half."""

    chapter: int
    problem: str
    slip: str
    points: float
    lost: float
    why: str = ""


def main() -> None:
    """Grade all wrong answers and write the page."""
    PAGE.write_text(page(list(costs())), encoding="utf-8")


def costs() -> Iterator[Row]:
    """Grade each slip."""
    sys.path.insert(0, str(HOME / "tests"))
    import graders

    for chapter, problems in graders.tables().items():
        for problem, tried in problems.items():
            for slip, (code, _, _, *why) in tried.wrong.items():
                score, _ = graders.grade(chapter, problem, code)
                yield Row(chapter, problem, slip, tried.points, tried.points - score, *why)


def page(rows: list[Row]) -> str:
    """The page about these slips."""
    kept = sum(row.lost <= row.points / 2 for row in rows)
    lines, before = [HEAD.format(count=len(rows), share=kept)], None
    for row in rows:
        if row.chapter != before:
            lines += [
                f"\n## Chapter {row.chapter}\n",
                "| Problem | Slip | Costs |",
                "| --- | --- | --- |",
            ]
            before = row.chapter
        lines.append(line(row))
    return "\n".join(lines) + "\n"


def line(row: Row) -> str:
    """The line of one slip.

    Examples
    --------
    >>> line(Row(4, "p2", "nats for bits", 3, 1.5))
    '| 4.2 | nats for bits | 1.5\\xa0of\\xa03 |'
    >>> line(Row(4, "p3", "always refuses", 3, 3, "it answers nothing"))
    '| 4.3 | always refuses (it answers nothing) | 3\\xa0of\\xa03 |'
    """
    # a phone would break the line within it
    costs = f"{round(row.lost, 2):g} of {row.points:g}".replace(" ", "\N{NO-BREAK SPACE}")
    slip = f"{row.slip} ({row.why})" if row.why else row.slip
    return f"| {row.chapter}.{row.problem.removeprefix('p')} | {slip} | {costs} |"


if __name__ == "__main__":
    main()
