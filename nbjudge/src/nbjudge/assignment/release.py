"""The students' notebooks: generated from the sources, checked for staleness and for leaks.

    python -m nbjudge.assignment.release generate [CHAPTER ...]
    python -m nbjudge.assignment.release check [--site DIR] [--wheel FILE] [CHAPTER ...]

CHAPTER is a number or a folder name; none means all. `check` looks into exercises/, the built site (_build/html if it
is there) and the wheel (built for the occasion unless given).
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, is_solution
from nbjudge.assignment import leaks
from nbjudge.course import course_config, find_chapters, run

# all that a student's cell needs to carry
CELL_METADATA = ("nbgrader", "deletable", "editable", "tags")


def build(home, chapter, target):
    """Generate the release of one chapter into `target`/NN-slug, the same bytes for the same source.

    Parameters
    ----------
    home : path
        The course's folder.
    chapter : str
        Folder name, such as "03-softmax".
    target : path
        Folder for the result.

    Returns
    -------
    pathlib.Path
        `target`/NN-slug.

    Raises
    ------
    RuntimeError
        If nbgrader refuses the source: a delimiter without its partner, a solution in a cell not
        marked as one.
    """
    config = course_config(home)
    config.GenerateAssignment.no_database = True  # releasing needs no gradebook
    config.GenerateAssignment.preprocessors = [
        step for step in GenerateAssignment().preprocessors if step is not SaveCells
    ]
    run(
        GenerateAssignment,
        config,
        assignment_id=chapter,
        release_directory=str(Path(target).resolve()),
    )
    for path in Path(target, chapter).rglob("*.ipynb"):
        _tidy(path)
    return Path(target, chapter)


def _tidy(path):
    """Keep of a generated notebook what is the same on every machine."""
    notebook = nbformat.read(path, as_version=4)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": kernel, "language_info": {"name": "python"}}
    )
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        if not cell.get("id"):  # sources from before nbformat 4.5
            cell.id = hashlib.sha256(f"{number}\n{cell.source}".encode()).hexdigest()[:8]
        cell.metadata = nbformat.from_dict(
            {k: cell.metadata[k] for k in CELL_METADATA if k in cell.metadata}
        )
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def differences(built, released):
    """Names of the files that differ between two folders, with what is the matter."""
    built, released = Path(built), Path(released)
    ours = {p.relative_to(built) for p in built.rglob("*") if p.is_file()}
    theirs = {
        p.relative_to(released)
        for p in released.rglob("*")
        if p.is_file() and ".ipynb_checkpoints" not in p.parts
    }
    rows = [(name, "is missing") for name in ours - theirs] + [
        (name, "has no source") for name in theirs - ours
    ]
    rows += [
        (name, "is stale")
        for name in ours & theirs
        if (built / name).read_bytes() != (released / name).read_bytes()
    ]
    return sorted(rows)


def answered(path):
    """Whether someone has worked in a release notebook: an answer differs from the stub that was handed out."""
    try:
        cells = nbformat.read(path, as_version=4).cells
    except Exception:  # whatever it is, it is not ours to overwrite
        return True
    return any(
        is_solution(cell) and compute_checksum(cell) != cell.metadata.nbgrader.get("checksum")
        for cell in cells
    )


def generate(home=".", chapters=()):
    """Bring exercises/ up to date with solutions/; what is current is not touched.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `course.find_chapters`.

    Returns
    -------
    list of pathlib.Path
        The files written or removed.

    Raises
    ------
    ValueError
        If a stale release holds somebody's answers: they are not overwritten.
    """
    home, changed = Path(home), []
    with tempfile.TemporaryDirectory() as scratch:
        for chapter in find_chapters(home, chapters):
            built, released = build(home, chapter, scratch), home / "exercises" / chapter
            for name, what in differences(built, released):
                path = released / name
                if path.suffix == ".ipynb" and path.exists() and answered(path):
                    raise ValueError(
                        f"{path.relative_to(home)} {what} but holds answers, so it was left alone:"
                        " move it elsewhere (submitted/YOU/CHAPTER is a good place), then run make"
                        " again"
                    )
                changed.append(path)
                if what == "has no source":
                    path.unlink()
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(built / name, path)
    return changed


def check(home=".", chapters=(), site=None, wheel=None):
    """Everything wrong with the releases, one line each.

    Parameters
    ----------
    home : path
        The course's folder.
    chapters : sequence of str
        As in `course.find_chapters`.
    site, wheel : path, optional
        A built site and a built wheel, searched for secrets of these chapters beside exercises/.

    Returns
    -------
    list of str
        Empty when all releases are current and nothing leaks.
    """
    home, problems, secrets = Path(home), [], []
    reference = course_config(home).get("NbJudge", {}).get("reference", "")
    with tempfile.TemporaryDirectory() as scratch:
        for chapter in find_chapters(home, chapters):
            built, released = build(home, chapter, scratch), home / "exercises" / chapter
            problems += [
                f"exercises/{chapter}/{name} {what}: run make release"
                for name, what in differences(built, released)
            ]
            for source in sorted((home / "solutions" / chapter).glob("*.ipynb")):
                secrets += leaks.secrets(source, built / source.name, chapter)
    secrets = leaks.without_reference(secrets, home / reference)
    problems += leaks.search(secrets, home / "exercises", strict=True)
    for place in filter(None, (site, wheel)):
        problems += leaks.search(secrets, Path(place), strict=False)
    return problems


def build_wheel(home, target):
    """Build lmcore's wheel without a network; returns its path."""
    result = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)],
        cwd=home,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise RuntimeError(f"the wheel could not be built: {result.stderr.strip()}")
    return next(Path(target).glob("*.whl"))


def main(arguments=None):
    parser = argparse.ArgumentParser(
        prog="python -m nbjudge.assignment.release", description=__doc__.split("\n")[0]
    )
    parser.add_argument("action", choices=("generate", "check"))
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER")
    parser.add_argument(
        "--home", default=".", type=Path, help="the course's folder (default: here)"
    )
    parser.add_argument(
        "--site", type=Path, help="built site to search (default: _build/html if it is there)"
    )
    parser.add_argument("--wheel", type=Path, help="built wheel to search (default: build one)")
    options = parser.parse_args(arguments)
    try:
        if options.action == "generate":
            changed = generate(options.home, options.chapters)
            print(
                "\n".join(f"written: {path}" for path in changed)
                or "every release notebook is current"
            )
            return 0
        site = options.site or options.home / "_build" / "html"
        if not site.is_dir():
            if options.site:
                raise ValueError(f"no built site at {site}: run make first")
            print("the site is not built, so it was not searched: run make first")
            site = None
        with tempfile.TemporaryDirectory() as scratch:
            wheel = options.wheel or build_wheel(options.home, scratch)
            problems = check(options.home, options.chapters, site, wheel)
    except (ValueError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(
        "\n".join(problems)
        or "every release notebook is current; no solution, hidden test or marking scheme got out"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
