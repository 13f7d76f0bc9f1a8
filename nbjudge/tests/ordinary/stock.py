"""Stock nbgrader's points for every kind, in stock.json.

python nbjudge/tests/ordinary/stock.py [WORD ...]

grades what is not yet stored or has changed, with two kernels at a time. A WORD limits that to
kinds whose name contains it, and grades these again even if nothing has changed. Nothing of this
grader runs here. One rule differs from stock's: what a test writes to stderr costs nothing.
"""

import json
import os
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
STORE = HERE / "stock.json"
AT_ONCE = 2


def stored():
    """{kind: {"digest": ..., "nbgrader": ..., "points": {work: {notebook: {grade_id: points}}}}}.

    A work that stock nbgrader cannot grade has its error, a text, in place of notebooks.
    """
    return json.loads(STORE.read_text()) if STORE.exists() else {}


def grade(kind, home):
    """Grade everybody's work on one kind, each by itself, so that no failure takes others along."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute, NbGraderPreprocessor
    from nbgrader.utils import is_grade

    from . import course

    class WarningsAreNotErrors(NbGraderPreprocessor):
        """What a test wrote to stderr does not count as a failure."""

        def preprocess_cell(self, cell, resources, cell_index):
            for output in cell.get("outputs", []) if is_grade(cell) else []:
                if output.output_type == "stream":
                    output.name = "stdout"
            return cell, resources

    course.make(kind, home, database=True)
    config, failures = course.settings(home), {}
    steps = list(Autograde().autograde_preprocessors)
    steps.insert(steps.index(Execute) + 1, WarningsAreNotErrors)
    config.Autograde.autograde_preprocessors = steps
    for title in kind.works:
        student = title.replace(" ", "-")
        try:
            course.convert(Autograde, config, assignment_id=kind.name, student_id=student)
        except RuntimeError as error:
            failures[title] = str(error).replace(str(home), "HOME")
    points = course.scores(config.CourseDirectory.db_url, kind)
    return {title: failures.get(title) or points[title] for title in kind.works}


def _mute():
    """Kernels inherit standard error, and chat there."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def _graded(name):
    """One kind, in a process of the pool."""
    from .kinds import KINDS

    home = Path(tempfile.mkdtemp(prefix="stock-"))
    try:
        return {
            "digest": KINDS[name].digest,
            "nbgrader": version("nbgrader"),
            "points": grade(KINDS[name], home),
        }
    finally:
        shutil.rmtree(home, ignore_errors=True)


def keep(found):
    """Write the store: a line for each work, kinds in the order of their names."""
    blocks = []
    for name in sorted(found):
        entry = found[name]
        lines = [
            f"   {json.dumps(title)}: {json.dumps(points)}"
            for title, points in entry["points"].items()
        ]
        head = f'  "digest": "{entry["digest"]}", "nbgrader": "{entry["nbgrader"]}", "points": {{\n'
        blocks.append(f" {json.dumps(name)}: {{\n{head}" + ",\n".join(lines) + "\n  }\n }")
    STORE.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def main(words):
    """Grade what has to be graded; returns the exit status."""
    from .kinds import KINDS

    found = {name: entry for name, entry in stored().items() if name in KINDS}
    todo, failed = [], 0
    for name, kind in KINDS.items():
        fresh = name in found and found[name]["digest"] == kind.digest
        if any(word in name for word in words) if words else not fresh:
            if kind.missing:
                print(f"{name}: not graded, it needs {', '.join(kind.missing)}")
            else:
                todo.append(name)
    with ProcessPoolExecutor(AT_ONCE, initializer=_mute) as pool:
        futures = {pool.submit(_graded, name): name for name in todo}
        for number, future in enumerate(as_completed(futures), 1):
            name, said = futures[future], "graded"
            try:
                found[name] = future.result()
                keep(found)
            except Exception as error:
                failed += 1
                said = f"not graded: {type(error).__name__}: {error}"
            print(f"{number}/{len(todo)} {name} {said}", flush=True)
    keep(found)
    return int(failed > 0)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    from ordinary import stock

    sys.exit(stock.main(sys.argv[1:]))
