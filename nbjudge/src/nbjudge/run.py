"""Grade a class: plan what is new, grade it, write it down, give feedback, export the scores.

Reads submitted/STUDENT/CHAPTER/, writes the gradebook, autograded/, feedback/ and grades.csv. A
submission is graded once; it is graded again when it, the source notebook or a module that it
imports changes.
"""

import contextlib
import fcntl
import os
import socket
import time
from collections import Counter, defaultdict
from functools import cache
from typing import NamedTuple
from urllib.parse import urlsplit

from nbjudge import dates, modules, publish, selfgrade
from nbjudge import plan as planning
from nbjudge.assignment.names import SourceError
from nbjudge.assignment.spec import ANSWER, TEST, WRITTEN, compile_spec
from nbjudge.course import Course
from nbjudge.execution import pool, servers
from nbjudge.execution.engine import result_key
from nbjudge.execution.result import Result
from nbjudge.files import AGAIN, trouble
from nbjudge.plan import Part
from nbjudge.publish import Row
from nbjudge.records.gradebook import Writer
from nbjudge.records.scores import by_student
from nbjudge.reports.terminal import progress
from nbjudge.sandbox.errors import SandboxUnavailableError
from nbjudge.sandbox.limits import Limits
from nbjudge.states import FAILED, GRADED, REFUSED, UNREADABLE
from nbjudge.submission import flags
from nbjudge.submission.collect import SKIPPED

# seconds that a scheduler may take to answer
SCHEDULER_SECONDS = 30.0
# names in a message
MOST_NAMES = 10
# hand-ins that have to run into limits, and their share of all, before the limits are doubted
FEWEST_LIMITED, LIMITED_SHARE = 3, 0.5
# of the two options that choose random cases; what holds where nobody says more
FEWEST_CASES = {"seed": 0, "variants": 1}


class Options(NamedTuple):
    """How a class is graded; see `cli` for the meaning of each."""

    students: tuple = ()
    due: str | None = None
    force: bool = False
    regrade: str | None = None
    workers: int | None = None
    scheduler: str | None = None
    db: str | None = None
    seed: int | None = None
    variants: int | None = None
    isolation: str | None = None
    limits: Limits | None = None
    patience: float = 120.0


class WorkersDifferError(RuntimeError):
    """A worker graded with other code than the run expects."""


def grade_class(home=".", root=None, chapters=(), say=None, show=None, **options):
    """Grade all submissions, write feedback and export the scores.

    Parameters
    ----------
    home : path
        The course's folder: sources and nbgrader_config.py.
    root : path, optional
        Where submitted/ lies and the results go; `home` unless given.
    chapters : sequence of str
        As in `Course.chapters`; none means every assignment that somebody submitted.
    say : callable, optional
        Gets each line of the report; by default it is printed.
    show : object, optional
        A progress display of `report`.
    **options
        Fields of `Options`.

    Returns
    -------
    list of Row

    Raises
    ------
    ValueError
        If nothing was submitted, a chapter, student or problem is unknown, or the due date is no
        date.
    SandboxUnavailableError
        If this machine cannot shut students' code in.
    RuntimeError
        If the gradebook or the disk cannot be used, or another run is at work here.
    """
    options = Options(**options)
    modules.forget()
    course = Course(home, root, options.db)
    options = options._replace(
        **{name: _cases(name, getattr(options, name), course.config) for name in FEWEST_CASES}
    )
    due = [] if options.due is None else [dates.due(options.due)]
    found = {
        chapter: [
            s for s in course.students(chapter) if not options.students or s in options.students
        ]
        for chapter in course.chapters(chapters)
    }
    rows = _strays(course, options.students)
    _refuse_unknown(options, found, course, rows)
    if options.scheduler:
        _refuse_silent(options.scheduler)
    show = show or progress(say)
    spool, table = course.folder("autograded", ".results", "."), course.root / "grades.csv"
    with (
        _explained(),
        _alone(spool),
        servers.kept(),
        contextlib.closing(Writer(course.config, say or print, options.patience)) as writer,
    ):
        limits = options.limits or limits_of(course.config)
        sources = _Sources(course, options, limits, writer.say)
        try:
            for chapter, students in found.items():
                if students:
                    rows += _chapter(
                        course, chapter, students, sources, writer, spool, options, due, show
                    )
        except BaseException:
            writer.patience = 0
            # what ended the run is what has to be told
            with contextlib.suppress(OSError, RuntimeError):
                writer.write_csv(table)
            raise
        writer.write_csv(table)
        _sweep(spool, found)
    return rows


