"""Where the parts of a course lie, and nbgrader run on them: settings, assignments, converters."""

import contextlib
import glob
import logging
import os
import re
from copy import deepcopy
from functools import cached_property
from pathlib import Path

SQLITE = "sqlite:///"
# in place of a student or an assignment
ANY = "\0any\0"


class Course:
    """A course: nbgrader's settings, and the folders that they name.

    Parameters
    ----------
    home : path
        The course's folder: nbgrader_config.py, sources and releases.
    root : path, optional
        Where submitted/, autograded/, feedback/ and gradebook.db lie; `home` unless given.
    db : str, optional
        The gradebook's address, in place of the one in the settings.

    Raises
    ------
    ValueError
        If `home` holds no nbgrader_config.py.
    """

    def __init__(self, home=".", root=None, db=None):
        self.home = Path(home).resolve()
        self.config = course_config(home, root, db)
        self.root = Path(self.config.CourseDirectory.root)
        self.db = self.config.CourseDirectory.db_url

    @cached_property
    def _layout(self):
        from nbgrader.coursedir import CourseDirectory

        return CourseDirectory(config=self.config)

    def folder(self, step, student=".", chapter="."):
        """The folder of one of nbgrader's steps.

        "source", "release", "submitted", "autograded", "feedback".
        """
        directory = getattr(self._layout, f"{step}_directory")
        return Path(os.path.normpath(self._layout.format_path(directory, student, chapter)))

    def sources(self, chapter):
        """The source notebooks of an assignment."""
        return sorted(self.folder("source", chapter=chapter).glob("*.ipynb"))

    def chapters(self, names=(), step="source"):
        """Assignments by number, by name, or all of them.

        Parameters
        ----------
        names : sequence of str
            "3", "03" or "03-softmax"; none means every assignment.
        step : str
            Which of the course's folders to look in.

        Returns
        -------
        list of str
            Names such as "03-softmax", in order.

        Raises
        ------
        ValueError
            If a name fits no assignment or several; the message lists those there are.
        """
        known = self._names(self.folder(step, chapter=ANY), "*.ipynb")
        return [fitting(name, known, f"{self._short(step)}/") for name in names] or known

    def _short(self, step):
        folder = self.folder(step)
        return folder.relative_to(self.home) if folder.is_relative_to(self.home) else folder

    def students(self, chapter):
        """Names of those who have a folder for an assignment in submitted/."""
        return self._names(self.folder("submitted", ANY, chapter))

    def _names(self, folder, *below):
        """What can stand for `ANY` in a path, so that it exists and has such files below."""
        place = folder.parts.index(ANY)
        parts = ["*" if part == ANY else glob.escape(part) for part in folder.parts[1:]]
        found = Path(folder.anchor).glob(str(Path(*parts, *below)))
        names = {path.parts[place] for path in found}
        return sorted(name for name in names if not name.startswith("."))


def fitting(name, known, where):
    """The one of some assignments that is meant by a name or a number.

    Examples
    --------
    >>> fitting("3", ["03-softmax", "13-more"], "source/")
    '03-softmax'
    >>> fitting("2", ["ps1", "ps2"], "source/")
    'ps2'
    """
    fits = [one for one in known if one == name]
    if not fits and name.isdecimal():
        numbers = {one: re.search(r"\d+", one) for one in known}
        fits = [one for one, found in numbers.items() if found and int(found[0]) == int(name)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise ValueError(f"{name!r} may be any of {', '.join(fits)}: give the name of one")
    raise ValueError(
        f"no assignment {name!r} in {where}: give the number or name of one of"
        f" {', '.join(known) or 'none'}"
    )


def course_config(home=".", root=None, db=None):
    """nbgrader's settings from nbgrader_config.py.

    With its defaults filled in and every folder made absolute.

    Parameters
    ----------
    home, root, db
        As in `Course`.

    Returns
    -------
    traitlets.config.Config

    Raises
    ------
    ValueError
        If `home` holds no nbgrader_config.py.
    """
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import ConfigFileNotFound, PyFileConfigLoader

    home = Path(home).resolve()
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(home)).load_config()
    except ConfigFileNotFound:
        raise ValueError(
            f"no nbgrader_config.py in {home}: run this in the course's own folder, or name it with"
            " --home; nbgrader quickstart makes a course"
        ) from None
    settings, layout = config.CourseDirectory, CourseDirectory(config=config)
    settings.root = str(Path(root or home / settings.get("root", "")).resolve())
    for step in ("source", "release"):
        settings[f"{step}_directory"] = str(home / getattr(layout, f"{step}_directory"))
    settings.course_id = layout.course_id
    settings.db_url = db or _absolute(settings.get("db_url"), home)
    settings.db_url = settings.db_url or f"{SQLITE}{settings.root}/gradebook.db"
    for name in ("header", "footer"):
        if given := config.IncludeHeaderFooter.get(name):
            config.IncludeHeaderFooter[name] = str(home / given)
    config.NbJudge.home = str(home)
    return config


def _absolute(address, home):
    """A gradebook's address with the file of an SQLite one made absolute.

    Nbgrader starts from the course's folder.
    """
    if address and address.startswith(SQLITE):
        return SQLITE + str(home / address.removeprefix(SQLITE))
    return address


def run(converter, config, **layout):
    """Run one of nbgrader's converters, e.g. `GenerateAssignment`, on part of a course.

    Parameters
    ----------
    converter : class
        One of nbgrader.converters.
    config : traitlets.config.Config
        From `course_config`; not changed.
    layout
        Settings of nbgrader's CourseDirectory for this run: assignment_id, student_id,
        release_directory, ...

    Returns
    -------
    list of str
        nbgrader's warnings.

    Raises
    ------
    RuntimeError
        When nbgrader could not convert something; the message is the cause that it logged.
    """
    from nbgrader.coursedir import CourseDirectory

    config = deepcopy(config)
    config.CourseDirectory.update(layout)
    with _captured_log() as lines:
        try:
            converter(coursedir=CourseDirectory(config=config), config=config, force=True).start()
        except Exception as error:
            raise RuntimeError(_cause(lines, error)) from error
    return lines


@contextlib.contextmanager
def _captured_log():
    """The warnings that nbgrader logs, as a list, instead of on the screen."""
    from traitlets.log import get_logger

    class Collect(logging.Handler):
        def emit(self, record):
            lines.append(record.getMessage())

    lines, logger, collect = [], get_logger(), Collect(logging.WARNING)
    logger.addHandler(collect)
    try:
        yield lines
    finally:
        logger.removeHandler(collect)


def _cause(lines, error):
    """The last line of the last traceback that nbgrader logged: the error below its own."""
    traces = [line for line in lines if line.startswith("Traceback")]
    return traces[-1].strip().splitlines()[-1] if traces else f"{type(error).__name__}: {error}"
