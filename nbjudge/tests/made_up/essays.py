"""The toy course with a class whose written answers wait to be marked, one of them hostile."""

from contextlib import closing

import nbformat
from nbjudge.assignment import release
from nbjudge.cli import main
from nbjudge.course import Course
from nbjudge.records.gradebook import Writer
from nbjudge.records.people import Person

from made_up.course import make_course
from made_up.students import BLANK, Student, write_submission

CHAPTER = "01-logs"
MODEL = """Logarithms turn products into sums.

=== BEGIN MARK SCHEME ===
- 1 point: the sum.
- 1 point: the underflow of long products.
=== END MARK SCHEME ===
"""
HOSTILE = """Sums. <script>document.title = "owned"</script>
<img src=x onerror="document.title = 'owned'"> [a link](javascript:document.title='owned')
"""
ANSWERS = {
    "ann": "Sums do not **underflow**: $e^{-800}$ is 0.",
    "bob": "Because sums are nice.",
    "eve": HOSTILE,
    "jon": None,
}
BELL = Person("ann", "Ann", "Bell", "ann@example.org")


def make_class(home):
    """Lay the course out at `home` and grade its class; Jon left the written answer blank."""
    make_course(home)
    path = home / "solutions" / CHAPTER / "exercises.ipynb"
    source = nbformat.read(path, as_version=4)
    source.cells[-1].source = MODEL
    nbformat.write(source, path)
    release.generate(home)
    for student, text in ANSWERS.items():
        work = Student(BLANK if text is None else {"p2": text})
        write_submission(home, home, CHAPTER, student, work)
    with closing(Writer(Course(home).config)) as writer:
        writer.enter_people([BELL])
    assert main(["grade", "--home", str(home), "--workers", "2"]) == 0
    return home
