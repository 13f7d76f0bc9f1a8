"""The judge's view of one student's process.

Functions and objects that live there, called from here.

A test reads the student's names and gets plain data, or a `Remote` for everything else: a function,
an instance, a class, a generator. Whatever the test does with a Remote is asked of the student's
process over the wire, and the answer comes back as data or as another Remote. In the other
direction a function of the test's can be passed as an argument: the student's process gets
something that calls back.

Nothing that comes back can run here. The worst a student's process can do is to answer something
else, which is what is being tested. One thing needs care: who decides whether a value equals the
expected one? Data are compared here. A Remote would compare itself, in the student's process, so it
may do so only where the source's own solution has needed it (`Link.compares`). The same holds for
a method that is handed the expected value (`found.equals(expected)`): where the solution gave data,
an object in their place is not asked (`Link.asks`), and the test is repeated inside, which is said.
"""

import builtins
import contextlib
import copyreg
import inspect
import io
import itertools
import random
import sys
import time
import types
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, SupportsIndex

import numpy as np

from nbjudge.execution import wire

BUILTIN_ERRORS = {
    f"builtins.{name}": value
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
}
KNOWN_ERRORS = BUILTIN_ERRORS | {
    "numpy.linalg.LinAlgError": np.linalg.LinAlgError,
    "numpy.exceptions.AxisError": np.exceptions.AxisError,
}
MODULES = {
    "numpy",
    "math",
    "cmath",
    "itertools",
    "functools",
    "collections",
    "random",
    "statistics",
}
# what NumPy would ask an object for: an address in this process's memory, to compute for it, or to
# make what it likes of a result
UNASKED = {
    "__array_interface__",
    "__array_struct__",
    "__array_ufunc__",
    "__array_function__",
    "__array_wrap__",
    "__array_priority__",
    "__array_prepare__",
    "__array_finalize__",
    "__dlpack__",
}
MOST_CLASSES = 1000  # of objects and of exceptions
POSITIONS = (UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError)
MUTABLE = (list, dict, set, tuple, bytearray, np.ndarray)
# objects of libraries that can do across processes whatever tests ask of them
HARMLESS = {"partial", "_lru_cache_wrapper", "count", "chain", "islice", "product", "cycle"}
CONTAINERS = frozenset(MUTABLE)
MOST_PARTS = 10_000  # of a list that are looked at
DEEPEST = 40  # calls back within calls
MOST_WARNINGS = 20
COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__")
# what a Remote forwards if the object's class defines it
FORWARDED = (
    "__call__ __len__ __iter__ __next__ __reversed__ __getitem__ __setitem__ __delitem__ "
    "__bool__ __int__ __float__ __complex__ __index__ __round__ __trunc__ __floor__ __ceil__ "
    "__neg__ __pos__ __abs__ __invert__ __enter__ __fspath__ __bytes__ __array__ __missing__ "
    "__length_hint__ __copy__ __deepcopy__"
).split()


# what would compute with the expected value, so that the difference could be what the student says
BINARY = [
    f"__{side}{name}__"
    for name in "add sub mul matmul truediv floordiv mod pow lshift rshift and xor or".split()
    for side in ("", "r", "i")
] + ["__divmod__", "__rdivmod__"]


class TimeLimitError(Exception):
    """The student's process did not answer within the time of the test."""


class ProcessEndedError(Exception):
    """The student's process ended during a call."""


