"""Hands and eyes of the tests of live code: press, type, wait, and read what stands in the page."""

import json
import os
import re
from pathlib import Path
from typing import NamedTuple

HOME = Path(__file__).resolve().parents[2]
# milliseconds: the machine may be busy
PATIENCE = 3_600_000 if os.environ.get("LIVE_CHAPTERS") else 300_000
OVER = (
    "^(done|failed|not run|stopped|Python could|all checks|[0-9]+ of [0-9]+ checks|the checks"
    " could)"
)

# Every code cell in the order of the page: when it began and ended, and what stands under it.
WATCH = """() => {
  window.seen = [];
  for (const [index, status] of [...document.querySelectorAll(".live-status")].entries())
    new MutationObserver(() => window.seen.push([index, performance.now() / 1000, status.textContent]))
      .observe(status, { childList: true });
}"""
READ = """() => [...document.querySelectorAll("div.cell")].filter((cell) => cell.querySelector(".live-status")).map((cell) => {
  const text = (which) => [...cell.querySelectorAll(`.live-output > ${which}`)].map((part) => part.textContent).join("");
  return { status: cell.querySelector(".live-status").textContent, printed: text(".live-stdout"),
           complaints: text(".live-stderr") + text(".live-error"),
           figures: [...cell.querySelectorAll(".live-output img")].map((figure) => figure.alt),
           shown: cell.querySelectorAll(".live-output > .live-html, .live-output > .live-markdown").length };
})"""


# What the site's database keeps under a name: put there, and looked up.
OPEN = """const open = new Promise((done) => {
    const asked = indexedDB.open("course /", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("work");
    asked.onsuccess = () => done(asked.result);
  });
  const database = await open;
  const transaction = database.transaction("work", "readwrite");
  const store = transaction.objectStore("work");"""
SEED = f"""async ([name, value]) => {{
  {OPEN}
  store.put(value, name);
  await new Promise((done) => (transaction.oncomplete = done));
  database.close();
}}"""
KEPT = f"""async (name) => {{
  {OPEN}
  const asked = store.get(name);
  await new Promise((done) => (transaction.oncomplete = done));
  database.close();
  return asked.result;
}}"""


class Stored(NamedTuple):
    """What a code cell of a notebook printed and drew when the book was made."""

    source: str
    printed: str
    figures: int
    shown: int
    varies: bool


def section_file(section):
    """The notebook of a section, "3.1"."""
    chapter, place = section.split(".")
    (path,) = HOME.glob(f"book/{int(chapter):02d}-*/{place}-*.ipynb")
    return path


def stored_cells(section):
    """The code cells of a section's notebook."""
    path, found = section_file(section), []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        outputs = cell["outputs"]
        printed = "".join(
            "".join(output["text"]) for output in outputs if output.get("name") == "stdout"
        )
        kinds = [output.get("data", {}) for output in outputs]
        found.append(
            Stored(
                "".join(cell["source"]),
                printed,
                sum("image/svg+xml" in data for data in kinds),
                sum("text/html" in data or "text/markdown" in data for data in kinds),
                "nbval-ignore-output" in cell["metadata"].get("tags", []),
            )
        )
    return found


def folder(chapter):
    (path,) = HOME.glob(f"book/{chapter:02d}-*")
    return path.name


def cell_with(page, text):
    return page.locator("div.cell", has_text=text).first


def wait_for_status(page, box, pattern=OVER):
    page.wait_for_function(
        "([box, pattern]) => new"
        " RegExp(pattern).test(box.querySelector('.live-status').textContent)",
        arg=[box.element_handle(), pattern],
        timeout=PATIENCE,
    )
    return box.locator(".live-status").inner_text()


def agree(page):
    page.get_by_role("button", name="Download and run").click()


def set_code(page, box, text):
    # the editor of a practice box comes when the box does
    box.scroll_into_view_if_needed()
    box.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)


def run(page, box, text):
    """Put code into a cell that has an editor, run it by keyboard; its status when it has run."""
    set_code(page, box, text)
    page.keyboard.press("Shift+Enter")
    return wait_for_status(page, box)


def foreign(page, address):
    """What was asked of other hosts."""
    return [url for url in page.asked if not url.startswith((address, "blob:", "data:"))]


def differences(stored, found):
    """What a cell says here otherwise than in the book, as complaints."""
    said = []
    if not found["status"].startswith("done"):
        said.append(f"{found['status']}: {found['complaints'][-600:]}")
    elif found["complaints"]:
        said.append(f"printed to stderr: {found['complaints'][-300:]}")
    if not stored.varies and found["printed"] != stored.printed:
        book, here = stored.printed.splitlines(), found["printed"].splitlines()
        lines = [f"\n    book {b!r}\n    here {h!r}" for b, h in zip(book, here) if b != h][:4]
        said.append(f"prints other text, {len(here)} lines for {len(book)}" + "".join(lines))
    if len(found["figures"]) != stored.figures:
        said.append(f"draws {len(found['figures'])} figures, the book {stored.figures}")
    if found["shown"] != stored.shown:
        said.append(f"shows {found['shown']} tables or boxes, the book {stored.shown}")
    return said


def times(seen):
    """(seconds from the press to the first cell, {cell: seconds}) from what WATCH saw."""
    began, took = {}, {}
    for index, moment, text in seen:
        if text.startswith("running …"):
            began[index] = moment
        elif re.match("done|failed", text) and index in began:
            took[index] = moment - began[index]
    return min(began.values()) - seen[0][1], took
