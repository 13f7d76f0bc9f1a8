"""The book as its tests read it: chapters, sections, prose, equations, symbols."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat

HOME = Path(__file__).resolve().parents[1]
TITLES = {
    "1 Language Models as Distributions": [
        "Finite vocabulary and EOS",
        "Probability over finite strings",
        "Conditional next-token distributions",
        "Support and impossible events",
        "Why next-token prediction is enough",
    ],
    "2 Autoregressive Factorization": [
        "Chain rule derivation",
        "Teacher forcing",
        "Causal masking",
        "Sequence log probability",
        "Prefix scoring",
    ],
    "3 Logits, Softmax, and Log-Sum-Exp": [
        "LM head",
        "Softmax normalization",
        "Shift invariance",
        "Stable log-softmax",
        "Temperature",
    ],
    "4 Maximum Likelihood and Cross-Entropy": [
        "Dataset likelihood",
        "Negative log-likelihood",
        "Cross-entropy",
        "Gradient with respect to logits",
        "Padding masks",
    ],
    "5 Entropy, KL, Perplexity, and Bits": [
        "Entropy",
        "Cross-entropy decomposition",
        "Perplexity",
        "Bits per token",
        "Tokenizer caveat",
    ],
    "6 Sequence Scoring and Calibration": [
        "Length bias",
        "Average log probability",
        "Calibration",
        "Expected calibration error",
        "Temperature scaling",
    ],
    "7 Decoding as Distribution Transformation": [
        "Greedy",
        "Sampling",
        "Top-k",
        "Nucleus top-p",
        "Beam search and length penalty",
    ],
    "8 From Count Models to Neural LMs": [
        "N-gram models",
        "Smoothing",
        "Neural probabilistic LM",
        "Recurrent LM",
        "Transformer LM",
    ],
    "9 Conditional Generation and Constraints": [
        "Prompt conditioning",
        "RAG conditioning",
        "Logit bias and constraints",
        "Guidance by logit mixing",
        "Safety filters",
    ],
    "10 Diagnostics and Learning Practice": [
        "Normalization checks",
        "Likelihood sanity checks",
        "Distribution shift",
        "Generation versus evaluation",
        "Bridge to training at scale",
    ],
}
CHAPTERS = {int(title.split()[0]): title for title in TITLES}


class Part(NamedTuple):
    """A piece of a section: a Markdown text or a code cell."""

    kind: str  # "markdown" or "code"
    text: str
    cell: dict


def folder(chapter):
    [path] = HOME.glob(f"book/{chapter:02d}-*")
    return path


def section_files(chapter):
    """{"3.1": path} of a chapter's notebooks, by the number that begins their names."""
    return {
        f"{chapter}.{path.name[0]}": path for path in sorted(folder(chapter).glob("[0-9]-*.ipynb"))
    }


@cache
def notebooks(chapter):
    """{"3.1": notebook} of a chapter's sections, in order."""
    return {
        section: nbformat.read(path, as_version=4)
        for section, path in section_files(chapter).items()
    }


@cache
def opener(chapter):
    return (folder(chapter) / "index.md").read_text(encoding="utf-8")


@cache
def review(chapter):
    return (folder(chapter) / "review.md").read_text(encoding="utf-8")


def setup_cell(notebook):
    """The first code cell, which imports and loads what the section works with."""
    return next(cell for cell in notebook.cells if cell.cell_type == "code")


@cache
def sections(chapter):
    """{"3.1": parts} in order, without the set-up cell, which says nothing of its own."""
    return {
        section: [
            Part(cell.cell_type, cell.source, cell)
            for cell in notebook.cells
            if cell is not setup_cell(notebook)
        ]
        for section, notebook in notebooks(chapter).items()
    }


def markdown(parts):
    return "\n\n".join(part.text for part in parts if part.kind == "markdown")


def code(parts):
    return "\n\n".join(part.text for part in parts if part.kind == "code")


def without_code(text):
    """Markdown without fenced code and practice boxes; other directives keep their content."""
    kept, open_fences = [], []
    for line in text.split("\n"):
        fence, what = re.match(r"(`{3,})?(.*)", line).groups()
        is_code = bool(open_fences) and open_fences[-1][1]
        if fence and open_fences and fence == open_fences[-1][0] and not what.strip():
            open_fences.pop()
        elif fence and not is_code:
            open_fences.append((fence, not what.startswith("{") or what.startswith("{practice}")))
        elif not is_code:
            kept.append(line)
    return "\n".join(kept)


def prose(text):
    """The words of a Markdown text: no code, formulas, tables, labels, roles' names."""
    text = re.sub(r"(?s)\$\$.*?\$\$(\s*\([\w-]+\))?|\$[^$]*\$", " ", without_code(text))
    text = re.sub(r"(?m)^\|.*$|^:[\w-]+:.*$|^\([\w.-]+\)=$|^[:`]{3,}.*$|^#.*$", " ", text)
    text = re.sub(r"\{[a-z:]+\}`([^`<]*)(?:<[^>]*>)?`", r"\1", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"`[^`]*`|[*_]", " ", text)


def word_list(text):
    return re.findall(r"[a-zA-Z][a-zA-Z'’-]*", text)


def sentences(text, at_least=8):
    """Sentences of so many words or more, lower-cased, words alone."""
    for sentence in re.split(r"(?<=[.!?:;])\s+|\n\n", prose(text)):
        words = re.findall(r"[a-z']+", sentence.lower())
        if len(words) >= at_least:
            yield " ".join(words)


def equations(text):
    """{label: formula} of the numbered equations."""
    return {
        label: tex
        for tex, label in re.findall(
            r"(?s)\$\$((?:(?!\$\$).)*?)\$\$\s*\(([\w-]+)\)", without_code(text)
        )
    }


def formulas(text):
    """All mathematics of a text, displayed and inline."""
    return [
        first or second
        for first, second in re.findall(
            r"(?s)\$\$(.*?)\$\$|(?<!\\)\$([^$]+)\$", re.sub(r"`[^`]*`", " ", without_code(text))
        )
    ]


# What is a name in itself and not a symbol of ours.
WORDS = re.compile(
    r"\\(?:text|mathrm|operatorname|textbf|textit|mathtt|texttt|label|tag|begin|end|color|hspace|vspace)\*?\s*"
    r"\{(?:[^{}]|\{[^{}]*\})*\}"
)
GREEK = (
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma"
    " tau phi varphi chi psi omega Gamma Delta Theta Lambda Sigma Phi Psi Omega ell"
).split()


def symbols(tex):
    """Letters of a formula: "z", "\\tau", "\\mathcal V", "\\hat p".

    Indices count like any other letter.
    """
    tex = WORDS.sub(" ", tex)
    found = set()
    decorated = r"\\(mathcal|mathbb|mathbf|hat|tilde|bar|vec|dot)(?![A-Za-z])\s*(?:\{\s*(\\?[A-Za-z]+)\s*\}|(\\[A-Za-z]+|[A-Za-z]))"
    for kind, braced, bare in re.findall(decorated, tex):
        found.add(f"\\{kind} {braced or bare}")
    tex = re.sub(decorated, " ", tex)
    found |= {f"\\{name}" for name in re.findall(r"\\([A-Za-z]+)", tex) if name in GREEK}
    found |= set(re.findall(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", " ", tex)))
    return found


def between(path, begin, end):
    """What stands between two marks of a page: a part that a program writes."""
    return path.read_text().split(begin)[1].split(end)[0].strip()


def put_between(path, begin, end, text):
    """Write that part anew."""
    before, rest = path.read_text().split(begin)
    path.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")
