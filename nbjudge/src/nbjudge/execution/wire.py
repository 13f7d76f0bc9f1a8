"""What crosses between a student's process and the judge's, in a format that cannot execute.

MessagePack carries numbers, text, bytes, None, lists and dicts; `PLAIN` says how the other kinds of
data are taken apart and put together again: arrays, tuples, sets, dates, fractions, tables of
pandas. What is more than data crosses as a reference: the side that owns an object keeps it, and
the other side gets something that asks for it (`nbjudge.execution.remote`,
`nbjudge.execution.kernel`). Each side extends `Codec` by the references that it may send and
receive.
"""

import array as arrays
import builtins
import collections
import datetime
import decimal
import fractions
import math
import re
import struct
import sys
import time
import zoneinfo
from typing import Any, NamedTuple

import msgpack
import numpy as np

# a student's cell may put other functions in the place of these
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

DTYPE = re.compile(r"[<>|=]?(?:[bi]1|[iuf]\d{1,2}|[u]1|c\d{1,2}|[SU]\d{1,5}|[mM]8\[\d*[a-zA-Z]+\])")
MANY = 64  # pairs for keys from which on a table is sent by columns
LONGEST_RANGE = 10_000_000
MAX_DIGITS = 4096  # bytes of an integer
DEEPEST = 100
LONGEST_DECIMAL = 1000


class TooLargeError(ValueError):
    """A message longer than allowed."""


class NotPlainError(TypeError):
    """A value that is not data."""


class Codec:
    """Plain data to bytes and back; each side adds the references that it may send and receive.

    Attributes
    ----------
    lost : str
        What was sent as something simpler: "a matrix".
    """

    lost = ""

    def dumps(self, value: Any) -> bytes:
        """Bytes of a value.

        Raises
        ------
        NotPlainError
            If it is neither data nor something that this side may refer to.

        Examples
        --------
        >>> codec = Codec()
        >>> codec.loads(codec.dumps({"p": (0.5, 0.5), 3: None}))
        {'p': (0.5, 0.5), 3: None}
        """
        try:
            return self._pack(value)
        except (ValueError, RecursionError) as error:
            raise NotPlainError("a value nested too deeply, or in itself") from error

    def loads(self, data: bytes, plain: bool = False) -> Any:
        """The value of some bytes; nothing in them can run.

        Parameters
        ----------
        data : bytes
        plain : bool
            Whether the value may hold nothing but None, numbers, text, lists, and dicts with text
            for keys. Other keys can be chosen so that a dict of them takes hours to build; whoever
            reads them must be ended from outside then.

        Raises
        ------
        ValueError
            If the bytes are not what `dumps` writes.
        """

        def hook(code, payload, depth=0):
            if plain or depth > DEEPEST:
                raise ValueError("not plain" if plain else "nested too deeply")

            def inner(part):
                return msgpack.unpackb(
                    part,
                    ext_hook=lambda c, p: hook(c, p, depth + 1),
                    strict_map_key=False,
                    raw=False,
                    unicode_errors="surrogatepass",
                )

            parts = inner(payload)
            kind = BY_CODE.get(code)
            return kind.join(parts) if kind else self.refer(code, parts)

        try:
            return msgpack.unpackb(
                data, ext_hook=hook, strict_map_key=plain, raw=False, unicode_errors="surrogatepass"
            )
        except ValueError:
            raise
        except Exception as error:
            # msgpack's own, unhashable keys, wrong numbers of parts
            raise ValueError(f"not a message: {type(error).__name__}") from None

    def reference(self, value: Any) -> tuple[int, Any]:
        """(code, parts) of a value that is not data: for each side to say."""
        raise NotPlainError(describe(value))

    def refer(self, code: int, parts: Any) -> Any:
        """What the other side's reference stands for: for each side to say."""
        raise ValueError(f"unknown kind {code}")

    def _pack(self, value):
        if type(value) is dict and len(value) >= MANY and all(type(key) is tuple for key in value):
            value = _by_columns(value)
        return msgpack.packb(
            value,
            default=self._default,
            strict_types=True,
            use_bin_type=True,
            unicode_errors="surrogatepass",
        )

    def _default(self, value):
        if type(value) is _Columns:
            return msgpack.ExtType(COLUMNS, self._pack(list(value)))
        # an object of the other side's may say that it is of any class
        stands_for = getattr(type(value), "stands_for_another", False)
        code, parts = (None, value) if stands_for else _split(value)
        if parts is not value and _loses(value, code):
            self.lost = self.lost or describe(value)
        if code is None:
            if parts is not value:
                return parts
            code, parts = self.reference(value)
        return msgpack.ExtType(code, self._pack(parts))


