"""Random cases on which lmcore and its peers must agree.

    python tests/peers/held_out.py [--cases 600] [--seed 0] [NAME ...]

Every comparison draws its own shapes, types, spreads, ties and bans; names choose comparisons. A
disagreement is printed with the seed that draws it again, and the status is 1 if there is one.
Where a docstring says that lmcore differs, the case is not drawn. SciPy and scikit-learn are among
the tests' requirements, torch, transformers and nltk in the extra `peers`: what is not installed is
said to be missing. (The values stored beside this file stand for those peers in the unit tests.)
"""

import argparse
import importlib.util
import sys
from dataclasses import dataclass

import numpy as np

from lmcore import (
    calibration,
    decoding,
    diagnostics,
    information,
    likelihood,
    softmax,
)
from lmcore.models import blocks, layers, ngram, optim, rnn

# how far results may lie apart, relative to the largest of them
TOLERANCE = {"float64": 1e-10, "float32": 2e-5, "float16": 4e-3}


@dataclass
class Pair:
    """What lmcore found, what the peer found, and how far apart they may lie."""

    found: object
    expected: object
    dtype: object = "float64"  # in which lmcore computed
    scale: float = 0.0  # of the terms, where they may cancel


# ---- what is drawn


def a_type(rng):
    return np.dtype(rng.choice(["float64", "float64", "float32", "float16"]))


def logits_of(rng, dtype="float64", n_rows=None, vocab_size=None, bans=True):
    """Rows of logits: wide or narrow, some far from 0, some with ties and bans."""
    n_rows = n_rows or int(rng.integers(1, 6))
    vocab_size = vocab_size or int(rng.choice([2, 3, 7, 33, 257, 3001]))
    rows = rng.standard_normal((n_rows, vocab_size)) * rng.choice([0.1, 1.0, 5.0, 30.0])
    rows += rng.choice([0.0, 0.0, -200.0, 300.0])
    if rng.random() < 0.2:
        rows = rows.round(0)
    if bans and rng.random() < 0.3:
        banned = rng.random(rows.shape) < 0.3
        banned[np.arange(n_rows), rng.integers(vocab_size, size=n_rows)] = False
        rows[banned] = -np.inf
    return rows.astype(dtype)


def distributions_of(rng, n_rows=1, vocab_size=None):
    """Rows of probabilities, with zeros in some."""
    vocab_size = vocab_size or int(rng.choice([2, 5, 40, 1000]))
    rows = rng.dirichlet(np.full(vocab_size, rng.choice([0.05, 1.0, 20.0])), size=n_rows)
    if rng.random() < 0.3:
        rows[:, rng.random(vocab_size) < 0.3] = 0
        rows[:, 0] += 0.01
    return rows / rows.sum(axis=1, keepdims=True)


def targets_of(rng, shape, vocab_size, ignored=True):
    """Token ids, of which some may be ignored, but never all."""
    ids = rng.integers(vocab_size, size=shape)
    if ignored and rng.random() < 0.5:
        ids[rng.random(shape) < 0.3] = -100
        ids.flat[0] = 0
    return ids


# ---- SciPy


def scipy_softmax(rng):
    from scipy import special

    dtype = a_type(rng)
    rows = logits_of(rng, dtype)
    axis = -1 if np.isinf(rows).any() else int(rng.choice([-1, 0]))
    wide = rows.astype("float64")
    yield Pair(softmax.softmax(rows, axis), special.softmax(wide, axis), dtype)
    yield Pair(softmax.log_softmax(rows, axis), special.log_softmax(wide, axis), dtype)
    yield Pair(softmax.logsumexp(rows, axis), special.logsumexp(wide, axis), dtype)


def scipy_divergences(rng):
    from scipy.spatial.distance import jensenshannon
    from scipy.stats import entropy

    q, p = distributions_of(rng, n_rows=2)
    yield Pair(information.entropy(q), entropy(q))
    yield Pair(information.kl_divergence(q, p), entropy(q, p), scale=1)
    yield Pair(information.js_divergence(q, p), jensenshannon(q, p) ** 2, scale=1)
    yield Pair(information.plugin_entropy(counts := rng.integers(9, size=20) + 1), entropy(counts))
    with np.errstate(divide="ignore"):
        logs = np.log(q), np.log(p)
    yield Pair(information.kl_divergence(*logs, log=True), entropy(q, p), scale=1)


