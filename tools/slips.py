"""What each slip that the graders are tried with costs, as a page of the book.

``python -m tools.slips`` grades them all, which takes a minute or two, and writes book/slips.md.
"""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "book/slips.md"
HEAD = """\
# What one slip costs

The tests of the assignments are tried with right answers written in several ways, which earn
everything, and with the {count} wrong answers below, which students write. Each is graded here with
all else right. A slip that the tests recognise costs at most half of its problem, whatever else
fails because of it; {share} of the {count} keep half or more. The others raise an exception,
or are wrong in a way that the tests do not know."""


def main() -> None:
    """Grade all wrong answers and write the page."""
    PAGE.write_text(page(list(costs())), encoding="utf-8")


def costs() -> Iterator[tuple[int, str, str, float, float]]:
    """Chapter, problem, slip, points of the problem, and points lost by the slip."""
    sys.path.insert(0, str(HOME / "tests"))
    import graders

    for chapter in range(1, 11):
        problems = importlib.import_module(f"graders.chapter_{chapter:02d}").PROBLEMS
        for problem, tried in problems.items():
            for slip, (code, _, _) in tried.wrong.items():
                score, _ = graders.grade(chapter, problem, code)
                yield chapter, problem, slip, tried.points, tried.points - score


def page(rows: list[tuple[int, str, str, float, float]]) -> str:
    """The page about these slips."""
    kept = sum(lost <= points / 2 for *_, points, lost in rows)
    lines, before = [HEAD.format(count=len(rows), share=kept)], None
    for chapter, problem, slip, points, lost in rows:
        if chapter != before:
            lines += [
                f"\n## Chapter {chapter}\n",
                "| Problem | Slip | Costs |",
                "| --- | --- | --- |",
            ]
            before = chapter
        lines.append(line(chapter, problem, slip, points, lost))
    return "\n".join(lines) + "\n"


def line(chapter: int, problem: str, slip: str, points: float, lost: float) -> str:
    """The line of one slip.

    Examples
    --------
    >>> line(4, "p2", "nats for bits", 3, 1.5)
    '| 4.2 | nats for bits | 1.5\\xa0of\\xa03 |'
    """
    # a phone would break the line within it
    costs = f"{round(lost, 2):g} of {points:g}".replace(" ", "\N{NO-BREAK SPACE}")
    return f"| {chapter}.{problem.removeprefix('p')} | {slip} | {costs} |"


if __name__ == "__main__":
    main()
