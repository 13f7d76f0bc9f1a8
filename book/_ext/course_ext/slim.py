"""What the theme puts on every page, cut down to what this site's pages use, once the pages are
written.

The theme links twelve style sheets, fourteen scripts and three icon fonts: 850 KB compressed. Here

- the style sheets become one, without rules and custom properties that no page can use;
- the icon fonts keep the glyphs that this style sheet names; the second copy, a script, goes;
- the scripts every page needs become one, the others stay on pages with their markup, and none
  holds up drawing;
- pictures say their size, so that nothing moves when they arrive, and all but the first wait until
  they come near.

Names carry a digest of what went in: a browser may keep the files for ever, and a rebuild makes
only what changed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import re
import struct
from functools import partial
from io import BytesIO
from pathlib import Path
from posixpath import normpath, relpath

import tinycss2
from sphinx.errors import ExtensionError

from course_ext.accessible import repair

EVERYWHERE = (
    "documentation_options",
    "doctools",
    "sphinx_highlight",
    "sphinx-book-theme",
    "bootstrap",
    "pydata-sphinx-theme",
    "course",
    "previews",
    "figures",
    "offline",
    "memory",
)
# Scripts that stay on pages whose text matches.
WHERE_USED = {
    "design-tabs": r"\bsd-tab-set\b",
    "clipboard.min": r'class="highlight"',
    "copybutton": r'class="highlight"',
    "derivations": r'class="[^"]*\bderivation\b',
}
# Scripts that no page needs: a second copy of the icons, and folding, which browsers do themselves
# (accessible.py).
DROPPED = {"all.min", "togglebutton"}
SETTINGS = re.compile(r" *<script>(?:let toggle|var togglebuttonSelector)[^<]*</script>\n?")
VIEWPORT = re.compile(r' *<meta name="viewport"[^>]*>\n?')
# read by a version switcher alone
PAGENAME = re.compile(r" *<script>DOCUMENTATION_OPTIONS\.pagename = [^<]*</script>\n?")
# Classes that bootstrap's script gives to elements; its other words are those of parts that no page
# has.
FROM_BOOTSTRAP = {
    "active",
    "show",
    "showing",
    "hiding",
    "fade",
    "collapsing",
    "collapsed",
    "tooltip",
    "tooltip-inner",
    "tooltip-arrow",
    "bs-tooltip-auto",
    "bs-tooltip-top",
    "bs-tooltip-bottom",
    "bs-tooltip-start",
    "bs-tooltip-end",
}
# Where a browser forbids storage, the theme's first script would throw, and with it all that are
# packed with it. It finds nothing kept then; ours are told that nothing can be.
NO_STORAGE = """<script>
try { localStorage; } catch {
  const none = {
    getItem: () => null, removeItem() {},
    setItem(name) { if (name.startsWith("lm-")) throw new Error("storage is forbidden"); },
  };
  for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { value: none });
}
</script>
"""
# What the theme's script measures, again at every change; course.js does it without laying out the
# whole page.
MEASURED = b'"pre, .nboutput > .output_area, .cell_output > .output, .jp-RenderedHTMLCommon"'
ICON_FONTS = ("fa-solid-900", "fa-regular-400", "fa-brands-400")
UNUSED = {
    "all.min.js",
    "all.min.js.LICENSE.txt",
    *(f"{font}.woff2" for font in (*ICON_FONTS, "fa-v4compatibility")),
}
PLACEHOLDER = "0" * 12
READABLE = 9  # CSS pixels of the smallest text in a figure, however narrow the window


# --- pages ---


def lighten(page: str, name: str, sheets: list[str], scripts: list[str]) -> str:
    """A page as the theme wrote it, with one style sheet and one script.

    What it linked is added to the lists.
    """
    root = re.findall(r'data-content_root="([^"]*)"', page)[0]
    head, end, body = page.partition("</head>")
    links = []

    def link(found):
        tag = found.group()
        target = re.search(r'href="([^"?]*)', tag)
        path = normpath(f"{Path(name).parent.as_posix()}/{target.group(1)}") if target else ""
        if not path.startswith("_static/"):
            return tag
        if 'rel="stylesheet"' in tag:
            links.append(path)
            if path not in sheets:
                sheets.append(path)
            return "<!--sheet-->" if len(links) == 1 else ""
        return "" if 'rel="preload"' in tag else tag

    head = re.sub(r"[ \t]*<link\b[^>]*>\n?", link, head)
    head = head.replace(
        "<!--sheet-->",
        '<link rel="preload" as="font" type="font/woff2" crossorigin'
        f' href="{root}_static/{ICON_FONTS[0]}-{PLACEHOLDER}.woff2">\n<link rel="stylesheet"'
        f' href="{root}_static/site-{PLACEHOLDER}.css">\n',
    )
    kept = f'<script defer src="{root}_static/site-{PLACEHOLDER}.js"></script>\n'

    def script(found):
        nonlocal kept
        tag = found.group()
        target = re.search(r'src="([^"?]*)', tag)
        path = normpath(f"{Path(name).parent.as_posix()}/{target.group(1)}")
        stem = Path(path).stem
        if not path.endswith(".js") or 'type="module"' in tag:
            return tag
        if stem in EVERYWHERE:
            if path not in scripts:
                scripts.append(path)
        elif stem not in DROPPED and (stem not in WHERE_USED or re.search(WHERE_USED[stem], body)):
            kept += re.sub(r"<script", "<script defer", tag.strip(), count=1) + "\n"
        return ""

    tags = re.compile(r"[ \t]*<script\b[^>]*\bsrc=[^>]*></script>\n?")
    head, body = tags.sub(script, head), tags.sub(script, body)
    head = PAGENAME.sub("", SETTINGS.sub("", head))
    # The theme says three times how wide a phone is, and names a search service that is not used.
    first = next(VIEWPORT.finditer(head)).end()
    head = head[:first] + VIEWPORT.sub("", head[first:])
    head = head.replace('<meta name="docsearch:language" content="en"/>', "")
    head = head.replace("<script", f"{NO_STORAGE}<script", 1)
    return f"{head}{kept}{end}{body}"


@functools.cache
def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height of a picture in CSS pixels."""
    content = path.read_bytes()
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", content[16:24])
        return width, height
    opening = re.search(rb"<svg\b[^>]*>", content)
    if not opening:
        return None
    sides = [
        round(float(length) * (4 / 3 if unit == b"pt" else 1))
        for side in (b"width", b"height")
        for length, unit in re.findall(rb"\b" + side + rb'="([\d.]+)(pt|px)?"', opening.group())[:1]
    ]
    return (sides[0], sides[1]) if len(sides) == 2 else None


