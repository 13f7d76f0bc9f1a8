"""Entropy, divergences, perplexity and bits (chapter 5).

The vocabulary lies on the last axis and results are in nats, except for the functions whose names say bits. Functions
of distributions take probabilities, or log-probabilities with ``log=True``, which is exact where a probability is under
the smallest float. 0·log 0 is 0. A row that does not sum to 1 raises; scipy.stats.entropy normalises it silently.
"""

import numpy as np

from lmcore._arrays import accumulator, as_floats
from lmcore.likelihood import masked_mean


def entropy(probs, log=False):
    """Expected surprise of a draw, H(p) = −Σ_v p_v log p_v (book, section 5.1).

    0 for a sure outcome, log V for the uniform distribution, in between otherwise.

    Parameters
    ----------
    probs : array-like of shape (..., V)
        Probabilities, or log-probabilities if `log`.
    log : bool, default False

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the type of `probs`.

    Raises
    ------
    ValueError
        If a row is not a distribution.

    References
    ----------
    Shannon, C. E. (1948). A Mathematical Theory of Communication. Bell System Technical Journal 27.

    Examples
    --------
    >>> float(entropy([0.5, 0.25, 0.25]) / np.log(2))        # bits
    1.5
    """
    dtype = as_floats(probs, "probs").dtype
    probs, log_probs = as_distribution(probs, "probs", log)
    # 0 - x, so that a sure outcome has 0.0, not -0.0
    return (0 - _expectation(probs, log_probs)).astype(dtype)[()]


def cross_entropy_dist(q, p, log=False):
    """Expected surprise under a model p of draws from q, H(q, p) = −Σ_v q_v log p_v (book, section 5.2).

    It is H(q) + KL(q‖p). For logits and target ids use `lmcore.likelihood.cross_entropy`.

    Parameters
    ----------
    q, p : array-like of shape (..., V)
        The distribution drawn from and the model, broadcast against each other; log-probabilities
        if `log`.
    log : bool, default False

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the wider of the two types; +inf where q puts probability on what p excludes.

    Raises
    ------
    ValueError
        If the sizes V differ or a row is not a distribution.

    References
    ----------
    Cover, T. M. and Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., chapters 2 and 5. Wiley.

    Examples
    --------
    >>> float(cross_entropy_dist([0.5, 0.5], [0.25, 0.75]).round(4))
    0.837
    """
    (q, log_q), (_, log_p), dtype = _distributions(q, p, log)
    crossed = 0 - _expectation(q, np.broadcast_to(log_p, np.broadcast_shapes(q.shape, log_p.shape)))
    return np.where(_escapes(log_q, log_p), np.inf, crossed).astype(dtype)[()]


def kl_divergence(q, p, log=False):
    """Nats wasted by describing draws from q with a model p, KL(q‖p) = Σ_v q_v log(q_v / p_v) (book, section 5.2).

    At least 0, and 0 only for p = q; not symmetric.

    Parameters
    ----------
    q, p : array-like of shape (..., V)
        The distribution drawn from and the model, broadcast against each other; log-probabilities
        if `log`. PyTorch's kl_div takes them in the other order, as (log p, q).
    log : bool, default False

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the wider of the two types; +inf where q puts probability on what p excludes. A sum
        that rounds to below 0 is 0. PyTorch gives NaN where p and q are both 0, and its "batchmean"
        alone divides by the batch only.

    Raises
    ------
    ValueError
        If the sizes V differ or a row is not a distribution.

    References
    ----------
    Kullback, S. and Leibler, R. A. (1951). On Information and Sufficiency. Annals of Mathematical Statistics 22(1).

    Examples
    --------
    >>> q, p = [0.5, 0.5], [0.25, 0.75]
    >>> float(kl_divergence(q, p).round(4)), float(kl_divergence(p, q).round(4))
    (0.1438, 0.1308)
    """
    (q, log_q), (_, log_p), dtype = _distributions(q, p, log)
    # -inf - -inf, where q is 0 and the term is too
    with np.errstate(invalid="ignore"):
        ratio = log_q - log_p
    wasted = np.maximum(_expectation(q, ratio), 0)
    return np.where(_escapes(log_q, log_p), np.inf, wasted).astype(dtype)[()]


def js_divergence(q, p, log=False):
    """Jensen-Shannon divergence, ½ KL(q‖m) + ½ KL(p‖m) with m = (q + p)/2 (book, section 5.2).

    Symmetric, never infinite, at most log 2. Its root is a metric:
    scipy.spatial.distance.jensenshannon is that root.

    Parameters
    ----------
    q, p : array-like of shape (..., V)
        Broadcast against each other; log-probabilities if `log`.
    log : bool, default False

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the wider of the two types.

    Raises
    ------
    ValueError
        If the sizes V differ or a row is not a distribution.

    References
    ----------
    Lin, J. (1991). Divergence Measures Based on the Shannon Entropy. IEEE Transactions on Information Theory 37(1).

    Examples
    --------
    >>> float(js_divergence([1.0, 0.0], [0.0, 1.0]).round(4))          # nothing shared: log 2
    0.6931
    """
    (_, log_q), (_, log_p), dtype = _distributions(q, p, log)
    log_m = np.logaddexp(log_q, log_p) - log_q.dtype.type(np.log(2))
    halves = [kl_divergence(side, log_m, log=True) for side in (log_q, log_p)]
    return np.asarray((halves[0] + halves[1]) / 2).astype(dtype)[()]