def scipy_intervals(rng):
    from scipy.stats import binomtest, sem

    n = int(rng.integers(1, 400))
    k = int(rng.integers(n + 1))
    ends = binomtest(k, n).proportion_ci(method="wilson")
    yield Pair(calibration.wilson_interval(k / n, n), (ends.low, ends.high), "float32")
    signs = rng.integers(-1, 2, size=30)
    wins, losses = int((signs > 0).sum()), int((signs < 0).sum())
    for side in ("greater", "less", "two-sided"):
        expected = binomtest(wins, wins + losses, alternative=side).pvalue
        yield Pair(diagnostics.sign_test(signs, side).p_value, expected)
    values = rng.standard_normal(int(rng.integers(2, 50)))
    yield Pair(diagnostics.mean_stderr(values), (values.mean(), sem(values)))


def scipy_ranks(rng):
    from scipy.stats import mannwhitneyu

    scores = rng.integers(rng.choice([3, 1000]), size=int(rng.integers(2, 60)))
    labels = rng.random(scores.size) < 0.5
    labels[:2] = True, False
    wins = mannwhitneyu(scores[labels], scores[~labels]).statistic
    yield Pair(diagnostics.auroc(scores, labels), wins / labels.sum() / (~labels).sum())


def scipy_temperature(rng):
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = rng.standard_normal((80, 6))
    probs = softmax.softmax(rows)
    rows *= rng.choice([0.2, 1.0, 30.0])
    targets = (probs.cumsum(axis=1) > rng.random((80, 1))).argmax(axis=1)

    def loss(log_temperature):
        scaled = log_softmax(rows / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(80), targets].mean()

    best = minimize_scalar(loss, bounds=(-7, 9), method="bounded", options={"xatol": 1e-11})
    fitted = calibration.fit_temperature(rows, targets)
    yield Pair(loss(np.log(fitted)), best.fun, "float32")


def scipy_gelu(rng):
    from scipy.special import ndtr

    x = rng.standard_normal(40) * rng.choice([1.0, 4.0])
    yield Pair(layers.gelu(x, approximate="none")[0], x * ndtr(x))


# ---- scikit-learn


def sklearn_scores(rng):
    from sklearn import metrics

    probs = distributions_of(rng, n_rows=40, vocab_size=int(rng.integers(3, 8)))
    n_classes = probs.shape[1]
    targets = rng.integers(n_classes, size=40)
    labels = np.arange(n_classes)
    yield Pair(
        calibration.brier_score(probs, targets),
        metrics.brier_score_loss(targets, probs, labels=labels, scale_by_half=False),
    )
    k = int(rng.integers(1, n_classes))
    if (np.diff(np.sort(probs, axis=1), axis=1) > 0).all():
        yield Pair(
            diagnostics.top_k_accuracy(np.log(np.maximum(probs, 1e-300)), targets, k),
            metrics.top_k_accuracy_score(targets, probs, k=k, labels=labels),
        )
    if (probs > 1e-12).all():
        yield Pair(
            likelihood.nll(np.log(probs), targets), metrics.log_loss(targets, probs, labels=labels)
        )
    counts = rng.integers(1, 9, size=(4, 5))
    yield Pair(
        information.mutual_information(counts / counts.sum()),
        metrics.mutual_info_score(None, None, contingency=counts),
    )


def sklearn_calibration(rng):
    from sklearn.calibration import calibration_curve

    confidence = rng.random(200)
    correct = rng.random(200) < confidence
    seen = calibration.reliability(confidence, correct, n_bins=10)
    filled = seen.counts > 0
    accuracy, mean_confidence = calibration_curve(correct, confidence, n_bins=10)
    yield Pair(seen.accuracy[filled], accuracy)
    yield Pair(seen.confidence[filled], mean_confidence)