class Kind(NamedTuple):
    """How one kind of data is taken apart and put together."""

    code: int
    type: type
    split: Any
    join: Any


class _Columns(NamedTuple):
    """A large table with pairs for keys, by columns.

    One call per key would take longer than the test.
    """

    columns: list
    values: list


def _by_columns(table):
    lengths = set(map(len, table))
    if lengths == {0} or len(lengths) != 1:
        return table
    return _Columns([list(column) for column in zip(*table, strict=True)], list(table.values()))


def _array_parts(array):
    order = "F" if array.flags.f_contiguous and not array.flags.c_contiguous else "C"
    writeable = bool(array.flags.writeable)
    return [array.dtype.str, list(array.shape), writeable, array.tobytes(order), order]


def _array(parts):
    dtype, shape, writeable, data, *order = parts
    if order not in ([], ["C"], ["F"]):
        raise ValueError("not an order")
    if not DTYPE.fullmatch(dtype):
        raise ValueError("not a dtype")
    dtype, shape = np.dtype(dtype), _shape(shape)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("an array of another size")
    if dtype.itemsize:
        array = np.frombuffer(data, dtype=dtype).reshape(shape)
    else:
        array = np.empty(shape, dtype)
    # bytes of a bool that are neither 0 nor 1 would be a trap
    array = np.array(array.view(np.uint8) != 0) if dtype.kind == "b" else array.copy()
    if order == ["F"]:
        array = array.reshape(-1).reshape(shape, order="F")
    array.flags.writeable = bool(writeable)
    return array


def _objects(parts):
    shape, items = parts
    array = np.empty(len(items), dtype=object)
    for place, item in enumerate(items):
        array[place] = item
    return array.reshape(_shape(shape))


def _shape(shape):
    if len(shape) > 32 or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise ValueError("not a shape")
    return tuple(shape)


def _range(parts):
    numbers = range(*parts)
    if len(numbers) > LONGEST_RANGE:
        raise ValueError("a range too long to be sent")
    return numbers


def _named_tuple(parts):
    name, fields, values = parts
    return _tuple_class(str(name), tuple(map(str, fields)))(*values)


_tuple_classes: dict[tuple, type] = {}


def _tuple_class(name, fields):
    key = name, fields
    if key not in _tuple_classes and len(_tuple_classes) < 1000:
        _tuple_classes[key] = collections.namedtuple(name, fields)
    return _tuple_classes[key]


def _moment_parts(moment):
    """A date and time; a zone of the world by its name, any other by its distance from UTC."""
    zone = moment.tzinfo
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key:
        return [moment.replace(tzinfo=None).isoformat(), moment.fold, zone.key]
    return [moment.isoformat(), moment.fold, ""]


def _moment(parts):
    text, fold, key = parts
    moment = datetime.datetime.fromisoformat(text).replace(fold=int(fold))
    return moment.replace(tzinfo=zoneinfo.ZoneInfo(key)) if key else moment


def _deque(parts):
    items, longest = parts
    return collections.deque(items, longest)


def _masked(parts):
    return np.ma.MaskedArray(parts[0], parts[1], fill_value=parts[2])