def mutual_information(joint):
    """What one variable tells about another, I(X; Y) = Σ p(x, y) log [p(x, y) / (p(x) p(y))] (book, section 5.2).

    It is the divergence of the joint distribution from the product of its marginals, so 0 exactly
    for independence.

    Parameters
    ----------
    joint : array-like of shape (..., X, Y)
        Probabilities, each table summing to 1.

    Returns
    -------
    ndarray of shape (...) or float
        Nats, in the type of `joint`.

    Raises
    ------
    ValueError
        If `joint` has fewer than two axes or a table is not a distribution.

    References
    ----------
    Cover, T. M. and Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., section 2.3. Wiley.

    Examples
    --------
    >>> float(mutual_information([[0.5, 0.0], [0.0, 0.5]]).round(4))   # a fair coin seen twice: log 2
    0.6931
    """
    joint = as_floats(joint, "joint")
    if joint.ndim < 2:
        raise ValueError(
            f"joint must be a table with an axis for each variable, got shape {joint.shape}"
        )
    table = joint.astype(accumulator(joint.dtype), copy=False)
    product = table.sum(axis=-1, keepdims=True) * table.sum(axis=-2, keepdims=True)
    flat = joint.shape[:-2] + (-1,)
    return np.asarray(kl_divergence(table.reshape(flat), product.reshape(flat))).astype(
        joint.dtype
    )[()]


def plugin_entropy(counts):
    """Entropy of observed frequencies, H(c / n), an estimate of the source's that is too low (book, section 5.1).

    Parameters
    ----------
    counts : array-like of shape (..., K)
        Occurrences of each outcome, n in all.

    Returns
    -------
    ndarray of shape (...) or float
        Nats.

    Raises
    ------
    ValueError
        If a count is negative or a row has none.

    References
    ----------
    Paninski, L. (2003). Estimation of Entropy and Mutual Information. Neural Computation 15(6).

    Examples
    --------
    >>> float(plugin_entropy([2, 2, 0]).round(4))                      # log 2
    0.6931
    """
    counts, total = _counts(counts)
    return entropy(counts / total)


def miller_madow(counts):
    """Plug-in entropy with its bias mended to first order, H(c / n) + (K − 1) / 2n (book, section 5.1).

    K is the number of outcomes seen at least once. Outcomes never seen are still missing: in small
    samples of text the estimate remains too low.

    Parameters
    ----------
    counts : array-like of shape (..., K)
        Occurrences of each outcome, n in all.

    Returns
    -------
    ndarray of shape (...) or float
        Nats.

    Raises
    ------
    ValueError
        If a count is negative or a row has none.

    References
    ----------
    Miller, G. A. (1955). Note on the Bias of Information Estimates. Information Theory in Psychology.

    Examples
    --------
    >>> float(miller_madow([2, 2, 0]).round(4))                        # log 2 + (2 - 1) / 8
    0.8181
    """
    counts, total = _counts(counts)
    seen = np.count_nonzero(counts, axis=-1)
    return plugin_entropy(counts) + (seen - 1) / (2 * total[..., 0])


def perplexity(nll, mask=None):
    """Effective number of equally likely choices a token, exp(Σ m ℓ / Σ m) (book, sections 1.4 and 5.3).

    Parameters
    ----------
    nll : array-like
        −log p of each token in nats, of any shape.
    mask : array-like, optional
        Which tokens count (``targets != ignore_index``, `lmcore.likelihood.padding_mask`); all if
        not given.

    Returns
    -------
    float
        1 for a sure model, V for a uniform one, +inf if any token had probability 0. The mean is
        over tokens: perplexities of sentences, averaged, are something else.

    Raises
    ------
    ValueError
        If no token counts, or one has a negative `nll` (log p was passed for −log p).

    References
    ----------
    Jelinek, F., Mercer, R. L., Bahl, L. R. and Baker, J. K. (1977). Perplexity: a Measure of the Difficulty of Speech
    Recognition Tasks. Journal of the Acoustical Society of America 62.

    Examples
    --------
    >>> float(perplexity([np.log(10.0), np.log(10.0), 99.0], mask=[1, 1, 0]).round(4))
    10.0
    """
    with np.errstate(over="ignore"):
        return np.exp(_mean_nll(nll, mask))