# ---- torch


def torch_cross_entropy(rng):
    import torch
    from torch.nn import functional as F

    dtype = np.dtype(rng.choice(["float64", "float32"]))
    rows = logits_of(rng, dtype, bans=False)
    targets = targets_of(rng, len(rows), rows.shape[1])
    reduction, smoothing = str(rng.choice(["mean", "sum"])), float(rng.choice([0.0, 0.1]))
    leaf = torch.from_numpy(rows.astype("float64")).requires_grad_()
    loss = F.cross_entropy(
        leaf, torch.from_numpy(targets), reduction=reduction, label_smoothing=smoothing
    )
    loss.backward()
    found = likelihood.cross_entropy_with_grad(
        rows, targets, reduction=reduction, label_smoothing=smoothing
    )
    yield Pair(found[0], loss.item(), dtype, scale=1)
    yield Pair(found[1], leaf.grad.numpy(), dtype)
    soft = distributions_of(rng, len(rows), rows.shape[1])
    expected = F.cross_entropy(leaf.detach(), torch.from_numpy(soft), reduction=reduction)
    yield Pair(
        likelihood.cross_entropy_soft(rows, soft.astype(dtype), reduction), expected.item(), dtype
    )


def torch_layers(rng):
    import torch
    from torch.nn import functional as F

    x = rng.standard_normal((2, 5, 8)) * rng.choice([0.1, 1.0, 10.0])
    gain, bias, d_out = rng.standard_normal((3, 8))
    d_out = np.broadcast_to(d_out, x.shape)
    leaves = [torch.from_numpy(a).requires_grad_() for a in (x, gain, bias)]
    out = F.layer_norm(leaves[0], (8,), leaves[1], leaves[2])
    out.backward(torch.from_numpy(d_out.copy()))
    found, cache = layers.layer_norm(x, gain, bias)
    yield Pair(found, out.detach().numpy())
    for mine, leaf in zip(layers.layer_norm_backward(d_out, cache), leaves, strict=True):
        yield Pair(mine, leaf.grad.numpy())
    for form in ("tanh", "none"):
        leaf = torch.from_numpy(x).requires_grad_()
        F.gelu(leaf, approximate=form).backward(torch.from_numpy(d_out.copy()))
        found, cache = layers.gelu(x, approximate=form)
        yield Pair(found, F.gelu(torch.from_numpy(x), approximate=form).numpy())
        yield Pair(layers.gelu_backward(d_out, cache), leaf.grad.numpy())
    ids = rng.integers(9, size=(2, 5))
    table = torch.zeros(9, 8, dtype=torch.float64, requires_grad=True)
    F.embedding(torch.from_numpy(ids), table).backward(torch.from_numpy(d_out.copy()))
    yield Pair(layers.embedding_backward(d_out, ids, 9), table.grad.numpy())


def torch_attention(rng):
    import torch
    from torch.nn import functional as F

    causal, time = bool(rng.random() < 0.5), int(rng.choice([1, 3, 70]))
    others = time if causal else int(rng.integers(1, 9))
    query = rng.standard_normal((2, 3, time, 4)) * rng.choice([1.0, 6.0])
    key, value = rng.standard_normal((2, 2, 3, others, 4))
    d_out = rng.standard_normal(query.shape)
    leaves = [torch.from_numpy(a).requires_grad_() for a in (query, key, value)]
    out = F.scaled_dot_product_attention(*leaves, is_causal=causal)
    out.backward(torch.from_numpy(d_out))
    found, cache = blocks.attention(query, key, value, causal=causal)
    yield Pair(found, out.detach().numpy())
    for mine, leaf in zip(blocks.attention_backward(d_out, cache), leaves, strict=True):
        yield Pair(mine, leaf.grad.numpy())


