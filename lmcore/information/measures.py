"""Entropy, divergences, perplexity and bits (chapter 5).

The vocabulary lies on the last axis and results are in nats, except for the functions whose names
say bits. Functions of distributions take probabilities, or log-probabilities with ``log=True``,
which is exact where a probability is below the smallest float. 0·log 0 is 0. A row that does not
sum to 1 up to rounding raises; scipy.stats.entropy normalises it silently.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lmcore._arrays import accumulator, row_blocks, weighted_sum
from lmcore._checks import as_counts, as_distribution, as_floats, as_mask
from lmcore._typing import Bools, Floats
from lmcore.likelihood import masked_mean


def entropy(probs: ArrayLike, log: bool = False) -> Floats:
    """Expected surprise of a draw, H(p) = −Σ_v p_v log p_v (book, section 5.1).

    0 for a certain outcome, log V for the uniform distribution, in between otherwise.

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
    In bits:

    >>> float(entropy([0.5, 0.25, 0.25]) / np.log(2))
    1.5
    """
    values = as_distribution(probs, "probs", log=log)
    rows = values.reshape(-1, values.shape[-1])
    result = np.empty(len(rows), dtype=values.dtype)
    for part in row_blocks(*rows.shape, rows.itemsize):
        weights, log_probs = _both(rows[part], log)
        # 0 - x, so that a certain outcome has 0.0, not -0.0
        result[part] = 0 - weighted_sum(weights, log_probs)
    return result.reshape(values.shape[:-1])[()]


def cross_entropy_dist(q: ArrayLike, p: ArrayLike, log: bool = False) -> Floats:
    """Expected surprise under a model p of draws from q, −Σ_v q_v log p_v (book, section 5.2).

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
    Cover, T. M. and Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., chapters 2
    and 5. Wiley.

    Examples
    --------
    >>> float(cross_entropy_dist([0.5, 0.5], [0.25, 0.75]).round(4))
    0.837
    """
    (weights, log_q), (_, log_p), dtype = _distributions(q, p, log)
    crossed = 0 - weighted_sum(weights, log_p)
    return np.where(_escapes(log_q, log_p), np.inf, crossed).astype(dtype)[()]


def kl_divergence(q: ArrayLike, p: ArrayLike, log: bool = False) -> Floats:
    """Excess nats when p describes draws from q, Σ_v q_v log(q_v / p_v) (book, section 5.2).

    Written KL(q‖p). At least 0, and 0 only for p = q; not symmetric.

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
    Kullback, S. and Leibler, R. A. (1951). On Information and Sufficiency. Annals of Mathematical
    Statistics 22(1).

    Examples
    --------
    >>> q, p = [0.5, 0.5], [0.25, 0.75]
    >>> float(kl_divergence(q, p).round(4)), float(kl_divergence(p, q).round(4))
    (0.1438, 0.1308)
    """
    (weights, log_q), (_, log_p), dtype = _distributions(q, p, log)
    return _divergence(weights, log_q, log_p).astype(dtype)[()]


def js_divergence(q: ArrayLike, p: ArrayLike, log: bool = False) -> Floats:
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
    Lin, J. (1991). Divergence Measures Based on the Shannon Entropy. IEEE Transactions on
    Information Theory 37(1).

    Examples
    --------
    Nothing in common, log 2:

    >>> float(js_divergence([1.0, 0.0], [0.0, 1.0]).round(4))
    0.6931
    """
    (q_weights, log_q), (p_weights, log_p), dtype = _distributions(q, p, log)
    log_m = np.logaddexp(log_q, log_p)
    log_m -= log_m.dtype.type(np.log(2))
    halves = _divergence(q_weights, log_q, log_m) + _divergence(p_weights, log_p, log_m)
    return (halves / 2).astype(dtype)[()]


def mutual_information(joint: ArrayLike) -> Floats:
    """What one variable tells about another (book, section 5.2).

    I(X; Y) = Σ p(x, y) log [p(x, y) / (p(x) p(y))] is the divergence of the joint distribution from
    the product of its marginals, so it is 0 exactly for independence.

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
    Cover, T. M. and Thomas, J. A. (2006). Elements of Information Theory, 2nd ed., section 2.3.
    Wiley.

    Examples
    --------
    A fair coin seen twice, log 2:

    >>> float(mutual_information([[0.5, 0.0], [0.0, 0.5]]).round(4))
    0.6931
    """
    values = as_floats(joint, "joint")
    if values.ndim < 2:
        raise ValueError(
            f"joint must be a table with an axis for each variable, got shape {values.shape}"
        )
    flat = values.shape[:-2] + (values.shape[-2] * values.shape[-1],)
    as_distribution(values.reshape(flat), "joint")
    table = values.astype(accumulator(values.dtype), copy=False)
    # -inf - -inf in empty rows and columns, whose terms are 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(table)
        ratio -= np.log(table.sum(axis=-1, keepdims=True))
        ratio -= np.log(table.sum(axis=-2, keepdims=True))
    information = weighted_sum(table.reshape(flat), ratio.reshape(flat))
    return np.maximum(information, 0).astype(values.dtype)[()]


