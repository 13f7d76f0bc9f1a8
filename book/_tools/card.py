"""Draw book/_static/card.png, the picture that chats and networks show beside a link to the site.

    python book/_tools/card.py

It is committed, so that a build needs no browser; draw it again when the mark or the title changes.
"""

from pathlib import Path

import chromium
import yaml
from playwright.sync_api import sync_playwright

HOME = Path(__file__).resolve().parents[2]
CARD = HOME / "book" / "_static" / "card.png"
PAGE = """<body style="margin: 0; width: 1200px; height: 630px; box-sizing: border-box; padding: 80px; background: #fff;
    display: flex; gap: 70px; align-items: center; border-bottom: 24px solid #0b5cad; font-family: 'DejaVu Sans', sans-serif">
<div style="flex: none; width: 300px">{mark}</div>
<div><div style="font-size: 76px; font-weight: bold; line-height: 1.12; color: #1f2430">{title}</div>
<div style="font-size: 34px; line-height: 1.4; color: #59616d; margin-top: 36px">{subtitle}</div></div></body>"""


def main() -> None:
    config = yaml.safe_load((HOME / "_config.yml").read_text(encoding="utf-8"))
    mark = (HOME / "book" / "_static" / "mark.svg").read_text(encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.program(), args=chromium.FLAGS
        )
        page = browser.new_page(viewport={"width": 1200, "height": 630})
        page.set_content(
            PAGE.format(
                mark=mark,
                title=config["title"],
                subtitle="A course in ten chapters: derive it, compute it, check it, grade it",
            )
        )
        page.screenshot(path=CARD)
        browser.close()


if __name__ == "__main__":
    main()
