"""The one place where the tests of this folder call the grader they test."""

import contextlib
import io
from pathlib import Path

from nbjudge.run import grade_class

from . import course


def grade(kind, home):
    """Grade a course that `course.make` has laid out, as its instructor would.

    Parameters
    ----------
    kind : Kind
    home : path

    Returns
    -------
    dict
        As `course.scores` gives it, for the works that have a grade.
    dict of str to str
        What the grader said about each of the others.
    """
    home = Path(home)
    titles = {title.replace(" ", "-"): title for title in kind.works}
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            rows = grade_class(home, chapters=[kind.name], workers=1)
        except Exception as error:  # the test tells it
            return {}, dict.fromkeys(kind.works, f"{type(error).__name__}: {error}")
    points = course.scores(f"sqlite:///{home}/gradebook.db", kind)
    remarks = {titles[row.student]: row.remark for row in rows if row.score is None}
    return {title: points[title] for title in points if title not in remarks}, remarks
