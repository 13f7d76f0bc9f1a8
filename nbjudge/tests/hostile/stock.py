"""Stock nbgrader on a course.

None of this course's settings, hooks or programs, only where the folders lie.

python nbjudge/tests/hostile/stock.py HOME ROOT CHAPTER     registers the assignment, grades it,
prints the scores as JSON
"""

import json
import os
import sys
from pathlib import Path

os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
)


def config_of(home, root):
    """Nothing but the folders."""
    from traitlets.config import Config

    layout = {
        "root": str(root),
        "source_directory": str(Path(home, "solutions")),
        "release_directory": str(Path(root, "release")),
        "db_url": f"sqlite:///{root}/gradebook.db",
    }
    return Config({"CourseDirectory": layout})


def grade(home, root, chapter, feedback=False, seconds=30):
    """Grade what lies in submitted/, as `nbgrader generate_assignment` and `nbgrader autograde` do.

    Parameters
    ----------
    home, root, chapter : str or path
    feedback : bool
        Whether to write feedback too.
    seconds : float
        Limit of a cell; 30 is nbgrader's own.

    Returns
    -------
    scores : dict of str to dict
        {student: {grade_id: score}} from the gradebook.
    trouble : str
        The error that ended the run, if one did.
    """
    from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback

    from nbjudge import course

    config, trouble = config_of(home, root), ""
    config.Execute.timeout = seconds
    course.run(GenerateAssignment, config, assignment_id=chapter)
    for converter in [Autograde, GenerateFeedback][: 1 + feedback]:
        try:
            course.run(converter, config, assignment_id=chapter)
        except (RuntimeError, SystemExit) as error:
            trouble = trouble or str(error)
    return scores(config, chapter), trouble


def scores(config, chapter):
    """{student: {grade_id: score}} as the gradebook has them."""
    from nbgrader.api import Gradebook

    with Gradebook(config.CourseDirectory.db_url) as book:
        return {
            one.student_id: {
                grade.cell.name: grade.auto_score
                for notebook in one.notebooks
                for grade in notebook.grades
            }
            for one in book.assignment_submissions(chapter)
        }


if __name__ == "__main__":
    print(json.dumps(grade(*sys.argv[1:4])))
