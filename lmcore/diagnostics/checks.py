"""Checks that a model or its code does what the mathematics says (book, sections 10.1, 10.2 and 10.5).

Each check returns the worst deviation it saw, so that it can be printed, and raises a ValueError that names the worst
offender where the deviation is more than rounding explains. What it saw to be right it saw on the given input only.
"""

from itertools import islice

import numpy as np

from lmcore._arrays import accumulator, as_floats, as_token_ids

# Sums and exponentials inside a model err by a few units in the last place of the type they are
# computed in.
COMPUTING_ULPS = 32


def validate_distribution(probs, axis=-1, log=False, tolerance=None):
    """Check that an array holds distributions: no NaN, nothing negative, Σ p = 1 along `axis` (book, section 10.1).

    The default tolerance is what rounding can do at worst in the array's type, with u half its
    spacing at 1. Each stored logarithm is off by at most u |log p|, so Σ p may be off by u Σ p |log
    p| = u H: a flat distribution over 50,000 tokens in float16 by 0.005, a peaked one by far less.
    A fixed tolerance that admits the former misses a lost 0.5 % in the latter. Stored probabilities
    are off by u p, or by half the smallest float if they are tiny.

    Parameters
    ----------
    probs : array-like
        Any shape; float16, float32 or float64.
    axis : int, default -1
        The vocabulary axis.
    log : bool, default False
        The array holds log-probabilities, in nats.
    tolerance : float, optional
        Allowed |Σ p − 1| in every row, instead of the rounding bound.

    Returns
    -------
    float
        The largest |Σ p − 1|.

    Raises
    ------
    ValueError
        Naming the worst row, if it is no distribution.

    References
    ----------
    Higham, N. J. (2002). Accuracy and Stability of Numerical Algorithms, chapters 2 to 4. SIAM.

    Examples
    --------
    >>> validate_distribution([[0.5, 0.5], [0.25, 0.75]])
    0.0
    >>> validate_distribution([0.5, 0.49])
    Traceback (most recent call last):
    ...
    ValueError: row () sums to 0.99, off by -0.01 where rounding in float64 explains 3.7e-15: mass is missing
    """
    probs = np.moveaxis(as_floats(probs, "probs"), axis, -1)
    values = probs.astype(np.float64)
    # e¹ is no rounded 1
    bad = np.isnan(values) | ((values > 1) if log else (values < 0) | (values == np.inf))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"entry {where} is {values[where]}, which is no {'log-' if log else ''}probability;"
            f" logits must go through {'log_' if log else ''}softmax first"
        )
    masses = np.exp(values) if log else values
    excess = masses.sum(axis=-1) - 1
    allowed = _rounding_bound(masses, values, probs.dtype, log) if tolerance is None else tolerance
    over = np.abs(excess) - allowed
    if not (over <= 0).all():
        row = np.unravel_index(int(np.argmax(over)), over.shape)
        bound = float(np.broadcast_to(allowed, over.shape)[row])
        limit = f"where rounding in {probs.dtype} explains {bound:.2g}"
        if tolerance is not None:
            limit = f"with a tolerance of {bound:.2g}"
        raise ValueError(
            f"row {tuple(map(int, row))} sums to {excess[row] + 1:.6g}, off by {excess[row]:.3g}"
            f" {limit}: mass is {'missing' if excess[row] < 0 else 'too much'}"
        )
    return float(np.abs(excess).max())


def _rounding_bound(masses, values, dtype, log):
    """How far Σ p may be from 1 in each row if every entry was computed and stored as exactly as its type allows."""
    stored, computed = np.finfo(dtype), np.finfo(accumulator(dtype))
    entropy = -(masses * np.where(masses > 0, values if log else 0, 0)).sum(axis=-1)
    computing = COMPUTING_ULPS * float(computed.eps) / 2 * (1 + np.abs(entropy))
    if log:
        return float(stored.eps) / 2 * np.abs(entropy) + computing
    return (
        float(stored.eps) / 2 + values.shape[-1] * float(stored.smallest_subnormal) / 2 + computing
    )


