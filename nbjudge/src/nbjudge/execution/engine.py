"""One notebook, from what was handed in to its result: `grade(spec, submission)`, pure and
picklable.
"""

import hashlib
import os
import signal
import time
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace

from nbjudge import __version__, modules
from nbjudge.assignment.names import needed
from nbjudge.assignment.spec import ANSWER, INSIDE, TEST, WRITTEN
from nbjudge.execution import servers, wire
from nbjudge.execution.forkserver import ServerLostError
from nbjudge.execution.points import earned, score
from nbjudge.execution.result import Result
from nbjudge.execution.student import FRAME, EndedError, KilledError, Student
from nbjudge.sandbox.levels import level_of
from nbjudge.sandbox.limits import Limits
from nbjudge.submission import flags, sanitise

# processes for one notebook: each that ends costs the cell that ended it
MOST_STARTS = 12
# ends that may have come from outside and cost nothing but a new start
PARDONS = 1


def result_key(spec, submission):
    """The hash by which a result is known: of everything that it depends on."""
    return hashlib.sha256(
        "\n".join(
            [
                spec.digest,
                submission.digest,
                __version__,
                modules.loaded_digest(tuple(spec.modules)),
            ]
        ).encode()
    ).hexdigest()


def grade(spec, submission, limits=Limits(), isolation=None, learn=False):
    """Grade one notebook.

    Parameters
    ----------
    spec : Spec
    submission : Submission
    limits : Limits
    isolation : str, optional
        A level or method of `sandbox.isolation`; by default the strongest level that this machine
        allows.
    learn : bool
        Whether the result brings what the tests' references answered, so that other submissions
        need not ask them again.

    Returns
    -------
    Result

    Raises
    ------
    SandboxUnavailableError
        If no sandbox can be built here.
    RuntimeError
        If the graders' own processes keep ending.
    """
    started = time.monotonic()
    cells, notes = sanitise.sanitise(spec, submission.cells)
    for attempt in range(3):
        try:
            with servers.lent(isolation, spec.digest) as pair:
                job = _Job(spec, submission, limits, pair, learn)
                told, verdicts = job.run(cells)
                repeated = _again_inside(spec, submission, limits, pair, cells, verdicts)
                level = level_of(pair.students.isolation)
                break
        except ServerLostError as error:
            # not the student's doing: begin again with a new server
            if attempt == 2:
                raise RuntimeError(f"the fork server ended three times: {error}") from error
    scores, comments = score(spec, cells, verdicts)
    suspicious = flags.oracle_uses(spec, cells)
    return Result(
        result_key(spec, submission),
        submission.student,
        submission.chapter,
        submission.notebook,
        submission.timestamp,
        cells,
        scores,
        comments,
        told,
        # why a test was repeated may tell what a hidden one passes: not for the student's page
        [*submission.notes, *notes, *told, *repeated, *suspicious],
        round(time.monotonic() - started, 3),
        flags.fingerprints(spec, cells),
        {name: _kept(verdict) for name, verdict in verdicts.items()},
        job.remembered,
        level,
    )


def _kept(verdict):
    """What is known of the run of a test beyond its points."""
    known = ("error", "uncrossed", "differs", "compared", "asked", "repeated")
    return {name: verdict.get(name) for name in known}


def _again_inside(spec, submission, limits, pair, cells, verdicts):
    """Repeat inside the tests in which something could not cross, or crossed as something simpler.

    Says which and why.
    """
    why, points = {}, {cell.grade_id: cell.points for cell in spec.cells}
    for name, found in verdicts.items():
        if found["differs"]:
            why[name] = found["differs"]
        elif found["uncrossed"] and earned(found, points[name]) < points[name]:
            why[name] = found["uncrossed"]
    if not why:
        return []
    inside = [
        replace(cell, way=INSIDE, reason=why[cell.grade_id]) if cell.grade_id in why else cell
        for cell in spec.cells
    ]
    spec = replace(spec, cells=inside)
    job = _Job(spec, submission, limits, pair)
    _, repeated = job.run(deepcopy(cells))
    for name in why:
        first, second = verdicts[name], repeated.get(name)
        if second is None:
            continue
        # a function of ours that the student has replaced must not earn points
        if first["replaced"] and earned(first, points[name]) < earned(second, points[name]):
            second = first
        verdicts[name] = second | {"uncrossed": why[name], "repeated": True}
    return [f"{name} was judged inside the student's process: {what}" for name, what in why.items()]


def _assignment(spec):
    """What the judges have to know of an assignment."""
    steps, earlier = [], []
    packages = sorted({name.partition(".")[0] for name in spec.modules})
    for cell in spec.cells:
        if cell.role == TEST and cell.cell_type == "code":
            steps.append(
                {
                    "grade_id": cell.grade_id,
                    "full": cell.source,
                    "visible": cell.visible,
                    "names": cell.names,
                    "ours": cell.ours,
                    "sets": cell.sets,
                    "imports": cell.imports,
                    "constants": cell.constants,
                    "points": cell.points,
                    "messages": cell.messages,
                    "way": cell.way,
                    # as in a kernel, the tests before it have run
                    "before": list(earlier) if cell.way == INSIDE else [],
                    "compares": cell.compares,
                    "asks": cell.asks,
                    "generators": cell.generators,
                    "modules": packages,
                }
            )
            earlier.append([cell.source, cell.visible, cell.runs_on])
        elif cell.given:
            steps.append({"trusted": cell.given})
    return {
        "steps": steps,
        "seed": spec.seed,
        "files": spec.files,
        "remembered": spec.remembered,
    }


