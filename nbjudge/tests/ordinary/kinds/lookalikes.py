"""Answers of another type than the author's: what holds of the usual one may hold of them too.

Each check that passes adds a power of two, so that the points tell which ones do.
"""

from ..kind import answer, kind, test

COUNT = """
def counted(checks):
    "Each check that holds counts twice as much as the one before it."
    points = 0
    for place, check in enumerate(checks):
        try:
            points += bool(check()) << place
        except Exception:
            pass
    return points

"""


def lookalike(name, about, right, checks, **others):
    """A kind whose answer makes one value; `checks` are expressions in which it is called v()."""
    listed = "".join(f"    lambda: {check},\n" for check in checks)
    source = f"{COUNT}counted([\n{listed}])"
    works = {title: {"value": text} for title, text in others.items()}
    return kind(
        f"lookalikes-{name}",
        about,
        answer("value", f"### BEGIN SOLUTION\n{right}\n### END SOLUTION"),
        test("value-checked", 2 ** len(checks) - 1, "import numpy as np\n" + source),
        **works,
    )


def gives(value, before=""):
    """An answer v that gives a value."""
    return f"{before}\ndef v():\n    return {value}"


KINDS = [
    lookalike(
        "list",
        "A list of three numbers, or something that is much like it.",
        gives("[1, 2, 3]"),
        [
            "v() == [1, 2, 3]",
            "list(v()) == [1, 2, 3]",
            "len(v()) == 3",
            "v()[0] == 1 and v()[-1] == 3",
            "v()[1:] == [2, 3]",
            "isinstance(v(), list)",
            "type(v()) is list",
            "2 in v()",
            "9 not in v()",
            "sorted(v(), reverse=True) == [3, 2, 1]",
            "sum(v()) == 6",
            "str(v()) == '[1, 2, 3]'",
            "[1, 2, 3] == v()",
            "v() != [1, 2]",
            "v() + [4] == [1, 2, 3, 4]",
            "[0] + v() == [0, 1, 2, 3]",
            "np.array_equal(v(), [1, 2, 3])",
            "np.allclose(np.array(v()) * 2, [2, 4, 6])",
            "v() < [2]",
            "v().count(2) == 1 and v().index(3) == 2",
            "(lambda a, b, c: (c, a))(*v()) == (3, 1)",
            "v() and True",
            "all(isinstance(x, int) for x in v())",
            "set(v()) == {1, 2, 3}",
            "max(v()) == 3",
            "hasattr(v(), 'append')",
            "list(reversed(v())) == [3, 2, 1]",
            "(v() == [1, 2, 3]) is True",
            "f'{v()}' == '[1, 2, 3]'",
            "isinstance(v(), (list, tuple))",
            "next(iter(v())) == 1",
            "v() * 2 == [1, 2, 3, 1, 2, 3]",
            "list(map(str, v())) == ['1', '2', '3']",
            "dict(enumerate(v()))[2] == 3",
            "','.join(str(x) for x in v()) == '1,2,3'",
        ],
        other_tuple=gives("(1, 2, 3)"),
        other_floats=gives("[1.0, 2.0, 3.0]"),
        other_numpy_numbers=gives("list(np.arange(1, 4))", "import numpy as np"),
        other_array=gives("np.arange(1, 4)", "import numpy as np"),
        other_keys=gives("{1: 0, 2: 0, 3: 0}.keys()"),
        other_values=gives("{'a': 1, 'b': 2, 'c': 3}.values()"),
        other_generator=gives("(x for x in [1, 2, 3])"),
        other_zip=gives("zip([1, 2, 3])"),
        other_deque=gives("deque([1, 2, 3])", "from collections import deque"),
        other_subclass=gives("L([1, 2, 3])", "class L(list):\n    pass"),
        other_subclass_with_text=gives(
            "L([1, 2, 3])", "class L(list):\n    def __repr__(self):\n        return 'L'"
        ),
        other_userlist=gives("UserList([1, 2, 3])", "from collections import UserList"),
        other_own_sequence=gives(
            "S()",
            "class S:\n    def __len__(self):\n        return 3\n"
            "    def __getitem__(self, i):\n        return [1, 2, 3][i]",
        ),
        other_array_module=gives("array('i', [1, 2, 3])", "from array import array"),
        other_series=gives("pd.Series([1, 2, 3])", "import pandas as pd"),
        other_masked=gives("np.ma.array([1, 2, 3], mask=[0, 0, 0])", "import numpy as np"),
    ),
    lookalike(
        "number",
        "The number 2.5, or something that is much like it.",
        gives("2.5"),
        [
            "v() == 2.5",
            "abs(v() - 2.5) < 1e-9",
            "isinstance(v(), float)",
            "type(v()) is float",
            "round(v(), 1) == 2.5",
            "int(v()) == 2",
            "float(v()) == 2.5",
            "v() > 2 and v() < 3",
            "2 < v() <= 2.5",
            "np.isclose(v(), 2.5)",
            "str(v()) == '2.5'",
            "f'{float(v()):.2f}' == '2.50'",
            "'%.1f' % v() == '2.5'",
            "-v() == -2.5",
            "v() * 2 == 5",
            "2 * v() == 5",
            "v() ** 2 == 6.25",
            "v() // 1 == 2 and v() % 1 == 0.5",
            "divmod(v(), 2) == (1, 0.5)",
            "[0, 1, 2, 3][int(v())] == 2",
            "v() in (2.5, 3)",
            "hash(v()) == hash(2.5)",
            "{2.5: 1}[v()] == 1",
            "not isinstance(v(), str)",
            "np.float64(1) + v() == 3.5",
            "np.testing.assert_allclose(v(), 2.5) is None",
            "np.array([v(), 1]).sum() == 3.5",
            "max(v(), 1) == 2.5",
            "sum([v(), v()]) == 5",
            "__import__('math').isclose(v(), 2.5)",
            "np.isscalar(v())",
            "np.ndim(v()) == 0",
            "float(v()).is_integer() is False",
            "repr(v()) == '2.5'",
            "v() != 2",
            "bool(v()) is True",
            "isinstance(v(), (int, float))",
            "isinstance(v(), __import__('numbers').Real)",
        ],
        other_numpy=gives("np.float64(2.5)", "import numpy as np"),
        other_zero_dimensions=gives("np.array(2.5)", "import numpy as np"),
        other_one_item=gives("np.array([2.5])", "import numpy as np"),
        other_fraction=gives("Fraction(5, 2)", "from fractions import Fraction"),
        other_decimal=gives("Decimal('2.5')", "from decimal import Decimal"),
        other_subclass=gives("F(2.5)", "class F(float):\n    pass"),
        other_subclass_with_text=gives(
            "F(2.5)", "class F(float):\n    def __str__(self):\n        return '2.5 m'"
        ),
        other_own_float=gives("F()", "class F:\n    def __float__(self):\n        return 2.5"),
        other_nan=gives("float('nan')"),
        other_masked=gives("np.ma.masked", "import numpy as np"),
        other_missing=gives("pd.NA", "import pandas as pd"),
        other_coroutine="async def v():\n    return 2.5",
        other_enum=gives("E.A", "import enum\nclass E(float, enum.Enum):\n    A = 2.5"),
        other_exits="def v():\n    raise SystemExit(1)",
        other_recurses="def v():\n    return v()",
    ),
    lookalike(
        "dict",
        "A dictionary of two entries, or something that is much like it.",
        gives("{'a': 1, 'b': [2, 3]}"),
        [
            "v() == {'a': 1, 'b': [2, 3]}",
            "v()['a'] == 1",
            "v()['b'][1] == 3",
            "'a' in v() and 'z' not in v()",
            "len(v()) == 2",
            "list(v()) == ['a', 'b']",
            "sorted(v().keys()) == ['a', 'b']",
            "v().get('z', 7) == 7",
            "dict(v()) == {'a': 1, 'b': [2, 3]}",
            "isinstance(v(), dict)",
            "type(v()) is dict",
            "list(v().items())[0] == ('a', 1)",
            "str(v()) == \"{'a': 1, 'b': [2, 3]}\"",
            "{**v()}['a'] == 1",
            "(lambda a, b: a)(**v()) == 1",
            "v().keys() == {'a', 'b'}",
            "1 in v().values()",
            "v() | {'c': 1} == {'a': 1, 'b': [2, 3], 'c': 1}",
            "set(v()) == {'a', 'b'}",
            "isinstance(v(), __import__('collections.abc').abc.Mapping)",
            "hasattr(v(), 'setdefault')",
            "v().pop('a') == 1",
            "__import__('json').dumps(v()) == '{\"a\": 1, \"b\": [2, 3]}'",
            "__import__('copy').deepcopy(v())['b'] == [2, 3]",
            "{k: x for k, x in v().items()}['a'] == 1",
            "max(v()) == 'b'",
            "next(iter(v())) == 'a'",
            "not v() == {}",
        ],
        other_ordered=gives("OrderedDict(a=1, b=[2, 3])", "from collections import OrderedDict"),
        other_default=gives(
            "defaultdict(int, {'a': 1, 'b': [2, 3]})", "from collections import defaultdict"
        ),
        other_userdict=gives("UserDict(a=1, b=[2, 3])", "from collections import UserDict"),
        other_chain=gives("ChainMap({'a': 1}, {'b': [2, 3]})", "from collections import ChainMap"),
        other_proxy=gives(
            "MappingProxyType({'a': 1, 'b': [2, 3]})", "from types import MappingProxyType"
        ),
        other_namespace=gives(
            "SimpleNamespace(a=1, b=[2, 3])", "from types import SimpleNamespace"
        ),
        other_subclass=gives("D(a=1, b=[2, 3])", "class D(dict):\n    pass"),
        other_missing=gives(
            "D(a=1, b=[2, 3])",
            "class D(dict):\n    def __missing__(self, key):\n        return None",
        ),
        other_mapping=gives(
            "M()",
            "from collections.abc import Mapping\nclass M(Mapping):\n"
            "    d = {'a': 1, 'b': [2, 3]}\n"
            "    def __getitem__(self, key):\n        return self.d[key]\n"
            "    def __iter__(self):\n        return iter(self.d)\n"
            "    def __len__(self):\n        return 2",
        ),
        other_items=gives("{'a': 1, 'b': [2, 3]}.items()"),
        other_counter=gives("Counter(a=1, b=2)", "from collections import Counter"),
        other_frame=gives("pd.DataFrame({'a': 1, 'b': [2, 3]})", "import pandas as pd"),
    ),
    lookalike(
        "text",
        "The text 'tide', or something that is much like it.",
        gives("'tide'"),
        [
            "v() == 'tide'",
            "'tide' == v()",
            "isinstance(v(), str)",
            "type(v()) is str",
            "len(v()) == 4",
            "v()[0] == 't' and v()[::-1] == 'edit'",
            "v().upper() == 'TIDE'",
            "v().startswith('ti')",
            "'id' in v()",
            "v() + 's' == 'tides'",
            "'the ' + v() == 'the tide'",
            "f'{v():>6}' == '  tide'",
            "' '.join([v(), v()]) == 'tide tide'",
            "sorted(v()) == ['d', 'e', 'i', 't']",
            "{'tide': 1}[v()] == 1",
            "v() in ['ebb', 'tide']",
            "__import__('re').fullmatch('t.*', v()) is not None",
            "v() < 'tidf'",
            "v().encode() == b'tide'",
            "str(v()) == 'tide'",
            "repr(v()) == \"'tide'\"",
            "v().replace('t', 's') == 'side'",
            "v() * 2 == 'tidetide'",
            "'%s' % v() == 'tide'",
            "v().split('i') == ['t', 'de']",
            "list(v())[1] == 'i'",
            "hash(v()) == hash(v())",
            "v().strip().lower() == 'tide'",
            "'tide'.startswith(v())",
            "'x/' + v() == 'x/tide'",
        ],
        other_subclass=gives("T('tide')", "class T(str):\n    pass"),
        other_subclass_that_differs=gives(
            "T('tide')",
            "class T(str):\n    def __eq__(self, other):\n        return True\n"
            "    __hash__ = str.__hash__",
        ),
        other_numpy=gives("np.str_('tide')", "import numpy as np"),
        other_letters=gives("list('tide')"),
        other_path=gives("Path('tide')", "from pathlib import Path"),
        other_enum=gives("E.T", "import enum\nclass E(str, enum.Enum):\n    T = 'tide'"),
        other_str_enum=gives("E.T", "import enum\nclass E(enum.StrEnum):\n    T = 'tide'"),
        other_userstring=gives("UserString('tide')", "from collections import UserString"),
        other_printed="def v():\n    print('tide')",
        other_surrogate=gives("'tid\\udce9'"),
        other_match=gives("re.match('.*', 'tide')", "import re"),
    ),
    lookalike(
        "function",
        "A function that doubles, or something that is much like it.",
        gives("double", "def double(x, times=1):\n    'Twice x.'\n    return 2 * x * times"),
        [
            "v()(3) == 6",
            "v()(3, 2) == 12",
            "v()(x=3) == 6",
            "v()(3, times=2) == 12",
            "callable(v())",
            "v().__name__ == 'double'",
            "v().__doc__ == 'Twice x.'",
            "list(map(v(), [1, 2])) == [2, 4]",
            "__import__('inspect').isfunction(v())",
            "list(__import__('inspect').signature(v()).parameters) == ['x', 'times']",
            "v()('ab') == 'abab'",
            "v()(np.array([1, 2])).tolist() == [2, 4]",
            "v()([1]) == [1, 1]",
            "v() == v() or True",
            "v().__defaults__ == (1,)",
            "isinstance(v(), type(lambda: 0))",
            "not isinstance(v(), type)",
            "sorted([3, 1], key=v()) == [1, 3]",
            "__import__('functools').reduce(lambda a, f: f(a), [v(), v()], 1) == 4",
            "type(v()(3)) is int",
            "hasattr(v(), '__call__')",
            "v().__module__ == '__main__'",
            "np.vectorize(v())([1, 2]).tolist() == [2, 4]",
        ],
        other_partial=gives(
            "partial(mul, 2)", "from functools import partial\nfrom operator import mul"
        ),
        other_method=gives(
            "D().double",
            "class D:\n    def double(self, x, times=1):\n        'Twice x.'\n"
            "        return 2 * x * times",
        ),
        other_callable=gives(
            "D()",
            "class D:\n    'Twice x.'\n    def __call__(self, x, times=1):\n"
            "        return 2 * x * times",
        ),
        other_class=gives(
            "D", "class D(int):\n    def __new__(cls, x, times=1):\n        return 2 * x * times"
        ),
        other_cached=gives(
            "double",
            "from functools import lru_cache\n@lru_cache\ndef double(x, times=1):\n"
            "    return 2 * x * times",
        ),
        other_vectorized=gives(
            "np.vectorize(lambda x, times=1: 2 * x * times)", "import numpy as np"
        ),
        other_generator=gives("double", "def double(x, times=1):\n    yield 2 * x * times"),
        other_decorated=gives(
            "double",
            "import functools\ndef deco(f):\n    @functools.wraps(f)\n    def wrapper(*a, **k):\n"
            "        return f(*a, **k)\n    return wrapper\n@deco\ndef double(x, times=1):\n"
            "    'Twice x.'\n    return 2 * x * times",
        ),
        other_ufunc=gives("np.frompyfunc(lambda x: 2 * x, 1, 1)", "import numpy as np"),
        other_polynomial=gives("np.poly1d([2, 0])", "import numpy as np"),
    ),
]
