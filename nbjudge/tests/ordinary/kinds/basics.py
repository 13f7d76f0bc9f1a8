"""What first courses on programming ask: text, tables, games, variables."""

from ..kind import answer, kind, test

KINDS = [
    kind(
        "basics-digests",
        "Answers are variables; the test holds their types and digests only.",
        answer(
            "numbers",
            r"""
# mean, letters and longest of the words below
words = ["tide", "ebb", "harbour", "sea"]
### BEGIN SOLUTION
mean = sum(map(len, words)) / len(words)
letters = sorted(set("".join(words)))
longest = max(words, key=len)
by_length = {len(word): word for word in words}
### END SOLUTION
""",
        ),
        test(
            "numbers-mean",
            1,
            r"""
from hashlib import sha256

def digest(value):
    return sha256((str(type(value)) + "/" + str(value)).encode()).hexdigest()

def close(value):
    return digest(round(value, 3))

assert close(mean) == sha256(b"<class 'float'>/4.25").hexdigest(), "mean is not right"
""",
        ),
        test(
            "numbers-letters",
            2,
            r"""
assert "letters" in globals(), "call it letters"
assert digest(letters) == sha256(
    b"<class 'list'>/['a', 'b', 'd', 'e', 'h', 'i', 'o', 'r', 's', 't', 'u']"
).hexdigest()
assert digest(longest) == sha256(b"<class 'str'>/harbour").hexdigest()
""",
        ),
        test(
            "numbers-table",
            1,
            r"""
assert digest(by_length) == sha256(
    b"<class 'dict'>/{4: 'tide', 3: 'sea', 7: 'harbour'}"
).hexdigest(), "by_length"
assert not callable(by_length) and len(words) == 4
""",
        ),
        wrong_types={
            "numbers": r"""
words = ["tide", "ebb", "harbour", "sea"]
mean = 17 / 4
letters = set("".join(words))
longest = "harbour"
by_length = {4: "tide", 3: "ebb", 7: "harbour"}
"""
        },
    ),
    kind(
        "basics-matches",
        "A compiled pattern, match objects, and a function for re.sub.",
        answer(
            "pattern",
            r"""
import re

# DATE finds dates such as 2024-02-29 with the groups year, month, day
### BEGIN SOLUTION
DATE = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)")
### END SOLUTION

def first(text):
    "The match of the first date, or None."
    ### BEGIN SOLUTION
    return DATE.search(text)
    ### END SOLUTION

def turned(match):
    "For re.sub: day.month.year."
    ### BEGIN SOLUTION
    return "{day}.{month}.{year}".format(**match.groupdict())
    ### END SOLUTION
""",
        ),
        test(
            "pattern-itself",
            1,
            r"""
assert isinstance(DATE, re.Pattern)
assert DATE.groupindex.keys() == {"year", "month", "day"}
assert DATE.fullmatch("2024-02-29") and not DATE.fullmatch("2024-2-29")
""",
        ),
        test(
            "pattern-match",
            2,
            r"""
match = first("from 2024-02-29 to 2024-03-01")
assert isinstance(match, re.Match)
assert match["year"] == "2024" and match.group("month", "day") == ("02", "29")
assert match.span() == (5, 15) and match.string[match.end():] == " to 2024-03-01"
assert first("never") is None
year, month, day = match.groups()
assert int(day) == 29
""",
        ),
        test(
            "pattern-sub",
            2,
            r"""
assert DATE.sub(turned, "on 2024-02-29, 2023-01-31") == "on 29.02.2024, 31.01.2023"
assert re.sub(DATE, turned, "") == ""
assert [turned(found) for found in DATE.finditer("1999-12-31")] == ["31.12.1999"]
""",
        ),
        wrong_without_names={
            "pattern": r"""
import re
DATE = re.compile(r"(\d+)-(\d+)-(\d+)")

def first(text):
    return DATE.match(text)

def turned(match):
    return ".".join(reversed(match.groups()))
"""
        },
    ),
    kind(
        "basics-exact-values",
        "None, True, signed zeros, not-a-number, and types to the letter.",
        answer(
            "values",
            r"""
def sign(x):
    "-1, 0 or 1 as an int; None for not-a-number."
    ### BEGIN SOLUTION
    if x != x:
        return None
    return int(x > 0) - int(x < 0)
    ### END SOLUTION

def is_even(n):
    ### BEGIN SOLUTION
    return n % 2 == 0
    ### END SOLUTION

def halved(x):
    "x / 2, with the sign of a zero kept"
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION
""",
        ),
        test(
            "values-sign",
            3,
            r"""
assert sign(3.5) == 1 and type(sign(3.5)) is int
assert sign(float("nan")) is None
assert sign(-0.0) == 0 and sign(-float("inf")) == -1
assert is_even(4) is True and is_even(3) is False
""",
        ),
        test(
            "values-halved",
            2,
            r"""
import math

assert math.copysign(1, halved(-0.0)) == -1
assert math.isnan(halved(math.nan)) and halved(math.inf) is not None
assert halved(10**400 * 1.0 if False else 3) == 1.5
assert type(halved(4)) is float
import numpy as np
assert isinstance(halved(np.float32(3)), np.float32)
assert type(is_even(np.int64(4))) is np.bool
""",
        ),
        wrong_numpy={
            "values": r"""
import numpy as np
def sign(x):
    return np.sign(x)
def is_even(n):
    return np.equal(n % 2, 0)
def halved(x):
    return abs(float(x)) / 2
"""
        },
    ),
]
