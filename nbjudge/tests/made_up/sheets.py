"""A course as somebody else might have it.

Folder names of its own, two notebooks, files, a task, code marked by hand.
"""

import json
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbjudge.assignment import release

from .course import grader

CHAPTER = "sheet1"
SETTINGS = """
c = get_config()
c.CourseDirectory.course_id = "sheets"
c.CourseDirectory.source_directory = "given"
c.CourseDirectory.release_directory = "handouts"
c.CourseDirectory.submitted_directory = "came_in"
c.CourseDirectory.autograded_directory = "marked"
c.CourseDirectory.feedback_directory = "back"
c.CourseDirectory.db_url = "sqlite:///marks.db"
c.IncludeHeaderFooter.header = "given/header.ipynb"
c.IncludeHeaderFooter.footer = "given/footer.ipynb"
"""
COUNT = """
from helper import lines

def count(path):
    "How many words the file has."
    ### BEGIN SOLUTION
    return sum(len(line.split()) for line in lines(path))
    ### END SOLUTION

words = count("data/words.txt")
"""
DOUBLE = """
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
"""
RIGHT = {
    "count": COUNT.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
    "double": "def double(x):\n    return x + x",
    "draw": "drawing = 'a line'",
    "why": "Because.",
}
POINTS = {
    "one": {"count-test": 2.0, "draw": 3.0, "measure": 4.0},
    "two": {"double-test": 1.0, "why": 2.0},
}


def task(grade_id, points):
    """nbgrader's metadata of a task."""
    meta = dict(grade=False, solution=False, locked=True, task=True, schema_version=3)
    return {"nbgrader": meta | {"grade_id": grade_id, "points": points}}


NOTEBOOKS = {
    "one": [
        new_markdown_cell("# Words\n\nCount the words of a file.", metadata=grader("words-title")),
        new_code_cell(COUNT.strip(), metadata=grader("count", solution=True)),
        new_code_cell("assert words == 5", metadata=grader("count-test", points=2)),
        new_markdown_cell("Draw what you like."),
        new_code_cell("drawing = ...", metadata=grader("draw", solution=True, points=3)),
        new_markdown_cell("Measure the room and hand in a table.", metadata=task("measure", 4)),
    ],
    "two": [
        new_markdown_cell("# Numbers\n\nDouble a number.", metadata=grader("numbers-title")),
        new_code_cell(DOUBLE.strip(), metadata=grader("double", solution=True)),
        new_code_cell("assert double(4) == 8", metadata=grader("double-test", points=1)),
        new_markdown_cell("It adds.", metadata=grader("why", solution=True, points=2)),
    ],
}
FILES = {
    "data/words.txt": "one two\nthree four five\n",
    "helper.py": "def lines(path):\n    return open(path).read().splitlines()\n",
}


def notebook(cells):
    """Cells as an author's notebook."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    cells = [nbformat.from_dict({**cell, "id": f"cell-{i}"}) for i, cell in enumerate(cells)]
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def make_course(home):
    """Settings, sources and releases in a folder."""
    home = Path(home)
    sources = home / "given" / CHAPTER
    sources.mkdir(parents=True)
    (home / "nbgrader_config.py").write_text(SETTINGS)
    for name, cells in NOTEBOOKS.items():
        nbformat.write(notebook(cells), sources / f"{name}.ipynb")
    for name in ("header", "footer"):
        cell = new_markdown_cell(f"The {name} of every sheet.")
        nbformat.write(notebook([cell]), home / "given" / f"{name}.ipynb")
    for name, text in FILES.items():
        path = sources / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    release.generate(home)
    return home


def solved(home, name, answers=RIGHT):
    """A release with answers in it, as a dict."""
    made = json.loads((home / "handouts" / CHAPTER / f"{name}.ipynb").read_text())
    for cell in made["cells"]:
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
    return made


def hand_in(home, student, notebooks=None, files=()):
    """Write a submission: notebooks by name, and other files; by default everything is right."""
    folder = home / "came_in" / student / CHAPTER
    folder.mkdir(parents=True, exist_ok=True)
    notebooks = {name: solved(home, name) for name in NOTEBOOKS} if notebooks is None else notebooks
    for name, made in notebooks.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(made))
    for name, text in dict(files).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
