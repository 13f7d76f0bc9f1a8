"""What the documents for strangers name is there: files, headings, make targets, verbs, functions.

One place for each fact, too: the version, the address of the repository, the guide for contributors
and the change log.
"""

import argparse
import functools
import importlib
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from nbjudge.sandbox.isolation import LEVELS
from sample_class import HOME

from nbjudge import cli

DOCUMENTS = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "nbjudge/README.md",
    "nbjudge/ARCHITECTURE.md",
    "nbjudge/tests/ordinary/README.md",
    "book/_ext/README.md",
    "book/contributors.md",
    "book/instructors.md",
    ".github/pull_request_template.md",
]
# what appears when the course is used or moves, and names that stand for others
MADE_LATER = re.compile(
    r"myst\.yml|_build|\.venv|\.nbjudge|submitted|autograded|feedback|downloaded|dist"
)
STANDS_FOR = {"NN-slug": "[0-9][0-9]-*", "K-slug": "[1-5]-*", "FAMILY": "*", "STUDENT": "*"}
PLACES = (
    "",
    "nbjudge",
    "nbjudge/src/nbjudge",
    "nbjudge/tests",
    "nbjudge/tests/ordinary",
    "book",
    "book/_ext/course_ext",
)
FILE = re.compile(r"[\w.*-]+(?:/[\w.*-]+)*\.(?:py|md|ipynb|yml|toml|json|lock|css|js|sh|bib|cff)")


def code(text):
    """What stands in the text as code: (spans within a line, blocks of several lines)."""
    fence = re.compile(r"^( *)(`{3,}|~{3,})[^\n]*\n(.*?)^ *\2`*$", re.MULTILINE | re.DOTALL)
    blocks = [match.group(3) for match in fence.finditer(text)]
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", fence.sub("", text)), blocks