def check_normalized(next_log_probs, prefixes, tolerance=None):
    """Check that a language model gives a distribution after every one of some prefixes (book, section 10.1).

    Parameters
    ----------
    next_log_probs : callable
        A language model: tuple of token ids -> array of V log-probabilities in nats.
    prefixes : iterable of sequences of int
        Try the empty one, seen and unseen ones, a long one, and one after EOS.
    tolerance : float, optional
        As in `validate_distribution`.

    Returns
    -------
    float
        The largest |Σ p − 1|.

    Raises
    ------
    ValueError
        Naming the first prefix whose answer is no distribution, or has another shape than the first
        answer.

    Examples
    --------
    >>> check_normalized(lambda prefix: np.log([0.5, 0.5]), [(), (0,), (0, 1)])
    0.0
    """
    worst, shape = None, None
    for prefix in map(tuple, prefixes):
        row = np.asarray(next_log_probs(prefix))
        shape = shape or row.shape
        if row.ndim != 1 or row.shape != shape:
            raise ValueError(
                f"after prefix {_short(prefix)} the model returned shape {row.shape}: expected"
                f" (V,), the same for every prefix, and {shape} came first"
            )
        try:
            deviation = validate_distribution(row, log=True, tolerance=tolerance)
        except ValueError as error:
            raise ValueError(f"after prefix {_short(prefix)}: {error}") from None
        worst = deviation if worst is None else max(worst, deviation)
    if worst is None:
        raise ValueError("prefixes is empty: pass at least one, () say")
    return worst


def check_aligned(model, tokens, tolerance=None):
    """Check that row t of `log_probs` is the distribution that token t is drawn from (book, section 10.1).

    Compares ``model.log_probs(tokens)[b, t]`` with ``model.next_log_probs(tokens[b, :t])`` for
    every b and t.

    Parameters
    ----------
    model : object
        With `next_log_probs` and `log_probs`.
    tokens : array-like of int of shape (B, T)
    tolerance : float, optional
        Allowed difference in nats; by default 1,000 spacings of the model's type at the larger of 1
        and |log p|, as the two ways sum in different orders.

    Returns
    -------
    float
        The largest difference, in nats.

    Raises
    ------
    ValueError
        Naming the worst place; a table whose rows stand one place late or early is called so.

    Examples
    --------
    >>> from lmcore.distributions import MarkovSource
    >>> check_aligned(MarkovSource([0.5, 0.5], [[0.9, 0.1], [0.2, 0.8]]), [[0, 1, 1], [1, 0, 0]])
    0.0
    """
    tokens = np.asarray(tokens)
    batch = np.asarray(model.log_probs(tokens))
    single = np.stack(
        [
            [model.next_log_probs(tuple(map(int, row[:t]))) for t in range(len(row))]
            for row in tokens
        ]
    )
    if batch.shape != single.shape:
        raise ValueError(
            f"log_probs returned shape {batch.shape} for tokens of shape {tokens.shape};"
            f" next_log_probs makes it {single.shape}"
        )
    if tolerance is None:
        finite = np.where(np.isfinite(single), single, 0)
        tolerance = 1000 * float(np.finfo(batch.dtype).eps) * max(1.0, float(np.abs(finite).max()))
    gap = _difference(batch, single)
    worst = float(gap.max())
    if not worst <= tolerance:
        shifted = {
            lag: _difference(
                batch[:, max(lag, 0) : len(batch[0]) + min(lag, 0)],
                single[:, max(-lag, 0) : len(batch[0]) + min(-lag, 0)],
            )
            for lag in (-1, 1)
        }
        lag = next(
            (lag for lag, other in shifted.items() if other.size and other.max() <= tolerance), None
        )
        hint = (
            ""
            if lag is None
            else f"; the rows stand one place too {'late' if lag == 1 else 'early'}"
        )
        b, t, v = (int(i) for i in np.unravel_index(int(gap.argmax()), gap.shape))
        raise ValueError(
            f"log_probs[{b}, {t}, {v}] = {batch[b, t, v]:.6g}, but next_log_probs of the {t} tokens"
            f" before gives {single[b, t, v]:.6g} (difference {worst:.3g}, tolerance"
            f" {tolerance:.3g}){hint}"
        )
    return worst