def torch_optimisers(rng):
    import torch

    start, grads = rng.standard_normal(6), rng.standard_normal((4, 6)) * rng.choice([1e-3, 1.0])
    settings = {"betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": float(rng.choice([0.0, 0.1]))}
    leaf = torch.nn.Parameter(torch.from_numpy(start.copy()))
    peer = torch.optim.AdamW([leaf], lr=0.05, **settings)
    params, state = {"w": start}, optim.adamw_init({"w": start})
    for grad in grads:
        leaf.grad = torch.from_numpy(grad.copy())
        peer.step()
        params, state = optim.adamw(params, {"w": grad}, state, 0.05, **settings)
        yield Pair(params["w"], leaf.detach().numpy().copy())
    limit = float(rng.choice([0.01, 100.0]))
    norm = torch.nn.utils.clip_grad_norm_([leaf], limit)
    clipped, found = optim.clip_grad_norm({"w": grads[-1]}, limit)
    yield Pair(found, norm.item())
    if found > 1e-2:  # where torch's 1e-6 in the denominator matters little
        yield Pair(clipped["w"] * (found / (found + 1e-6)), leaf.grad.numpy(), "float32")


def torch_recurrence(rng):
    import torch

    config = rnn.Config(vocab_size=7, hidden=5)
    params = {
        name: rng.standard_normal(array.shape)
        for name, array in rnn.init(config, np.random.default_rng(0)).items()
    }
    tokens = rng.integers(8, size=(2, 6))
    cell = torch.nn.RNN(8, 5, batch_first=True, dtype=torch.float64)
    named = {
        "weight_ih_l0": params["U"].T,
        "weight_hh_l0": params["W"],
        "bias_ih_l0": params["b"],
        "bias_hh_l0": np.zeros(5),
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in named.items()}
    one_hot = torch.nn.functional.one_hot(torch.from_numpy(tokens), 8).double()
    states, _ = torch.func.functional_call(cell, tensors, (one_hot,))
    expected = states.numpy() @ params["head"].T + params["head_b"]
    yield Pair(rnn.forward(params, tokens, config)[0], expected)


# ---- transformers


def transformers_filters(rng):
    import torch
    from transformers.generation import logits_process as hf

    rows = rng.standard_normal((3, int(rng.choice([5, 30, 400])))) * rng.choice([0.5, 2.0, 6.0])
    prefixes = rng.integers(min(6, rows.shape[1]), size=(3, int(rng.integers(1, 12))))
    scores, ids = torch.from_numpy(rows), torch.from_numpy(prefixes)
    k, share = int(rng.integers(1, rows.shape[1] + 3)), float(rng.uniform(0.05, 0.99))
    # with n = 1 every token may be banned, which lmcore refuses
    small, n = float(rng.uniform(1e-4, 0.2)), int(rng.integers(2, 5))
    for found, peer in (
        (decoding.top_k_filter(rows, k), hf.TopKLogitsWarper(k)),
        (decoding.top_p_filter(rows, share), hf.TopPLogitsWarper(share)),
        (decoding.min_p_filter(rows, small), hf.MinPLogitsWarper(small)),
        (decoding.typical_filter(rows, share), hf.TypicalLogitsWarper(share)),
        (decoding.epsilon_filter(rows, small), hf.EpsilonLogitsWarper(small)),
        (
            decoding.repetition_penalty(rows, prefixes, 0.5 + share),
            hf.RepetitionPenaltyLogitsProcessor(0.5 + share),
        ),
        (decoding.no_repeat_ngram(rows, prefixes, n), hf.NoRepeatNGramLogitsProcessor(n)),
    ):
        yield Pair(found, peer(ids, scores.clone()).numpy())


# ---- nltk