class Link:
    """The connection to the copy of a student's process that waits for one test.

    Parameters
    ----------
    connection : socket
    seconds : float
        For all calls of one half of the test together.
    most : int
        Bytes of the longest answer.
    lost : str
        Why there is no such process, if there is none.
    compares : bool
        Whether objects of the student's may compare themselves.
    generators : bool
        Whether the global random generators are the same on both sides.
    modules : tuple of str
        Packages that the assignment imports, beside the common ones.
    asks : bool
        Whether what a call or an attribute has given may be called with arguments, beside the names
        that the test reads.
    """

    def __init__(
        self,
        connection: Any,
        seconds: float,
        most: int,
        lost: str = "",
        compares: bool = True,
        generators: bool = False,
        modules: tuple = (),
        asks: bool = True,
    ) -> None:
        self.connection, self.seconds, self.most = connection, seconds, most
        self.modules = MODULES | set(modules)
        self.compares, self.generators, self.compared = compares, generators, False
        self.asks, self.asked = asks, False
        self.naming, self.named = False, set[int]()  # objects that came as names, and not again
        self.deadline = time.monotonic() + seconds
        self.dead: Exception | None = ProcessEndedError(lost) if lost else None
        self.gone = False  # whether the process ended while it was asked
        self.codec = _JudgesCodec(self)
        self.depth, self.uncrossed, self.hidden = 0, "", False
        self.differs, self.replaced = "", False
        self.likenesses: dict[str, str] = {}
        self.remotes: weakref.WeakValueDictionary = weakref.WeakValueDictionary()
        self.numbers: dict[int, Any] = {}  # Remotes that nothing can refer to weakly
        self.errors: dict[int, type] = {}
        self.classes: dict[tuple, type] = {}
        self.callbacks: dict[int, Any] = {}

    def begin(self) -> None:
        """Start the clock for one half of the test."""
        self.deadline = time.monotonic() + self.seconds

    def exchange(self, data: bytes) -> bytes:
        """Send a message and wait for the next one."""
        if self.dead is None:
            try:
                self.connection.settimeout(max(self.deadline - time.monotonic(), 0.01))
                wire.write(self.connection, data)
                return wire.read(self.connection, self.most + 1024, self.deadline)
            except TimeoutError:
                self.dead = TimeLimitError(f"no answer within {self.seconds:g} s")
            except (EOFError, OSError):
                self.dead, self.gone = ProcessEndedError("the process ended"), True
            except wire.TooLargeError:
                self.dead = ProcessEndedError("the answer was too large")
            self.connection.close()
        assert self.dead is not None
        raise self.dead

    def plain(self, request: dict) -> dict:
        """Ask something whose answer is nothing but plain data."""
        try:
            answer = wire.PLAIN.loads(self.exchange(self.codec.dumps(request)), plain=True)
        except ValueError:
            raise ProcessEndedError("the answer could not be read") from None
        return answer if isinstance(answer, dict) else {}

    def note(self, what: str) -> None:
        """Remember that a kernel would show the test something else than what it sees here."""
        self.differs = self.differs or _short(what)

    def names(
        self,
        names: Sequence[str],
        ours: Sequence[str] = (),
        sets: Sequence[str] = (),
        imports: Sequence[str] = (),
    ) -> dict:
        """{name: value or Remote} of those names that the student has defined.

        What `ours`, the names of the assignment's own, hold there is noted in `likenesses`. It is
        noted too if a function there reads a name that the tests set, or one that they import and
        that is missing there.
        """
        asked = {"ours": list(ours), "sets": list(sets), "imports": list(imports)}
        self.naming = True
        try:
            answer = self._answer({"do": "names", "names": sorted(names)} | asked, ())
        finally:
            self.naming = False
        if not isinstance(answer, dict):
            return {}
        return {name: value for name, value in answer.items() if name in names}

    def ask_for_likenesses(self, ours: list[str]) -> None:
        """Note again what names of the assignment's own hold there."""
        self.likenesses = {}
        self._answer({"do": "names", "names": [], "ours": ours, "sets": [], "imports": []}, ())

    def call(self, on: Any, method: str, arguments: tuple, keywords: dict) -> Any:
        """Have the student's process do something with an object.

        What that changed is changed here too.

        Parameters
        ----------
        on : Remote
        method : str
            "" to call the object, "getattr", "setattr" and "delattr", else a special method's name.
        arguments : tuple
        keywords : dict
        """
        if method == "" and (arguments or keywords) and on._id not in self.named:
            self._ask_what_was_given()
        self.codec.lost = ""
        try:
            request = {
                "do": "call",
                "on": on,
                "method": method,
                "arguments": [self.codec.dumps(part) for part in arguments],
                "keywords": {key: self.codec.dumps(part) for key, part in keywords.items()},
                "same": _same({**dict(enumerate(arguments)), **keywords}),
                "errors": _float_errors(),
                "filter": _warnings_filter(),
            }
        except wire.NotPlainError as error:
            self.uncrossed = self.uncrossed or f"the test passes {error} to your function"
            raise TypeError(
                f"{error} cannot be sent to a student's function in another process"
            ) from None
        if self.codec.lost:
            self.note(f"the test passes {self.codec.lost}")
        return self._answer(request, [*arguments, *keywords.values()], [*keywords])

    def _ask_what_was_given(self):
        """Note that a function or method that the answer gave is handed arguments, or refuse it."""
        self.asked = True
        if not self.asks:
            self.uncrossed = self.uncrossed or (
                "the test hands arguments to an object where the solution gave data"
            )
            raise TypeError("an object of the answer's own cannot judge the answer")

    def _answer(self, request, originals, keywords=()):
        """The answer to a request, after serving the student's calls of the test's functions."""
        if self.generators:
            request["random"] = [np.random.get_state(), random.getstate()]
        data = self.exchange(self.codec.dumps(request))
        while True:
            reply = self._read(data, originals)
            self._show(reply)
            if "callback" not in reply:
                break
            data = self.exchange(self._call_back(reply))
        if isinstance(reply.get("read"), str):
            self.note(f"the test sets {reply['read']}, which the answer reads")
        if isinstance(reply.get("lost"), str):
            self.note(f"the answer gave {reply['lost']}")
        if isinstance(reply.get("likenesses"), dict):
            found = reply["likenesses"].items()
            self.likenesses = {name: said for name, said in found if type(said) is str}
        if self.generators:
            _set_generators(reply.get("random"))
        places = dict(enumerate(originals[: len(originals) - len(keywords)]))
        places |= dict(zip(keywords, originals[len(places) :], strict=True))
        changed = reply.get("changed")
        if changed and _one_twice(originals):
            self.note("the answer changes an argument that holds one object twice")
        for place, value in changed.items() if isinstance(changed, dict) else ():
            if place in places:
                change(places[place], value)
        if "error" in reply:
            raise self._error(reply["error"])
        return reply.get("value")

    def _read(self, data, originals):
        self.codec.arguments = list(originals)
        try:
            reply = self.codec.loads(data)
        except (ValueError, MemoryError):
            raise ProcessEndedError("the answer could not be read") from None
        if not isinstance(reply, dict):
            raise ProcessEndedError("the answer could not be read")
        return reply

    def _show(self, reply):
        """Printed text and warnings of the student's, as if printed here."""
        shown = reply.get("out")
        for name, text in shown if isinstance(shown, list) else ():
            print(str(text), end="", file=sys.stderr if name == "stderr" else sys.stdout)
        given = reply.get("warnings")
        for kinds, text in given[:MOST_WARNINGS] if isinstance(given, list) else ():
            kind = _nearest(kinds)
            if kind is not None and issubclass(kind, Warning):
                warnings.warn(str(text), kind, stacklevel=4)

    def _call_back(self, reply):
        """What a function of the test's gives to the student's call of it, as bytes."""
        function = self.callbacks.get(reply["callback"])
        if self.depth >= DEEPEST:
            return self.codec.dumps({"error": ["builtins.RecursionError"], "args": []})
        self.depth += 1
        try:
            arguments, keywords = reply.get("arguments") or [], reply.get("keywords") or {}
            given = [one for one in [*arguments, *keywords.values()] if type(one) in MUTABLE]
            before = [self._trace(one) for one in given]
            answer = {"value": function(*arguments, **keywords)}
            after = [self._trace(one, answer["value"]) for one in given]
            if before != after:
                self.note("a function of the test's keeps or changes what it is given")
            return self.codec.dumps(answer)
        except (TimeLimitError, ProcessEndedError):
            raise
        except wire.NotPlainError as error:
            self.uncrossed = self.uncrossed or f"a function of the test's gave {error}"
            return self.codec.dumps({"error": ["builtins.TypeError"], "args": [str(error)]})
        except Exception as error:
            return self.codec.dumps(_parts_of(error))
        finally:
            self.depth -= 1

    def _trace(self, value, returned=None):
        """Something that is another when a value has been changed, or is referred to once more."""
        return sys.getrefcount(value) - (value is returned), self.codec.dumps(value)

    def _error(self, said):
        """The exception that the student's code raised.

        Its own class, or the nearest that is known here.
        """
        said = said if isinstance(said, dict) else {}
        kind = said.get("class")
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            kinds = said.get("kinds")
            kind = _nearest(kinds) or RuntimeError
            if kind is not _nearest(kinds[:1] if isinstance(kinds, list) else None):
                self.note("an error of a library came from the answer")
        arguments = said.get("args") if isinstance(said.get("args"), (list, tuple)) else []
        error = _made(kind, arguments, str(said.get("text", "")))
        attributes = said.get("attributes")
        for name, value in attributes.items() if isinstance(attributes, dict) else ():
            # never what the class itself has: a method, or a place that C code reads unchecked
            if isinstance(name, str) and not hasattr(kind, name) and name[:2] != "__":
                with contextlib.suppress(Exception):
                    setattr(error, name, value)
        if isinstance(said.get("context"), dict):
            error.__context__ = self._error(said["context"])
        if isinstance(said.get("cause"), dict):
            error.__cause__ = self._error(said["cause"])
        error.__suppress_context__ = bool(said.get("suppress"))
        with contextlib.suppress(AttributeError):
            error.raised_by_student = str(said.get("text", ""))[:500]
            if isinstance(said.get("line"), str):
                error.add_note(said["line"][:300])
        return error

    def remote(self, number: int, parts: list) -> Any:
        """The one Remote of an object, or the one class of an exception class."""
        # one that comes again may be asked in the place of something else
        (self.named.add if self.naming else self.named.discard)(number)
        kinds = parts[4] if len(parts) > 4 else None
        if kinds:
            if number not in self.errors:
                self._count(self.errors)
                base = _nearest(kinds) or Exception
                name = "Exception" if self.hidden else str(parts[1])
                self.errors[number] = type(name, (base,), {"_link": self, "_id": number})
            return self.errors[number]
        found = self.remotes.get(number)
        if found is None:
            found = self.numbers.get(number)
        if found is None and parts[3] == "module":
            found = self._module(str(parts[0]))
        if found is None:
            self._note(parts)
            found = self._made(number, parts)
        return found

    def _made(self, number, parts):
        """A new Remote; what extends numbers or texts is one, with the data that came along."""
        kind, data = EXTENDED.get(parts[3]), parts[5] if len(parts) > 5 else None
        if kind is None or type(data) is not kind:
            found = self._class_of(parts, None)(self, number, parts)
        else:
            found = kind.__new__(self._class_of(parts, kind), data)
            Remote.__init__(found, self, number, parts)
        kept = self.numbers if kind in (int, bytes) else self.remotes
        kept[number] = found
        return found

    def _count(self, classes):
        """Refuse classes without number, which would take all of the judge's memory and time."""
        if len(classes) >= MOST_CLASSES:
            raise ValueError(f"more than {MOST_CLASSES} classes of objects")

    def _public_name(self, module, name):
        """The name of a class; one that is given while a hidden test runs may tell what the test
        holds.
        """
        return "object" if self.hidden and _library_class(module, name) is None else name

    def _note(self, parts):
        """Remember that an object of a library has come, which may be more than can be asked of it
        here.
        """
        module, name, _, kind = parts[:4]
        if kind in CHANGEABLE and not (self.asks or self.compares):
            # a function of C's would take only the real one
            self.uncrossed = self.uncrossed or f"an object that extends {kind} came from the answer"
        if module not in ("__main__", "builtins") and not kind and name not in HARMLESS:
            top = module.partition(".")[0].lstrip("_")
            name = self._public_name(module, str(name))
            known = "" if name == "object" else f"{top} "
            self.uncrossed = self.uncrossed or _short(f"a {known}{name} came from the answer")

    def _module(self, name):
        """The module of that name, if the assignment uses it: none is loaded for an answer."""
        return sys.modules.get(name) if name.partition(".")[0] in self.modules else None

    def _class_of(self, parts, base):
        """A class of Remotes with the special methods that the object's own class has."""
        module, methods = str(parts[0]), parts[2]
        name = self._public_name(module, str(parts[1]))
        wanted = {method for method in methods if isinstance(method, str)}
        key = module, str(parts[1]), tuple(sorted(wanted)), base
        if key not in self.classes:
            self._count(self.classes)
            forwarded = {method: _forward(method) for method in FORWARDED if method in wanted}
            forwarded |= {method: _compute(method) for method in BINARY if method in wanted}
            forwarded |= {method: _compare(method) for method in COMPARISONS if method in wanted}
            if "__hash__" in wanted:
                forwarded["__hash__"] = lambda self: self._ask("__hash__")
            elif "__eq__" in forwarded and base is None:
                forwarded["__hash__"] = Remote.__hash__
            if "__instancecheck__" in wanted:
                forwarded["__instancecheck__"] = _is_instance
                forwarded["__subclasscheck__"] = _is_subclass
            if "__enter__" in wanted:
                forwarded["__exit__"] = _leave
            own = {"__module__": module, "__doc__": property(_documentation)}
            if base:
                own |= _as_data(base, wanted)
                self.classes[key] = type(name[:80], (Remote, base), own | forwarded)
            else:
                self.classes[key] = type(name[:80], (Remote,), forwarded | own | SLOTS)
        return self.classes[key]


