"""The modules that an assignment imports: which of them are local, where they lie, what they hold.

A local module is one that is not installed like a package of the environment, but used where it was
written. Its text decides grades as much as the assignment's does.
"""

import ast
import hashlib
import importlib.util
import sys
import sysconfig
from functools import cache
from importlib import metadata
from pathlib import Path

INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "purelib", "platlib")]


@cache
def loaded_digest(names: tuple) -> str:
    """The digest of modules as they were when it was first asked for, until `forget` is called.

    A run loads its modules once. What is written into their files meanwhile decides no grade of it.
    """
    return digest(names)


def forget() -> None:
    """Look at the files again: no process has loaded the modules any more."""
    loaded_digest.cache_clear()


def digest(names):
    """A hash of what decides how modules behave: text of the local ones, version of the others.

    Parameters
    ----------
    names : iterable of str
        Dotted names of modules.

    Returns
    -------
    str

    Examples
    --------
    >>> digest(["json"]) == digest(["json"])
    True
    """
    parts = set()
    for name in names:
        files = local_files(name)
        parts |= {f"{Path(file).name} {_hash(file, _changed(file))}" for file in files}
        if not files:
            parts.add(_version(name.partition(".")[0]))
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def folders(names):
    """The folders (or files) of the local packages among modules, and of this one."""
    found = set()
    for name in (*names, __name__):
        origin = _origin(name.partition(".")[0])
        if origin and not _installed(origin):
            found.add(str(origin.parent if origin.name == "__init__.py" else origin))
    return sorted(found)


def local_files(name):
    """Files of a local module and of all local ones that it imports; none for an installed one."""
    found, todo = {}, [name]
    while todo:
        name = todo.pop()
        origin = _origin(name)
        if name in found or origin is None or _installed(origin) or origin.suffix != ".py":
            continue
        found[name] = str(origin)
        todo += [name.rpartition(".")[0]] if "." in name else []
        todo += _imports(name, str(origin), _changed(origin))
    return sorted(found.values())


def _origin(name):
    """The file of a module, None if there is none."""
    try:
        spec = importlib.util.find_spec(name) if name else None
    except (ImportError, AttributeError, ValueError):
        return None
    return Path(spec.origin).resolve() if spec and spec.has_location else None


def _installed(path):
    return any(path.is_relative_to(place) for place in INSTALLED)


def _changed(path):
    status = Path(path).stat()
    return status.st_mtime_ns, status.st_size


@cache
def _hash(path, changed):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


@cache
def _imports(name, path, changed):
    """Dotted names that a file may import; some are those of things in modules."""
    package = name if Path(path).name == "__init__.py" else name.rpartition(".")[0]
    found = []
    for node in ast.walk(ast.parse(Path(path).read_bytes())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            found += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return found


@cache
def _version(package):
    """Name and version of an installed package.

    Of one whose distribution has another name, its file.
    """
    if package in sys.stdlib_module_names:
        return f"Python {sys.version_info[:2]}"
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        origin = _origin(package)
        return f"{package} {_hash(origin, _changed(origin)) if origin else ''}"
