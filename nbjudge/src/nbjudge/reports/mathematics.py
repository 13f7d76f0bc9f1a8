"""Formulas as MathML, which browsers show without a script.

KaTeX inside V8, where mini-racer is installed.

What students typed comes here too. KaTeX trusts none of it (no links, no HTML), and time and memory
have limits.
"""

import atexit
import html
import json
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "katex" / "katex.min.js"
# characters of one formula; milliseconds and bytes for it
LONGEST, MILLISECONDS, MOST_MEMORY = 2000, 1000, 256 << 20
RENDER = """
function rendered(tex, display) {
    try {
        return katex.renderToString(tex, {
            displayMode: display, output: "mathml", throwOnError: true, strict: false, trust: false,
            maxExpand: 200, maxSize: 20,
        });
    } catch (error) { return ""; }
}
"""
# what browsers no longer read from an attribute, and Unicode has letters for
VARIANTS = {
    "double-struck": ("MATHEMATICAL DOUBLE-STRUCK", "DOUBLE-STRUCK"),
    "script": ("MATHEMATICAL SCRIPT", "SCRIPT"),
    "fraktur": ("MATHEMATICAL FRAKTUR", "BLACK-LETTER"),
    "bold": ("MATHEMATICAL BOLD", None),
    "bold-italic": ("MATHEMATICAL BOLD ITALIC", None),
    "italic": ("MATHEMATICAL ITALIC", None),
    "sans-serif": ("MATHEMATICAL SANS-SERIF", None),
    "monospace": ("MATHEMATICAL MONOSPACE", None),
}
STYLED = re.compile(r'(<m[inot]) mathvariant="([a-z-]+)">([^<]*)<')


def available():
    """Whether formulas can be rendered here."""
    return _engine() is not None


@lru_cache(maxsize=5000)
def render(tex, display=False):
    """MathML of a formula; its TeX as code where it cannot be rendered.

    Parameters
    ----------
    tex : str
    display : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        HTML without anything that could run.

    Examples
    --------
    >>> "<math" in render("x^2") or not available()
    True
    >>> render("{")
    '<code class="tex">{</code>'
    """
    made = _ask(tex, display) if len(tex) <= LONGEST else ""
    if not made:
        return f'<code class="tex">{html.escape(tex)}</code>'
    found = STYLED.sub(lambda part: f"{part[1]}>{_letters(part[3], part[2])}<", made)
    return f'<div class="math">{found}</div>' if display else found


def _ask(tex, display):
    engine = _engine()
    if engine is None:
        return ""
    from py_mini_racer import JSEvalException

    call = f"rendered({json.dumps(tex)}, {json.dumps(display)})"
    try:
        return engine.eval(call, timeout=MILLISECONDS, max_memory=MOST_MEMORY)
    except JSEvalException:  # too long, too large
        _engine.cache_clear()
        return ""


@cache
def _engine():
    """V8 with KaTeX loaded; None where it is not installed."""
    try:
        from py_mini_racer import MiniRacer
    except ImportError:
        return None
    engine = MiniRacer()
    # left to the garbage collector, it hangs at the end of Python 3.13
    atexit.register(engine.close)
    engine.eval(SCRIPT.read_text(encoding="utf-8"))
    engine.eval(RENDER)
    return engine


def _letters(text, variant):
    """Text in one of mathematics' alphabets.

    Examples
    --------
    >>> _letters("R1", "double-struck"), _letters("L", "script"), _letters("x", "normal")
    ('ℝ𝟙', 'ℒ', 'x')
    """
    return "".join(_letter(sign, variant) for sign in text)


def _letter(sign, variant):
    kind = unicodedata.name(sign, "").replace("LATIN ", "").replace(" LETTER", "")
    for prefix in VARIANTS.get(variant, ()):
        try:
            return unicodedata.lookup(f"{prefix} {kind}")
        except KeyError:
            continue
    return sign