class _Job:
    """Running one notebook: the cells in a box, then the tests beside it."""

    def __init__(self, spec, submission, limits, pair, learn=False):
        self.spec, self.submission, self.limits, self.servers = spec, submission, limits, pair
        for server in pair[:2]:
            server.warm(spec.modules, spec.preload)
        pair.judges.prepare(spec.digest, lambda: _assignment(spec))
        self.learn, self.remembered = learn, {}
        self.told, self.broken, self.pardons = [], {}, PARDONS
        self.roles = {cell.grade_id: cell for cell in spec.cells if cell.grade_id}
        self.tests = [cell for cell in spec.cells if cell.role == TEST and cell.cell_type == "code"]

    def run(self, cells):
        """Outputs go into `cells`; returns the limits hit and {grade_id: verdict}."""
        hard_end = time.monotonic() + 2 * self.limits.notebook_seconds
        for start in range(MOST_STARTS):
            with Student(self.servers.students, self.limits, len(self.tests)) as student:
                try:
                    lost = self._run_cells(student, cells, hard_end)
                except EndedError as error:
                    if time.monotonic() > hard_end or start == MOST_STARTS - 1:
                        self._tell("the cells ended their process repeatedly")
                        lost = dict.fromkeys(range(len(self.tests)), "the process ended")
                        self.pardons = 0
                    else:
                        self.pardons -= isinstance(error, KilledError) and self.pardons > 0
                        continue
                verdicts, troubles, cut_off = self._judge(student, lost)
                if cut_off and self.pardons and start < MOST_STARTS - 1:
                    # a copy or the judge may have been killed: it is all done again
                    self.pardons -= 1
                    continue
                for what in troubles:
                    self._tell(what)
                return self.told, verdicts

    def _tell(self, what):
        if what not in self.told:
            self.told.append(what)

    def _run_cells(self, student, cells, hard_end):
        """All of the student's cells in order.

        Raises EndedError when the process is lost, after noting whose cell it was.
        """
        student.begin(self.submission.files | self.spec.files, self.limits)
        deadline = time.monotonic() + self.limits.notebook_seconds
        lost, index, late = {}, 0, False
        for number, cell in enumerate(cells):
            if cell["cell_type"] != "code":
                continue
            ours = self.roles.get(sanitise.grade_id(cell))
            if ours is not None and ours.role == TEST:
                trouble = student.leave_copy(index)
                if trouble:
                    lost[index] = trouble
                later = "\n".join(
                    one["source"]
                    for one in cells[number:]
                    if one["cell_type"] == "code" and self._is_students(one)
                )
                own = ours.visible if ours.runs_on else needed(ours.shared, later)
                student.define(own, self.limits)
                index += 1
            elif number in self.broken:
                cell["outputs"] = [_stopped(self.broken[number])]
            elif late:
                cell["outputs"] = [
                    _stopped("not run: the time of the notebook was used up by the cells before it")
                ]
            else:
                seconds = max(min(self.limits.cell_seconds, deadline - time.monotonic()), 0.05)
                try:
                    cell["outputs"], cell["execution_count"], slow = student.run_cell(
                        cell["source"], seconds
                    )
                except EndedError as error:
                    if not (isinstance(error, KilledError) and self.pardons):
                        self.broken[number] = str(error)
                        self._tell(f"{_name(cell, number)}: {error}")
                    raise
                if slow:
                    self._tell(f"{_name(cell, number)}: interrupted after {seconds:.0f} s")
                late = time.monotonic() > min(deadline, hard_end)
                if late:
                    self._tell(
                        f"the notebook's {self.limits.notebook_seconds:.0f} s were used up at"
                        f" {_name(cell, number)}"
                    )
        return lost

    def _is_students(self, cell):
        ours = self.roles.get(sanitise.grade_id(cell))
        return ours is None or ours.role in (ANSWER, WRITTEN)

    def _judge(self, student, lost):
        """Let the judge run all tests against the copies.

        The verdicts, those it could not reach missing; what went wrong; and whether a process
        ended that was still needed.
        """
        if not self.tests:
            return {}, [], False
        channel, pid = self.servers.judges.judge(self.spec.digest, self.limits, student.copies)
        verdicts, troubles, cut_off = {}, [], False
        deadline = time.monotonic() + self.limits.notebook_seconds + 2 * self.limits.cell_seconds
        try:
            why = {self.tests[index].grade_id: trouble for index, trouble in lost.items()}
            wire.send(channel, {"lost": why, "learn": self.learn})
            while len(verdicts) < len(self.tests):
                found = wire.PLAIN.loads(wire.read(channel, FRAME, deadline))
                verdicts[found["grade_id"]] = found
                cut_off = cut_off or found["gone"]
                if found["limit"]:
                    troubles.append(f"{found['grade_id']}: {found['limit']}")
            if self.learn:
                said = wire.PLAIN.loads(wire.read(channel, 1 << 30, deadline))
                self.remembered = said["remembered"]
        except TimeoutError:
            troubles.append("the tests ran longer than the notebook may")
        except (EOFError, OSError, wire.TooLargeError, ValueError):
            if self.servers.judges.process.poll() is not None:
                raise ServerLostError("it ended during the tests") from None
            troubles.append("the tests could not be finished")
            cut_off = True
        finally:
            channel.close()
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return verdicts, troubles, cut_off


def _name(cell, number):
    return sanitise.grade_id(cell) or f"cell {number + 1}"


def _stopped(why):
    return {
        "output_type": "error",
        "ename": "Stopped",
        "evalue": why,
        "traceback": [f"Stopped: this cell {why}"],
    }