def _series_parts(series):
    values = series.array
    numpy = isinstance(values.dtype, np.dtype) and DTYPE.fullmatch(values.dtype.str)
    data = np.asarray(series) if numpy else list(series.astype(object).where(series.notna(), None))
    return [data, str(series.dtype), _index_parts(series.index), series.name]


def _series(parts):
    data, dtype, index, name = parts
    import pandas as pd

    return pd.Series(data, index=_index(index), dtype=str(dtype), name=name)


def _index_parts(index):
    if type(index).__name__ == "RangeIndex":
        return [1, index.start, index.stop, index.step, index.name]
    if index.nlevels > 1:
        return [2, [tuple(row) for row in index], list(index.names)]
    numpy = isinstance(index.dtype, np.dtype) and DTYPE.fullmatch(index.dtype.str)
    return [3, np.asarray(index) if numpy else list(index.astype(object)), index.name]


def _index(parts):
    import pandas as pd

    kind, *rest = parts
    if kind == 1:
        return pd.RangeIndex(rest[0], rest[1], rest[2], name=rest[3])
    if kind == 2:
        return pd.MultiIndex.from_tuples(rest[0], names=rest[1])
    return pd.Index(rest[0], name=rest[1])


def _frame_parts(frame):
    columns = [_series_parts(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return [columns, _index_parts(frame.index), _index_parts(frame.columns)]


def _frame(parts):
    import pandas as pd

    columns, index, names = parts
    frame = pd.DataFrame(
        {place: _series(column) for place, column in enumerate(columns)}, index=_index(index)
    )
    frame.columns = _index(names)
    return frame


def _fraction(parts):
    return fractions.Fraction(*map(int, parts))


KINDS = [
    Kind(1, tuple, list, tuple),
    Kind(2, set, list, set),
    Kind(3, frozenset, list, frozenset),
    Kind(4, complex, lambda z: [z.real, z.imag], lambda parts: complex(*map(float, parts))),
    Kind(5, range, lambda r: [r.start, r.stop, r.step], _range),
    Kind(6, fractions.Fraction, lambda q: [q.numerator, q.denominator], _fraction),
    Kind(7, decimal.Decimal, str, lambda text: decimal.Decimal(str(text))),
    Kind(8, collections.deque, lambda d: [list(d), d.maxlen], _deque),
    Kind(9, collections.Counter, dict, lambda counts: collections.Counter(dict(counts))),
    Kind(10, collections.OrderedDict, dict, lambda parts: collections.OrderedDict(dict(parts))),
    Kind(11, datetime.datetime, _moment_parts, _moment),
    Kind(12, datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    Kind(13, datetime.time, datetime.time.isoformat, datetime.time.fromisoformat),
    Kind(
        14,
        datetime.timedelta,
        lambda span: [span.days, span.seconds, span.microseconds],
        lambda parts: datetime.timedelta(*parts),
    ),
    Kind(
        15,
        collections.defaultdict,
        lambda table: [table.default_factory, dict(table)],
        lambda parts: collections.defaultdict(parts[0], parts[1]),
    ),
    Kind(16, slice, lambda cut: [cut.start, cut.stop, cut.step], lambda parts: slice(*parts)),
    Kind(17, type({}.keys()), list, lambda keys: dict.fromkeys(keys).keys()),
    Kind(18, type({}.values()), list, lambda values: dict(enumerate(values)).values()),
    Kind(19, type({}.items()), list, lambda pairs: dict(pairs).items()),
]
BIG, ARRAY, SCALAR, OBJECTS, MASKED, NAMED, COLUMNS = range(20, 27)
SERIES, FRAME, INDEX, NOT_IMPLEMENTED, ELLIPSIS, TYPE, DTYPES, MACHINE, NO_NUMBER = range(27, 36)
# references: the first four are the student's to send, all others the judge's
THEIRS, YOURS, ARGUMENT, CALLBACK, ITERATOR, LIBRARY, INSTANCE, GENERATOR, ERROR = range(40, 49)
BY_TYPE = {kind.type: kind for kind in KINDS}
# classes that tests compare with or pass on, and that nobody can do harm with
TYPES = {
    f"{kind.__module__}.{kind.__qualname__}": kind
    for kind in (
        *(int, float, complex, bool, str, bytes, bytearray, list, tuple, dict, set, frozenset),
        *(range, object, type(None), slice),
        *(fractions.Fraction, decimal.Decimal, datetime.date, datetime.datetime),
        *(collections.Counter, collections.OrderedDict, collections.deque),
        *(kind for kind in np.sctypeDict.values() if isinstance(kind, type)),
        np.ndarray,
        *(
            value
            for value in vars(builtins).values()
            if isinstance(value, type) and issubclass(value, BaseException)
        ),
    )
}


def _machine_array(parts):
    typecode, data = parts
    return arrays.array(typecode, bytes(data))


def _dtype(text):
    if not DTYPE.fullmatch(text):
        raise ValueError("not a dtype")
    return np.dtype(text)


JOINS = {
    BIG: lambda data: int.from_bytes(data[:MAX_DIGITS], "big", signed=True),
    ARRAY: _array,
    SCALAR: lambda parts: _array([parts[0], [], True, parts[1]])[()],
    OBJECTS: _objects,
    MASKED: _masked,
    NAMED: _named_tuple,
    COLUMNS: lambda parts: dict(zip(zip(*parts[0], strict=True), parts[1], strict=True)),
    SERIES: _series,
    FRAME: _frame,
    INDEX: _index,
    NOT_IMPLEMENTED: lambda _: NotImplemented,
    ELLIPSIS: lambda _: Ellipsis,
    TYPE: lambda name: TYPES[name],
    DTYPES: _dtype,
    MACHINE: _machine_array,
    NO_NUMBER: lambda _: np.ma.masked,
}
BY_CODE = {kind.code: kind for kind in KINDS} | {
    code: Kind(code, object, None, join) for code, join in JOINS.items()
}


def _split(value):
    """(code, parts) of data; (None, something simpler) for a subclass of what MessagePack knows,
    (None, value) for no data.
    """
    kind = type(value)
    known = BY_TYPE.get(kind)
    if known:
        if kind is decimal.Decimal and len(str(value)) > LONGEST_DECIMAL:
            return None, value
        if kind is range and len(value) > LONGEST_RANGE:
            return None, value
        return known.code, known.split(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return _split_numpy(value, kind)
    if isinstance(value, np.dtype) and DTYPE.fullmatch(value.str):
        return DTYPES, value.str
    if value is NotImplemented:
        return NOT_IMPLEMENTED, None
    if value is Ellipsis:
        return ELLIPSIS, None
    if isinstance(value, type):
        name = f"{value.__module__}.{value.__qualname__}"
        return (TYPE, name) if TYPES.get(name) is value else (None, value)
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return NAMED, [kind.__name__, list(kind._fields), list(value)]
    if isinstance(value, bool):
        return None, bool(value)
    if isinstance(value, int):
        return _split_integer(int(value), value)
    for base in (str, bytes, float, list, dict):
        if isinstance(value, base):
            return None, base(value)
    for base in (tuple, set, frozenset):
        if isinstance(value, base):
            return BY_TYPE[base].code, list(value)
    if isinstance(value, memoryview):
        return None, bytes(value)
    if isinstance(value, arrays.array):
        return MACHINE, [value.typecode, value.tobytes()]
    return _split_pandas(value)


def _loses(value, code):
    """Whether something of a value gets lost when it is sent as data."""
    kind = type(value)
    if code in (ARRAY, OBJECTS, MASKED):
        return kind not in (np.ndarray, np.ma.MaskedArray)
    if code in (SERIES, FRAME, INDEX):
        return _table_loses(value)
    if kind is datetime.datetime:
        zone = value.tzinfo
        named = type(zone) is datetime.timezone and not zone.tzname(None).startswith("UTC")
        return named or not isinstance(zone, (type(None), datetime.timezone, zoneinfo.ZoneInfo))
    if code is None or code in (1, 2, 3):
        return kind not in (tuple, set, frozenset)
    return False


def _table_loses(table):
    """Whether it has categories in an order of its own, or dates that follow a rule."""
    columns = [table] if table.ndim == 1 else [table.iloc[:, n] for n in range(table.shape[1])]
    for column in columns:
        categories = getattr(column.dtype, "categories", None)
        if categories is not None:
            used = set(column.dropna())
            if column.dtype.ordered or list(categories) != sorted(used, key=str):
                return True
    index = getattr(table, "index", table)
    return getattr(index, "freq", None) is not None or bool(getattr(table, "attrs", None))


def _split_integer(number, original):
    if -(1 << 63) <= number < 1 << 64:
        return None, number
    size = number.bit_length() // 8 + 1
    if size > MAX_DIGITS:
        return None, original
    return BIG, number.to_bytes(size, "big", signed=True)


def _split_numpy(value, kind):
    if value is np.ma.masked:
        return NO_NUMBER, None
    if isinstance(value, np.ma.MaskedArray):
        fill = np.asarray(value.fill_value)
        return MASKED, [np.asarray(value.data), np.ma.getmaskarray(value), fill[()]]
    array = np.asarray(value)
    if array.dtype.kind == "O":
        return OBJECTS, [list(array.shape), list(array.ravel())]
    if not DTYPE.fullmatch(array.dtype.str):
        return None, value
    if isinstance(value, np.generic):
        return SCALAR, [array.dtype.str, array.tobytes()]
    return ARRAY, _array_parts(array)


def _split_pandas(value):
    """Tables of pandas, where somebody has imported it."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None, value
    try:
        if type(value) is pandas.Series:
            return SERIES, _series_parts(value)
        if type(value) is pandas.DataFrame:
            return FRAME, _frame_parts(value)
        if isinstance(value, pandas.Index):
            return INDEX, _index_parts(value)
    except Exception:  # a kind of column that is not known here
        return None, value
    return None, value


def describe(value: Any) -> str:
    """A few words on a value that cannot be sent.

    Examples
    --------
    >>> describe(iter([]))
    'a list_iterator'
    """
    kind = type(value)
    module = kind.__module__.partition(".")[0]
    shape = getattr(value, "shape", None)
    return (
        f"a {'' if module == 'builtins' or module[0] == '_' else module + ' '}{kind.__name__}"
        + (f" of shape {shape}" if isinstance(shape, tuple) else "")
    )[:200]


def send(connection: Any, value: Any) -> None:
    """Send one message of plain data over a stream socket."""
    write(connection, PLAIN.dumps(value))


def write(connection: Any, data: bytes) -> None:
    """Send the bytes of one message over a stream socket."""
    connection.sendall(struct.pack("!Q", len(data)) + data)


def read(connection: Any, most: int, deadline: float | None = None) -> bytes:
    """The bytes of the next message.

    Parameters
    ----------
    connection : socket
    most : int
        Bytes that a message may have.
    deadline : float, optional
        `time.monotonic()` at which waiting ends.

    Raises
    ------
    EOFError
        If the other side is gone.
    TimeoutError
        If the deadline passes.
    TooLargeError
        If the message is longer than `most`; the connection is of no use after that.
    """
    (length,) = struct.unpack("!Q", _exactly(connection, 8, deadline))
    if length > most:
        raise TooLargeError(f"a message of {length} bytes")
    return _exactly(connection, length, deadline)


def _exactly(connection, count, deadline):
    data = bytearray()
    while len(data) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
        else:
            connection.settimeout(None)
        try:
            part = connection.recv(min(count - len(data), 1 << 20))
        except ConnectionError:
            raise EOFError from None
        if not part:
            raise EOFError
        data += part
    return bytes(data)


PLAIN = Codec()