@functools.cache
def smallest_letters(path: Path) -> float | None:
    """Size in CSS pixels of the smallest text of a figure as it was drawn, exponents apart.

    matplotlib writes text as outlines of a font of 100 points, and a scale before each.
    """
    drawn = re.findall(
        r'<g [^>]*\btransform="translate\([^)]*\)(?: rotate\([^)]*\))? scale\(([\d.]+) -[\d.]+\)"',
        path.read_text(encoding="utf-8", errors="replace"),
    )
    return min(map(float, drawn)) * 100 * 4 / 3 if drawn else None


def frame(tag: str, path: Path) -> str:
    """A figure in a box in which it scrolls rather than shrink until its words cannot be read."""
    size, letters = size_of(path), smallest_letters(path)
    if size is None or letters is None:
        return tag
    least = f' style="--readable: {min(size[0], round(size[0] * READABLE / letters + 0.5))}px"'
    return (
        f'<div class="figure-frame"><div class="figure-scroll"><img{least}{tag[4:]}</div>'
        '<button class="figure-enlarge" type="button" aria-label="Enlarge the figure"></button>'
        "</div>"
    )


def measure_pictures(page: str, folder: Path) -> str:
    """Every picture with its size; those after the first are fetched when they come near."""
    count = 0

    def measured(found):
        nonlocal count
        tag = found.group()
        source = re.search(r'\bsrc="([^":]+)"', tag)
        if not source or re.search(r"\b(?:width|height)=", tag):
            return tag
        path = folder / source.group(1)
        size = size_of(path.resolve()) if path.is_file() else None
        extra = f' width="{size[0]}" height="{size[1]}"' if size else ""
        if "_images/" in source.group(1):
            count += 1
            if count > 1:
                extra += ' loading="lazy" decoding="async"'
        tag = f"<img{extra}{tag[4:]}"
        return frame(tag, path.resolve()) if path.suffix == ".svg" and count else tag

    return re.sub(r"<img\b[^>]*>", measured, page)


