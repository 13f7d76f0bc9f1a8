"""Details of a value that are easily lost on the way: its exact type, memory, zone, categories."""

from ..kind import answer, code, kind, test

KINDS = [
    kind(
        "details-matrix",
        "np.matrix where an array is expected multiplies in another way.",
        code("import numpy as np", "setup"),
        answer(
            "identity",
            r"""
def scaled(n, c):
    "c times the identity, as an array."
    ### BEGIN SOLUTION
    return c * np.eye(n)
    ### END SOLUTION
""",
        ),
        test(
            "identity-product",
            1,
            "a = scaled(2, 3) + np.array([[0, 1], [1, 0]])\n"
            "assert (a * a).tolist() == [[9, 1], [1, 9]]",
        ),
        test("identity-row", 1, "assert scaled(2, 3)[0].shape == (2,)"),
        test("identity-type", 1, "assert type(scaled(2, 3)) is np.ndarray"),
        wrong={"identity": "def scaled(n, c):\n    return np.matrix(c * np.eye(n))"},
        wrong_masked={"identity": "def scaled(n, c):\n    return np.ma.array(c * np.eye(n))"},
        wrong_rec={
            "identity": "class Mine(np.ndarray):\n    pass\n"
            "def scaled(n, c):\n    return (c * np.eye(n)).view(Mine)"
        },
        wrong_rounded={"identity": "def scaled(n, c):\n    return [[c, 0], [0, c]]"},
    ),
    kind(
        "details-memory-order",
        "How an array lies in memory: contiguous, its own, in which order.",
        code("import numpy as np", "setup"),
        answer(
            "turned",
            r"""
def turned(a):
    "The transposed array, contiguous and with memory of its own."
    ### BEGIN SOLUTION
    return a.T.copy(order="C")
    ### END SOLUTION

def every_other(n):
    "0, 2, 4, ... below n, with memory of its own."
    ### BEGIN SOLUTION
    return np.arange(0, n, 2)
    ### END SOLUTION
""",
        ),
        test(
            "turned-order",
            1,
            "t = turned(np.arange(6).reshape(2, 3))\n"
            "assert t.tolist() == [[0, 3], [1, 4], [2, 5]] and t.flags['C_CONTIGUOUS']",
        ),
        test("turned-strides", 1, "assert turned(np.zeros((2, 3), 'i8')).strides == (16, 8)"),
        test(
            "other-base",
            1,
            "assert every_other(9).tolist() == [0, 2, 4, 6, 8]\nassert every_other(9).base is None",
        ),
        test("other-own", 1, "assert every_other(9).flags.owndata"),
        wrong_views={
            "turned": "def turned(a):\n    return a.T\n"
            "def every_other(n):\n    return np.arange(n)[::2]"
        },
    ),
    kind(
        "details-argument-order",
        "The test passes arrays that lie in memory in different ways.",
        code("import numpy as np", "setup"),
        answer(
            "rows",
            r"""
def is_row_major(a):
    ### BEGIN SOLUTION
    return bool(a.flags["C_CONTIGUOUS"])
    ### END SOLUTION

def flat(a):
    "The numbers row by row, whatever their order in memory."
    ### BEGIN SOLUTION
    return a.ravel(order="C").tolist()
    ### END SOLUTION
""",
        ),
        test("rows-test", 1, "assert is_row_major(np.zeros((2, 3)))"),
        test("rows-no", 1, "assert not is_row_major(np.zeros((2, 3), order='F'))"),
        test(
            "flat-test",
            1,
            "f = np.array([[1, 2], [3, 4]], order='F')\nassert flat(f) == [1, 2, 3, 4]",
        ),
        test("flat-view", 1, "assert flat(np.arange(6).reshape(2, 3).T) == [0, 3, 1, 4, 2, 5]"),
        wrong={
            "rows": "def is_row_major(a):\n    return True\n"
            "def flat(a):\n    return a.ravel(order='K').tolist()"
        },
    ),
    kind(
        "details-bytes",
        "bytes, bytearray, memoryview: which of them it is.",
        answer(
            "packed",
            r"""
import struct

def packed(number):
    "Four bytes, the highest first."
    ### BEGIN SOLUTION
    return struct.pack(">I", number)
    ### END SOLUTION
""",
        ),
        test("packed-value", 1, "assert packed(258) == b'\\x00\\x00\\x01\\x02'"),
        test("packed-type", 1, "assert isinstance(packed(1), bytes)"),
        test("packed-key", 1, "assert {packed(1): 'one'}[b'\\0\\0\\0\\1'] == 'one'"),
        test("packed-text", 1, "assert str(packed(65)) == r\"b'\\x00\\x00\\x00A'\""),
        wrong_bytearray={"packed": "def packed(n):\n    return bytearray(n.to_bytes(4, 'big'))"},
        wrong_memoryview={"packed": "def packed(n):\n    return memoryview(n.to_bytes(4, 'big'))"},
        wrong_list={"packed": "def packed(n):\n    return list(n.to_bytes(4, 'big'))"},
    ),
    kind(
        "details-status",
        "Members of enumerations of the standard library, which are numbers too.",
        answer(
            "answered",
            r"""
from http import HTTPStatus

def answered(found):
    "HTTPStatus.OK or HTTPStatus.NOT_FOUND."
    ### BEGIN SOLUTION
    return HTTPStatus.OK if found else HTTPStatus.NOT_FOUND
    ### END SOLUTION

def number(found):
    "The same as a plain number."
    ### BEGIN SOLUTION
    return 200 if found else 404
    ### END SOLUTION
""",
        ),
        test("answered-number", 1, "assert answered(True) == 200 and answered(False) == 404"),
        test(
            "answered-member",
            1,
            "from http import HTTPStatus\nassert answered(False) is HTTPStatus.NOT_FOUND\n"
            "assert answered(True).phrase == 'OK'",
        ),
        test("number-type", 1, "assert type(number(True)) is int"),
        test("number-text", 1, "assert repr(number(False)) == '404'"),
        wrong={
            "answered": "from http import HTTPStatus\ndef answered(found):\n"
            "    return 200 if found else 404\ndef number(found):\n"
            "    return HTTPStatus(answered(found))"
        },
    ),
    kind(
        "details-zones",
        "Differences of times in a zone whose clocks change between them.",
        answer(
            "hours",
            r"""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

def hours(start, end):
    "The hours that pass, whatever the clocks on the wall do."
    ### BEGIN SOLUTION
    span = end.astimezone(timezone.utc) - start.astimezone(timezone.utc)
    return span.total_seconds() / 3600
    ### END SOLUTION

def noon_in_june(year):
    "12 o'clock UTC on the first of June."
    ### BEGIN SOLUTION
    return datetime(year, 6, 1, 12, tzinfo=timezone.utc)
    ### END SOLUTION
""",
        ),
        test(
            "hours-test",
            2,
            r"""
from datetime import datetime
from zoneinfo import ZoneInfo
berlin = ZoneInfo("Europe/Berlin")
start = datetime(2024, 3, 30, 12, tzinfo=berlin)
assert hours(start, datetime(2024, 3, 31, 12, tzinfo=berlin)) == 23
""",
        ),
        test(
            "noon-test",
            2,
            r"""
from datetime import timedelta
june = noon_in_june(2024)
assert (june - timedelta(days=180)).utcoffset() == timedelta(0)
""",
        ),
        wrong={
            "hours": r"""
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
def hours(start, end):
    return (end - start).total_seconds() / 3600
def noon_in_june(year):
    return datetime(year, 6, 1, 13, tzinfo=ZoneInfo("Europe/London"))
"""
        },
        wrong_summer={
            "hours": r"""
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
def hours(start, end):
    return 24.0
def noon_in_june(year):
    return datetime(year, 6, 1, 13, tzinfo=ZoneInfo("Africa/Lagos"))
"""
        },
    ),
    kind(
        "details-categories",
        "Categories that do not occur, the order of categories, the names of an index.",
        code("import pandas as pd", "setup"),
        answer(
            "colours",
            r"""
def used(series):
    "The series with those categories only that occur."
    ### BEGIN SOLUTION
    return series.cat.remove_unused_categories()
    ### END SOLUTION

def sized():
    "S, L, M as categories without an order."
    ### BEGIN SOLUTION
    return pd.Series(["S", "L", "M"], dtype="category")
    ### END SOLUTION
""",
        ),
        test(
            "used-test",
            1,
            "s = pd.Series(pd.Categorical(['a', 'b'], categories=['a', 'b', 'c']))\n"
            "assert list(used(s).cat.categories) == ['a', 'b']",
        ),
        test("used-argument", 1, "assert list(s.cat.categories) == ['a', 'b', 'c']"),
        test("sized-order", 1, "assert not sized().cat.ordered"),
        test("sized-categories", 1, "assert list(sized().cat.categories) == ['L', 'M', 'S']"),
        test("sized-counts", 1, "assert len(sized().value_counts()) == 3"),
        needs=("pandas",),
        wrong_leaves={
            "colours": "def used(series):\n    return series\ndef sized():\n"
            "    return pd.Series(['S', 'L', 'M'], dtype='category')"
        },
        wrong_ordered={
            "colours": "def used(series):\n    return series\ndef sized():\n    return pd.Series("
            "pd.Categorical(['S', 'L', 'M'], categories=['S', 'M', 'L', 'XL'], ordered=True))"
        },
    ),
    kind(
        "details-frames",
        "assert_frame_equal, index names, frequencies, duplicate columns, nullable types.",
        code(
            "import pandas as pd\n"
            "from pandas.testing import assert_frame_equal, assert_series_equal",
            "setup",
        ),
        answer(
            "daily",
            r"""
def daily(start, values):
    "A column of values, one row for each day."
    ### BEGIN SOLUTION
    days = pd.date_range(start, periods=len(values), name="day")
    return pd.DataFrame({"value": values}, index=days)
    ### END SOLUTION

def by_sign(series):
    "Sums of the negative and the other numbers."
    ### BEGIN SOLUTION
    return series.groupby(series < 0).sum()
    ### END SOLUTION
""",
        ),
        test(
            "daily-equal",
            2,
            r"""
expected = pd.DataFrame(
    {"value": [1, 2]}, index=pd.date_range("2024-02-28", periods=2, name="day")
)
assert_frame_equal(daily("2024-02-28", [1, 2]), expected)
""",
        ),
        test("daily-month", 1, "assert daily('2024-02-28', [1, 2, 3]).index[-1].month == 3"),
        test(
            "by-sign",
            1,
            "assert_series_equal(by_sign(pd.Series([1, -2, 3])), pd.Series([4, -2], "
            "index=[False, True]))",
        ),
        needs=("pandas",),
        right_loop={
            "daily": r"""
def daily(start, values):
    found = pd.DataFrame({"value": list(values)})
    found.index = pd.DatetimeIndex(
        [pd.Timestamp(start) + pd.Timedelta(days=i) for i in range(len(values))], freq="D",
        name="day").astype(pd.date_range("2024", periods=1).dtype)
    return found

def by_sign(series):
    return pd.Series({False: series[series >= 0].sum(), True: series[series < 0].sum()})
"""
        },
        wrong_no_frequency={
            "daily": r"""
def daily(start, values):
    days = pd.to_datetime([pd.Timestamp(start) + pd.Timedelta(days=i) for i in range(len(values))])
    return pd.DataFrame({"value": values}, index=days.rename("day"))
def by_sign(series):
    return series.groupby(series < 0).sum().rename("sum")
"""
        },
    ),
    kind(
        "details-groups",
        "A groupby object, a rolling window and an indexer of pandas are the answers.",
        code("import pandas as pd", "setup"),
        answer(
            "groups",
            r"""
def groups(frame):
    ### BEGIN SOLUTION
    return frame.groupby("town")
    ### END SOLUTION

def window(series):
    ### BEGIN SOLUTION
    return series.rolling(2)
    ### END SOLUTION
""",
        ),
        test(
            "groups-test",
            2,
            r"""
frame = pd.DataFrame({"town": ["Kiel", "Ulm", "Kiel"], "rain": [3, 5, 9]})
found = groups(frame)
assert len(found) == 2 and found.ngroups == 2
assert found["rain"].mean().to_dict() == {"Kiel": 6, "Ulm": 5}
assert sorted(name for name, part in found) == ["Kiel", "Ulm"]
assert found.get_group("Ulm").shape == (1, 2)
""",
        ),
        test(
            "window-test",
            1,
            "assert window(pd.Series([1, 3, 5])).mean().dropna().tolist() == [2, 4]",
        ),
        needs=("pandas",),
        wrong={
            "groups": "def groups(frame):\n    return list(frame.groupby('town'))\n"
            "def window(series):\n    return series.rolling(3)"
        },
    ),
    kind(
        "details-library-errors",
        "Errors of a library must be turned into errors of one's own.",
        answer(
            "settings",
            r"""
import json

def settings(text):
    "The object that a JSON text holds; plain ValueError for anything else."
    ### BEGIN SOLUTION
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
    ### END SOLUTION
""",
        ),
        test(
            "settings-caught",
            2,
            r"""
import json
assert settings('{"a": 1}') == {"a": 1}
try:
    settings("{")
except json.JSONDecodeError:
    raise AssertionError("the caller must not know about json")
except ValueError:
    pass
else:
    raise AssertionError("no error")
""",
        ),
        test(
            "settings-type",
            1,
            "try:\n    settings('nul')\nexcept ValueError as error:\n    kind = type(error)\n"
            "assert kind is ValueError",
        ),
        wrong_leaks={
            "settings": r"""
import json
def settings(text):
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found
"""
        },
    ),
    kind(
        "details-library-errors-wanted",
        "An error of a library is what is wanted, with its attributes.",
        answer(
            "checked",
            r"""
import json, subprocess, sys

def checked(text):
    ### BEGIN SOLUTION
    return json.loads(text)
    ### END SOLUTION

def run(status):
    "End a Python with a status, and raise CalledProcessError if it is not 0."
    ### BEGIN SOLUTION
    subprocess.run([sys.executable, "-S", "-c", f"raise SystemExit({status})"], check=True)
    ### END SOLUTION
""",
        ),
        test(
            "checked-test",
            1,
            "import json\ntry:\n    checked('[1,')\nexcept json.JSONDecodeError as error:\n"
            "    where = error.pos, error.doc\nassert where == (3, '[1,')",
        ),
        test(
            "run-test",
            1,
            "import subprocess\nrun(0)\ntry:\n    run(3)\n"
            "except subprocess.CalledProcessError as error:\n    status = error.returncode\n"
            "assert status == 3",
        ),
        wrong={
            "checked": "import json\ndef checked(text):\n    try:\n"
            "        return json.loads(text)\n"
            "    except ValueError as error:\n        raise ValueError(str(error)) from error\n"
            "def run(status):\n    if status:\n        raise RuntimeError(status)"
        },
    ),
    kind(
        "details-context",
        "Whether an error remembers which one it was raised during.",
        answer(
            "positive",
            r"""
def positive(text):
    "The number; ValueError, which names no other error, if there is none."
    ### BEGIN SOLUTION
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number")
    return int(text)
    ### END SOLUTION
""",
        ),
        test(
            "positive-test",
            2,
            r"""
assert positive("12") == 12
try:
    positive("x")
except ValueError as error:
    assert error.__context__ is None, "raised during another one"
else:
    raise AssertionError
""",
        ),
        wrong={
            "positive": r"""
def positive(text):
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number")
"""
        },
    ),
    kind(
        "details-tuple-types",
        "Tuples with names: of which class, made by whom.",
        answer(
            "point",
            r"""
from collections import namedtuple

Point = namedtuple("Point", "x y", defaults=(0,))

def origin():
    ### BEGIN SOLUTION
    return Point(0)
    ### END SOLUTION

def pair():
    "A plain tuple."
    ### BEGIN SOLUTION
    return 1, 2
    ### END SOLUTION
""",
        ),
        test("point-class", 1, "assert isinstance(origin(), Point) and type(origin()) is Point"),
        test("point-fields", 1, "assert origin()._fields == ('x', 'y') and origin().y == 0"),
        test("point-defaults", 1, "assert type(origin())._field_defaults == {'y': 0}"),
        test("pair-type", 1, "assert type(pair()) is tuple"),
        test("pair-text", 1, "assert repr(pair()) == '(1, 2)'"),
        wrong_other_class={
            "point": r"""
from collections import namedtuple
Point = namedtuple("Point", "x y", defaults=(0,))
def origin():
    return namedtuple("Point", "x y")(0, 0)
def pair():
    return Point(1, 2)
"""
        },
        wrong_struct={
            "point": r"""
import time
from collections import namedtuple
Point = namedtuple("Point", "x y", defaults=(0,))
def origin():
    return (0, 0)
def pair():
    return time.gmtime(0)
"""
        },
    ),
    kind(
        "details-nan",
        "nan is found in a list by identity only.",
        answer(
            "missing",
            r"""
import math

def missing():
    "A list with math.nan in it."
    ### BEGIN SOLUTION
    return [1.0, math.nan]
    ### END SOLUTION

def index_of(x, items):
    ### BEGIN SOLUTION
    return items.index(x)
    ### END SOLUTION
""",
        ),
        test("missing-in", 1, "import math\nassert math.nan in missing()"),
        test("missing-equal", 1, "import math\nassert missing() == [1.0, math.nan]"),
        test("index-test", 1, "import math\nassert index_of(math.nan, [0, math.nan]) == 1"),
        wrong={
            "missing": "def missing():\n    return [1.0, float('nan')]\n"
            "def index_of(x, items):\n    return [y == x for y in items].index(True)"
        },
    ),
    kind(
        "details-dictionary-kinds",
        "A dictionary that is read only, chained, or has an order that counts.",
        answer(
            "settings",
            r"""
from types import MappingProxyType
from collections import ChainMap, OrderedDict

def fixed():
    "A dictionary that nobody can change."
    ### BEGIN SOLUTION
    return MappingProxyType({"a": 1})
    ### END SOLUTION

def plain():
    "An ordinary dictionary, a before b."
    ### BEGIN SOLUTION
    return {"a": 1, "b": 2}
    ### END SOLUTION
""",
        ),
        test(
            "fixed-test",
            1,
            "f = fixed()\nassert f['a'] == 1\ntry:\n    f['a'] = 2\nexcept TypeError:\n    pass\n"
            "else:\n    raise AssertionError",
        ),
        test("plain-type", 1, "assert type(plain()) is dict"),
        test("plain-equal", 1, "assert plain() == {'b': 2, 'a': 1}"),
        test("plain-order", 1, "assert list(plain()) == ['a', 'b']"),
        test(
            "plain-keys", 1, "try:\n    plain()['c']\nexcept KeyError:\n    pass\nelse:\n    1 / 0"
        ),
        test(
            "plain-ordered",
            1,
            "from collections import OrderedDict\n"
            "assert plain() == OrderedDict([('a', 1), ('b', 2)])",
        ),
        wrong_defaultdict={
            "settings": "from collections import defaultdict\ndef fixed():\n    return {'a': 1}\n"
            "def plain():\n    return defaultdict(int, a=1, b=2)"
        },
        wrong_chain={
            "settings": "from collections import ChainMap\ndef fixed():\n"
            "    return ChainMap({'a': 1})\ndef plain():\n    return ChainMap({'b': 2}, {'a': 1})"
        },
        wrong_userdict={
            "settings": "from collections import UserDict\ndef fixed():\n"
            "    return UserDict(a=1)\ndef plain():\n    return UserDict(a=1, b=2)"
        },
    ),
]
