"""The first cells of each assignment: the title, with a link to the chapter, and the code that
finds out whether lmcore is there and new enough.

``python -m tools.first_cells`` writes them into the ten sources: run it after a change of lmcore's
version or of the site's address in _config.yml, then ``make release``. The title's words and the
imports above the check are the assignment's own.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml

import lmcore

HOME = Path(__file__).resolve().parents[1]
CHAPTER = re.compile(r"\]\([^)]*?book/([\w-]+)/index\.(?:md|html)\)")
# where the check begins, below the imports
BEGINS = "\n\ntry:  # without lmcore nothing below can run\n"
CHECK = '''\
    from lmcore import __version__ as lmcore_version
except ImportError:
    lmcore_version = "none"
if lmcore_version == "none" or [int(n) for n in lmcore_version.split(".")[:3]] < {numbers}:
    class Stop(Exception):
        def _render_traceback_(self):
            return [str(self)]

    raise Stop(f"""This assignment needs lmcore {version} or newer; installed is {{lmcore_version}}.
Run this line in a new cell{place}, then restart the kernel and run all cells:
%pip install "lmcore[data,plot] @ {address}"
If you have the course's folder, its environment is not active: activate it instead.""")
'''


def main() -> None:
    """Write the cells."""
    site = site_address()
    for path, notebook, cell in sources():
        title = notebook.cells[0]
        texts = linked(title.source, site), first_cell(cell.source, lmcore.__version__, site)
        if texts != (title.source, cell.source):
            title.source, cell.source = texts
            nbformat.write(notebook, path)


def sources() -> Iterator[tuple[Path, nbformat.NotebookNode, nbformat.NotebookNode]]:
    """Path, notebook and first code cell of each source."""
    for path in sorted(HOME.glob("solutions/*/exercises.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        yield path, notebook, next(cell for cell in notebook.cells if cell.cell_type == "code")


def site_address() -> str:
    """Where the site is published, with a slash at its end; "" while nobody has said so."""
    settings = yaml.safe_load((HOME / "_config.yml").read_text(encoding="utf-8"))
    address = settings["html"]["baseurl"].rstrip("/")
    return f"{address}/" if address else ""


def linked(text: str, site: str) -> str:
    """The text with its link to a chapter on the site or, while that has no address, in the folder.

    Examples
    --------
    >>> linked("[chapter 3](../../book/03-softmax/index.md)", "https://a.org/b/")
    '[chapter 3](https://a.org/b/book/03-softmax/index.html)'
    >>> linked("[chapter 3](https://a.org/b/book/03-softmax/index.html)", "")
    '[chapter 3](../../book/03-softmax/index.md)'
    """
    place, ending = (site, "html") if site else ("../../", "md")
    return CHAPTER.sub(rf"]({place}book/\1/index.{ending})", text)


def first_cell(source: str, version: str, site: str) -> str:
    """The cell: the imports of `source`, and the check for this version and site.

    Examples
    --------
    >>> print(first_cell("import numpy as np", "1.2.3", "https://a.org/b/"))
    import numpy as np
    <BLANKLINE>
    try:  # without lmcore nothing below can run
        from lmcore import __version__ as lmcore_version
    except ImportError:
        lmcore_version = "none"
    if lmcore_version == "none" or [int(n) for n in lmcore_version.split(".")[:3]] < [1, 2, 3]:
        class Stop(Exception):
            def _render_traceback_(self):
                return [str(self)]
    <BLANKLINE>
        raise Stop(f\"""This assignment needs lmcore 1.2.3 or newer; installed is {lmcore_version}.
    Run this line in a new cell, then restart the kernel and run all cells:
    %pip install "lmcore[data,plot] @ https://a.org/b/live/lmcore-1.2.3-py3-none-any.whl"
    If you have the course's folder, its environment is not active: activate it instead.\""")
    """
    imports = source.partition(BEGINS)[0]
    check = CHECK.format(
        version=version,
        numbers=[int(number) for number in version.split(".")],
        place="" if site else ", with the address of the course's site for SITE",
        address=f"{site or 'SITE/'}live/lmcore-{version}-py3-none-any.whl",
    )
    return f"{imports}{BEGINS}{check.rstrip()}"


if __name__ == "__main__":
    main()