# --- the style sheet ---


def words_of(site: Path, pages: dict[Path, str]) -> set[str]:
    """Whatever may be a class or an id.

    Those on the pages, and every word of the scripts that change pages.
    """
    found = set(FROM_BOOTSTRAP)
    for page in pages.values():
        for value in re.findall(r'\b(?:class|id)=["\']([^"\']*)["\']', page):
            found.update(value.split())
    scripts = [
        path
        for path in [
            *site.glob("_static/*.js"),
            *site.glob("_static/scripts/*.js"),
            *site.glob("*/*.js"),
        ]
        if path.stem not in {"bootstrap", "editor", "searchindex", *DROPPED}
        and not path.name.startswith("site-")
    ]
    for path in scripts:
        found.update(re.findall(r"-?-?[A-Za-z_][\w-]*", path.read_text(encoding="utf-8")))
    return found


def can_match(selector: list, words: set[str]) -> bool:
    """Whether all classes and ids that a selector demands exist.

    What stands in brackets is not looked at.
    """
    after_dot = False
    for token in selector:
        if after_dot and token.type == "ident" and token.value not in words:
            return False
        if token.type == "hash" and token.value not in words:
            return False
        after_dot = token.type == "literal" and token.value == "."
    return True


def split_at_commas(tokens: list) -> list[list]:
    parts: list[list] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def purge(rules: list, words: set[str], used: set[str] | None = None) -> str:
    """Rules as text, without selectors that cannot match and, in the second pass, without unused
    properties and motions.
    """
    out = []
    for rule in rules:
        if rule.type == "comment" and rule.value.startswith("!"):
            out.append(f"/*{rule.value}*/\n")  # licences
        elif rule.type == "qualified-rule":
            selectors = [
                " ".join(tinycss2.serialize(part).split())
                for part in split_at_commas(rule.prelude)
                if can_match(part, words)
            ]
            if selectors and (body := declarations(rule.content, used)):
                out.append(f"{','.join(selectors)}{{{body}}}\n")
        elif rule.type == "at-rule":
            prelude = " ".join(tinycss2.serialize(rule.prelude).split())
            if (
                rule.at_keyword in {"media", "supports", "layer", "container"}
                and rule.content is not None
            ):
                inner = purge(
                    tinycss2.parse_rule_list(rule.content, skip_whitespace=True), words, used
                )
                if inner:
                    out.append(f"@{rule.at_keyword} {prelude}{{\n{inner}}}\n")
            elif rule.at_keyword == "font-face":
                face = declarations(rule.content, used)
                # not its names in older versions
                if re.search(r"Awesome\\? 6", face):
                    out.append(f"@font-face{{{face}}}\n")
            elif (
                rule.at_keyword == "-webkit-keyframes"
                or rule.at_keyword == "keyframes"
                and used
                and prelude not in used
            ):
                continue
            elif rule.at_keyword not in {"charset", "import"}:
                # imports are resolved before
                body = (
                    "".join(tinycss2.serialize(rule.content).split("\n"))
                    if rule.content is not None
                    else ""
                )
                out.append(
                    f"@{rule.at_keyword} {prelude}"
                    + (f"{{{body}}}\n" if rule.content is not None else ";\n")
                )
    return "".join(out)


def declarations(content: list, used: set[str] | None) -> str:
    kept = []
    for item in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if (
            item.type == "declaration"
            and used is not None
            and item.name.startswith("--")
            and not item.name.startswith("--course-")
            and item.name not in used
        ):
            continue
        if item.type != "error":
            kept.append(" ".join(item.serialize().split()).rstrip(";").replace(": ", ":", 1))
    return ";".join(kept)


