"""``python -m lmcore.data``: what data there is, under which licence, and whether it is intact."""

from __future__ import annotations

from collections.abc import Iterable

from lmcore.data import Speech, bigrams, smollm2, speeches, split, unigrams
from lmcore.data._files import HERE, package_folder, pinned_hashes


def describe() -> list[tuple[str, str, str]]:
    """One line for each data set, or what is wrong with it.

    Returns
    -------
    list of (str, str, str)
        Name, licence, description.
    """

    def size(part: Iterable[Speech]) -> str:
        return f"{sum(len(s.text.encode('utf-8')) for s in part) / 1e6:.2f} MB"

    def of_split() -> str:
        parts = split()
        return "; ".join(
            f"{name} {len(part)} speeches, {size(part)}" for name, part in vars(parts).items()
        )

    def of_recording() -> str:
        llm = smollm2()
        return (
            f"{len(llm.windows.token):,} tokens of {len(set(llm.windows.speech))} speeches,"
            f" {len(llm.logits)} full rows of {llm.vocab_size:,} logits,"
            f" {len(llm.questions) + len(llm.repetition)} questions"
        )

    sets = [
        ("unigrams()", "Apache-2.0", lambda: f"{len(unigrams()):,} word counts"),
        ("bigrams()", "Apache-2.0", lambda: f"{len(bigrams()):,} word-pair counts"),
        (
            "speeches()",
            "public domain",
            lambda: f"{len(speeches())} State of the Union texts, {size(speeches())}",
        ),
        ("split()", "public domain", of_split),
        ("smollm2()", "Apache-2.0", of_recording),
    ]
    found = []
    for name, licence, say in sets:
        try:
            found.append((name, licence, say()))
        except (ModuleNotFoundError, FileNotFoundError, ValueError) as problem:
            found.append((name, licence, f"NOT AVAILABLE: {problem}"))
    return found


def files() -> list[tuple[str, str, str, str]]:
    """Source, path, size and pinned sha256 of each file that is checked.

    Returns
    -------
    list of (str, str, str, str)
    """
    found = []
    for source, hashes in pinned_hashes().items():
        for name, sha256 in hashes.items():
            try:
                path = (HERE if source == "lmcore" else package_folder(source)) / name
                size = f"{path.stat().st_size / 1e6:.2f} MB"
            except (ModuleNotFoundError, FileNotFoundError):
                size = "missing"
            found.append((source, name, size, sha256))
    return found


def main() -> None:
    """Print both lists."""
    print("data sets (all used after a check of their sha256)")
    for name, licence, text in describe():
        print(f"  {name:<12} {licence:<14} {text}")
    print("files")
    for source, name, size, sha256 in files():
        print(f"  {source:<20} {name:<18} {size:>8}  sha256 {sha256}")


if __name__ == "__main__":
    main()
