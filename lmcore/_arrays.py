"""What every module asks of its arrays: a float type, at least one entry, rows in blocks that stay in cache."""

import numpy as np

# rows are worked on a megabyte at a time: few enough to stay in cache, enough to hide Python
BLOCK_BYTES = 1 << 20


def as_floats(values, name):
    """`values` as an array of float16, float32 or float64; booleans and integers become float64.

    Raises
    ------
    TypeError
        If the entries are not real numbers.
    ValueError
        If the array is a scalar or has no entries.
    """
    array = np.asarray(values)
    if array.dtype.kind in "biu":
        array = array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise TypeError(
            f"{name} must hold float16, float32, float64 or integers, got dtype {array.dtype}; "
            f"convert with numpy.asarray({name}, dtype=float)"
        )
    if array.ndim == 0:
        raise ValueError(
            f"{name} must have at least one axis, got the scalar {array}; wrap it in a list"
        )
    if array.size == 0:
        raise ValueError(
            f"{name} is empty: shape {array.shape}; pass at least one entry along every axis"
        )
    return array


def as_token_ids(values, vocab_size, name, ignore_index=None):
    """`values` as an array of token ids in [0, vocab_size), `ignore_index` allowed if given.

    They are of NumPy's type for indices: int64, but int32 in a browser, where counting and
    repeating take nothing longer.

    Raises
    ------
    TypeError
        If the ids are not integers.
    ValueError
        If an id is out of range.
    """
    ids = np.asarray(values)
    if ids.dtype.kind not in "iu" and ids.size > 0:
        raise TypeError(f"{name} must hold integer token ids, got dtype {ids.dtype}")
    ids = ids.astype(np.int64)
    valid = (ids >= 0) & (ids < vocab_size)
    if ignore_index is not None:
        valid |= ids == ignore_index
    if not valid.all():
        where = tuple(int(i) for i in np.argwhere(~valid)[0])
        allowed = "" if ignore_index is None else f" or ignore_index={ignore_index}"
        raise ValueError(
            f"{name} holds {ids[where]} at index {where}; token ids must lie in [0,"
            f" {vocab_size}){allowed}"
        )
    return ids.astype(np.intp, copy=False)


def accumulator(dtype):
    """The type in which sums over `dtype` are kept: float32 for float16, otherwise the type itself."""
    return np.dtype(np.float32) if dtype == np.float16 else np.dtype(dtype)


def row_blocks(n_rows, row_length, itemsize):
    """Slices that cut `n_rows` rows into blocks of about `BLOCK_BYTES`, at least one row each."""
    step = max(1, BLOCK_BYTES // (row_length * itemsize))
    return [slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]
