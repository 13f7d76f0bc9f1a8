"""How arrays lie in memory does not matter, and what callers pass stays theirs.

The functions and their arguments are those of benchmarks/costs.py.
"""

import numpy as np
import pytest
from benchmarks.costs import CALLS, SETTINGS, Data, arrays_of, function_of
from numpy.testing import assert_allclose, assert_array_equal

N_ROWS, VOCAB_SIZE = 64, 12

LAYOUTS = {
    "every second column": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "backwards": lambda a: a[..., ::-1].copy()[..., ::-1],
    "column by column": np.asfortranarray,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
}


def arguments(name):
    """The same ones at every call."""
    return CALLS[name](Data(N_ROWS, VOCAB_SIZE))


def result(name, args):
    return function_of(name)(*args, **SETTINGS.get(name, {}))


def laid_out(value, layout):
    """A value with each of its arrays in another layout."""
    if isinstance(value, np.ndarray):
        return layout(value)
    if isinstance(value, dict):
        return {key: laid_out(part, layout) for key, part in value.items()}
    if isinstance(value, tuple | list):
        parts = [laid_out(part, layout) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return value


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_the_arguments_does_not_matter(name, layout):
    plain = result(name, arguments(name))
    other = result(name, laid_out(arguments(name), LAYOUTS[layout]))
    expected, found = arrays_of(plain), arrays_of(other)
    assert [a.dtype for a in found] == [a.dtype for a in expected]
    for a, b in zip(found, expected, strict=True):
        largest = np.abs(b, where=np.isfinite(b), out=np.zeros(b.shape)).max()
        assert_allclose(a, b, rtol=1e-5, atol=1e-5 * largest)
    if not expected:
        assert other == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("name", CALLS)
def test_arguments_may_be_read_only_and_stay_as_they_are(name):
    args, before = arguments(name), arrays_of(arguments(name))
    for array in arrays_of(args):
        array.flags.writeable = False
    result(name, args)
    for now, then in zip(arrays_of(args), before, strict=True):
        assert_array_equal(now, then)


@pytest.mark.parametrize("name", CALLS)
def test_the_result_is_not_the_callers_array(name):
    """Or else a change of the one would change the other."""
    args = arguments(name)
    given = arrays_of(args)
    for array in outputs(name, result(name, args)):
        assert not any(np.shares_memory(array, argument) for argument in given)


def outputs(name, value):
    """The arrays of a result; a cache, which says that it keeps inputs, is left out."""
    parts = value if isinstance(value, tuple) and not hasattr(value, "_fields") else (value,)
    return [
        a for part in parts if not type(part).__name__.endswith("Cache") for a in arrays_of(part)
    ]