def anchors(path):
    """The addresses of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ +(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def dead_links(text, folder):
    """Links within the repository that lead to no file or heading."""
    fences = re.compile(r"^ *(`{3,}).*?^ *\1`*$", re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\((?!https?:|mailto:|\))([^)\s]+)\)", fences.sub("", text)):
        path, _, anchor = re.sub(r"`[^`]*`", "", target).partition("#")
        place = (folder / path) if path else None
        if place and not place.exists():
            yield f"link to {target}, which is not there"
        elif place and anchor and anchor not in anchors(place):
            yield f"link to {target}, but there is no such heading"


def is_there(name, folder):
    """Whether a path, or a pattern of one, fits a file of the repository."""
    for word, pattern in STANDS_FOR.items():
        name = name.replace(word, pattern)
    name = re.sub(r"<\w+>|…", "*", name).rstrip("/")
    tried = [folder, *(HOME / place for place in PLACES)]
    return any(next(place.glob(name), None) for place in tried)


@functools.cache
def file_names():
    """The names of all files of the repository, without their folders."""
    names = set()
    for _, folders, files in os.walk(HOME):
        folders[:] = [
            one for one in folders if not re.match(r"\.(?!github)|_build|node_modules", one)
        ]
        names.update(files)
    return names


def missing_paths(spans, folder):
    """Paths in code that lead to nothing."""
    tops = {path.name for path in HOME.iterdir() if path.is_dir()}
    for span in spans:
        for word in span.split():
            word = word.strip(",;:'\"")
            head = word.partition("/")[0]
            is_path = FILE.fullmatch(re.sub(r"<\w+>", "x", word)) or ("/" in word and head in tops)
            if (
                is_path
                and not MADE_LATER.match(word)
                and not (word in file_names() or is_there(word, folder))
            ):
                yield f"{word}, which is not there"


def makefile():
    """The targets of the Makefile, and the variables that it reads."""
    text = (HOME / "Makefile").read_text()
    targets = re.findall(r"^([a-z][a-z-]*):.*##", text, re.MULTILINE)
    return set(targets), set(re.findall(r"\$\(([A-Z]+)\)|^([A-Z]+) +\?=", text, re.MULTILINE))


def commands(spans, blocks):
    """Each line of code that a reader may type."""
    lines = [*spans, *(line for block in blocks for line in block.splitlines())]
    return [re.sub(r"\s#.*", "", line).strip().removeprefix("$ ") for line in lines]


def unknown_targets(lines):
    """make targets and variables that the Makefile lacks."""
    targets, variables = makefile()
    variables = {name for pair in variables for name in pair}
    for line in lines:
        if line.startswith("make "):
            for word in re.sub(r"'[^']*'", "", line).split()[1:]:
                name, is_variable, _ = word.partition("=")
                if is_variable and name not in variables:
                    yield f"make {name}=, a variable that the Makefile does not know"
                elif not is_variable and re.fullmatch("[a-z-]+", name) and name not in targets:
                    yield f"make {name}, which is no target"


def verbs():
    """{verb: its options} of the program nbjudge."""
    (action,) = [
        one for one in cli.parser()._actions if isinstance(one, argparse._SubParsersAction)
    ]
    return {
        name: {option for one in verb._actions for option in one.option_strings}
        for name, verb in action.choices.items()
    }


def unknown_verbs(lines):
    """Verbs and options that nbjudge does not have."""
    known = verbs()
    for line in lines:
        match = re.match(r"(?:\S*/|python -m )?nbjudge ([a-z]+)(.*)", line)
        if match and match.group(1) not in known:
            yield f"nbjudge {match.group(1)}, which is no verb"
        elif match:
            for option in re.findall(r"(?<=\s)--[a-z-]+", match.group(2)):
                if option not in known[match.group(1)]:
                    yield f"nbjudge {match.group(1)} {option}, which is no option of it"


def missing_functions(text, spans, folder):
    """Functions that the file named with them does not define, and dotted names of nothing."""
    named = re.finditer(r"((?:`[\w.]+`(?:, | and )?)+) (?:in|of) \[`[^`]+`\]\(([^)]+\.py)\)", text)
    for match in named:
        path = folder / match.group(2)
        source = path.read_text(encoding="utf-8") if path.is_file() else ""
        for name in re.findall(r"`([\w.]+)`", match.group(1)):
            for part in name.split("."):
                if not re.search(rf"^ *(?:def|class) {part}\b|^{part}\b", source, re.MULTILINE):
                    yield f"{name} in {match.group(2)}, which does not define it"
    for span in spans:
        if re.fullmatch(r"(?:lmcore|nbjudge)(?:\.\w+)+", span) and not importable(span):
            yield f"{span}, which cannot be imported"


def importable(dotted):
    """Whether a dotted name is a module or something in one."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part, None)
        return found is not None
    return False


