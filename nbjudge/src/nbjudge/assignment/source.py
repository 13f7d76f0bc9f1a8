"""Source notebooks as their author wrote them, and why one cannot be used.

Notebook, cell, line, kernel.
"""

import contextlib
import os
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

from nbjudge.assignment.names import SourceError

# bytes of all files beside a source, which go into every sandbox
MOST_BYTES = 64 << 20
LANGUAGES = ("python", "python3", "ipython")


def read(path, config=None):
    """A source notebook with header, footer and instantiated tests, as nbgrader releases it.

    Parameters
    ----------
    path : path
    config : traitlets.config.Config, optional
        From `course.course_config`: names header, footer and the templates of tests. Without it
        the notebook is read as it stands.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    SourceError
        If it is no notebook, its kernel is not Python's, or nbgrader's metadata are damaged.
    """
    import nbformat

    path = Path(path)
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as error:
        raise SourceError(f"{_short(path)} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, AttributeError, nbformat.ValidationError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise SourceError(f"{_short(path)} is no notebook: {said[0]}") from None
    _refuse_other_kernels(path, notebook)
    if config is not None:
        notebook = _with_nbgraders_additions(path, notebook, config)
    _refuse_bad_metadata(path, notebook)
    return notebook


def _short(path):
    """The last folders of a path: enough to find it, the same on every machine."""
    return "/".join(path.parts[-3:])


def _refuse_other_kernels(path, notebook):
    spec = notebook.metadata.get("kernelspec", {})
    language = spec.get("language") or notebook.metadata.get("language_info", {}).get("name")
    name = spec.get("name", "")
    if (language or name or "python").lower() not in LANGUAGES:
        raise SourceError(
            f"{_short(path)} is for the kernel {name or language!r} ({language or 'unknown'}):"
            " only notebooks in Python can be graded"
        )


def _with_nbgraders_additions(path, notebook, config):
    """Header and footer, and in place of every AUTOTEST line the tests that it stands for."""
    from nbgrader.preprocessors import IncludeHeaderFooter, InstantiateTests

    try:
        notebook, _ = IncludeHeaderFooter(config=config).preprocess(notebook, {})
        autotests = InstantiateTests(config=config)
        if any(autotests.autotest_delimiter in cell.source for cell in notebook.cells):
            notebook = deepcopy(_instantiated(path, path.stat().st_mtime_ns, _Settings(config)))
    except Exception as error:  # whatever a template or the author's own code brings about
        raise SourceError(f"{_short(path)}: {_said(error)}") from error
    return notebook


class _Settings:
    """Settings as a key: those of one course are the same for all of its notebooks."""

    def __init__(self, config):
        self.config, self.home = config, config.NbJudge.home

    def __hash__(self):
        return hash(self.home)

    def __eq__(self, other):
        return self.home == other.home


@lru_cache(maxsize=64)
def _instantiated(path, changed, settings):
    """A notebook with its tests generated, which takes a kernel and so seconds."""
    import nbformat
    from nbgrader.preprocessors import IncludeHeaderFooter, InstantiateTests

    notebook = nbformat.read(path, as_version=4)
    notebook, _ = IncludeHeaderFooter(config=settings.config).preprocess(notebook, {})
    # nbgrader looks for the templates of the tests in the working folder
    with contextlib.chdir(settings.home):
        resources = {"metadata": {"path": str(path.parent)}}
        return InstantiateTests(config=settings.config).preprocess(notebook, resources)[0]


def _refuse_bad_metadata(path, notebook):
    from nbgrader.nbgraderformat import (
        MetadataValidator,
        SchemaTooNewError,
        SchemaTooOldError,
        ValidationError,
    )

    try:
        MetadataValidator().validate_nb(notebook)
    except (ValidationError, SchemaTooOldError, SchemaTooNewError) as error:
        raise SourceError(f"{_short(path)}: {_said(error)}") from None


def _said(error):
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def files(folder, config=None):
    """What lies beside the sources of an assignment and belongs beside every student's notebook.

    Parameters
    ----------
    folder : path
        The folder of one assignment.
    config : traitlets.config.Config, optional
        Says which files nbgrader ignores, and which a student may change.

    Returns
    -------
    dict of str to bytes
        By name relative to the folder; notebooks, and what a student may change, are left out.

    Raises
    ------
    SourceError
        If they are too large to be copied into every sandbox.
    """
    found = {name: path for name, (path, ours) in _beside(folder, config).items() if ours}
    size = sum(path.stat().st_size for path in found.values())
    if size > MOST_BYTES:
        largest = max(found, key=lambda name: found[name].stat().st_size)
        raise SourceError(
            f"the files beside {_short(Path(folder) / '*.ipynb')} have {size >> 20} MiB, and"
            f" {MOST_BYTES >> 20} MiB are the most: take out {largest}, or let the notebook load it"
        )
    return {name: path.read_bytes() for name, path in found.items()}


def starters(folder, config=None):
    """The files beside the sources that a student gets, may change and hands in again.

    Parameters and result as in `files`.
    """
    beside = _beside(folder, config).items()
    return {name: path.read_bytes() for name, (path, ours) in beside if not ours}


def _beside(folder, config):
    """{relative name: (path, whether it goes over the student's own)} of what lies there."""
    from nbgrader.converters import Autograde
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.utils import find_all_files

    folder, settings = Path(folder), CourseDirectory(config=config)
    theirs = Autograde(config=config).exclude_overwriting.get(folder.name, [])
    found = {}
    for name in sorted(find_all_files(str(folder), settings.ignore + ["*.ipynb"])):
        short = os.path.relpath(name, folder)
        if Path(name).is_file():
            found[short] = Path(name), short not in theirs
    return found