def plugin_entropy(counts: ArrayLike) -> Floats:
    """Entropy of observed frequencies, H(c / n) (book, section 5.1).

    On average this estimate of the source's entropy is too low.

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
    counts, totals = as_counts(counts, "counts")
    return entropy(counts / totals)


def miller_madow(counts: ArrayLike) -> Floats:
    """Plug-in entropy with its bias corrected to first order (book, section 5.1).

    The estimate is H(c / n) + (K − 1) / 2n; K is the number of outcomes seen at least once.
    Outcomes never seen are still missing: in small samples of text the estimate remains too low.

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
    Miller, G. A. (1955). Note on the Bias of Information Estimates. Information Theory in
    Psychology.

    Examples
    --------
    >>> float(miller_madow([2, 2, 0]).round(4))                        # log 2 + (2 - 1) / 8
    0.8181
    """
    counts, totals = as_counts(counts, "counts")
    seen = np.count_nonzero(counts, axis=-1)
    return plugin_entropy(counts) + (seen - 1) / (2 * totals[..., 0])


def perplexity(nll: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    """Effective number of equally likely tokens, exp(Σ m ℓ / Σ m) (book, sections 1.4 and 5.3).

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
        1 for a model that is certain and right, V for a uniform one, +inf if any token had
        probability 0. The mean is over tokens; averaging the perplexities of sentences gives
        another number. In the type of `nll`, but float32 for float16.

    Raises
    ------
    ValueError
        If no token counts, the mask does not fit, or a token has a negative `nll` (log p was passed
        for −log p).

    References
    ----------
    Jelinek, F., Mercer, R. L., Bahl, L. R. and Baker, J. K. (1977). Perplexity: a Measure of the
    Difficulty of Speech Recognition Tasks. Journal of the Acoustical Society of America 62.

    Examples
    --------
    >>> float(perplexity([np.log(10.0), np.log(10.0), 99.0], mask=[1, 1, 0]).round(4))
    10.0
    """
    with np.errstate(over="ignore"):
        return np.exp(_mean_nll(nll, mask))


def bits_per_token(nll: ArrayLike, mask: ArrayLike | None = None) -> Floats:
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
    mean = _mean_nll(nll, mask)
    return mean / np.log(2).astype(mean.dtype)


def bits_per_byte(nll: ArrayLike, n_bytes: ArrayLike, mask: ArrayLike | None = None) -> Floats:
    """Surprise of a text in bits per byte, Σ m ℓ / (n_bytes ln 2) (book, section 5.5).

    It can be compared between tokenizers.

    Parameters
    ----------
    nll : array-like
        −log p of each token in nats; EOS included if the model must say where the text ends.
    n_bytes : int or array-like of int
        Length of the text in UTF-8 (``len(text.encode())``), or of each text; summed. Count the
        text of the tokens that `mask` leaves. With characters counted in place of bytes the result
        is bits per character.
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
    Gao, L. et al. (2020). The Pile: An 800GB Dataset of Diverse Text for Language Modeling.
    arXiv:2101.00027

    Examples
    --------
    4 bits in 5 bytes:

    >>> float(bits_per_byte([np.log(2.0), np.log(8.0)], n_bytes=len("été".encode())))
    0.8
    """
    total_bytes = np.sum(n_bytes)
    if not total_bytes > 0:
        raise ValueError(
            f"n_bytes must be positive, got {total_bytes}; pass len(text.encode('utf-8')) of the "
            "scored text"
        )
    values = as_floats(nll, "nll", axis=None)
    weights = np.ones(values.shape) if mask is None else as_mask(mask, values, "nll")
    bits = bits_per_token(values, mask)
    return bits * bits.dtype.type(weights.sum(dtype=float) / total_bytes)


def _both(values: Floats, log: bool) -> tuple[Floats, Floats]:
    """Probabilities and their logarithms, in the type that sums are kept in."""
    values = values.astype(accumulator(values.dtype), copy=False)
    with np.errstate(divide="ignore"):
        return (np.exp(values), values) if log else (values, np.log(values))


def _distributions(
    q: ArrayLike, p: ArrayLike, log: bool
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], np.dtype]:
    """Probabilities and logarithms of two distributions, and the type of a result made of both."""
    q, p = as_floats(q, "q"), as_floats(p, "p")
    if q.shape[-1] != p.shape[-1]:
        raise ValueError(
            f"q has V = {q.shape[-1]} outcomes and p {p.shape[-1]}: both must be over the same "
            "vocabulary"
        )
    q, p = as_distribution(q, "q", log=log), as_distribution(p, "p", log=log)
    return _both(q, log), _both(p, log), np.result_type(q, p)


def _divergence(weights: Floats, log_q: Floats, log_p: Floats) -> Floats:
    """Σ_v q_v (log q_v − log p_v), not below 0; +inf where q has probability that p excludes."""
    # -inf - -inf, where q is 0 and so is the term
    with np.errstate(invalid="ignore"):
        ratio = log_q - log_p
    excess = np.maximum(weighted_sum(weights, ratio), 0)
    return np.where(_escapes(log_q, log_p), np.inf, excess)


def _escapes(log_q: Floats, log_p: Floats) -> Bools:
    """Rows in which q gives probability, however small, to what p excludes."""
    return ((log_q > -np.inf) & (log_p == -np.inf)).any(axis=-1)


def _mean_nll(nll: ArrayLike, mask: ArrayLike | None) -> Floats:
    """Mean over the tokens that count, none of them negative; float32 for float16."""
    values = as_floats(nll, "nll", axis=None)
    weights = np.ones(values.shape, dtype=bool) if mask is None else as_mask(mask, values, "nll")
    negative = (values < -1e-3) & (weights > 0)
    if negative.any():
        example = np.broadcast_to(values, negative.shape)[negative][0]
        raise ValueError(
            f"nll holds {example:g}, but −log p is never negative: pass the negative "
            "log-probabilities, not the log-probabilities"
        )
    return masked_mean(values.astype(accumulator(values.dtype), copy=False), weights)
