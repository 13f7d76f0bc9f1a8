"""Secrets of the source notebooks, and the search for them in whatever students can see.

A secret is a passage of a solution, a hidden test or a marking scheme that is telling enough to be
recognised elsewhere. Everything is compared as plain words with single blanks between them, so that
neither line breaks nor JSON escapes nor the markup of a syntax-coloured page hide a leak.
"""

import html
import io
import json
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat

DELIMITER = re.compile(r"\b(BEGIN|END)\s+(SOLUTION|HIDDEN TEST|MARK)", re.IGNORECASE)
REGIONS = {"SOLUTION": "solution", "HIDDEN TESTS": "hidden test", "MARK SCHEME": "marking scheme"}
# characters: below that a line is common property
SHORTEST = 24
COMMON = re.compile(
    r"(import |from \w|rng = |\w+ = (np\.random\.default_rng|check\.rng)|results? \+?="
    r" |check\.score\(|return \w+$|with np\.errstate\(|#+ )"
)
TEXT = {
    ".html",
    ".htm",
    ".js",
    ".json",
    ".ipynb",
    ".md",
    ".py",
    ".txt",
    ".csv",
    ".xml",
    ".toml",
    ".yml",
    ".rst",
    "",
}


class Secret(NamedTuple):
    """A passage that must not get out.

    What it is, where it comes from, its words, and whether it is a single line.
    """

    kind: str
    origin: str
    words: str
    single: bool


def words(text):
    """Text with every run of white space replaced by one blank.

    Examples
    --------
    >>> words(" p =  softmax(\\n    z)")
    'p = softmax( z)'
    """
    return " ".join(text.split())


def secrets(source, release, chapter):
    """The secrets of one source notebook.

    Parameters
    ----------
    source, release : path
        The notebook a person edits, and the one freshly generated from it: what that shows is no
        secret.
    chapter : str
        Named in the findings.

    Returns
    -------
    list of Secret
        Every telling line by itself, and for solutions each pair of neighbouring lines as well.
    """
    public = {
        words(line)
        for cell in nbformat.read(release, as_version=4).cells
        for line in cell.source.splitlines()
    }
    found = []
    for cell in nbformat.read(source, as_version=4).cells:
        origin = (
            f"{chapter}, cell"
            f" {cell.metadata.get('nbgrader', {}).get('grade_id', cell.get('id', '?'))}"
        )
        for kind, lines in _regions(cell):
            lines = [line for line in map(words, lines) if line]
            telling = [
                line not in public and len(line) >= SHORTEST and not COMMON.match(line)
                for line in lines
            ]
            found += [
                Secret(kind, origin, line, True) for line, tells in zip(lines, telling) if tells
            ]
            if kind == "solution":
                found += [
                    Secret(kind, origin, f"{a} {b}", False)
                    for a, b, tells, also in zip(lines, lines[1:], telling, telling[1:])
                    if tells or also
                ]
    return found


def _regions(cell):
    """(kind, lines) of each secret region of a cell.

    An answer without delimiters is secret as a whole.
    """
    inside, lines, any_solution = None, [], False
    for line in cell.source.splitlines():
        begins = next((kind for mark, kind in REGIONS.items() if f"BEGIN {mark}" in line), None)
        if begins:
            inside, lines = begins, []
            any_solution = any_solution or begins == "solution"
        elif any(f"END {mark}" in line for mark in REGIONS):
            yield inside, lines
            inside = None
        elif inside:
            lines.append(line)
    if cell.metadata.get("nbgrader", {}).get("solution") and not any_solution:
        yield "solution", cell.source.splitlines()


def without_reference(found, package):
    """Drop the solution passages that stand in the reference package: it is public on purpose."""
    reference = " ".join(
        words(path.read_text(encoding="utf-8")) for path in sorted(Path(package).rglob("*.py"))
    )
    return [
        secret for secret in found if secret.kind != "solution" or secret.words not in reference
    ]


def search(found, place, strict):
    """Where secrets turn up.

    Parameters
    ----------
    found : list of Secret
    place : path
        A folder, a file, or an archive (wheel or zip).
    strict : bool
        Whether one line of a solution counts. In exercises/ it does; elsewhere two neighbouring
        lines must agree, because the book teaches what the assignment asks for and one line may
        well be the same.

    Returns
    -------
    list of str
        "file: kind of chapter, cell: passage", plus every notebook that still has one of nbgrader's
        delimiters.
    """
    problems = []
    for name, text, raw in _texts(Path(place)):
        if name.endswith(".ipynb") and (mark := DELIMITER.search(text)):
            problems.append(
                f"{name}: still has nbgrader's delimiter “{mark.group()}”: its region was not"
                " cut out"
            )
        views = (text,) if raw is None else (text, raw)
        for secret in found:
            counts = strict or not secret.single or secret.kind != "solution"
            if counts and any(secret.words in view for view in views):
                problems.append(f"{name}: {secret.kind} of {secret.origin}: {secret.words[:100]}")
    return problems


def _texts(place):
    """(name, words, words of the raw bytes or None) of every readable file under a folder or in an
    archive.
    """
    if place.is_dir():
        for path in sorted(p for p in place.rglob("*") if p.is_file()):
            yield from _read(str(path), path.read_bytes())
    else:
        yield from _read(str(place), place.read_bytes())


def _read(name, data):
    if zipfile.is_zipfile(io.BytesIO(data)):
        archive = zipfile.ZipFile(io.BytesIO(data))
        for member in archive.namelist():
            yield from _read(f"{name}/{member}", archive.read(member))
        return
    suffix = Path(name).suffix.lower()
    if suffix not in TEXT:
        return
    text, raw = data.decode("utf-8", errors="replace"), None
    if suffix == ".ipynb":
        text, raw = _notebook_text(text), words(text)
    elif suffix in {".html", ".htm"}:
        # data may stand in a page: what scripts hold is read as well as what is shown
        text, raw = html.unescape(re.sub(r"<[^>]*>", "", text)), words(_unescaped(text))
    elif suffix in {".js", ".json"}:
        text, raw = _unescaped(text), words(text)
    yield name, words(text), raw


def _unescaped(text):
    """Text without the escapes of strings in JSON and JavaScript."""
    return re.sub(
        r'\\u([0-9a-f]{4})|\\[nt]|\\(["\\])',
        lambda found: chr(int(found[1], 16)) if found[1] else found[2] or " ",
        text,
    )


def _notebook_text(text):
    """Sources and outputs of a notebook in reading order; the raw text if it is none."""
    try:
        cells = json.loads(text)["cells"]
        parts = ["".join(cell["source"]) for cell in cells]
        parts += ["".join(out.get("text", "")) for cell in cells for out in cell.get("outputs", [])]
    except (ValueError, KeyError, TypeError):
        return text
    return "\n".join(parts)
