"""Where the parts of a course lie, and nbgrader run on them: chapters, settings, converters."""

import contextlib
import logging
from copy import deepcopy
from pathlib import Path


def find_chapters(home, names=(), folder="solutions"):
    """Chapters of a course by number, by name, or all of them.

    Parameters
    ----------
    home : path
        The course's folder, the one with nbgrader_config.py.
    names : sequence of str
        "3", "03" or "03-softmax"; none means every chapter.
    folder : str
        Which of the course's folders to look in.

    Returns
    -------
    list of str
        Folder names such as "03-softmax", in the book's order.

    Raises
    ------
    ValueError
        If a name fits no chapter; the message lists those there are.

    Examples
    --------
    >>> find_chapters(".", [], folder="no-such-folder")
    []
    """
    known = sorted(p.parent.name for p in Path(home, folder).glob("*/*.ipynb"))
    # a chapter with two notebooks is still one chapter
    known = list(dict.fromkeys(known))
    if not names:
        return known
    found = []
    for name in names:
        number = name.rjust(2, "0")
        fits = [chapter for chapter in known if chapter == name or chapter.split("-")[0] == number]
        if not fits:
            raise ValueError(
                f"no chapter {name!r} in {folder}/: give the number or name of one of"
                f" {', '.join(known) or 'none'}"
            )
        found += fits
    return found


def course_config(home=".", root=None):
    """nbgrader's settings from nbgrader_config.py, with every folder made absolute.

    Parameters
    ----------
    home : path
        The course's folder: nbgrader_config.py, solutions/ and exercises/ are read from here.
    root : path, optional
        Where submitted/, autograded/, feedback/ and gradebook.db lie; `home` unless given.

    Returns
    -------
    traitlets.config.Config

    Raises
    ------
    ValueError
        If `home` holds no nbgrader_config.py.
    """
    from traitlets.config import ConfigFileNotFound, PyFileConfigLoader

    home = Path(home).resolve()
    try:
        config = PyFileConfigLoader("nbgrader_config.py", path=str(home)).load_config()
    except ConfigFileNotFound:
        raise ValueError(
            f"no nbgrader_config.py in {home}: run this in the course's own folder"
        ) from None
    layout = config.CourseDirectory
    layout.root = str(Path(root or home).resolve())
    layout.source_directory = str(home / layout.source_directory)
    layout.release_directory = str(home / layout.release_directory)
    if "db_url" not in layout:
        layout.db_url = f"sqlite:///{layout.root}/gradebook.db"
    return config


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