class _Sources:
    """The course's assignments, each prepared or compiled when it is first needed."""

    def __init__(self, course, options, limits, say):
        self.course, self.options, self.limits, self.say = course, options, limits, say
        self.compiled = cache(self._compiled)

    def prepared(self, chapter):
        """The specs of an assignment whose tests know how they are run.

        Its author's warnings are told.
        """
        found = selfgrade.try_out(
            self.course, chapter, self._results, self.options.seed, self.options.variants
        )
        for warning in (warning for one in found for warning in one.warnings):
            self.say(warning)
        return [one.spec for one in found]

    def _results(self, spec, submissions):
        """Results of the assignment's own solution and release, for `prepare`."""
        isolation = self.options.isolation
        if self.options.scheduler is None:
            return selfgrade.on_this_machine(self.limits, isolation)(spec, submissions)
        results = {}
        for submission, outcome in pool.outcomes(
            spec, submissions, self.limits, isolation, scheduler=self.options.scheduler
        ):
            if isinstance(outcome, Exception):
                raise outcome
            results[submission.student] = outcome
        return [results[submission.student] for submission in submissions]

    def _compiled(self, chapter):
        return [
            compile_spec(path, config=self.course.config) for path in self.course.sources(chapter)
        ]

    def others(self, chapter):
        """{name: specs} of all other assignments that can be read."""
        found = {}
        for other in self.course.chapters():
            if other != chapter:
                with contextlib.suppress(SourceError):
                    found[other] = self.compiled(other)
        return found


def _chapter(course, chapter, students, sources, writer, spool, options, due, show):
    """Plan, grade and publish one assignment.

    Its rows. A source that is refused is the affair of its assignment alone.
    """
    try:
        specs = sources.prepared(chapter)
        only = _cells_of(options.regrade, chapter, specs) if options.regrade else None
        for spec in specs:
            writer.register(spec)
        for when in due:
            writer.set_due(chapter, when)
            said = "no due date" if when is None else f"due {dates.shown(when)}"
            writer.say(f"{chapter}: {said}")
    except SourceError as error:
        rows = [Row(chapter, publish.printable(name), REFUSED, str(error)) for name in students]
        for row in _shown(show, chapter, rows):
            show.step(row)
        return rows
    before = _earlier(writer, chapter)
    again = options.force or bool(only)
    others = cache(lambda: sources.others(chapter))
    plan = planning.make(course, chapter, specs, students, writer, again, others)
    writer.enrol([name for name in students if planning.name_trouble(name) is None])
    parts = _grade(plan, writer, spool, only, sources.limits, options, show)
    writer.set_penalties(chapter)
    scores, lines = writer.scores(chapter), writer.lines(chapter)
    for warning in (
        _timeless(chapter, writer.deadlines(chapter), students),
        _too_tight(chapter, lines),
    ):
        if warning:
            writer.say(warning)
    publish.pages(plan, writer, scores, lines)
    return publish.rows(plan, parts, scores, before)


def _earlier(writer, chapter):
    """{student: score} of those who have been graded before."""
    graded, totals = {student for student, _ in writer.lines(chapter)}, writer.scores(chapter)
    return {who: one.score for who, one in by_student(totals).items() if who in graded}


def _timeless(chapter, deadlines, students):
    """A warning that nobody can be late, if there is a due date and hand-ins have no time."""
    there = [student for student in students if student in deadlines.times]
    without = [student for student in there if deadlines.times[student] is None]
    if deadlines.due is None or not without:
        return ""
    all_of_them = len(without) == len(there)
    who = "no hand-in has" if all_of_them else f"{len(without)} of {len(there)} hand-ins have no"
    return (
        f"{chapter}: {who}{' a' if all_of_them else ''} time and cannot be late: nbjudge collect"
        " writes timestamp.txt beside each notebook"
    )