def nltk_smoothing(rng):
    from nltk import lm

    vocab_size, eos = 6, 5
    texts = [rng.integers(5, size=int(rng.integers(1, 9))).tolist() for _ in range(12)]
    texts.append(list(range(5)))
    counts = ngram.count_ngrams(texts, vocab_size, order=2, eos=eos)
    discount = float(rng.uniform(0.2, 0.9))
    for mine, peer in (
        (ngram.additive(counts, 0.3), lm.Lidstone(0.3, 2)),
        (ngram.witten_bell(counts, interpolate_unigrams=False), lm.WittenBellInterpolated(2)),
        (
            ngram.kneser_ney(counts, discount, interpolate_unigrams=False),
            lm.KneserNeyInterpolated(2, discount=discount),
        ),
        (
            ngram.absolute_discounting(counts, discount, interpolate_unigrams=False),
            lm.AbsoluteDiscountingInterpolated(2, discount=discount),
        ),
    ):
        peer.vocab = lm.Vocabulary([str(t) for text in texts for t in [*text, eos]], unk_cutoff=1)
        if hasattr(peer, "estimator"):
            peer.estimator.vocab = peer.vocab
        peer.counts.update(grams_of([str(t) for t in text], str(eos)) for text in texts)
        # histories of one token, not BOS: before those nltk and lmcore count differently
        history = int(rng.integers(5))
        row = np.exp(mine.next_log_probs((history,)))
        # lmcore's V is 6; Lidstone's counts <UNK> as well
        if isinstance(peer, lm.Lidstone):
            seen = peer.counts[(str(history),)]
            expected = [(seen[str(t)] + 0.3) / (seen.N() + 0.3 * vocab_size) for t in range(6)]
        else:
            expected = [peer.score(str(t), (str(history),)) for t in range(vocab_size)]
        yield Pair(row, expected)


def grams_of(text, eos):
    """Unigrams without BOS, and bigrams, of one text."""
    string = ["<s>", *text, eos]
    return [(w,) for w in string[1:]] + list(zip(string[:-1], string[1:], strict=True))


COMPARISONS = {
    "scipy": [
        scipy_softmax,
        scipy_divergences,
        scipy_intervals,
        scipy_ranks,
        scipy_temperature,
        scipy_gelu,
    ],
    "sklearn": [sklearn_scores, sklearn_calibration],
    "torch": [
        torch_cross_entropy,
        torch_layers,
        torch_attention,
        torch_optimisers,
        torch_recurrence,
    ],
    "transformers": [transformers_filters],
    "nltk": [nltk_smoothing],
}


def installed():
    """The comparisons whose peer is there."""
    return [
        comparison
        for peer, comparisons in COMPARISONS.items()
        if importlib.util.find_spec(peer)
        for comparison in comparisons
    ]


def disagreement(pair):
    """What is wrong with a pair, or None."""
    found = np.asarray(pair.found, dtype=float)
    expected = np.asarray(pair.expected, dtype=float)
    if found.shape != expected.shape:
        return f"shape {found.shape} against {expected.shape}"
    usual = np.isfinite(expected)
    if (np.isfinite(found) != usual).any() or (found[~usual] != expected[~usual]).any():
        return f"infinite at other places: {found} against {expected}"
    scale = max(1e-300, pair.scale, np.abs(expected[usual]).max(initial=0.0))
    gap = np.abs(found[usual] - expected[usual]).max(initial=0.0)
    limit = TOLERANCE[np.dtype(pair.dtype).name]
    return f"off by {gap / scale:.2g} of the largest" if gap > limit * scale else None


def compare(comparison, seed):
    """Disagreements of one random case, as texts."""
    # a generator of its own for each: what one draws does not move the others
    rng = np.random.default_rng([seed, *comparison.__name__.encode()])
    found = ((number, disagreement(pair)) for number, pair in enumerate(comparison(rng)))
    return [f"{comparison.__name__}, seed {seed}, pair {n}: {text}" for n, text in found if text]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("names", nargs="*")
    settings = parser.parse_args()
    missing = [peer for peer in COMPARISONS if not importlib.util.find_spec(peer)]
    chosen = [c for c in installed() if not settings.names or c.__name__ in settings.names]
    wrong = []
    for case in range(settings.cases):
        wrong += compare(chosen[case % len(chosen)], settings.seed + case // len(chosen))
    print("\n".join(wrong) or f"{settings.cases} cases agree")
    print(f"compared: {', '.join(c.__name__ for c in chosen)}")
    print(f"not installed: {', '.join(missing) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
