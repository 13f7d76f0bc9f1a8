"""Grade a class with nbgrader: every submission by itself, so that none can end the run of the others.

    python -m lmcore.grading.grade [CHAPTER ...] [--root DIR] [--due WHEN] [--force]

Reads submitted/STUDENT/NN-slug/, writes gradebook.db, autograded/, feedback/ and grades.csv. A submission is graded
once; it is graded again when it, the source notebook or lmcore's version changes. Students' code runs unprotected:
see the instructor's guide.
"""
import argparse
import contextlib
import csv
import hashlib
import json
import logging
import os
import sys
import time
import warnings
from glob import escape
from pathlib import Path
from typing import NamedTuple

from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.log import get_logger

from .collect import find_trouble
from .course import course_config, find_chapters, run


class Row(NamedTuple):
    """What became of one submission."""

    chapter: str
    student: str
    state: str                                        # "graded", "unchanged", "failed", "unreadable"
    remark: str = ""


def grade_class(home=".", root=None, chapters=(), due=None, force=False, say=print):
    """Grade all submissions, write feedback and export the scores.

    Parameters
    ----------
    home : path
        The course's folder: sources and nbgrader_config.py.
    root : path, optional
        Where submitted/ lies and the results go; `home` unless given.
    chapters : sequence of str
        As in `course.find_chapters`; none means every chapter that somebody submitted.
    due : str, optional
        Due date set for these chapters, such as "2026-03-01 23:59 UTC". Otherwise the gradebook's stays.
    force : bool
        Grade again what has been graded.
    say : callable
        Gets each line of the report.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If nothing was submitted, a chapter is unknown, or `due` is no date.
    RuntimeError
        If nbgrader refuses a source notebook, for instance because it lost a problem that has been graded.
    """
    config = course_config(home, root)
    root = Path(config.CourseDirectory.root)
    rows = [] if chapters else _strays(root, find_chapters(home))
    if due is not None:
        due = _date(due)
    tools = str(Path(sys.executable).parent)          # nbgrader calls alembic, which lies there, by its bare name
    if tools not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, os.environ.get("PATH", os.defpath)])
    submitted = {chapter: sorted(p.parent.name for p in root.glob(f"submitted/*/{chapter}"))
                 for chapter in find_chapters(home, chapters)}
    if not any(submitted.values()):
        raise ValueError(f"nothing to grade: put each notebook at {root}/submitted/STUDENT/CHAPTER/exercises.ipynb")
    (root / "autograded").mkdir(parents=True, exist_ok=True)
    with _log_file(root / "autograded" / "grading.log"):
        for chapter, students in submitted.items():
            if students:
                rows += _grade_chapter(config, chapter, students, due, force, say)
        with _gradebook(config) as gradebook:
            CsvExportPlugin(to=str(root / "grades.csv")).export(gradebook)
    return rows


def _strays(root, known):
    """What lies in submitted/ and would be overlooked because it is not in STUDENT/CHAPTER/."""
    rows = []
    for path in sorted(root.glob("submitted/*/*")):
        if path.name not in known and not path.name.startswith("."):
            rows.append(Row(path.name, path.parent.name, "unreadable",
                            f"{path.relative_to(root)} was not graded: put it into a folder named after its chapter "
                            f"({', '.join(known)}) and grade again"))
    return rows


def _date(text):
    from nbgrader.utils import parse_utc

    try:
        return parse_utc(text)
    except (ValueError, OverflowError):
        raise ValueError(f'the due date {text!r} is no date: write one such as "2026-03-01 23:59 UTC"') from None


def _grade_chapter(config, chapter, students, due, force, say):
    root, source = Path(config.CourseDirectory.root), Path(config.CourseDirectory.source_directory, chapter)
    release = root / "autograded" / ".release"        # nbgrader insists on writing one while it fills the gradebook
    try:
        run(GenerateAssignment, config, assignment_id=chapter, release_directory=str(release))
    except RuntimeError as error:
        raise RuntimeError(f"solutions/{chapter}: {error}") from error
    with _gradebook(config) as gradebook:
        if due:
            gradebook.update_or_create_assignment(chapter, duedate=due)
        for student in students:
            gradebook.update_or_create_student(student)
    rows = []
    for number, student in enumerate(students, start=1):
        started = time.monotonic()
        row = _grade_one(config, chapter, student, source, force)
        rows.append(row)
        say(f"{chapter} {number}/{len(students)} {student}: {row.state}"
            + (f" in {time.monotonic() - started:.1f} s" if row.state == "graded" else "")
            + (f": {row.remark}" if row.remark else ""))
    return rows + _finish(config, chapter, students)


