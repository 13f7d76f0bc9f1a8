"""The steps this course adds to nbgrader's own; nbgrader_config.py puts them in their places."""

from math import ceil
from pathlib import Path

import nbformat
from nbconvert.filters import strip_files_prefix
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, NbGraderPreprocessor
from nbgrader.utils import is_grade
from traitlets import Float

from nbjudge.reports.feedback import inert as clean
from nbjudge.submission.sanitise import rebuild


class RebuildFromSource(NbGraderPreprocessor):
    """Before a submission runs: take the student's cells from it and everything else from the
    source notebook.
    """

    def preprocess(self, nb, resources):
        names = resources["nbgrader"]
        layout = CourseDirectory(config=self.config)
        folder = Path(layout.format_path(layout.source_directory, ".", names["assignment"]))
        source = nbformat.read(folder / f"{names['notebook']}.ipynb", as_version=4)
        template, _ = ClearSolutions(parent=self).preprocess(source, {})
        for cell in template.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        cells, notes = rebuild(template.cells, nb.cells)
        nb = nbformat.from_dict({**template, "cells": cells})
        for note in notes:
            self.log.warning("%s: %s", names["student"], note)
        return nb, resources


class WarningsAreNotErrors(NbGraderPreprocessor):
    """After the run: what a test cell wrote to stderr stays readable but no longer counts as a
    failure.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        if is_grade(cell) and cell.cell_type == "code":
            for output in cell.outputs:
                if output.output_type == "stream":
                    output.name = "stdout"
        return cell, resources


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
    return clean(strip_files_prefix(html))


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