def _too_tight(chapter, lines):
    """A warning that limits may be too small, if most of a class ran into them."""
    graded, limited = {who for who, _ in lines}, defaultdict(set)
    for (who, _), line in lines.items():
        if line.detail.get("limits"):
            limited[who].update(line.detail["limits"])
    if len(limited) < max(FEWEST_LIMITED, LIMITED_SHARE * len(graded)):
        return ""
    told = Counter(one for limits in limited.values() for one in limits)
    example, times = told.most_common(1)[0]
    return (
        f"{chapter}: {len(limited)} of {len(graded)} hand-ins ran into a limit ({times} times:"
        f" {example}); one that catches most of a class is too tight for it or for this machine:"
        " grade again with larger --cell-seconds, --notebook-seconds or --memory, and --force"
    )


def _shown(show, chapter, rows):
    """The rows, while they are shown."""
    show.start(chapter, len(rows), 0)
    try:
        yield from rows
    finally:
        show.finish()


def _grade(plan, writer, spool, only, limits, options, show):
    """Grade what the plan leaves to do; {(student, notebook): Part} of all of it."""
    parts = dict(plan.parts)
    left = Counter(one.student for submissions in plan.todo.values() for one in submissions)
    show.start(plan.chapter, len(plan.students), 0)
    try:
        for student in plan.students:
            if student not in left:
                show.step(publish.row(plan, student, parts))
        for spec, submissions in _by_variant(plan):
            for submission, outcome in _outcomes(spec, submissions, spool, limits, options):
                student = submission.student
                parts[student, spec.notebook] = _enter(
                    spec, submission, outcome, writer, spool, only
                )
                left[student] -= 1
                if not left[student]:
                    show.step(publish.row(plan, student, parts))
    finally:
        show.finish()
    return parts


def _by_variant(plan):
    """(spec, submissions) of every set of random cases, so that judges keep one for long."""
    for spec in plan.specs:
        found = defaultdict(list)
        for submission in plan.todo[spec.notebook]:
            found[spec.of(submission.student).seed].append(submission)
        for submissions in found.values():
            yield spec.of(submissions[0].student), submissions


def _outcomes(spec, submissions, spool, limits, options):
    """Results that an earlier run left behind first, then those that have to be computed."""
    ready, todo = [], []
    for submission in submissions:
        path = spool / f"{result_key(spec, submission)}.json"
        result = None if options.force else Result.load(path)
        if result is None:
            path.unlink(missing_ok=True)
            todo.append(submission)
        else:
            ready.append((submission, result))
    yield from ready
    yield from pool.outcomes(
        spec, todo, limits, options.isolation, options.workers, options.scheduler
    )


def _enter(spec, submission, outcome, writer, spool, only):
    """Write one outcome down; what became of the notebook."""
    if isinstance(outcome, SandboxUnavailableError):
        raise outcome
    if isinstance(outcome, Exception):
        return Part(FAILED, f"{outcome}: the grader failed, not the student; run the command again")
    if outcome.key != result_key(spec, submission):
        raise WorkersDifferError(
            "the workers run another version of nbjudge or of the course: give them the same as"
            f" here, then {AGAIN}"
        )
    path = spool / f"{outcome.key}.json"
    outcome.save(path)
    again = writer.write(spec, outcome, submission.files, only)
    path.unlink(missing_ok=True)
    notes = tuple(dict.fromkeys([*submission.notes, *outcome.flags, *again]))
    return Part(GRADED, "; ".join(notes), notes, outcome.seconds, outcome.isolation)


def _cells_of(problem, chapter, specs):
    """The test cells of a problem named by its answer or by its test."""
    found, answer = defaultdict(set), None
    for spec in specs:
        for cell in spec.cells:
            if cell.role in (ANSWER, WRITTEN):
                answer = cell.grade_id
            if cell.role == TEST:
                found[answer].add(cell.grade_id)
                found[cell.grade_id].add(cell.grade_id)
    if problem not in found:
        raise ValueError(
            f"{chapter} has no problem {problem!r} with tests: there are"
            f" {', '.join(sorted(map(str, found)))}"
        )
    return found[problem]


@contextlib.contextmanager
def _explained():
    """A disk that is full or not ours to write, as an error that says what helps."""
    try:
        yield
    except OSError as error:
        if what := trouble(error):
            raise RuntimeError(what) from error
        raise


