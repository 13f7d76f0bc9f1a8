"""What stands under the text of each page: how to cite it, where to report a fault, which state of
the course it is, and the whole book as a file.

The citation comes from CITATION.cff. Faults can be reported when `repository: url` is set in
_config.yml; course.js then adds the section and the words that are selected. The PDF and the EPUB
are offered if `make pdf` and `make epub` had made them before the site was built. What changed is a
feed as well: changes.xml, from CHANGELOG.md.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urljoin

import yaml

FORMATS = {"pdf": "PDF", "epub": "EPUB"}
FEED = "changes.xml"
RELEASE = re.compile(
    r"^## (?P<name>\S+) \((?P<when>[^)]*)\)\n(?P<text>.*?)(?=^## |\Z)", re.M | re.S
)
OF_THE_COURSE = "The lmcore course team"
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<title>{title}: what changed</title>
<id>{identity}</id>
<updated>{updated}</updated>
<author><name>{author}</name></author>
{links}{entries}</feed>
"""
ENTRY = """<entry>
<title>{name}</title>
<id>{identity}:{name}</id>
<updated>{when}</updated>
<content type="text">{text}</content>
</entry>
"""


@cache
def state(home: Path) -> tuple[str, str]:
    """Commit and day of what is built; both empty outside a repository."""
    command = ["git", "-C", str(home), "log", "-1", "--format=%h %cs"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "", ""
    commit, _, day = done.stdout.strip().partition(" ")
    return commit, day


@cache
def citation(home: Path) -> dict:
    """CITATION.cff as it is."""
    path = home / "CITATION.cff"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}


def escaped(text: str) -> str:
    """Text as BibTeX wants it."""
    return re.sub(r"([&%#_])", r"\\\1", text)


def bibtex(about: dict, page: str, title: str, address: str) -> str:
    r"""The entry for a page of the course, as BibTeX.

    >>> print(bibtex({"title": "A course", "version": 1, "date-released": "2025-11-21"},
    ...              "book/04-likelihood/4-gradient", "4.4 Gradient & more", ""))
    @misc{course-4-4,
      title   = {4.4 Gradient \& more},
      author  = {{The lmcore course team}},
      note    = {In: A course, version 1},
      year    = {2025}
    }
    """
    number = re.match(r"[\d.]+", title)
    key = number.group().strip(".").replace(".", "-") if number else page.rpartition("/")[2]
    names = [
        f"{{{author['name']}}}"
        if "name" in author
        else f"{author.get('family-names', '')}, {author.get('given-names', '')}"
        for author in about.get("authors", [{"name": OF_THE_COURSE}])
    ]
    version = f", version {about['version']}" if "version" in about else ""
    fields = {
        "title": escaped(title),
        "author": escaped(" and ".join(names)),
        "note": escaped(f"In: {about.get('title', '')}{version}"),
        "year": str(about.get("date-released", ""))[:4],
        "url": address,
    }
    lines = [f"  {name:7} = {{{value}}}" for name, value in fields.items() if value]
    return f"@misc{{course-{key},\n" + ",\n".join(lines) + "\n}"


def report(repository: str, page: str, title: str, commit: str) -> str:
    """The form for a new issue, filled in with the page and the state it was built from."""
    body = f"Page: {page} ({title})\nState: {commit or 'unknown'}\n\nWhat is wrong:\n"
    names = ("issue[title]", "issue[description]") if "gitlab" in repository else ("title", "body")
    return f"{repository.rstrip('/')}/issues/new?" + urlencode(dict(zip(names, (title, body))))


def made(app) -> list[Path]:
    """The formats of the whole book that have been made before."""
    folder = Path(app.srcdir) / "_build" / "formats"
    return [path for kind in FORMATS for path in sorted(folder.glob(f"*.{kind}"))]


def show(app, pagename, templatename, context, doctree) -> None:
    """Put the lines under a page's text."""
    if app.builder.name != "html" or doctree is None or pagename == "search":
        return
    home = Path(app.srcdir)
    commit, day = state(home)
    about, title = citation(home), app.env.titles[pagename].astext()
    base, repository = app.config.html_baseurl, app.config.html_theme_options.get("repository_url")
    address = urljoin(base, app.builder.get_target_uri(pagename)) if base else ""
    parts = [f"Version {html.escape(str(about.get('version', app.config.version)))}"]
    if day:
        parts[0] += f', <time datetime="{day}">{day}</time>, commit {commit}'
    if repository:
        form = html.escape(report(repository, pagename, title, commit))
        parts.append(
            f'<a class="course-report reference external" href="{form}">Report a fault here</a>'
        )
    root = context["pathto"](FEED, 1).removesuffix(FEED)
    for path in made(app):
        size = path.stat().st_size / 1e6
        name = FORMATS[path.suffix[1:]]
        parts.append(f'<a href="{root}{path.name}" download>{name} of the book</a>, {size:.1f} MB')
    parts.append(f'<a href="{root}{FEED}" type="application/atom+xml">Feed of changes</a>')
    entry = html.escape(bibtex(about, pagename, title, address))
    context["body"] += (
        '<div class="course-imprint"><details><summary>Cite this page</summary>\n'
        f'<div class="highlight"><pre>{entry}</pre></div></details>\n'
        f"<p>{' · '.join(parts)}</p>\n"
        '<p><button class="course-offline" type="button" data-size=""></button></p></div>\n'
    )
    context["metatags"] = context.get("metatags", "") + (
        '<link rel="alternate" type="application/atom+xml" title="What changed"'
        f' href="{root}{FEED}">\n'
    )


def feed(changes: str, title: str, author: str, base: str, day: str) -> str:
    """CHANGELOG.md as an Atom feed: an entry for each version, the unreleased one under `day`."""
    identity = "urn:lmcore:changes"
    entries, days = [], []
    for version in RELEASE.finditer(changes):
        dated = re.search(r"\d{4}-\d\d-\d\d", version["when"])
        days.append(f"{dated.group() if dated else day or '1970-01-01'}T00:00:00Z")
        entries.append(
            ENTRY.format(
                name=html.escape(version["name"]),
                identity=identity,
                when=days[-1],
                text=html.escape(version["text"].strip()),
            )
        )
    address = html.escape(urljoin(base, FEED)) if base else ""
    page = html.escape(urljoin(base, "book/changelog.html")) if base else ""
    links = f'<link rel="self" href="{address}"/>\n<link href="{page}"/>\n' if base else ""
    return ATOM.format(
        title=html.escape(title),
        identity=identity,
        updated=max(days, default="1970-01-01T00:00:00Z"),
        author=html.escape(author),
        links=links,
        entries="".join(entries),
    )


def publish(app, exception) -> None:
    """The feed and the book's other formats into the site."""
    if exception is not None or app.builder.name != "html":
        return
    home, site = Path(app.srcdir), Path(app.outdir)
    changes = home / "CHANGELOG.md"
    text = changes.read_text(encoding="utf-8") if changes.is_file() else ""
    (site / FEED).write_text(
        feed(text, app.config.project, app.config.author, app.config.html_baseurl, state(home)[1]),
        encoding="utf-8",
    )
    for kind in FORMATS:
        for old in site.glob(f"*.{kind}"):
            old.unlink()
    for path in made(app):
        shutil.copy(path, site)


def setup(app):
    # the last of what is put into a page's text
    app.connect("html-page-context", show, priority=900)
    app.connect("build-finished", publish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
