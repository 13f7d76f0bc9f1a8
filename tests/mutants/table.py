"""The planted mistakes: one line of lmcore each, chosen among those that people really make.

A group names the file, the tests that must notice, and then (text as it stands, text with the
mistake, the mistake).
"""

from typing import NamedTuple


class Mutant(NamedTuple):
    """`old`, which stands once in `file`, becomes `new`; the test files `tests` must fail."""

    file: str
    tests: str
    old: str
    new: str
    mistake: str


def misfits(mutants, root):
    """What is wrong with the table.

    Texts that do not stand exactly once in their file, missing tests.
    """
    found = []
    for mutant in mutants:
        path = root / mutant.file
        times = path.read_text(encoding="utf-8").count(mutant.old) if path.exists() else 0
        if times != 1:
            found.append(
                f"{mutant.file}: {mutant.mistake}: {mutant.old!r} stands there {times} times, not"
                " once: update the table to the code"
            )
        found += [
            f"{mutant.file}: {mutant.mistake}: there is no {test}"
            for test in mutant.tests.split()
            if not (root / test.split("::")[0]).exists()
        ]
    return found


def _group(file, tests, *mistakes):
    return [Mutant(file, tests, *mistake) for mistake in mistakes]


MUTANTS = [
    *_group(
        "lmcore/distributions/sources.py",
        "tests/test_distributions.py",
        (
            "counts[row, column] += count",
            "counts[row, column] = count",
            "counts of folded pairs overwrite each other",
        ),
        (
            "row, column = rows.get(first, vocab.unk), columns.get(second, vocab.unk)",
            "row, column = rows.get(first), columns.get(second, vocab.unk)",
            "unknown first words not folded into UNK",
        ),
        (
            "probs = counts / counts.sum(axis=1, keepdims=True)",
            "probs = counts / counts.sum(axis=0, keepdims=True)",
            "normalised over histories, not next tokens",
        ),
        (
            "before[..., 1:] = tokens[..., :-1]",
            "before[..., :] = tokens",
            "a row sees its own token",
        ),
        (
            "end = self.end_prob(len(prefix) + 1)",
            "end = self.end_prob(len(prefix))",
            "draws counted from 0",
        ),
        (
            "probs = np.full(self.vocab_size, (1 - end) / self.eos)",
            "probs = np.full(self.vocab_size, (1 - end) / self.vocab_size)",
            "EOS counted among the uniform tokens",
        ),
    ),
    *_group(
        "lmcore/distributions/strings.py",
        "tests/test_distributions.py",
        (
            "return prefix_log_prob(next_log_probs, tokens + (eos,))",
            "return prefix_log_prob(next_log_probs, tokens)",
            "a string scored without its end",
        ),
        (
            "row = next_row(next_log_probs, tokens[:i])\n        as_token_ids",
            "row = next_row(next_log_probs, tokens[: i + 1])\n        as_token_ids",
            "the token is in its own prefix",
        ),
        (
            "return hazards * np.cumprod(np.append(1, 1 - hazards[:-1]))",
            "return hazards * np.cumprod(1 - hazards)",
            "survival counted through the present draw",
        ),
        (
            "if len(prefix) < max_len:",
            "if len(prefix) <= max_len:",
            "strings one token longer than asked for",
        ),
        (
            "finish = np.linalg.solve(np.eye(len(inner)) - inner, source.transition[ending, n])",
            "finish = np.linalg.solve(np.eye(len(inner)) - inner.T, source.transition[ending, n])",
            "transposed transitions",
        ),
    ),
    *_group(
        "lmcore/factorization/sequences.py",
        "tests/test_factorization.py",
        (
            "np.tri(length, past + length, k=past, dtype=bool)",
            "np.tri(length, past + length, k=past + 1, dtype=bool)",
            "causal mask off by one: the target leaks",
        ),
        (
            "np.tri(length, past + length, k=past, dtype=bool)",
            "np.tri(length, past + length, dtype=bool)",
            "the past of the cache is masked",
        ),
        (
            "np.where(targets[..., :-1] == ignore_index, bos, targets[..., :-1])",
            "targets[..., :-1]",
            "ignore_index fed to the model as a token",
        ),
        ("inputs[..., 1:] = ", "inputs[..., :-1] = ", "inputs not shifted"),
        (
            "return np.where(scored, picked, picked.dtype.type(0))",
            "return picked",
            "ignored positions scored",
        ),
    ),
    *_group(
        "lmcore/factorization/continuations.py",
        "tests/test_factorization.py",
        (
            "next_row(next_log_probs, prompt + continuation[:i])",
            "next_row(next_log_probs, continuation[:i])",
            "the prompt is forgotten",
        ),
        (
            "is_greedy = is_greedy and int(row.argmax()) == token",
            "is_greedy = int(row.argmax()) == token",
            "only the last token decides whether an answer is greedy",
        ),
        ("stripped = prompt.rstrip()", "stripped = prompt", "spaces left at the prompt's end"),
        (
            "width = max_len if start == 0 else max_len - context_len + 1",
            "width = max_len if start == 0 else max_len - context_len + 2",
            "rolling windows one token long",
        ),
    ),
    *_group(
        "lmcore/factorization/tables.py",
        "tests/test_factorization.py",
        (
            "history = marginal.sum(axis=-1, keepdims=True)",
            "history = marginal.sum(axis=0, keepdims=True)",
            "conditional on the wrong variable",
        ),
        (
            "return joint.transpose(np.argsort(_as_order(order, joint.ndim)))",
            "return joint.transpose(_as_order(order, joint.ndim))",
            "an order undone by itself, not by its inverse",
        ),
        (
            "vocab_size**history * (vocab_size - 1)",
            "vocab_size**history * vocab_size",
            "the dependent last probability counted",
        ),
    ),
    *_group(
        "lmcore/softmax.py",
        "tests/test_softmax.py",
        (
            "return result if keepdims else np.squeeze(result, axis=axis)[()]",
            "return result if keepdims else np.squeeze(result, axis=-1)[()]",
            "the last axis squeezed whichever was summed",
        ),
        (
            "[block.rows] = block.peak + np.log1p(",
            "[block.rows] = np.log1p(",
            "the maximum not put back",
        ),
        (
            "block.terms, 1 + block.others, out",
            "block.terms, block.others, out",
            "a normaliser without the largest term",
        ),
        (
            "block.shifted, np.log1p(block.others)",
            "block.shifted, np.log(1 + block.others)",
            "log(1 + x) in place of log1p",
        ),
        (
            "np.eye(probs.shape[-1], dtype=probs.dtype) - probs[..., None, :])",
            "np.eye(probs.shape[-1], dtype=probs.dtype) - probs[..., :, None])",
            "Jacobian with p_i² off the diagonal",
        ),
        (
            "np.multiply(probs, grad, dtype=wide).sum(axis=-1, keepdims=True)",
            "np.multiply(probs, grad, dtype=wide).sum(axis=0, keepdims=True)",
            "backward sums over the batch, not the vocabulary",
        ),
        (
            "return logits / as_temperature(temperature)",
            "return logits * as_temperature(temperature)",
            "temperature multiplies",
        ),
        (
            "(probs * scaled * scaled).sum(axis=-1) / temperature",
            "(probs * scaled * scaled).sum(axis=-1)",
            "dH/dτ with one power of τ too few",
        ),
        (
            "rng.gumbel(size=block.shape)",
            "rng.gumbel(size=block.shape[-1])",
            "the same noise for every row",
        ),
        ("dtype = accumulator(rows.dtype)", "dtype = rows.dtype", "float16 summed in float16"),
    ),
    *_group(
        "lmcore/likelihood/losses.py",
        "tests/test_likelihood.py",
        (
            "scale = 1 / int(kept.sum()) if",
            "scale = 1 / kept.size if",
            "gradient divided by the padded length",
        ),
        (
            "dtype.type(total / kept.sum())",
            "dtype.type(total / kept.size)",
            "loss divided by the padded length",
        ),
        (
            "block[np.arange(len(ids)), ids] -= scale * (1 - smoothing)",
            "block[np.arange(len(ids)), ids] -= scale",
            "smoothing left out of the gradient",
        ),
        (
            "picked = (1 - smoothing) * picked + smoothing * block.mean(axis=1, keepdims=True)",
            "picked = (1 - smoothing) * picked + smoothing * block.sum(axis=1, keepdims=True)",
            "smoothing with V times the weight",
        ),
        (
            "1 - label_smoothing + label_smoothing / vocab_size",
            "1 - label_smoothing",
            "a smoothed target that sums to less than 1",
        ),
        ("flat_grad[part] = 0\n", "pass\n", "gradients of ignored rows not cleared"),
    ),
    *_group(
        "lmcore/likelihood/masks.py",
        "tests/test_likelihood.py",
        (
            "np.arange(length) < lengths[..., None]",
            "np.arange(length) <= lengths[..., None]",
            "one padding token counted",
        ),
        (
            "(terms.sum(axis=axis) / total)",
            "(terms.mean(axis=axis))",
            "masked mean over the padded length",
        ),
        (
            "grad *= (2 / log_z.size * log_z)",
            "grad *= (1 / log_z.size * log_z)",
            "derivative of a square without its 2",
        ),
    ),
    *_group(
        "lmcore/likelihood/estimation.py",
        "tests/test_likelihood.py",
    ),
    *_group(
        "lmcore/information/measures.py",
        "tests/test_information.py",
        (
            "log_m = np.logaddexp(log_q, log_p)",
            "log_m = (log_q + log_p) / 2 + np.log(2)",
            "geometric mean for the mixture",
        ),
        (
            "return (halves / 2).astype(dtype)",
            "return halves.astype(dtype)",
            "JS divergence twice as large",
        ),
        ("return mean / np.log(2)", "return mean * np.log(2)", "nats to bits the wrong way round"),
        (
            "ratio -= np.log(table.sum(axis=-2, keepdims=True))",
            "ratio -= np.log(table.sum(axis=-1, keepdims=True))",
            "a marginal used twice",
        ),
        (
            "(seen - 1) / (2 * totals[..., 0])",
            "seen / (2 * totals[..., 0])",
            "Miller–Madow with a cell too many",
        ),
        (
            "(log_q > -np.inf) & (log_p == -np.inf)",
            "(log_p > -np.inf) & (log_q == -np.inf)",
            "support looked for on the wrong side",
        ),
        (
            "bits.dtype.type(weights.sum(dtype=float) / total_bytes)",
            "bits.dtype.type(weights.size / total_bytes)",
            "bits per byte from masked tokens too",
        ),
    ),
    *_group(
        "lmcore/information/coding.py",
        "tests/test_information.py",
        (
            "bits += [bit] + [1 - bit] * pending\n",
            "bits += [bit] + [bit] * pending\n",
            "pending bits not turned over",
        ),
        (
            "return low + span * start // TOTAL, low + span * end // TOTAL - 1",
            "return low + span * start // TOTAL, low + span * end // TOTAL",
            "neighbouring intervals overlap",
        ),
        (
            "share = ((value - low + 1) * TOTAL - 1) // (high - low + 1)",
            "share = (value - low) * TOTAL // (high - low + 1)",
            "decoder rounds another way than encoder",
        ),
        (
            "(probs * (TOTAL - len(probs))).astype(np.int64) + 1",
            "(probs * TOTAL).astype(np.int64)",
            "improbable tokens get no code",
        ),
    ),
    *_group(
        "lmcore/scoring.py",
        "tests/test_scoring.py",
        (
            "slope = over @ up / (over @ over)",
            "slope = over @ up / (up @ up)",
            "slope of length on score",
        ),
        (
            "(5 + lengths) / 6) ** alpha",
            "5 + lengths / 6) ** alpha",
            "GNMT penalty without its bracket",
        ),
        (
            "np.subtract(with_prompt, without,",
            "np.subtract(without, with_prompt,",
            "PMI the wrong way round",
        ),
        (
            'len(text.encode() if by == "byte" else text)',
            "len(text)",
            "characters counted for bytes",
        ),
        (
            'np.argsort(-scores, kind="stable")',
            'np.argsort(scores, kind="stable")',
            "the worst answer first",
        ),
    ),
    *_group(
        "lmcore/calibration/measures.py",
        "tests/test_calibration.py",
        (
            "np.sqrt(variances).sum() / len(claims)",
            "np.sqrt(variances.sum()) / len(claims)",
            "one bin's noise taken for that of all",
        ),
        (
            'confidence, side="left")',
            'confidence, side="right")',
            "bins [lo, hi) in place of (lo, hi]",
        ),
        (
            "np.nansum(bins.counts * np.abs(bins.accuracy - bins.confidence))",
            "np.abs(np.nansum(bins.counts * (bins.accuracy - bins.confidence)))",
            "over- and underconfidence cancel",
        ),
        (
            "(block * block).sum(axis=1) - 2 * of_target + 1",
            "(block * block).sum(axis=1) - 2 * of_target",
            "Brier score without the target's square",
        ),
        (
            "share * (mean_confidence - accuracy) ** 2",
            "(mean_confidence - accuracy) ** 2 / len(share)",
            "groups not weighed by their size",
        ),
    ),
    *_group(
        "lmcore/calibration/temperature.py",
        "tests/test_calibration.py",
        ("return float(1 / step)", "return float(step)", "inverse temperature returned"),
        (
            "low, high = (low, beta) if slope > 0 else (beta, high)",
            "low, high = (low, beta) if slope < 0 else (beta, high)",
            "bracket on the wrong side",
        ),
        (
            "if losses[0] <= losses[1]:",
            "if losses[0] >= losses[1]:",
            "golden section keeps the worse side",
        ),
    ),
    *_group(
        "lmcore/decoding/filters.py",
        "tests/test_decoding.py",
        (
            "np.greater_equal(block, threshold, out=kept[part])",
            "np.greater(block, threshold, out=kept[part])",
            "the k-th token dropped",
        ),
        (
            "before + sums[:, :-1] < goal",
            "sums[:, :-1] < goal",
            "mass of the steps before forgotten",
        ),
        (
            "np.take_along_axis(sums, order, axis=1).cumsum(axis=1)\n"
            "    needed = np.ones(keys.shape, dtype=bool)\n"
            "    needed[:, 1:] = before + sums[:, :-1] < goal",
            "np.take_along_axis(sums, order, axis=1).cumsum(axis=1)\n"
            "    needed = before + sums < goal",
            "the token that crosses p left out",
        ),
        ("mass * (1 - rounding))", "mass)", "a set that reaches p exactly still grows"),
        (
            'order = keys.argsort(axis=1, kind="stable")',
            'order = (-keys).argsort(axis=1, kind="stable")',
            "the least probable first",
        ),
        (
            "return _keep(logits, logits - best >= gap)",
            "return _keep(logits, logits >= gap)",
            "min-p as an absolute threshold",
        ),
        (
            "np.where(seen > 0, seen / penalty, seen * penalty)",
            "seen / penalty",
            "repetition penalty rewards negative logits",
        ),
        ("for back in range(1, n):", "for back in range(1, n + 1):", "history one token too long"),
        (
            "np.put_along_axis(chosen, order, needed, axis=1)",
            "np.put_along_axis(chosen, order[:, ::-1], needed, axis=1)",
            "of the tokens on the last step, those that are not needed",
        ),
        (
            "out=np.zeros_like(key)).sum(axis=1)",
            "out=np.zeros_like(key)).sum(axis=1) / 2",
            "half the entropy",
        ),
    ),
    *_group(
        "lmcore/decoding/sampling.py",
        "tests/test_decoding.py",
        ("np.divide(p, q, out=", "np.divide(q, p, out=", "acceptance upside down"),
        ("left = np.maximum(p - q, 0)", "left = p", "a rejected guess redrawn from the target"),
        (
            "return (*guesses, draw(_probs(next_log_probs, prefix + guesses), rng))",
            "return guesses",
            "no token of the target's own",
        ),
    ),
    *_group(
        "lmcore/decoding/search.py",
        "tests/test_decoding.py",
        (
            "if tokens[-1] == eos and rank < num_beams:",
            "if tokens[-1] == eos:",
            "hypotheses finish from outside the beam",
        ),
        (
            ("for length in (shortest, max(shortest, longest))"),
            "for length in (shortest,)",
            "beam search stops too early for α > 0",
        ),
        (
            "float(length_normalized(log_prob, len(tokens), alpha, form))",
            "float(length_normalized(log_prob, max(len(tokens) - 1, 1), alpha, form))",
            "EOS not counted in the length",
        ),
    ),
    *_group(
        "lmcore/models/ngram/counts.py",
        "tests/test_ngram.py",
        (
            "ends = np.flatnonzero(offset >= k - 1)",
            "ends = np.flatnonzero(offset >= 0)[k - 1:]",
            "n-grams that reach back into the document before",
        ),
        (
            "np.where(left_contexts == 0, raw, left_contexts)",
            "left_contexts",
            "n-grams after BOS lose their counts",
        ),
        (
            "return (*adjusted, counts.counts[-1])",
            "return (*adjusted, np.sign(counts.counts[-1]))",
            "types for tokens at the highest order",
        ),
        (
            "is_new[1:] = ordered[1:] != ordered[:-1]",
            "is_new[1:] = ordered[1:] > ordered[:-1] + 1",
            "neighbouring keys merged",
        ),
    ),
    *_group(
        "lmcore/models/ngram/discounting.py",
        "tests/test_ngram.py",
        (
            "ratio = n[1] / (n[1] + 2 * n[2])",
            "ratio = n[1] / (n[1] + n[2])",
            "discount estimate without its 2",
        ),
        (
            "discounts = j - (j + 1) * ratio * n[j + 1] / n[j]",
            "discounts = j - j * ratio * n[j + 1] / n[j]",
            "D_j with j for j + 1",
        ),
        (
            "gamma = np.bincount(history, discount, len(total)) / total",
            "gamma = np.zeros(len(total))",
            "back-off mass dropped",
        ),
        ("[np.minimum(frequency, 3)]", "[np.minimum(frequency, 2)]", "D2 for every count above 1"),
        (
            "table = _discount_table(discounts, frequencies, True, fallback)",
            "table = _discount_table(discounts, counts.counts, True, fallback)",
            "discounts estimated from raw counts",
        ),
    ),
    *_group(
        "lmcore/models/ngram/ratios.py",
        "tests/test_ngram.py",
        (
            "added = delta * counts.vocab_size",
            "added = delta",
            "additive smoothing adds V deltas and divides by one",
        ),
        (
            "types = np.bincount(history, frequency > 0, len(total))\n        gamma",
            "types = total\n        gamma",
            "Witten–Bell with tokens for types",
        ),
        (
            "np.full(len(total), 1 - keep)",
            "np.full(len(total), keep)",
            "interpolation weights swapped for unseen words",
        ),
        (
            "(1 - kept_sum / scale) / (1 - covered)",
            "(1 - kept_sum / scale)",
            "back-off mass spread over seen words as well",
        ),
        (
            "too_many = (cutoff + 1) * n[cutoff + 1] / n[1]",
            "too_many = cutoff * n[cutoff + 1] / n[1]",
            "Good–Turing off by one",
        ),
    ),
    *_group(
        "lmcore/models/ngram/table.py",
        "tests/test_ngram.py",
        (
            "[max(0, len(tokens) + 2 - self.order) :]",
            "[max(0, len(tokens) + 3 - self.order) :]",
            "history one token too short",
        ),
        (
            "rows[seen] += self.log_backoff[k - 2][history[seen], None]",
            "pass",
            "seen history's back-off mass left out of rows",
        ),
        (
            "log_p[known] += self.log_backoff[k - 2][history[known]]",
            "pass",
            "back-off mass left out of scores",
        ),
        (
            "below[counts.suffixes[k - 1]]",
            "np.full(len(frequency), 1 / V)",
            "every order interpolated with the uniform",
        ),
        (
            "scores = model._scores(stream, offset)[offset > 0]",
            "scores = model._scores(stream, offset)",
            "BOS scored as a token",
        ),
    ),
    *_group(
        "lmcore/models/layers.py",
        "tests/test_transformer.py",
        (
            "np.sqrt(_row_dots(normed, normed) / width + dtype.type(eps))",
            "(np.sqrt(_row_dots(normed, normed) / width) + dtype.type(eps))",
            "layer norm's ε outside the root",
        ),
        ("d_x -= mean[:, None]\n", "\n", "layer norm's mean not differentiated"),
        (
            "slope *= 3 * _GELU_SCALE * _GELU_CUBIC",
            "slope *= 2 * _GELU_SCALE * _GELU_CUBIC",
            "derivative of a cube with factor 2",
        ),
        (
            "table[found] = np.add.reduceat(rows[order], begins, axis=0, "
            "dtype=accumulator(rows.dtype))",
            "table[flat] = rows",
            "repeated tokens' gradients overwrite each other",
        ),
        ("slope *= -0.5\n", "slope *= -1\n", "the density of another normal distribution"),
    ),
    *_group(
        "lmcore/models/blocks.py",
        "tests/test_transformer.py",
        (
            "-np.inf, dtype=dtype), k=1 + n_keys - n_queries)",
            "-np.inf, dtype=dtype), k=2 + n_keys - n_queries)",
            "causal mask off by one",
        ),
        (
            "-np.inf, dtype=dtype), k=1 + n_keys - n_queries)",
            "-np.inf, dtype=dtype), k=1)",
            "cached keys masked",
        ),
        (
            "wide_query = wide_query * dtype.type(1 / np.sqrt(query.shape[-1]))",
            "wide_query = wide_query * dtype.type(1)",
            "scores without √d",
        ),
        (
            "block /= block.sum(axis=-1, keepdims=True)",
            "block /= block.sum(axis=-2, keepdims=True)",
            "attention normalised over queries",
        ),
        (
            "d_query *= weights.dtype.type(1 / np.sqrt(key.shape[-1]))",
            "pass",
            "the scale missing from the query's gradient",
        ),
        (
            'd_scores -= np.einsum("...ts,...ts->...t", d_scores, block)[..., None]',
            "pass",
            "softmax taken for its diagonal in backward",
        ),
        ("d_x = d_x + d_branch\n", "d_x = d_branch\n", "residual gradient lost"),
        (
            "np.concatenate([past[0], key], axis=-2)",
            "np.concatenate([key, past[0]], axis=-2)",
            "cache appended in front",
        ),
        (
            "= first * sin + second * cos",
            "= first * sin - second * cos",
            "rotation that reflects",
        ),
        (
            "slice(0, past + stop if causal else n_keys)",
            "slice(0, past + stop)",
            "attention without a mask sees no later key",
        ),
    ),
    *_group(
        "lmcore/models/transformer.py",
        "tests/test_transformer.py",
        (
            'grads["wte"][: config.vocab_size] += d_head.T',
            "pass",
            "tied embeddings without the head's gradient",
        ),
        ('grads["wpe"][inputs.shape[1] :] = 0', "pass", "unused positions keep garbage gradients"),
        (
            'params["wpe"][position])[:, None]',
            'params["wpe"][0])[:, None]',
            "every cached step at position 0",
        ),
        (
            "return -(-beyond // config.stride) * config.stride",
            "return beyond // config.stride * config.stride",
            "window moved on too late",
        ),
    ),
    *_group(
        "lmcore/models/rnn.py",
        "tests/test_rnn.py",
        (
            "np.add(d_states[t], carried, out=d_total[t])",
            "d_total[t] = d_states[t]",
            "gradient not carried through time",
        ),
        (
            "np.multiply(d_total[t], 1 - states[t + 1] * states[t + 1], out=d_inner[t])",
            "np.multiply(d_total[t], 1 - states[t] * states[t], out=d_inner[t])",
            "tanh differentiated at the state before",
        ),
        (
            'carried = d_inner[t] @ params["W"]',
            'carried = d_inner[t] @ params["W"].T',
            "recurrent matrix transposed on the way back",
        ),
        (
            "        state = cache.states[-1]\n",
            "        state = None\n",
            "state forgotten between blocks",
        ),
    ),
    *_group(
        "lmcore/models/nplm.py",
        "tests/test_nplm.py",
        (
            "((0, 0), (config.block_size - 1, 0)), constant_values=config.vocab_size)",
            "((0, 0), (config.block_size - 1, 0)))",
            "contexts padded with token 0",
        ),
        (
            "d_inner = d_hidden * (1 - hidden * hidden)",
            "d_inner = d_hidden * (1 - hidden)",
            "tanh' = 1 − tanh",
        ),
        ("first = max(0, begin - config.burn_in)", "first = begin", "blocks start without context"),
        ('logits += lm_head(x, params["W"])', "pass", "direct connections forgotten"),
        (
            "d_x + d_direct, d_W.T",
            "d_x, d_W.T",
            "features get no gradient from the direct connections",
        ),
    ),
    *_group(
        "lmcore/models/optim.py",
        "tests/test_optim.py",
        (
            "correction1, correction2 = 1 - beta1**step, 1 - beta2**step",
            "correction1, correction2 = 1.0, 1.0",
            "Adam without bias correction",
        ),
        (
            "move += (1 - learning_rate * decay) * param",
            "move += (1 - decay) * param",
            "weight decay not scaled by the learning rate",
        ),
        ("if norm <= max_norm:\n        return grads, norm\n", "", "small gradients scaled up"),
        (
            "math.sqrt(sum(_squared_norm(grad) for grad in grads.values()))",
            "max(math.sqrt(_squared_norm(grad)) for grad in grads.values())",
            "each array clipped by the largest norm, not the global one",
        ),
        (
            "    if step >= total:\n        return floor\n",
            "",
            "a schedule without a fall divides by zero",
        ),
        (
            "grad.astype(np.float32) if grad.dtype == np.float16 else grad",
            "grad",
            "squares of float16 overflow",
        ),
    ),
    *_group(
        "lmcore/models/neural.py",
        "tests/test_neural.py",
        ("if prefix and prefix[-1] == self.eos:", "if False:", "something follows EOS"),
        (
            "window = inputs[self.family.window_start(len(inputs), self.config) :]",
            "window = inputs",
            "the context is never cut",
        ),
        (
            "[np.full((len(ids), 1), self.vocab_size), ids[:, :-1]], axis=1",
            "[ids[:, :-1], ids[:, -1:]], axis=1",
            "inputs are the targets",
        ),
        (
            "params = {name: frozen(array) for name, array in self.params.items()}",
            "params = dict(self.params)",
            "a model that changes with the arrays it was made of",
        ),
    ),
    *_group(
        "lmcore/conditioning/context.py",
        "tests/test_conditioning.py",
        ("return gain / np.log(2)", "return gain", "nats reported as bits"),
        (
            "np.log1p((n_documents - holding + 0.5) / (holding + 0.5))",
            "np.log((n_documents - holding + 0.5) / (holding + 0.5))",
            "idf negative for common terms",
        ),
        (
            "frequency / (frequency + saturation[document_of])",
            "frequency / (frequency + saturation.mean())",
            "no length normalisation",
        ),
        (
            "mixed = logsumexp(weights + terms_of.astype(dtype, copy=False), axis=0)",
            "mixed = (np.exp(weights) * terms_of.astype(dtype, copy=False)).sum(axis=0)",
            "logarithms averaged for probabilities",
        ),
        ("if posterior and prefix:", "if False:", "documents' weights never updated"),
    ),
    *_group(
        "lmcore/conditioning/automata.py",
        "tests/test_conditioning.py",
        (
            "_or([after_first, _derivative(pattern[2], char)])"
            " if _may_end(pattern[1]) else after_first",
            "after_first",
            "a part that may be empty is never skipped",
        ),
        ("numbers(4, 96, 4)", "numbers(0, 96, 4)", "every century year a leap year"),
        (
            "table[:, eos] = np.where(np.append(machine.accepting, True), n_states, -1)",
            "table[:, eos] = n_states",
            "EOS allowed before the string is complete",
        ),
        (
            "return np.where((table >= 0) & alive[table], table, -1)",
            "return table",
            "dead ends left in",
        ),
        ("state[:, lengths == 0] = -1\n", "\n", "tokens without text never end"),
    ),
    *_group(
        "lmcore/conditioning/constraints.py",
        "tests/test_conditioning.py",
        (
            "return log_softmax(np.where(allowed, row, row.dtype.type(-np.inf)))",
            "return np.where(allowed, row, row.dtype.type(-np.inf))",
            "masked, not renormalised",
        ),
        (
            "removed.append(np.exp(row[states[state] < 0]).sum())\n"
            "        state = walk(states, (token,), state)",
            "state = walk(states, (token,), state)\n"
            "        removed.append(np.exp(row[states[state] < 0]).sum())",
            "mask of the next step",
        ),
        (
            "after = np.where(table[:, :n] >= 0, beta[np.arange(n), table[:, :n]], 0)",
            "after = (table[:, :n] >= 0) * 1.0",
            "greedy masking taken for conditioning",
        ),
        (
            "mixed = gamma * z_c + (1 - gamma) * z_u",
            "mixed = gamma * z_c + z_u",
            "guidance without taking the unconditional part away",
        ),
        (
            "mixed[(z_c == -np.inf) | (z_u == -np.inf)] = -np.inf",
            "mixed[(z_c == -np.inf) & (z_u == -np.inf)] = -np.inf",
            "a ban turned into certainty",
        ),
        (
            "refused = max(1 - kept.sum(), 0.0) ** (attempts or 1)",
            "refused = max(1 - kept.sum(), 0.0)",
            "retries that change nothing",
        ),
        (
            "return np.append(kept / kept.sum(), 0.0)",
            "return np.append(kept, 0.0)",
            "retry without renormalising",
        ),
    ),
    *_group(
        "lmcore/diagnostics/checks.py",
        "tests/test_diagnostics.py",
        ("first = t if own else t + 1", "first = t", "a target that sees itself passes"),
        (
            "np.concatenate([given[:, :t], other[:, t:]], axis=1)",
            "np.concatenate([given[:, : t + 1], other[:, t + 1 :]], axis=1)",
            "own input never changed",
        ),
        (
            "return (values[0] - values[1]) / width, 10",
            "return (values[0] - values[1]) / step, 10",
            "central difference over half its width",
        ),
        (
            "rng.integers(1, len(ids), inputs.shape)",
            "rng.integers(0, len(ids), inputs.shape)",
            "some inputs changed to themselves",
        ),
        ("if not own < losses[best]:", "if own > losses[best] + 10:", "misalignment forgiven"),
    ),
    *_group(
        "lmcore/diagnostics/measures.py",
        "tests/test_diagnostics.py",
        (
            "1 + (rows > own).sum(axis=-1)",
            "1 + (rows >= own).sum(axis=-1)",
            "ranks from 2, ties the worse place",
        ),
        ('for side in ("left", "right")', 'for side in ("right", "right")', "ties count as won"),
        (
            "np.sort(s[positive]), np.sort(s[~positive])",
            "np.sort(s[~positive]), np.sort(s[positive])",
            "the other class above",
        ),
        (
            "for heads in range(k, n):",
            "for heads in range(k + 1, n):",
            "a term of the tail left out",
        ),
        (
            "len(names) / (len(names) - 1) * (totals**2)",
            "(totals**2)",
            "no small-sample correction",
        ),
        (
            "repeated += position - last.get(token, -math.inf) <= window",
            "repeated += position - last.get(token, -math.inf) < window",
            "window one token short",
        ),
        (
            "for i in range(len(text) - n + 1))",
            "for i in range(len(text) - n))",
            "last n-gram left out",
        ),
        (
            "x.var(ddof=1, dtype=float)",
            "x.var(dtype=float)",
            "variance of the sample, not of its source",
        ),
    ),
    *_group(
        "lmcore/diagnostics/scaling.py",
        "tests/test_diagnostics.py",
        (
            "weights = (counts / counts.sum()).tolist()",
            "weights = (counts * 0 + 1 / len(counts)).tolist()",
            "means of shards averaged without weights",
        ),
        (
            "alpha = -(log_x @ np.log(ys - floor)) / (log_x @ log_x)",
            "alpha = -(log_x @ np.log(ys)) / (log_x @ log_x)",
            "the floor not taken off",
        ),
    ),
    *_group(
        "lmcore/_arrays.py",
        "tests/test_checks.py",
        ("(cdf <= level)", "(cdf < level)", "inverse CDF that can draw a token of probability 0"),
        (
            "np.minimum(uniform[..., None] * total, np.nextafter(total, 0))",
            "uniform[..., None] * total",
            "a draw just below 1 finds no token",
        ),
        (
            "level = np.minimum(uniform[..., None] * total,",
            "level = np.minimum(uniform[..., None],",
            "CDF taken to end at 1",
        ),
        (
            "np.multiply(weights, values, out=terms, where=weights != 0, dtype=dtype)",
            "np.multiply(weights, values, out=terms, dtype=dtype)",
            "0 · log 0 = NaN",
        ),
        (
            "return np.dtype(np.float32) if dtype.itemsize == 2 else dtype",
            "return dtype",
            "float16 summed in float16",
        ),
    ),
    *_group(
        "lmcore/_checks.py",
        "tests/test_checks.py",
        (
            'return array.astype(array.dtype.newbyteorder("="), copy=False)',
            "return array",
            "arrays of the other byte order passed on",
        ),
        ("if isinstance(values, np.ma.MaskedArray):", "if False:", "a mask dropped without a word"),
        ("+ n_terms * float(np.finfo(np.float64).eps) / 2", "", "no room for one running sum"),
        (
            "storing = float(stored.eps) / 2 * size",
            "storing = float(stored.eps) * n_terms",
            "tolerance too loose in float16",
        ),
        (
            "dtype = min(probs.dtype, np.dtype(np.float32), key=lambda dtype: dtype.itemsize)",
            "dtype = probs.dtype",
            "float64 that was float32 refused",
        ),
        (
            "totals = counts.sum(axis=-1, keepdims=True, dtype=accumulator(counts.dtype))",
            "totals = counts.sum(axis=-1, keepdims=True)",
            "counts in float16 overflow",
        ),
        ("if not np.isfinite(peak):", "if np.isnan(peak):", "a model that bans everything goes on"),
    ),
]
