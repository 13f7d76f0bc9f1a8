"""What crosses between a student's process and the graders' in a format that cannot execute: MessagePack, with arrays.

Numbers, strings, bytes, None, lists, tuples, sets, dicts, NumPy arrays and scalars, fractions and decimals cross as they
are. Towards the student two more may cross: an object of a library that both sides have, as
its attributes, and a random generator, as its state. From the student everything else arrives as an `Opaque`, which can do nothing.
"""

import array as arrays
import copyreg
import importlib
import math
import re
import struct
import time
from collections import deque
from decimal import Decimal
from fractions import Fraction

import msgpack
import numpy as np

(
    TUPLE,
    ARRAY,
    SCALAR,
    INTEGER,
    COMPLEX,
    SET,
    FROZEN,
    OBJECTS,
    NUMBER,
    OPAQUE,
    INSTANCE,
    GENERATOR,
    RANGE,
    PAIRS,
) = range(1, 15)
DTYPE = re.compile(r"[<>|=]?(?:[bi]1|[iuf]\d{1,2}|[u]1|c\d{1,2}|[SU]\d{1,5})")
TYPE_NAMES = {
    "function",
    "generator",
    "map",
    "zip",
    "filter",
    "enumerate",
    "reversed",
    "module",
    "type",
    "method",
    "dict_keys",
    "dict_values",
    "dict_items",
    "coroutine",
    "builtin_function_or_method",
    "object",
    "property",
}
MANY = 64
LONGEST_RANGE = 10_000_000
MAX_DIGITS = 4096  # bytes of an integer
DEEPEST = 100


class Opaque:
    """Stands for a student's value that is not plain data."""


class TooLarge(ValueError):
    """A message longer than allowed."""


def dumps(value, *, to_student=False):
    """Bytes of a value.

    Parameters
    ----------
    value : object
    to_student : bool
        Whether objects and generators cross as data (and what cannot cross is an error) or as
        `Opaque`.

    Returns
    -------
    bytes

    Raises
    ------
    TypeError
        Towards the student, if the value is not plain data.

    Examples
    --------
    >>> loads(dumps({"p": (0.5, 0.5), 3: None}))
    {'p': (0.5, 0.5), 3: None}
    """
    pack = _Packer(to_student).pack
    try:
        return pack(value)
    except (ValueError, RecursionError):  # nested too deeply, or in itself
        if to_student:
            raise TypeError("a value is nested too deeply to be sent") from None
        return pack(Opaque())


class _Packer:
    def __init__(self, to_student):
        self.to_student = to_student

    def pack(self, value):
        if type(value) is dict and len(value) >= MANY and all(type(key) is tuple for key in value):
            value = self._pairs(value)
        return msgpack.packb(
            value,
            default=self._default,
            strict_types=True,
            use_bin_type=True,
            unicode_errors="surrogatepass",
        )

    def ext(self, code, value):
        return msgpack.ExtType(code, self.pack(value))

    def _default(self, value):
        kind = type(value)
        if kind is tuple:
            return self.ext(TUPLE, list(value))
        if isinstance(value, np.ndarray):
            return self._array(np.asarray(value))
        if isinstance(value, np.generic):
            array = np.asarray(value)
            if DTYPE.fullmatch(array.dtype.str):
                return self.ext(SCALAR, [array.dtype.str, array.tobytes()])
        for base, code in ((tuple, TUPLE), (set, SET), (frozenset, FROZEN)):
            if isinstance(value, base):
                return self.ext(code, list(value))
        if isinstance(value, bool):
            return bool(value)
        if isinstance(value, int):
            value = int(value)
            if -(1 << 63) <= value < 1 << 64:
                return value
            size = value.bit_length() // 8 + 1
            if size <= MAX_DIGITS:
                return msgpack.ExtType(INTEGER, value.to_bytes(size, "big", signed=True))
        for base in (str, bytes, float, list, dict):
            if isinstance(value, base):
                return base(value)
        if isinstance(value, (bytearray, memoryview)):
            return bytes(value)
        if isinstance(value, deque):
            return list(value)
        if isinstance(value, arrays.array):
            return self._array(np.asarray(value))
        if kind is range and len(value) <= LONGEST_RANGE:
            return self.ext(RANGE, [value.start, value.stop, value.step])
        if isinstance(value, complex):
            return self.ext(COMPLEX, [value.real, value.imag])
        if isinstance(value, Fraction) and kind is Fraction:
            return self.ext(NUMBER, [value.numerator, value.denominator])
        if isinstance(value, Decimal) and kind is Decimal and len(str(value)) < 1000:
            return self.ext(NUMBER, [str(value)])
        return self._special(value, kind)

    def _pairs(self, table):
        """A large table with pairs for keys, by columns: one call for each of its keys would take longer than the test."""
        (length,) = lengths if len(lengths := set(map(len, table))) == 1 else (0,)
        if not length:
            return table
        return msgpack.ExtType(
            PAIRS, self.pack([[list(column) for column in zip(*table)], list(table.values())])
        )

    def _array(self, array):
        if array.dtype.kind == "O":
            return self.ext(OBJECTS, [list(array.shape), list(array.ravel())])
        if DTYPE.fullmatch(array.dtype.str):
            return self.ext(
                ARRAY,
                [array.dtype.str, list(array.shape), bool(array.flags.writeable), array.tobytes()],
            )
        return self._special(array, type(array))

    def _special(self, value, kind):
        if self.to_student and isinstance(value, np.random.Generator):
            return self.ext(GENERATOR, value.bit_generator.state)
        if (
            self.to_student
            and kind.__module__ not in ("__main__", "builtins")
            and (state := _state(value)) is not None
        ):
            return self.ext(INSTANCE, [kind.__module__, kind.__qualname__, state])
        if self.to_student:
            raise TypeError(
                f"a {kind.__name__} cannot be sent to a student's function: pass arrays, numbers,"
                " lists, strings"
            )
        name = kind.__name__
        return msgpack.ExtType(OPAQUE, (name if name in TYPE_NAMES else "object").encode())