def _grade_one(config, chapter, student, source, force):
    root = Path(config.CourseDirectory.root)
    folder = root / "submitted" / student / chapter
    names = sorted(path.name for path in source.glob("*.ipynb"))
    trouble = find_trouble(folder, names)
    if trouble:
        return Row(chapter, student, "unreadable", trouble)
    digest = _digest(folder, source)
    if not force and _recorded(root, chapter, student) == digest and _is_graded(config, chapter, student, names):
        return Row(chapter, student, "unchanged")
    try:
        notes = run(Autograde, config, assignment_id=chapter, student_id=escape(student))
    except RuntimeError as error:                     # the class goes on
        return Row(chapter, student, "failed", f"{error}: read the notebook, mend or refuse it, grade again")
    _record(root, chapter, student, digest)
    repairs = [line.split(": ", 1)[1] for line in notes if line.startswith(f"{student}: ")]
    return Row(chapter, student, "graded", "; ".join(repairs))


def _finish(config, chapter, students):
    """Late penalties from the scores as they are now, hand-given ones included, and feedback from the same."""
    rows = []
    for student in students:
        if not Path(config.CourseDirectory.root, "autograded", student, chapter).is_dir():
            continue
        try:
            for notebook in Path(config.CourseDirectory.source_directory, chapter).glob("*.ipynb"):
                names = {"notebook": notebook.stem, "assignment": chapter, "student": student,
                         "db_url": config.CourseDirectory.db_url}
                AssignLatePenalties(config=config).preprocess(new_notebook(), {"nbgrader": names})
            run(GenerateFeedback, config, assignment_id=chapter, student_id=escape(student))
        except RuntimeError as error:
            rows.append(Row(chapter, student, "failed", f"no feedback could be written: {error}"))
    return rows


def _gradebook(config):
    return Gradebook(config.CourseDirectory.db_url, config.CourseDirectory.course_id)


def _is_graded(config, chapter, student, names):
    folder = Path(config.CourseDirectory.root, "autograded", student, chapter)
    if not all((folder / name).is_file() for name in names):
        return False
    with _gradebook(config) as gradebook:
        try:
            gradebook.find_submission(chapter, student)
        except MissingEntry:
            return False
    return True


def _digest(folder, source):
    """One hash over a submission, the source it is graded by, and lmcore's version."""
    from importlib.metadata import version

    total = hashlib.sha256(version("lmcore").encode())
    for base in (folder, source):
        for path in sorted(p for p in base.rglob("*") if p.is_file()):
            total.update(f"\0{path.relative_to(base)}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _records(root):
    path = root / "autograded" / "graded.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def _recorded(root, chapter, student):
    return _records(root).get(chapter, {}).get(student)


def _record(root, chapter, student, digest):
    """Note that a submission is done; a run that is killed before this line grades it again."""
    records = _records(root)
    records.setdefault(chapter, {})[student] = digest
    fresh = root / "autograded" / "graded.json.new"
    fresh.write_text(json.dumps(records, indent=1, sort_keys=True))
    os.replace(fresh, root / "autograded" / "graded.json")


@contextlib.contextmanager
def _log_file(path):
    """nbgrader's log goes to a file, its libraries' warnings nowhere: the screen is for the report."""
    logger, file = get_logger(), logging.FileHandler(path, mode="w", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    level, propagate = logger.level, logger.propagate
    logger.addHandler(file)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="nbgrader|nbformat")
            yield
    finally:
        logger.removeHandler(file)
        logger.setLevel(level)
        logger.propagate = propagate
        file.close()


def print_summary(rows, root, say=print):
    """Counts, scores, and whatever needs a person."""
    root = Path(root).resolve()
    with open(root / "grades.csv", newline="") as file:
        scores = {(r["assignment"], r["student_id"]): r for r in csv.DictReader(file)}
    say("")
    say(f"{'chapter':<20} {'student':<24} {'score':>7} {'of':>6} {'late':>6}  state")
    for row in rows:
        grade = scores.get((row.chapter, row.student), {})
        say(f"{row.chapter:<20} {row.student:<24} {float(grade.get('score') or 0):>7.2f} "
            f"{float(grade.get('max_score') or 0):>6.1f} {0 - float(grade.get('late_submission_penalty') or 0):>6.2f}  {row.state}")
    bad = [row for row in rows if row.state in ("failed", "unreadable")]
    if bad:
        say("\nTo be looked at:")
        for row in bad:
            say(f"  {row.student}, {row.chapter}: {row.remark}")
    say(f"\nscores    {root / 'grades.csv'}\nfeedback  {root / 'feedback'}\ngradebook {root / 'gradebook.db'}"
        f"\nlog       {root / 'autograded' / 'grading.log'}")


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m lmcore.grading.grade", description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="number or name; none means all submitted")
    parser.add_argument("--home", default=".", type=Path, help="the course's folder (default: here)")
    parser.add_argument("--root", type=Path, help="where submitted/ lies (default: the course's folder)")
    parser.add_argument("--due", help='due date of these chapters, such as "2026-03-01 23:59 UTC"')
    parser.add_argument("--force", action="store_true", help="grade again what has been graded")
    options = parser.parse_args(arguments)
    try:
        rows = grade_class(options.home, options.root, options.chapters, options.due, options.force)
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped: what was graded stays graded; the same command continues with the others", file=sys.stderr)
        return 130
    print_summary(rows, options.root or options.home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