def names_in_use(css: str, elsewhere: set[str]) -> set[str]:
    """Custom properties that some rule reads, directly or through another one, and names of
    animations.
    """
    reads: dict[str, set[str]] = {}
    used = set(elsewhere)
    for name, value in re.findall(r"(?:^|[{;])\s*([\w-]+):((?:[^;{}\"]|\"[^\"]*\")*)", css):
        wanted = set(re.findall(r"var\(\s*(--[\w-]+)", value))
        if name.startswith("--"):
            reads.setdefault(name, set()).update(wanted)
        else:
            used |= wanted | (set(value.split()) if name.startswith("animation") else set())
    queue = list(used)
    while queue:
        for name in reads.get(queue.pop(), ()):
            if name not in used:
                used.add(name)
                queue.append(name)
    return used


def stylesheet(site: Path, sheets: list[str], words: set[str], elsewhere: set[str]) -> str:
    """All sheets as one, purged, with addresses that hold in _static."""

    def read(path):
        css = (site / path).read_text(encoding="utf-8")
        folder = Path(path).parent.as_posix()

        def moved(found):
            address = found.group(2)
            return (
                found.group()
                if re.match(r"data:|#|https?:", address)
                else f"url({relpath(normpath(f'{folder}/{address}'), '_static')})"
            )

        css = re.sub(r"url\((['\"]?)([^'\")]+)\1\)", moved, css)
        return re.sub(
            r"@import\s+\"([^\"]+)\";",
            lambda found: read(normpath(f"{Path(path).parent.as_posix()}/{found.group(1)}")),
            css,
        )

    text = "\n".join(read(path) for path in sheets)
    first = purge(tinycss2.parse_stylesheet(text, skip_whitespace=True), words)
    return purge(
        tinycss2.parse_stylesheet(first, skip_whitespace=True),
        words,
        names_in_use(first, elsewhere),
    )


def subset(source: Path, characters: set[str], hinting: bool = False) -> bytes:
    """A font with these characters alone, as woff2."""
    from fontTools import subset as tool

    logging.getLogger("fontTools").setLevel(logging.WARNING)
    options = tool.Options(flavor="woff2", layout_features=[], hinting=hinting)
    font = tool.load_font(source, options)
    chosen = tool.Subsetter(options)
    chosen.populate(text="".join(characters))
    chosen.subset(font)
    out = BytesIO()
    tool.save_font(font, out, options)
    return out.getvalue()


# --- the step itself ---


def digest(*parts) -> str:
    state = hashlib.sha256()
    for part in parts:
        state.update(part if isinstance(part, bytes) else str(part).encode())
        state.update(b"\0")
    return state.hexdigest()[: len(PLACEHOLDER)]


def make(static: Path, name: str, suffix: str, key: str, content) -> str:
    """Write `name-key.suffix` unless it is there, and remove its predecessors; its name."""
    target = static / f"{name}-{key}{suffix}"
    for old in static.glob(f"{name}-{'?' * len(key)}{suffix}"):
        if old != target:
            old.unlink()
    if not target.is_file():
        made = content()
        target.write_bytes(made if isinstance(made, bytes) else made.encode())
    return target.name


