"""Under a page's title: notebooks to download and, if the repository is known, to open elsewhere.

A section offers its own notebook, an opener those of its sections; every page of a chapter offers
the assignment.

The repository is `repository: url` in _config.yml. While that is empty no page offers to be edited
or launched.
"""

from __future__ import annotations

import html
from urllib.parse import quote

from course_ext.assignment_page import wheel_addresses
from course_ext.path import PAGE, sections
from course_ext.plain_notebook import FOLDER, name_of


def launchers(address: str, branch: str, path: str) -> list[tuple[str, str]]:
    """(service, address) for a notebook of a repository on GitHub or GitLab; Colab reads GitHub
    alone.
    """
    host, owner, name = address.removesuffix(".git").rstrip("/").rsplit("/", 2)
    version, notebook = quote(branch, safe=""), quote(path)
    if host == "https://github.com":
        return [
            (
                "Binder",
                f"https://mybinder.org/v2/gh/{owner}/{name}/{version}?urlpath=lab/tree/{notebook}",
            ),
            (
                "Colab",
                f"https://colab.research.google.com/github/{owner}/{name}/blob/{branch}/{notebook}",
            ),
        ]
    if host == "https://gitlab.com":
        return [
            (
                "Binder",
                f"https://mybinder.org/v2/gl/{owner}%2F{name}/{version}?urlpath=lab/tree/{notebook}",
            )
        ]
    return []


def offer_to_edit(app, config) -> None:
    """The theme's own button, which fails without an address."""
    options = config.html_theme_options
    options["use_edit_page_button"] = bool(options.get("repository_url"))


def link(address: str, words: str, download: str | None = None) -> str:
    kind = (
        f'class="reference download internal" download="{download}"'
        if download is not None
        else 'class="reference external"'
    )
    return f'<a {kind} href="{html.escape(address)}">{words}</a>'


def offer(app, pagename, templatename, context, doctree) -> None:
    page = PAGE.fullmatch(pagename)
    if app.builder.name != "html" or doctree is None or not page:
        return
    slug, number, is_opener = page["slug"], int(page["chapter"]), page["page"] == "index"
    options, pathto = app.config.html_theme_options, context["pathto"]
    # words, where it can be downloaded, under which name, its path in the repository
    notebooks = []
    for name in sections(app.env, slug):
        if is_opener or name == pagename:
            place = name.rpartition("/")[2].partition("-")[0]
            notebooks.append(
                (
                    f"notebook {number}.{place}",
                    pathto(f"{FOLDER}/{name_of(name)}", 1),
                    name_of(name),
                    f"{name}.ipynb",
                )
            )
    release = f"exercises/{slug}/exercises.ipynb"
    if release in app.env.dlfiles:  # the chapter's page names its assignment, if it is released
        notebooks.append(
            (
                f"assignment {number}",
                pathto(f"_downloads/{app.env.dlfiles[release][1]}", 1),
                f"{slug}.ipynb",
                release,
            )
        )

    address, branch = options.get("repository_url"), options.get("repository_branch") or "main"
    lines, needs_install = [], False
    for words, source, name, path in notebooks:
        # an opener's list of notebooks stays a list: each is opened elsewhere from its own page
        whole = not is_opener or path == release
        elsewhere = launchers(address, branch, path) if address and whole else []
        needs_install |= any(service == "Colab" for service, _ in elsewhere)
        opened = [
            link(target, f'{service}<span class="visually-hidden">: {words}</span>')
            for service, target in elsewhere
        ]
        lines.append(
            link(source, words, name) + (f" (open in {' or '.join(opened)})" if opened else "")
        )
    if not lines:
        return
    box = f'<p class="course-take">Download: {" · ".join(lines)}</p>\n'
    if needs_install:
        base = app.config.html_baseurl
        library = wheel_addresses(base)["lmcore"] if base else f"git+{address}@{branch}"
        command = html.escape(f'%pip install -q "lmcore[data,plot] @ {library}"')
        box += (
            '<details class="course-take"><summary>Before the first cell in'
            " Colab</summary><p>Colab has no <code>lmcore</code> yet. Run this in a new cell at"
            f" the top: <code>{command}</code></p></details>\n"
        )
    context["body"] = context["body"].replace("</h1>\n", f"</h1>\n{box}", 1)


def setup(app):
    app.connect("config-inited", offer_to_edit)
    app.connect("html-page-context", offer)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
