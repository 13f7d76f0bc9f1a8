"""What makes stock nbgrader's commands do the same as ours; nbgrader_config.py puts it in place."""

import json
import subprocess
import sys
from math import ceil
from pathlib import Path

from nbconvert.exporters import NotebookExporter
from nbconvert.filters import strip_files_prefix
from nbgrader.converters import NbGraderException
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import ClearHiddenTests
from nbgrader.utils import is_grade
from traitlets import Float

from nbjudge.course import Course
from nbjudge.reports import feedback


class Sandboxed(NotebookExporter):
    """What formgrader's Autograde button and `nbgrader autograde` run in place of a kernel.

    nbgrader reads a submission and asks its exporter for the notebook that has run, in two rounds.
    This one asks `nbjudge grade`, which grades in the sandbox and writes the gradebook, and gives
    back what that has put into autograded/. nbgrader's own steps, which would run students' code
    with the rights of whoever pressed the button, are never taken.
    """

    def __init__(self, config=None, **kw):
        super().__init__(config=config, **kw)
        # (student, assignment) that this run has graded, all notebooks at once
        self.graded = set()

    def register_preprocessor(self, preprocessor, enabled=False):
        """Take none: nbgrader's steps execute the notebook."""

    def from_filename(self, filename, resources=None, **kw):
        """The notebook that has run; its submission is graded when it is asked for first.

        Raises
        ------
        NbGraderException
            If the submission has no grade; the message says why.
        """
        layout, names = self.parent.coursedir, resources["nbgrader"]
        found = Path(
            layout.format_path(layout.autograded_directory, names["student"], names["assignment"]),
            f"{names['notebook']}.ipynb",
        )
        resources["output_extension"] = self.file_extension
        submission = names["student"], names["assignment"]
        if submission not in self.graded:
            _grade(layout, *submission, self.parent.force)
            self.graded.add(submission)
        return found.read_bytes(), resources


def _grade(layout, student, assignment, force):
    """Have nbjudge grade one submission in a process of its own, as its command line does."""
    home = Path(layout.root)
    try:
        course = Course(home, home)
    except ValueError as error:
        raise NbGraderException(f"{error}, and give nbjudge grade {assignment} there") from None
    command = ["grade", assignment, "--students", student, "--json", "--home", home, "--root", home]
    if course.db != layout.db_url:  # it may hold a password, which others could read
        command += ["--db", layout.db_url]
    done = subprocess.run(
        [sys.executable, "-m", "nbjudge", *map(str, command), *["--force"] * force],
        capture_output=True,
        encoding="utf-8",
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {"error": done.stderr or f"nbjudge ended with status {done.returncode}"}
    lost = [row["remark"] for row in answer.get("rows", ()) if row["score"] is None]
    if why := answer.get("error") or "; ".join(lost):
        raise NbGraderException(f"{student} was not graded: {why}")


class HideHiddenTests(ClearHiddenTests):
    """Before feedback is written: no hidden test, and no traceback that would quote one."""

    def preprocess_cell(self, cell, resources, cell_index):
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [f"{output.ename}: {output.evalue}"]
        return cell, resources


def inert(html):
    """Rendered text of a notebook with its formatting, pictures and links, but nothing in it that
    could run.
    """
    return feedback.inert(strip_files_prefix(html))


class LatePenalty(BasePlugin):
    """A share of the score for every day begun after the due date."""

    per_day = Float(0.1, help="share of the score taken per day begun").tag(config=True)
    at_most = Float(0.5, help="largest share taken").tag(config=True)

    @property
    def policy(self):
        """In words, for those who ask."""
        return (
            f"{self.per_day:.0%} of the score is taken off for each day begun after the due date,"
            f" {self.at_most:.0%} at most"
        )

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        days = ceil(total_seconds_late / 86400)
        return score * min(self.at_most, self.per_day * days)
