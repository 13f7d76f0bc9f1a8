"""What an instructor should look at.

Answers that call the reference, and submissions that are nearly the same.

Flags never change a score: a borrowed line may have been allowed, and short answers look alike by
themselves.
"""

import ast
import hashlib
import io
import keyword
import tokenize
from collections import Counter, defaultdict
from functools import lru_cache
from itertools import combinations

# tokens of a fingerprint; students who may share it by chance
WINDOW, COMMON = 12, 12
# fingerprints that a comparison needs; share that is suspicious
SHORTEST, ALIKE = 40, 0.8


def oracle_uses(spec, cells):
    """Sentences on cells that use the library's own solution of a problem.

    Parameters
    ----------
    spec : Spec
    cells : list of dict
        The sanitised notebook.

    Returns
    -------
    list of str
    """
    functions = {name for names in spec.oracle.values() for name in names}
    given = {cell.grade_id for cell in spec.cells if cell.role not in ("answer", "written")}
    ours = {text.strip() for cell in spec.cells for text in (cell.source, cell.visible)}
    found = []
    for cell in cells:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if cell["cell_type"] != "code" or name in given or cell["source"].strip() in ours:
            continue
        used = _uses(cell["source"], functions, spec.reference)
        if used:
            found.append(
                f"{name or 'an own cell'} uses {spec.reference}'s {', '.join(sorted(used))}"
            )
    return found


def _uses(source, functions, reference):
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    if not reference or reference not in source:
        return set()
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(reference):
            used |= {
                alias.name for alias in node.names if alias.name in functions or alias.name == "*"
            }
            used |= {
                alias.name for alias in node.names if "check" in (alias.name, node.module[-5:])
            }
        elif isinstance(node, ast.Attribute) and node.attr in functions:
            used.add(node.attr)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and f"{reference}." in node.value
        ):
            used.add(node.value[:40])
    return used


def fingerprints(spec, cells):
    """Hashes of the runs of tokens in a student's code, the same when names, numbers of blanks and
    comments are changed.

    Returns
    -------
    list of int
        Without those of the stubs that everyone was given.
    """
    answers = [
        cell
        for cell in cells
        if cell["cell_type"] == "code"
        and (
            cell["metadata"].get("nbgrader", {}).get("solution")
            or not cell["metadata"].get("nbgrader")
        )
    ]
    given = _all_marks(tuple(cell.source for cell in spec.cells if cell.cell_type == "code"))
    return sorted(_all_marks(tuple(cell["source"] for cell in answers)) - given)


@lru_cache(maxsize=16)
def _all_marks(sources):
    return frozenset(mark for source in sources for mark in _marks(source))


def _marks(source):
    words = _words(source)
    for i in range(len(words) - WINDOW + 1):
        digest = hashlib.blake2b(
            " ".join(words[i : i + WINDOW]).encode("utf-8", "surrogatepass"), digest_size=6
        ).digest()
        yield int.from_bytes(digest, "big")


def _words(source):
    """Tokens with every name of the student's own replaced by one letter."""
    words = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.NAME:
                words.append(token.string if keyword.iskeyword(token.string) else "v")
            elif token.type in (tokenize.OP, tokenize.NUMBER):
                words.append(token.string)
            elif token.type == tokenize.STRING:
                words.append("s")
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return words


def look_alikes(prints):
    """Pairs of students whose code is nearly the same.

    Parameters
    ----------
    prints : dict of str to list of int
        Fingerprints of each student's code.

    Returns
    -------
    list of (str, str, float)
        Two students and the share of the shorter one's unusual passages that the other has too,
        most alike first.
    """
    owners = defaultdict(list)
    for student, marks in sorted(prints.items()):
        for mark in marks:
            owners[mark].append(student)
    unusual, shared = Counter(), Counter()
    for students in owners.values():
        if len(students) <= max(COMMON, len(prints) // 50):
            unusual.update(students)
            shared.update(combinations(students, 2))
    pairs = [
        (a, b, count / min(unusual[a], unusual[b]))
        for (a, b), count in shared.items()
        if min(unusual[a], unusual[b]) >= SHORTEST
    ]
    return sorted(
        ((a, b, share) for a, b, share in pairs if share >= ALIKE),
        key=lambda pair: (-pair[2], pair),
    )


def groups(pairs):
    """Sets of students who are linked by pairs, largest first.

    Parameters
    ----------
    pairs : list of (str, str, float)

    Returns
    -------
    list of (list of str, float)
        The students of each set and the least share among its pairs.

    Examples
    --------
    >>> groups([("a", "b", 1.0), ("c", "b", 0.9), ("d", "e", 0.8)])
    [(['a', 'b', 'c'], 0.9), (['d', 'e'], 0.8)]
    """
    found = []
    for one, other, share in pairs:
        touching = [group for group in found if one in group[0] or other in group[0]]
        found = [group for group in found if group not in touching]
        found.append(
            (
                set.union({one, other}, *(members for members, _ in touching)),
                min([share, *(least for _, least in touching)]),
            )
        )
    return sorted(
        ((sorted(members), least) for members, least in found),
        key=lambda group: (-len(group[0]), group),
    )
