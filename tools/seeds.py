"""Whether answers are treated alike whatever the random cases are.

``python -m tools.seeds 1 2 3`` grades every answer of the graders' tables with these seeds. A wrong
one may lose a little more or less where a case happens to hide it: those whose points differ from
those with seed 0 are printed. The exit status is 1 if a right one does not earn everything, or a
wrong one does. A seed takes two to four minutes.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[1]
# scores that differ by less are the same
SAME = 1e-9


def main() -> int:
    """Grade with each seed, and print what differs and what is unfair."""
    seeds, answers = [int(seed) for seed in sys.argv[1:]] or [1], list(every_answer())
    before = [points(0, answer) for answer in answers]
    differing = unfair = 0
    for seed in seeds:
        for answer, usual in zip(answers, before, strict=True):
            now = points(seed, answer)
            differing += abs(now - usual) > SAME
            unfair += answer.right != (now > answer.most - SAME)
            if abs(now - usual) > SAME:
                where = f"{answer.chapter}.{answer.problem}, {answer.name}"
                print(f"seed {seed}, {where}: {now:g} instead of {usual:g}")
    print(f"{differing} of {len(seeds) * len(answers)} differ, {unfair} unfairly")
    return int(unfair > 0)


class Answer(NamedTuple):
    """One answer to one problem; the reference has no text."""

    chapter: int
    problem: str
    most: float
    name: str
    code: str | None
    right: bool


def every_answer() -> Iterator[Answer]:
    """The references and all answers of the tables."""
    sys.path.insert(0, str(HOME / "tests"))
    import graders

    for chapter, problems in graders.tables().items():
        for problem, tried in problems.items():
            about = chapter, problem, tried.points
            yield Answer(*about, "the reference", None, True)
            for name, code in tried.right.items():
                yield Answer(*about, name, code, True)
            for name, (code, *_) in tried.wrong.items():
                yield Answer(*about, name, code, False)


def points(seed: int, answer: Answer) -> float:
    """What an answer earns on the cases of a seed."""
    import graders

    os.environ["NBJUDGE_SEED"] = str(seed)
    return graders.grade(answer.chapter, answer.problem, answer.code)[0]


if __name__ == "__main__":
    sys.exit(main())