def check_no_leak(forward, inputs, rng, own=False, tolerance=None):
    """Check that no output depends on later inputs: change the future, look at the past (book, section 10.1).

    For every t the inputs from t on are replaced and all earlier outputs compared.

    Parameters
    ----------
    forward : callable
        inputs -> array of shape (B, T, ...): a model's `log_probs`, or any layer.
    inputs : array-like of shape (B, T) of int, or (B, T, ...) of float
        Token ids (replaced by other ids that occur among them), or vectors (to which normal noise
        is added).
    rng : numpy.random.Generator
    own : bool, default False
        False: row t may depend on inputs before t only, as aligned log-probabilities must. True: on
        input t as well, as the logits that predict token t + 1 or the rows of an attention layer
        do.
    tolerance : float, optional
        Allowed change; by default 64 spacings of the outputs' type at the largest of them. On one
        machine a causal model usually passes with 0.

    Returns
    -------
    float
        The largest change.

    Raises
    ------
    ValueError
        Naming the worst output and the input that it saw, or if all token ids are equal.

    Examples
    --------
    >>> tokens, rng = np.array([[3, 1, 2, 0]]), np.random.default_rng(0)
    >>> check_no_leak(lambda x: np.cumsum(x, axis=1) - x, tokens, rng)          # the sum of what came before
    0.0
    >>> check_no_leak(lambda x: np.cumsum(x, axis=1), tokens, rng)              # its own token as well
    Traceback (most recent call last):
    ...
    ValueError: output row 0 of sequence 0 moved by 3 when the inputs from position 0 on were changed (tolerance 0): it
    sees its own target
    """
    inputs = np.asarray(inputs)
    before = np.asarray(forward(inputs))
    if before.shape[:2] != inputs.shape[:2] or inputs.ndim < 2:
        raise ValueError(
            f"forward returned shape {before.shape} for inputs of shape {inputs.shape}: expected "
            f"({', '.join(map(str, inputs.shape[:2]))}, ...)"
        )
    if tolerance is None:
        finite = np.where(np.isfinite(before), before, 0)
        eps = np.finfo(before.dtype).eps if before.dtype.kind == "f" else 0
        tolerance = 64 * float(eps) * max(1.0, float(np.abs(finite).max()))
    other, worst, place = _changed(inputs, rng), 0.0, None
    for t in range(inputs.shape[1]):
        # rows before `first` must not have moved
        first = t if own else t + 1
        mixed = np.concatenate([inputs[:, :t], other[:, t:]], axis=1)
        gap = _difference(np.asarray(forward(mixed))[:, :first], before[:, :first])
        if gap.size and not gap.max() <= worst:
            worst, place = (
                float(gap.max()),
                (
                    t,
                    *np.unravel_index(int(gap.argmax()), gap.shape)[:2],
                ),
            )
    if not worst <= tolerance:
        t, b, row = map(int, place)
        raise ValueError(
            f"output row {row} of sequence {b} moved by {worst:.3g} when the inputs from position"
            f" {t} on were changed (tolerance {tolerance:.3g}): it sees"
            f" {'its own target' if row == t else 'the future'}"
        )
    return worst


