"""A zip for students: the releases and what is needed to work on them, and nothing else."""

import io
import json
import posixpath
import re
import tempfile
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import unquote

from nbjudge.assignment import lint
from nbjudge.assignment.release import LEFTOVERS
from nbjudge.course import Course
from nbjudge.files import replace

# the same bytes for the same files, whenever the zip is made
DATE = (1980, 1, 1, 0, 0, 0)
# [words](target "title"), where the target is a file and not an address or a place on the page
LINK = re.compile(r"(?<!!)\[(?P<words>[^\[\]]+)\]\((?P<file>(?![a-z]+:|[#/])[^)\s#]+)[^)\n]*\)")


def bundle(home=".", chapters=(), out=None):
    """Pack the releases of some assignments, and what nbgrader_config.py names beside them.

    `c.NbJudge.bundle` lists files and folders of the course that students need.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `Course.chapters`; none means every assignment that has a release.
    out : path, optional
        The zip; by default COURSE-students.zip in the course's folder.

    Returns
    -------
    path : Path
    names : list of str
        What is in it.

    Raises
    ------
    ValueError
        If a release is not current, a solution, hidden test or marking scheme would get out, or a
        path that the settings name is not there.
    """
    course = Course(home)
    name = f"{course.config.CourseDirectory.course_id or 'course'}-students"
    path = Path(out or course.home / f"{name}.zip")
    chosen = course.chapters(chapters, step="release")
    if not chosen:
        raise ValueError("there is no release to pack: nbjudge release generates them")
    files = {}
    for chapter in chosen:
        folder = course.folder("release", chapter=chapter)
        files |= {
            Path(course.folder("release").name, file.relative_to(folder.parent)): file
            for file in _files(folder)
        }
    files |= _extras(course)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for inside in sorted(files):
            entry = zipfile.ZipInfo(f"{name}/{inside.as_posix()}", DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, _packed(course, inside, files))
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch, path.name)
        trial.write_bytes(packed.getvalue())
        problems = lint.problems(course.home, search=[trial])
    if problems:
        raise ValueError("nothing was packed:\n" + "\n".join(problems))
    replace(path, packed.getvalue())
    return path, sorted(inside.as_posix() for inside in files)


def _extras(course):
    """{path in the zip: file} of what the settings name."""
    private = course.folder("source"), course.folder("submitted"), course.folder("autograded")
    found = {}
    for name in course.config.NbJudge.get("bundle", ()):
        place = course.home / name
        if not place.exists():
            raise ValueError(f"c.NbJudge.bundle names {name!r}, which is not in {course.home}")
        for file in _files(place):
            if any(file.is_relative_to(folder) for folder in private):
                raise ValueError(
                    f"c.NbJudge.bundle names {name!r}, which holds {file}: students must not get"
                    " sources or hand-ins"
                )
            found[file.relative_to(course.home)] = file
    return found


def _packed(course, inside, files):
    """What the zip holds of a file; a notebook's links to files that it leaves out become words."""
    content = files[inside].read_bytes()
    if inside.suffix != ".ipynb":
        return content
    try:
        notebook = json.loads(content)
        cells = notebook["cells"]
    except (ValueError, LookupError):
        return content  # the look at the whole zip refuses it and says why
    changed = False
    for cell in cells:
        text = "".join(cell["source"])
        # what nbgrader has locked is told by its sum
        if cell["cell_type"] == "markdown" and "nbgrader" not in cell["metadata"]:
            cell["source"] = LINK.sub(lambda link: _kept(link, course, inside.parent, files), text)
            changed |= cell["source"] != text
    return (json.dumps(notebook, indent=1) + "\n").encode() if changed else content


def _kept(link, course, folder, files):
    """A link, or its words where they lead to a file of the course that is not in the zip."""
    target = Path(posixpath.normpath((folder / unquote(link["file"])).as_posix()))
    return link["words"] if target not in files and (course.home / target).is_file() else link[0]


def _files(place):
    """The files at or below a path, without leftovers and links."""
    if place.is_file():
        return [place]
    return [
        file
        for file in sorted(place.rglob("*"))
        if file.is_file()
        and not file.is_symlink()
        and not any(
            fnmatch(part, leftover)
            for part in file.relative_to(place).parts
            for leftover in LEFTOVERS
        )
    ]