def make_sheet(site: Path, sheets: list[str], pages: dict[Path, str]) -> tuple[str, str]:
    """The one style sheet and the icon fonts it names.

    File names of the sheet and of the font to load ahead.
    """
    static, own = site / "_static", Path(__file__).read_bytes()
    # the last is imported by the first
    sources = [(site / path).read_bytes() for path in [*sheets, "_static/basic.css"]]
    in_sheets = set(re.findall(rb"[\w-]+", b" ".join(sources)))
    words = {word for word in words_of(site, pages) if word.encode() in in_sheets}
    others = [
        path.read_text(encoding="utf-8") for path in site.glob("*/*.css") if path.parent != static
    ]
    elsewhere = {
        name
        for text in [*others, *pages.values()]
        for name in re.findall(r"var\(\s*(--[\w-]+)", text)
    }
    elsewhere |= {word for word in words if word.startswith("--")}
    key = digest(own, *sources, *sorted(words), *sorted(elsewhere))
    if not (static / f"site-{key}.css").is_file():
        css = stylesheet(site, sheets, words, elsewhere)
        # where fonts keep signs that are no letters
        icons = set(re.findall("[\ue000-\uf8ff]", css))
        for font in ICON_FONTS:
            source = next(static.glob(f"vendor/fontawesome/*/webfonts/{font}.ttf"))
            file = make(
                static,
                font,
                ".woff2",
                digest(own, source.read_bytes(), *sorted(icons)),
                partial(subset, source, icons),
            )
            css = re.sub(
                rf"src:url\([^)]*{font}\.woff2\)[^;}}]*", f'src:url({file}) format("woff2")', css
            )
        css = re.sub("[\ue000-\uf8ff]", lambda icon: f"\\{ord(icon.group()):x}", css)
        make(static, "site", ".css", key, lambda: css)
    return f"site-{key}.css", next(static.glob(f"{ICON_FONTS[0]}-{'?' * len(key)}.woff2")).name


def make_script(site: Path, scripts: list[str]) -> str:
    """The scripts that every page needs, as one file; its name."""
    parts = [
        (site / path).read_bytes()
        for path in sorted(scripts, key=lambda path: EVERYWHERE.index(Path(path).stem))
    ]
    if not any(MEASURED in part for part in parts):
        raise ExtensionError(
            "slim: the theme no longer measures all listings at once, or does so in other words:"
            " see MEASURED"
        )
    return make(
        site / "_static",
        "site",
        ".js",
        digest(Path(__file__).read_bytes(), *parts),
        lambda: b"\n;\n".join(
            re.sub(rb"(?m)^//# sourceMappingURL=.*$", b"", part).replace(
                MEASURED, b'"#measured-by-course-js"'
            )
            for part in parts
        ),
    )


def slim(app, exception) -> None:
    if exception is not None or app.builder.name != "html":
        return
    site = Path(app.outdir)
    written = {
        path: path.read_text(encoding="utf-8")
        for path in site.rglob("*.html")
        if not {"_static", "_downloads"} & set(path.relative_to(site).parts)
    }
    # not 404.html and redirects
    written = {path: text for path, text in written.items() if "data-content_root=" in text}
    # A build that writes only some pages finds the others as this step left them, and here what
    # they linked.
    memory = Path(app.doctreedir) / "slim.json"
    done = {path for path, text in written.items() if "_static/site-" in text}
    sheets, scripts = json.loads(memory.read_text()) if done and memory.is_file() else ([], [])
    pages = {
        path: (
            text
            if path in done
            else repair(
                measure_pictures(
                    lighten(text, path.relative_to(site).as_posix(), sheets, scripts), path.parent
                )
            )
        )
        for path, text in written.items()
    }
    lost = [path for path in sheets + scripts if not (site / path).is_file()]
    if lost or not sheets:
        raise ExtensionError(
            f"slim: pages link {', '.join(lost) or 'no style sheet'}; build all of them anew"
            " (--all)"
        )
    memory.write_text(json.dumps([sheets, scripts]))

    names = (*make_sheet(site, sheets, pages), make_script(site, scripts))
    for path, text in pages.items():
        for name in names:
            kind, _, rest = name.rpartition("-")
            text = re.sub(
                rf"_static/{kind}-[0-9a-f]{{12}}{re.escape(rest[12:])}", f"_static/{name}", text
            )
        if text != written[path]:
            path.write_text(text, encoding="utf-8")
    # what no page asks for need not be published
    for path in (site / "_static").rglob("*"):
        if (
            path.suffix in {".map", ".ttf"}
            or path.name in UNUSED
            or path.name.endswith("-macros.html")
        ):
            path.unlink()


def setup(app):
    # after the steps that put files beside the pages
    app.connect("build-finished", slim, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