def check_target_shift(log_probs, tokens, max_shift=2):
    """Check that row t predicts token t and no neighbour better (book, section 10.2).

    Scores token t + s with row t for every shift s. Of a model that has learned anything the
    smallest mean NLL stands at 0; at another shift it says that rows and targets are misaligned by
    so much.

    Parameters
    ----------
    log_probs : array-like of shape (..., T, V)
        Nats, aligned.
    tokens : array-like of int of shape (..., T)
        Real text, a few hundred tokens at least: on little text a neighbour may win by chance.
    max_shift : int, default 2

    Returns
    -------
    float
        By how many nats a token shift 0 beats the next best one.

    Raises
    ------
    ValueError
        If another shift scores better, or there are not more than `max_shift` tokens.

    Examples
    --------
    >>> tokens = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2])
    >>> log_probs = np.log(0.8 * np.eye(3)[tokens] + 0.2 / 3)                   # an almost sure model
    >>> round(check_target_shift(log_probs, tokens), 2)                         # log(13/15) − log(1/15)
    2.56
    """
    log_probs = as_floats(log_probs, "log_probs").astype(float)
    tokens = as_token_ids(tokens, log_probs.shape[-1], "tokens")
    length = tokens.shape[-1] if tokens.ndim else 0
    if tokens.shape != log_probs.shape[:-1] or length <= max_shift or max_shift < 1:
        raise ValueError(
            f"log_probs has shape {log_probs.shape} and tokens {tokens.shape}: pass (..., T, V) and"
            f" (..., T) with T > max_shift = {max_shift} >= 1"
        )
    losses = {}
    for shift in range(-max_shift, max_shift + 1):
        rows = log_probs[..., max(-shift, 0) : length - max(shift, 0), :]
        targets = tokens[..., max(shift, 0) : length - max(-shift, 0)]
        losses[shift] = float(-np.take_along_axis(rows, targets[..., None], axis=-1).mean())
    own = losses.pop(0)
    best = min(losses, key=losses.get)
    if not own < losses[best]:
        raise ValueError(
            f"rows score the token {abs(best)} {'later' if best > 0 else 'earlier'} better "
            f"({losses[best]:.3f} nats) "
            f"than their own ({own:.3f}): rows and tokens are misaligned by {best:+d}"
        )
    return losses[best] - own