def complaints(text, folder):
    """Everything that the text names and that is not there."""
    spans, blocks = code(text)
    lines = commands(spans, blocks)
    return [
        *dead_links(text, folder),
        *missing_paths(spans, folder),
        *unknown_targets(lines),
        *unknown_verbs(lines),
        *missing_functions(text, spans, folder),
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_names_is_there(name):
    path = HOME / name
    assert complaints(path.read_text(encoding="utf-8"), path.parent) == []


@pytest.mark.parametrize(
    "text, said",
    [
        ("[x](no-such.md)", "no-such.md"),
        ("[x](README.md#no-such-heading)", "no such heading"),
        ("`lmcore/no_such.py`", "lmcore/no_such.py"),
        ("`book/NN-slug/no-such.md`", "no-such.md"),
        ("`make no-such`", "no target"),
        ("```sh\nmake test NOSUCH=1\n```", "NOSUCH="),
        ("`nbjudge nosuch`", "no verb"),
        ("```sh\nnbjudge grade --no-such\n```", "no option"),
        ("`no_such` in [`run.py`](nbjudge/src/nbjudge/run.py)", "does not define it"),
        ("`lmcore.softmax.no_such`", "cannot be imported"),
    ],
)
def test_what_is_not_there_is_noticed(text, said):
    (complaint,) = complaints(text, HOME)
    assert said in complaint


def test_what_is_there_is_not_complained_about():
    text = (
        "`make grade CH=03`, `.venv/bin/nbjudge grade 3 --due x`, `lmcore.softmax.softmax`,"
        " `book/NN-slug/index.md`, `lmcore/<module>.py`, `submitted/x/y.ipynb`,"
        " `grade_class` in [`run.py`](nbjudge/src/nbjudge/run.py),"
        " [x](README.md#licence-and-citation)"
    )
    assert complaints(text, HOME) == []


# ---- one place for each fact


def projects():
    return [
        tomllib.loads((HOME / name).read_text())["project"]
        for name in ("pyproject.toml", "nbjudge/pyproject.toml")
    ]


def config():
    return yaml.safe_load((HOME / "_config.yml").read_text())


def test_the_version_stands_in_one_place():
    import lmcore

    assert all(project["dynamic"] == ["version"] for project in projects())
    citation = yaml.safe_load((HOME / "CITATION.cff").read_text())
    assert citation["version"] == lmcore.__version__
    assert lmcore.__version__.startswith(config()["sphinx"]["config"]["version"] + ".")
    assert f"## {lmcore.__version__}" in (HOME / "CHANGELOG.md").read_text()


def misplaced_addresses(url, citation, projects):
    """What has to be changed so that the repository's address is the same everywhere."""
    want = {"repository-code": url} if url else {}
    found = {key: citation[key] for key in ("repository-code",) if key in citation}
    if found != want:
        yield f"CITATION.cff should have {want or 'no repository-code'}"
    links = {"Source": url, "Issues": f"{url}/issues"} if url else None
    for project in projects:
        if project.get("urls") != links:
            yield f"{project['name']}'s pyproject.toml should have [project.urls] {links}"


def test_the_address_of_the_repository_is_the_same_everywhere():
    citation = yaml.safe_load((HOME / "CITATION.cff").read_text())
    assert list(misplaced_addresses(config()["repository"]["url"], citation, projects())) == []


def test_an_address_in_one_place_alone_is_noticed():
    url = "https://code.example/owner/course"
    bare = {"name": "lmcore"}
    told = bare | {"urls": {"Source": url, "Issues": f"{url}/issues"}}
    assert len(list(misplaced_addresses(url, {}, [bare, bare]))) == 3
    assert len(list(misplaced_addresses("", {"repository-code": url}, [told]))) == 2
    assert list(misplaced_addresses(url, {"repository-code": url}, [told])) == []


@pytest.mark.parametrize(
    "page, source", [("contributors", "CONTRIBUTING.md"), ("changelog", "CHANGELOG.md")]
)
def test_the_books_page_includes_the_text(page, source):
    assert f"```{{include}} ../{source}\n" in (HOME / "book" / f"{page}.md").read_text()


def test_the_page_about_the_extension_has_all_of_its_parts():
    text = (HOME / "book/_ext/README.md").read_text(encoding="utf-8")
    table = re.findall(r"^\| ([a-z_, ]+) \| (?!---)", text, re.MULTILINE)
    named = {part for line in table for part in line.split(", ")}
    assert named == {path.stem for path in (HOME / "book/_ext/course_ext").glob("[a-z]*.py")}


def test_every_level_of_isolation_has_its_promises():
    text = (HOME / "SECURITY.md").read_text().partition("## Levels of isolation")[2]
    rows = re.findall(r"^\| `(\w+)`", text.partition("\n## ")[0], re.MULTILINE)
    assert rows == list(LEVELS)


def test_the_readmes_pictures_are_small_and_described():
    shown = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (HOME / "README.md").read_text())
    assert len(shown) >= 3
    for words, name in shown:
        assert len(words.split()) >= 8, f"{name} needs words that say what is seen"
        assert (HOME / name).stat().st_size < 150_000, f"{name} is too large"


def test_forms_for_issues_are_complete():
    forms = sorted((HOME / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    for form in (yaml.safe_load(path.read_text()) for path in forms if path.stem != "config"):
        assert {"name", "description", "body"} <= set(form)
        asked = [part for part in form["body"] if part["type"] != "markdown"]
        assert len({part["id"] for part in asked}) == len(asked) >= 3


def test_owners_are_of_places_that_exist():
    lines = (HOME / ".github" / "CODEOWNERS").read_text().splitlines()
    places = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert places and [place for place in places if not Path(HOME, place[1:]).exists()] == []
