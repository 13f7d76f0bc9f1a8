"""The Chromium of this machine, and how it is started: without a sandbox of its own, which
containers refuse, and without asking anybody anything.
"""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MISSING = "there is no Chromium here (Debian, Ubuntu: apt install chromium)"


def program() -> str | None:
    """The path of Chromium or Chrome; None if there is neither."""
    return next(filter(None, map(shutil.which, NAMES)), None)