def loads(data, *, from_judge=False, plain=False):
    """The value of some bytes; nothing in them can run, or make an object of a class that is not plain.

    Parameters
    ----------
    data : bytes
    from_judge : bool
        Whether objects and generators are rebuilt: only on the student's side.
    plain : bool
        Whether the value may hold nothing but None, numbers, text, lists, and dicts with text for
        keys. Other keys can be chosen so that a dict of them takes hours to build; whoever reads
        them must be ended from outside then.

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

        return _rebuild(code, payload, inner, from_judge)

    try:
        return msgpack.unpackb(
            data, ext_hook=hook, strict_map_key=plain, raw=False, unicode_errors="surrogatepass"
        )
    except ValueError:
        raise
    except Exception as error:
        # msgpack's own, unhashable keys, wrong numbers of parts
        raise ValueError(f"not a message: {type(error).__name__}") from None


def _rebuild(code, payload, inner, from_judge):
    if code == OPAQUE:
        name = bytes(payload).decode("ascii", "replace")
        return type(name, (Opaque,), {})() if name in TYPE_NAMES else Opaque()
    if code == INTEGER:
        return int.from_bytes(payload[:MAX_DIGITS], "big", signed=True)
    value = inner(payload)
    if code == ARRAY:
        return _array(*value)
    if code == SCALAR:
        return _array(value[0], [], True, value[1])[()]
    if code == OBJECTS:
        shape, items = value
        array = np.empty(len(items), dtype=object)
        array[:] = items if all(np.ndim(item) == 0 for item in items) else [*items]
        return array.reshape(_shape(shape))
    if code in (TUPLE, SET, FROZEN):
        return {TUPLE: tuple, SET: set, FROZEN: frozenset}[code](value)
    if code == COMPLEX:
        return complex(*map(float, value))
    if code == NUMBER:
        return Fraction(*map(int, value)) if len(value) == 2 else Decimal(str(value[0]))
    if code == RANGE:
        numbers = range(*value)
        return numbers if len(numbers) <= LONGEST_RANGE else Opaque()
    if code == PAIRS:
        columns, values = value
        return dict(zip(zip(*columns, strict=True), values, strict=True))
    if code == INSTANCE and from_judge:
        return _instance(*value)
    if code == GENERATOR and from_judge:
        generator = getattr(np.random, value["bit_generator"])()
        generator.state = value
        return np.random.Generator(generator)
    raise ValueError(f"unknown kind {code}")


def _shape(shape):
    if len(shape) > 32 or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise ValueError("not a shape")
    return tuple(shape)


def _array(dtype, shape, writeable, data):
    if not DTYPE.fullmatch(dtype):
        raise ValueError("not a dtype")
    dtype, shape = np.dtype(dtype), _shape(shape)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueError("an array of another size")
    array = (
        np.frombuffer(data, dtype=dtype).reshape(shape)
        if dtype.itemsize
        else np.empty(shape, dtype)
    )
    # without axes != gives no array
    array = np.array(array.view(np.uint8) != 0) if dtype.kind == "b" else array.copy()
    array.flags.writeable = bool(writeable)
    return array


def _state(value):
    """The attributes of an object that is made of nothing else; None for any other."""
    try:
        made, arguments, state, *more = value.__reduce_ex__(2)
    except Exception:
        return None
    plain = made is copyreg.__newobj__ and arguments == (type(value),) and not any(more)
    return state or {} if plain and isinstance(state or {}, dict) else None


def _instance(module, name, state):
    kind = importlib.import_module(module)
    for part in name.split("."):
        kind = getattr(kind, part)
    made = kind.__new__(kind)
    made.__dict__.update(state)
    return made


def send(connection, value, **how):
    """Send one message over a stream socket."""
    write(connection, dumps(value, **how))


def write(connection, data):
    """Send the bytes of one message over a stream socket."""
    connection.sendall(struct.pack("!Q", len(data)) + data)


def read(connection, most, deadline=None):
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
    TooLarge
        If the message is longer than `most`; the connection is of no use after that.
    """
    (length,) = struct.unpack("!Q", _exactly(connection, 8, deadline))
    if length > most:
        raise TooLarge(f"a message of {length} bytes")
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