def check_grad(function, gradient, point, entries=50, rng=None, rtol=None):
    """Check a gradient against central differences, (f(x + h) − f(x − h)) / 2h (book, sections 4.4 and 10.5).

    h = ε^{1/3} max(1, |x|), where the truncation error h² and the rounding error ε/h balance.
    SciPy's check_grad uses one-sided differences, half the digits.

    Parameters
    ----------
    function : callable
        point -> float, such as a loss of parameters.
    gradient : ndarray, or dict of str to ndarray
        The derivative at `point` that is to be checked, of its shape.
    point : ndarray, or dict of str to ndarray
        Where. Its type decides ε: float64 checks to about 7 digits, float32 to 2.
    entries : int, default 50
        How many entries of each array are tried: all if there are no more, otherwise drawn without
        replacement.
    rng : numpy.random.Generator, optional
        Needed where entries are drawn.
    rtol : float, optional
        Allowed error, relative to the array's largest derivative; default 1000 ε^{2/3}. What
        rounding of f makes of the difference, 10 ε |f| / h, is allowed on top.

    Returns
    -------
    float
        The largest error, relative to its array's largest derivative.

    Raises
    ------
    ValueError
        Naming the worst entry of the first array that fails, if shapes differ, or if an `rng` is
        needed.

    References
    ----------
    Press, W. H. et al. (2007). Numerical Recipes, section 5.7. Cambridge University Press.

    Examples
    --------
    >>> x = np.array([1.0, -2.0, 0.5])
    >>> check_grad(lambda x: (x ** 3).sum(), 3 * x ** 2, x) < 1e-9
    True
    >>> check_grad(lambda x: (x ** 3).sum(), 3 * x, x)
    Traceback (most recent call last):
    ...
    ValueError: the gradient at (1,) is -6, but central differences give 12: off by 1.5 of the largest, 3.7e-08 allowed
    """
    named = isinstance(point, dict)
    points, gradients = (point, gradient) if named else ({"": point}, {"": gradient})
    shapes = [
        {name: np.shape(values) for name, values in arrays.items()}
        for arrays in (points, gradients)
    ]
    if shapes[0] != shapes[1]:
        odd = next(
            name
            for name in {**shapes[0], **shapes[1]}
            if shapes[0].get(name) != shapes[1].get(name)
        )
        raise ValueError(
            f"gradient and point differ{f' in {odd!r}' if named else ''}: shape"
            f" {shapes[1].get(odd)} against {shapes[0].get(odd)}; pass one derivative an entry"
        )
    points = {name: as_floats(values, "point").copy() for name, values in points.items()}
    worst = 0.0
    for name, x in points.items():
        eps = float(np.finfo(x.dtype).eps)
        chosen = _chosen(x.size, entries, rng)
        numeric, noise = np.transpose(
            [_central_difference(function, points if named else x, x, i, eps) for i in chosen]
        )
        given = np.asarray(gradients[name], dtype=float).ravel()[chosen]
        scale = float(
            max(np.abs(gradients[name]).max(), np.abs(numeric).max(), np.finfo(float).tiny)
        )
        error = np.abs(numeric - given)
        allowed = (1000 * eps ** (2 / 3) if rtol is None else rtol) * scale + noise
        if not (error <= allowed).all():
            k = int(np.argmax(error - allowed))  # a NaN counts as the largest
            where = tuple(map(int, np.unravel_index(chosen[k], x.shape)))
            raise ValueError(
                f"the gradient at {f'{name!r} ' if named else ''}{where} is {given[k]:.6g}, but"
                f" central differences give {numeric[k]:.6g}: off by {error[k] / scale:.2g} of the"
                f" largest, {allowed[k] / scale:.2g} allowed"
            )
        worst = max(worst, float(error.max()) / scale)
    return worst


def _chosen(size, entries, rng):
    if size <= entries:
        return np.arange(size)
    if rng is None:
        raise ValueError(
            f"rng is needed to choose {entries} of {size} entries; pass"
            " numpy.random.default_rng(0), or entries"
        )
    return rng.choice(size, entries, replace=False)


def _central_difference(function, point, x, i, eps):
    """Derivative by entry i of x, an array inside `point`, and how much of it rounding may have made."""
    centre = x.flat[i]
    step = eps ** (1 / 3) * max(1.0, abs(float(centre)))
    values, places = [], []
    for side in (step, -step):
        x.flat[i] = centre + x.dtype.type(side)
        places.append(float(x.flat[i]))
        values.append(float(function(point)))
    x.flat[i] = centre
    width = places[0] - places[1]  # what was really stepped, after rounding
    return (values[0] - values[1]) / width, 10 * eps * max(map(abs, values)) / width


def _changed(inputs, rng):
    """The inputs with every entry replaced by a different one."""
    if inputs.dtype.kind not in "iu":
        return inputs + rng.normal(size=inputs.shape).astype(inputs.dtype)
    ids, where = np.unique(inputs, return_inverse=True)
    if len(ids) < 2:
        raise ValueError(
            f"inputs holds one token id only, {ids.tolist()}: there is nothing to change it to;"
            " pass real text"
        )
    return ids[(where.reshape(inputs.shape) + rng.integers(1, len(ids), inputs.shape)) % len(ids)]


def _difference(a, b):
    """|a − b|, and 0 where both are the same infinity."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, np.abs(np.subtract(a, b, dtype=np.float64)))


def _short(prefix):
    """A prefix as text, its middle left out if it is long."""
    if len(prefix) <= 12:
        return str(prefix)
    return (
        f"({', '.join(map(str, islice(prefix, 5)))}, … {len(prefix)} tokens …,"
        f" {', '.join(map(str, prefix[-5:]))})"
    )
