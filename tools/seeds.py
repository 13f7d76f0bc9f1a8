"""Whether an answer earns the same whatever the random cases are.

``python -m tools.seeds 1 2 3`` grades every right and wrong answer of the graders' tables with
these seeds and prints those whose points differ from the points with seed 0. Its exit status is 1
if there are any. A seed takes two to four minutes.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
# scores that differ by less are the same
SAME = 1e-9


def main() -> int:
    """Grade with each seed, print what differs, and say how many answers do."""
    seeds, answers = [int(seed) for seed in sys.argv[1:]] or [1], list(every_answer())
    before, differing = [points(0, *answer) for answer in answers], 0
    for seed in seeds:
        for (chapter, problem, name, code), usual in zip(answers, before, strict=True):
            now = points(seed, chapter, problem, name, code)
            if abs(now - usual) > SAME:
                differing += 1
                print(f"seed {seed}, {chapter}.{problem}, {name}: {now:g} instead of {usual:g}")
    print(f"{differing} of {len(seeds) * len(answers)} differ")
    return int(differing > 0)


def every_answer() -> Iterator[tuple[int, str, str, str | None]]:
    """Chapter, problem, name and text of each answer; of the reference, the text is None."""
    sys.path.insert(0, str(HOME / "tests"))
    for chapter in range(1, 11):
        problems = importlib.import_module(f"graders.chapter_{chapter:02d}").PROBLEMS
        for problem, tried in problems.items():
            yield chapter, problem, "the reference", None
            for name, code in tried.right.items():
                yield chapter, problem, name, code
            for name, (code, _, _) in tried.wrong.items():
                yield chapter, problem, name, code


def points(seed: int, chapter: int, problem: str, name: str, code: str | None) -> float:
    """What an answer earns on the cases of a seed."""
    import graders

    os.environ["NBJUDGE_SEED"] = str(seed)
    return graders.grade(chapter, problem, code)[0]


if __name__ == "__main__":
    sys.exit(main())