@contextlib.contextmanager
def _alone(spool):
    """The folder of results on their way to the gradebook, for one run at a time.

    However a run ends, the system notes it.
    """
    spool.mkdir(parents=True, exist_ok=True)
    folder = os.open(spool, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network file systems know no locks
            try:
                fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RuntimeError(
                    f"another nbjudge grade is at work in {spool.parents[1]}: wait until it has"
                    " ended, then run the same command again"
                ) from None
        yield
    finally:
        os.close(folder)


def _sweep(spool, found):
    """Remove what runs that were cut off have left behind.

    The result of a submission that was not looked at now stays.
    """
    for path in spool.iterdir():
        result = Result.load(path)
        if result is None or result.student in found.get(result.chapter, ()):
            path.unlink()


def look_alikes(home, root, chapters, **options):
    """(chapter, student, student, share) of submissions that are nearly the same.

    From the ledger.
    """
    course, found = Course(home, root, options.get("db")), []
    with contextlib.closing(Writer(course.config)) as writer:
        for chapter in chapters:
            prints = defaultdict(list)
            for (student, _), line in writer.lines(chapter).items():
                prints[student] += line.detail["fingerprints"]
            found += [(chapter, *pair) for pair in flags.look_alikes(prints)]
    return found


def _refuse_unknown(options, found, course, strays):
    there = {student for students in found.values() for student in students}
    if unknown := set(options.students) - there:
        raise ValueError(
            f"nothing was submitted by {', '.join(sorted(unknown))}: names are those of the folders"
            f" in {course.folder('submitted')}"
        )
    if not there:
        seen = [
            row.student if not row.chapter else f"{row.student}/{row.chapter}" for row in strays
        ]
        more = f" and {len(seen) - MOST_NAMES} more" if len(seen) > MOST_NAMES else ""
        lies = f"; there lie {', '.join(seen[:MOST_NAMES])}{more}" if seen else ""
        raise ValueError(
            "nothing to grade: put each notebook at"
            f" {course.folder('submitted', 'STUDENT', 'CHAPTER')}/NOTEBOOK.ipynb{lies}"
        )


def _refuse_silent(scheduler):
    """Stop before anything is read or written when nobody answers at a scheduler's address."""
    place, until = urlsplit(scheduler), time.monotonic() + SCHEDULER_SECONDS
    while True:
        try:
            socket.create_connection((place.hostname, place.port), SCHEDULER_SECONDS).close()
            return
        except OSError as error:
            # it may have been started a moment ago; a wrong name stays wrong
            if isinstance(error, socket.gaierror) or time.monotonic() > until:
                raise RuntimeError(
                    f"no scheduler answers at {scheduler} ({error}): start it, or correct the"
                    " address"
                ) from None
            time.sleep(0.2)


def _strays(course, students=()):
    """What lies in submitted/ and would be overlooked because it is not at STUDENT/CHAPTER/."""
    place = course.folder("submitted")
    # elsewhere than where nbgrader puts it by default, nobody can tell what is out of place
    if course.folder("submitted", "S", "C") != place / "S" / "C" or not place.is_dir():
        return []
    known = course.chapters()
    rows = [] if students else [_stray(path, "", known) for path in _seen(place, False)]
    for student in _seen(place, True):
        if not students or student.name in students:
            rows += [
                _stray(path, path.name, known)
                for path in [*_seen(student, False), *_seen(student, True)]
                if path.name not in known
            ]
    return rows


def _seen(place, folders):
    """The folders, or everything else, in a folder that may be read."""
    with contextlib.suppress(OSError):
        return sorted(
            path
            for path in place.iterdir()
            if path.is_dir() == folders
            and not path.name.startswith(".")
            and path.name not in SKIPPED
        )
    return []


def _stray(path, chapter, known):
    where = f"{path.parent.parent.name}/{path.parent.name}" if chapter else path.parent.name
    return Row(
        publish.printable(chapter),
        publish.printable(path.parent.name if chapter else path.name),
        UNREADABLE,
        publish.printable(
            f"{where}/{path.name} was not graded: put it into a folder named after its chapter"
            f" ({', '.join(known)}){'' if chapter else ', in one named after its student,'} and"
            " grade again"
        ),
    )


def _cases(name, given, config):
    """The seed, or the number of variants: as given, or else as nbgrader_config.py has it."""
    least = FEWEST_CASES[name]
    value = config.NbJudge.get(name, least) if given is None else given
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name} is {value!r}: a whole number from {least} is needed")
    return value


def limits_of(config):
    """The limits of nbgrader_config.py, where it sets some."""
    seconds = config.Execute.get("timeout")
    return (
        Limits(cell_seconds=float(seconds))
        if isinstance(seconds, (int, float)) and seconds
        else Limits()
    )
