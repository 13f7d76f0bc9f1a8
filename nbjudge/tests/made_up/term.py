"""A term of three chapters with thirty students: what each hands in, and what that is worth,
computed here from a table, by nobody's program.
"""

import re

import nbformat

from made_up.course import make_course, source_notebook

CHAPTERS = {"01-logs": "logs", "02-roots": "roots", "03-squares": "squares"}
FUNCTION = {"logs": "math.log(v)", "roots": "math.sqrt(v)", "squares": "v * v"}
# of the mean of the positive ones among 0 and 9
MEAN_OF_NINE = {"logs": "math.log(9)", "roots": "3", "squares": "81"}
FIRST = "Ann Jörg Łucja Eve Gus Hé Ida Jon Kim Lea Max Nia Olu Pia Quy".split()
LAST = "Bell Müller".split()
# One letter for each student: Right, divides by all values (Half), Wrong, Blank, Cut off, eXploits
# (right, and tries to leave a file outside), - nothing.
WORK = {
    "01-logs": "RRRRRRRRRRHHHHHHHHWWWWBBCXXR--",
    "02-roots": "RHRHRHRHRRRRWWWWBBXHHRRRRRR-RR",
    "03-squares": "HHHHHRRRRRRRRRRRRRRWWWWXXBBC--",
}
# points of the tests
AUTO = {"R": 10, "H": 7, "W": 0, "B": 0, "X": 10}


class Learner:
    """Number `number` of the thirty."""

    def __init__(self, number):
        self.number, self.id, self.lms = number, f"s{number:02}", str(10250 + number)
        self.first, self.last = FIRST[number % 15], LAST[number // 15]
        self.email = f"{self.id}@example.org"

    def mark(self, chapter):
        """Points that a person gives for the written answer."""
        return (0, 0.5, 1, 1.5, 2)[(self.number + list(CHAPTERS).index(chapter)) % 5]

    def kind(self, chapter):
        """The letter of what is handed in."""
        return WORK[chapter][self.number]

    def earns(self, chapter, half=7):
        """Points of tests and person together; None without a grade."""
        kind = self.kind(chapter)
        if kind in "C-":
            return None
        auto = half if kind == "H" else AUTO[kind]
        return auto + (0 if kind == "B" else self.mark(chapter))


LEARNERS = [Learner(number) for number in range(30)]


def course(home):
    """The course's folder: three assignments of one shape, about three functions."""
    make_course(home)
    for chapter, what in CHAPTERS.items():
        path = home / "solutions" / chapter / "exercises.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(_source(what), path)
    with open(home / "nbgrader_config.py", "a") as settings:
        settings.write('c.NbJudge.weights = {"03-squares": 2}\n')
    return home


def _source(what):
    mean, of = f"mean_of_{what}", FUNCTION[what]
    solution = f"""def {mean}(values):
    ### BEGIN SOLUTION
    positive = [v for v in values if v > 0]
    return sum({of} for v in positive) / len(positive)
    ### END SOLUTION"""
    tests = f"""assert abs({mean}([1.0, 1.0]) - {of.replace("v", "1.0")}) < 1e-9, "two ones"
### BEGIN HIDDEN TESTS
assert {mean}([4.0, 9.0]) > {mean}([4.0, 4.0]), "larger values, larger {what}"
### END HIDDEN TESTS"""
    partial = f"""score = 2 * (abs({mean}([9.0]) - {MEAN_OF_NINE[what]}) < 1e-9)
### BEGIN HIDDEN TESTS
score += 3 * (abs({mean}([0.0, 9.0]) - {MEAN_OF_NINE[what]}) < 1e-9)
### END HIDDEN TESTS
score"""
    essay = f"""Zeros are left out.

=== BEGIN MARK SCHEME ===
Two points for saying what becomes of zeros among the {what}.
=== END MARK SCHEME ==="""
    return source_notebook(what, mean, solution, tests, partial, essay)


def soften(home):
    """Edit a hidden test of the first chapter: it no longer asks for zeros to be left out."""
    path = home / "solutions" / "01-logs" / "exercises.ipynb"
    text = path.read_text()
    assert text.count("[0.0, 9.0]") == 1
    path.write_text(text.replace("[0.0, 9.0]", "[9.0, 9.0]"))


def hand_in(home, chapter, kind, marker):
    """The file that a student hands in, as bytes."""
    notebook = nbformat.read(home / "exercises" / chapter / "exercises.ipynb", as_version=4)
    what = CHAPTERS[chapter]
    of = FUNCTION[what]
    right = (
        f"    some = [v for v in values if v > 0]\n    return sum({of} for v in some) / len(some)"
    )
    half = f"    return sum({of} for v in values if v > 0) / len(values)"
    body = {"H": half, "W": "    return -1.0 if values[0] == values[-1] else -2.0"}.get(kind, right)
    if kind == "X":
        body = (
            "    try:\n"
            f"        open({str(marker)!r}, 'w').close()\n"
            "    except OSError:\n"
            f"        pass\n{body}"
        )
    if kind != "B":
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name == "p1":
                cell.source = f"def mean_of_{what}(values):\n{body}"
            elif name == "p2":
                cell.source = f"Zeros count for nothing among {what}."
    data = nbformat.writes(notebook).encode()
    return data[: len(data) // 2] if kind == "C" else data


def squeezed(learner):
    """A name as Canvas puts it into its files: last name, first name, in small ASCII letters."""
    plain = (learner.last + learner.first).lower()
    return re.sub(r"[^a-z]", "", plain.translate(str.maketrans("öłéü", "oleu")))