class Remote:
    """Something in a student's process that is not plain data."""

    __slots__ = ()
    stands_for_another = True
    _link: Link
    _id: int
    _parts: list

    def __init__(self, link: Link, number: int, parts: list) -> None:
        put = object.__setattr__
        put(self, "_link", link)
        put(self, "_id", number)
        put(self, "_parts", parts)

    def _ask(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        return self._link.call(self, method, arguments, keywords)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """For isinstance: the class of the same name in a library that the judge has too."""
        module, name, _, kind = object.__getattribute__(self, "_parts")[:4]
        if kind in _FACES:
            return _FACES[kind]
        return _library_class(module, str(name)) or type(self)

    @property
    def __signature__(self) -> inspect.Signature:
        return _signature(self._ask("signature"))

    def __getattr__(self, name: str) -> Any:
        if name in UNASKED:
            raise AttributeError(name)
        return self._ask("getattr", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._ask("setattr", name, value)

    def __delattr__(self, name: str) -> None:
        self._ask("delattr", name)

    def _plain(self) -> Any:
        """The data that the object's class extends."""
        return self._ask("data")

    def __dir__(self) -> list[str]:
        return [str(name) for name in self._ask("dir")]

    def __hash__(self) -> int:
        return hash((id(self._link), self._id))

    def __repr__(self) -> str:
        return str(self._ask("__repr__"))[:10_000]

    def __str__(self) -> str:
        return str(self._ask("__str__"))[:1_000_000]

    def __format__(self, spec: str) -> str:
        return str(self._ask("__format__", spec))[:1_000_000]

    def __copy__(self) -> Any:
        return self._ask("copy")

    def __deepcopy__(self, memo: dict) -> Any:
        return self._ask("deepcopy")

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        raise TypeError("an object in a student's process cannot be pickled here")


DATA = {kind.__name__: kind for kind in (str, bytes, int, float, complex, list, tuple, dict, set)}
EXTENDED = {kind.__name__: kind for kind in (str, bytes, int, float, complex)}
CHANGEABLE = {"list", "dict", "set", "tuple", "frozenset"}
SLOTS = {"__slots__": ("_link", "_id", "_parts", "__weakref__")}
_FACES: dict[str, type] = {"function": types.FunctionType, "class": type} | DATA


def _library_class(module, name):
    """The class of that name in a library that the judge has too, or None."""
    found = None if module == "__main__" else sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def _as_data(base, wanted):
    """What an object that extends plain data does as such data do, and its own other attributes."""
    changed = [name for name in wanted if name[:2] != "__" and hasattr(base, name)]
    own = {name: property(_getter(name)) for name in changed}
    own["_plain"] = lambda self: base(*base.__getnewargs__(self))
    usual = ("__str__", "__repr__", "__format__", "__hash__")
    return own | {name: getattr(base, name) for name in usual if name not in wanted}


def _getter(name):
    return lambda self: self._ask("getattr", name)


def _documentation(self):
    return self._ask("getattr", "__doc__")


def _forward(method):
    if method == "__call__":
        return lambda self, *arguments, **keywords: self._ask("", *arguments, **keywords)
    return lambda self, *arguments: self._ask(method, *arguments)


def _compute(method):
    def compute(self, other):
        if self._link.compares:
            self._link.compared = True
            return self._ask(method, other)
        operate = getattr(DATA.get(self._parts[3]), method, None)
        return operate(self._plain(), other) if operate else NotImplemented

    return compute


def _compare(method):
    if method == "__contains__":

        def contains(self, other):
            if self._link.compares:
                self._link.compared = True
                return self._ask(method, other)
            return any(part is other or part == other for part in self)

        return contains

    def compare(self, other):
        if not self._link.compares and self._parts[3] in DATA:
            return getattr(DATA[self._parts[3]], method)(self._plain(), other)
        if not self._link.compares:
            return NotImplemented
        if isinstance(other, Remote) and other._link is not self._link:
            return NotImplemented
        self._link.compared = True
        try:
            return self._ask(method, other)
        except TypeError:
            if self._link.uncrossed:
                return NotImplemented
            raise

    return compare


def _leave(self, kind, error, trace):
    """`__exit__` of a student's context manager; the exception crosses, its traceback does not."""
    return self._ask("__exit__", kind, error, None)


def _is_instance(self, other):
    return isinstance(other, Remote) and bool(self._ask("__instancecheck__", other))


def _is_subclass(self, other):
    return isinstance(other, Remote) and bool(self._ask("__subclasscheck__", other))


class _JudgesCodec(wire.Codec):
    """References of the judge's: students' own objects, functions, objects of libraries."""

    def __init__(self, link):
        self.link, self.arguments, self.numbers = link, [], itertools.count(1)

    def reference(self, value):
        if isinstance(value, type) and getattr(value, "_link", None) is self.link:
            return wire.YOURS, value._id
        if issubclass(type(value), Remote):
            if value._link is not self.link:
                raise wire.NotPlainError("an object of another moment of the notebook")
            return wire.YOURS, value._id
        if isinstance(value, np.random.Generator):
            return wire.GENERATOR, value.bit_generator.state
        if isinstance(value, BaseException):
            return wire.ERROR, _parts_of(value)
        if place := library_place(value):
            return wire.LIBRARY, place
        state = _state(value)
        if state is not None:
            kind = type(value)
            return wire.INSTANCE, [kind.__module__, kind.__qualname__, state]
        if isinstance(value, Callable):
            return wire.CALLBACK, [self._number(value), getattr(value, "__name__", "function")]
        if isinstance(value, Iterator) and not isinstance(value, io.IOBase):
            return wire.ITERATOR, [self._number(value.__next__), type(value).__name__]
        raise wire.NotPlainError(wire.describe(value))

    def _number(self, function):
        for number, known in self.link.callbacks.items():
            if known is function:
                return number
        number = next(self.numbers)
        self.link.callbacks[number] = function
        return number

    def refer(self, code, parts):
        if code == wire.THEIRS:
            number, *description = parts
            return self.link.remote(int(number), description)
        if code == wire.YOURS:
            return self.link.callbacks[parts]
        if code == wire.ARGUMENT:
            return self.arguments[parts]
        raise ValueError(f"unknown kind {code}")


def library_place(value: Any) -> list[str] | None:
    """[module, qualified name] under which a library holds a function, class or module.

    Examples
    --------
    >>> import math
    >>> library_place(math.sqrt), library_place(math), library_place(lambda: 0)
    (['math', 'sqrt'], ['math', ''], None)
    """
    if isinstance(value, types.ModuleType):
        return [value.__name__, ""]
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, np.ufunc):
        module, name = "numpy", value.__name__
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return [module, name] if found is value else None


def _state(value):
    """The attributes of a library's object that is made of nothing else; None for any other."""
    if type(value).__module__ in ("__main__", "builtins"):
        return None
    try:
        made, arguments, state, *more = value.__reduce_ex__(2)
    except Exception:
        return None
    plain = made is copyreg.__newobj__ and arguments == (type(value),) and not any(more)
    return (state or {}) if plain and isinstance(state or {}, dict) else None


def _same(arguments):
    """{place: an earlier place where the same list, dictionary, set or array is passed}."""
    first: dict[int, Any] = {}
    return {
        place: first[id(value)]
        for place, value in arguments.items()
        if type(value) in MUTABLE and first.setdefault(id(value), place) != place
    }


def _one_twice(arguments):
    """Whether a list, dictionary, set or array occurs twice within the arguments of a call."""
    seen, todo = set(), list({id(argument): argument for argument in arguments}.values())
    while todo:
        part = todo.pop()
        if type(part) in MUTABLE and type(part) is not tuple:
            if id(part) in seen:
                return True
            seen.add(id(part))
        if type(part) in (list, tuple, dict):
            inner = list(part.values()) if type(part) is dict else part
            if len(inner) < MOST_PARTS and not CONTAINERS.isdisjoint(map(type, inner)):
                todo += [one for one in inner if type(one) in CONTAINERS]
    return False


def _parts_of(error):
    kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    arguments = [
        part for part in error.args if isinstance(part, (str, int, float, bool, type(None)))
    ]
    return {"error": kinds, "args": arguments}


def _nearest(kinds):
    """The first of some classes, named most special first, that is an exception known here."""
    for kind in kinds if isinstance(kinds, (list, tuple)) else ():
        known = KNOWN_ERRORS.get(kind) if isinstance(kind, str) else None
        if known is not None and issubclass(known, (Exception, SystemExit, StopIteration)):
            return known
    return None


def _short(text):
    """Words that hold a name of the student's, fit for one line of a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:120]


def _made(kind, arguments, text):
    if issubclass(kind, POSITIONS):
        # Python reads there when it shows the message, wherever that is
        places = arguments if issubclass(kind, UnicodeTranslateError) else arguments[1:]
        where, start, end = [*places, "", "", ""][:3]
        inside = isinstance(where, (str, bytes)) and isinstance(start, int) and isinstance(end, int)
        if not (inside and 0 <= start <= end <= len(where)):
            kind, arguments = UnicodeError, [text]
    for values in (arguments, [text], []):
        with contextlib.suppress(Exception):
            return kind(*values)
    return RuntimeError(text)


def _float_errors():
    """NumPy's handling of floating-point errors, where the test has changed it."""
    now = np.geterr()
    usual = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    return now if now != usual else None


def _warnings_filter():
    """What the test wants done with every warning, where it says so."""
    first = warnings.filters[0] if warnings.filters else None
    return first[0] if first and first[1:] == (None, Warning, None, 0) else None


def _set_generators(states):
    with contextlib.suppress(Exception):  # what is no state is not taken over
        numpy, python = states
        np.random.set_state(numpy)
        random.setstate(python)


def _signature(parts):
    """A signature from [[name, kind, has a default, default, annotation], ...]."""
    empty = inspect.Parameter.empty
    return inspect.Signature(
        [
            inspect.Parameter(
                name,
                inspect._ParameterKind(kind),
                default=default if has_default else empty,
                annotation=empty if annotation is None else annotation,
            )
            for name, kind, has_default, default, annotation in parts
        ]
    )


def change(original: Any, value: Any) -> None:
    """Make an argument what the student's function made of it, in place."""
    with contextlib.suppress(Exception):  # a change that cannot be copied is none a test looks for
        if isinstance(original, np.random.Generator):
            original.bit_generator.state = value
        elif isinstance(original, np.ndarray):
            if isinstance(value, np.ndarray) and value.shape == original.shape:
                original[...] = value
        elif isinstance(original, (list, bytearray)):
            if isinstance(original, list) and type(value) is list and len(value) == len(original):
                for place, part in enumerate(value):
                    if isinstance(original[place], MUTABLE) and type(part) is type(original[place]):
                        change(original[place], part)
                    else:
                        original[place] = part
            else:
                original[:] = value
        elif isinstance(original, tuple):
            for part, new in zip(original, value, strict=True):
                if isinstance(part, MUTABLE):
                    change(part, new)
        elif isinstance(original, (dict, set)):
            original.clear()
            original.update(value)