def bits_per_token(nll, mask=None):
    """Mean surprise of a token in bits, Σ m ℓ / Σ m / ln 2 (book, section 5.4).

    Parameters
    ----------
    nll : array-like
        −log p of each token in nats.
    mask : array-like, optional
        Which tokens count; all if not given.

    Returns
    -------
    float
        Bits, log2 of the perplexity.

    Raises
    ------
    ValueError
        As for `perplexity`.

    Examples
    --------
    >>> float(bits_per_token([np.log(2.0), np.log(8.0)]))              # (1 + 3) / 2
    2.0
    """
    return _mean_nll(nll, mask) / np.log(2).astype(as_floats(nll, "nll").dtype)


def bits_per_byte(nll, n_bytes, mask=None):
    """Surprise of a text in bits a byte, Σ m ℓ / (n_bytes ln 2), comparable between tokenizers (book, section 5.5).

    Parameters
    ----------
    nll : array-like
        −log p of each token in nats; EOS included if the model must say where the text ends.
    n_bytes : int or array-like of int
        Length of the text in UTF-8 (``len(text.encode())``), or of each text; summed. With
        characters counted in place of bytes the result is bits per character.
    mask : array-like, optional
        Which tokens count; all if not given.

    Returns
    -------
    float
        Bits. The Language Model Evaluation Harness computes the same quotient of sums.

    Raises
    ------
    ValueError
        As for `perplexity`, or if there is no byte.

    References
    ----------
    Gao, L. et al. (2020). The Pile: An 800GB Dataset of Diverse Text for Language Modeling. arXiv:2101.00027

    Examples
    --------
    >>> float(bits_per_byte([np.log(2.0), np.log(8.0)], n_bytes=len("été".encode())))    # 4 bits, 5 bytes
    0.8
    """
    n_bytes = np.sum(n_bytes)
    if n_bytes <= 0:
        raise ValueError(
            f"n_bytes must be positive, got {n_bytes}; pass len(text.encode('utf-8')) of the scored"
            " text"
        )
    nll = as_floats(nll, "nll")
    weights = np.ones(nll.shape) if mask is None else np.broadcast_to(mask, nll.shape)
    return bits_per_token(nll, mask) * nll.dtype.type(weights.sum(dtype=float) / n_bytes)


def as_distribution(values, name, log):
    """Probabilities and log-probabilities, in the type that sums are kept in; each row is seen to sum to 1."""
    values = as_floats(values, name)
    # catches logits and counts, not rounding
    tolerance = max(1e-4, 8 * np.finfo(values.dtype).eps)
    values = values.astype(accumulator(values.dtype), copy=False)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        probs, log_probs = (np.exp(values), values) if log else (values, np.log(values))
    totals = probs.sum(axis=-1, dtype=np.float64)
    if not (probs >= 0).all() or not (np.abs(totals - 1) <= tolerance).all():
        what = "log-probabilities whose exponentials" if log else "non-negative probabilities that"
        remedy = "lmcore.softmax.log_softmax" if log else "lmcore.softmax.softmax"
        raise ValueError(
            f"{name} must hold {what} sum to 1 along the last axis, got sums from"
            f" {totals.min():.6g} to {totals.max():.6g} and a smallest entry of {values.min():.6g};"
            f" apply {remedy} to logits"
        )
    return probs, log_probs


def _distributions(q, p, log):
    """Both distributions as `as_distribution` gives them, and the type of a result made of both."""
    q, p = as_floats(q, "q"), as_floats(p, "p")
    if q.shape[-1] != p.shape[-1]:
        raise ValueError(
            f"q has V = {q.shape[-1]} outcomes and p {p.shape[-1]}: both must be over the same"
            " vocabulary"
        )
    return as_distribution(q, "q", log), as_distribution(p, "p", log), np.result_type(q, p)


def _expectation(probs, values):
    """Σ_v p_v x_v with 0 · anything = 0."""
    terms = np.zeros(values.shape, dtype=np.result_type(probs, values))
    np.multiply(probs, values, out=terms, where=np.broadcast_to(probs > 0, values.shape))
    return terms.sum(axis=-1)


def _escapes(log_q, log_p):
    """Rows in which q gives probability, however small, to what p excludes."""
    return ((log_q > -np.inf) & (log_p == -np.inf)).any(axis=-1)


def _counts(counts):
    """Counts as floats and their totals, seen to be counts."""
    counts = as_floats(counts, "counts")
    total = counts.sum(axis=-1, keepdims=True)
    if not (counts >= 0).all() or not ((total > 0) & np.isfinite(total)).all():
        raise ValueError(
            "counts must be non-negative with a positive finite sum in each row, got a smallest"
            f" count of {counts.min():g} and sums down to {total.min():g}"
        )
    return counts, total


def _mean_nll(nll, mask):
    """Mean over the tokens that count, none of them negative."""
    nll = as_floats(nll, "nll")
    mask = np.ones(nll.shape, dtype=bool) if mask is None else np.asarray(mask)
    negative = (nll < -1e-3) & (mask > 0)
    if negative.any():
        raise ValueError(
            f"nll holds {np.broadcast_to(nll, negative.shape)[negative][0]:g}, but −log p is never "
            "negative: pass the negative log-probabilities, not the log-probabilities"
        )
    return masked_mean(nll, mask)
