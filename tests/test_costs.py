"""What calls cost at the size of a real vocabulary: memory, and no loop over rows.

Both are counted, not timed: bytes by tracemalloc, Python's instructions by a trace. The functions
and their arguments are those of benchmarks/costs.py, which `make bench` times.
"""

import numpy as np
import pytest
from benchmarks.costs import CALLS, CEILING, MODULES, WITHOUT_ROWS, Data, call_of, memory, opcodes

VOCAB_SIZE = 50_257  # GPT-2's


@pytest.fixture(scope="module")
def real():
    return Data(16, VOCAB_SIZE)


@pytest.mark.parametrize("name", CALLS)
def test_memory_is_at_most_three_times_what_goes_in_or_comes_out(real, name):
    peak, size = memory(*call_of(name, real))
    # buffers of a megabyte for blocks of rows are the same for any number of rows
    assert peak <= CEILING * size + 2**21, f"{name} takes {peak / size:.1f} times {size:,} bytes"


@pytest.mark.parametrize("name", CALLS)
def test_python_takes_as_many_steps_for_many_rows_as_for_few(name):
    few, many = (opcodes(call_of(name, Data(n_rows, 16))[0]) for n_rows in (8, 2048))
    assert many < 2 * few, f"{name}: {few:,} instructions for 8 rows, {many:,} for 2,048"


def test_what_holds_everything_several_times_is_seen():
    rows = np.ones((256, 4096))
    # rows, their logarithm, a product and a sum that is thrown away
    peak, size = memory(lambda: (rows + np.log(rows) * (rows + 1)).sum(), rows.nbytes)
    assert 1.9 < peak / size < 4
    assert memory(lambda: np.concatenate([rows] * 4).sum(), rows.nbytes)[0] > CEILING * size


def test_a_loop_over_rows_is_seen():
    def looped(rows):
        return [row.max() for row in rows]

    few, many = (opcodes(lambda: looped(np.zeros((n, 4)))) for n in (8, 2048))
    assert many > 2 * few


def test_every_public_function_is_measured_or_said_to_have_no_rows():
    public = set()
    for module in MODULES:
        short = module.__name__.removeprefix("lmcore.")
        names = getattr(module, "__all__", None) or [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        ]
        public |= {f"{short}.{name}" for name in names if callable(getattr(module, name))}
    classes = {
        f"{module.__name__.removeprefix('lmcore.')}.{name}"
        for module in MODULES
        for name, value in vars(module).items()
        if isinstance(value, type)
    }
    without = {f"{short}.{name}" for short, names in WITHOUT_ROWS.items() for name in names.split()}
    assert set(CALLS) | without == public - classes
    assert not set(CALLS) & without
