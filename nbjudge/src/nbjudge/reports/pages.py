"""How pages that people get begin: a policy that lets nothing run and nothing be fetched, and the
style.
"""

from pathlib import Path

# nothing runs, nothing is fetched
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
STYLE = (Path(__file__).resolve().parent / "feedback.css").read_text(encoding="utf-8")
# to be filled in: the title in the browser's bar, and the style
HEAD = (
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content=\""""
    + POLICY
    + """">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{bar}</title>
<style>
{style}</style>
</head>
"""
)
