"""SmolLM2-135M in NumPy: weights of a GGUF file, byte-level BPE, and the forward pass.

Used only to make the recording that `lmcore.data.smollm2` loads; the package `gguf` undoes the
quantisation. The network is a LLaMA decoder: RMS norms, rotary positions, grouped-query attention
(9 query heads share 3 key and value heads), a gated feed-forward layer, and an output head tied to
the token embedding.

References
----------
Allal, L. B. et al. (2025). SmolLM2: When Smol Goes Big. arXiv:2502.02737.
Touvron, H. et al. (2023). LLaMA: Open and Efficient Foundation Language Models. arXiv:2302.13971.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise

import numpy as np

BOS = 0  # <|endoftext|>, which separates documents in pre-training
EOS = 2  # <|im_end|>, which ends a turn of a chat

# GPT-2's pattern for text without numerals: contractions, words, punctuation, blanks (the last
# blank of a run belongs to the word that follows it).
_WORDS = re.compile(r"'(?:s|t|re|ve|m|ll|d)| ?[^\W_]+| ?(?:_|[^\s\w])+|\s+(?!\S)|\s+")
_SPECIAL = re.compile(r"(<\|(?:endoftext|im_start|im_end)\|>)")


@dataclass(frozen=True)
class Weights:
    """What the GGUF file holds: hyper-parameters, tensors by name, and the tokenizer's tables.

    Attributes
    ----------
    layers, heads, kv_heads : int
    rope_base, norm_eps : float
    tensors : dict of str to ndarray
        Matrices are (outputs, inputs), so a layer computes ``x @ W.T``.
    token_ids : dict of str to int
        Token in the printable byte alphabet -> id.
    merge_ranks : dict of (str, str) to int
        Pair of symbols -> its rank; lower merges first.
    """

    layers: int
    heads: int
    kv_heads: int
    rope_base: float
    norm_eps: float
    tensors: dict
    token_ids: dict
    merge_ranks: dict


def read_weights(path):
    """Read and dequantise a GGUF file (needs ``pip install gguf``).

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    Weights
    """
    import gguf  # only the recording needs it

    reader = gguf.GGUFReader(path)
    value = {key: field.contents() for key, field in reader.fields.items()}
    return Weights(
        layers=value["llama.block_count"],
        heads=value["llama.attention.head_count"],
        kv_heads=value["llama.attention.head_count_kv"],
        rope_base=value["llama.rope.freq_base"],
        norm_eps=value["llama.attention.layer_norm_rms_epsilon"],
        tensors={t.name: gguf.dequantize(t.data, t.tensor_type) for t in reader.tensors},
        token_ids={token: i for i, token in enumerate(value["tokenizer.ggml.tokens"])},
        merge_ranks={
            tuple(pair.split(" ")): rank for rank, pair in enumerate(value["tokenizer.ggml.merges"])
        },
    )


@cache
def byte_symbols():
    """The printable character for each byte in the vocabulary, as in GPT-2 (space is ``Ġ``)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + i) for i, byte in enumerate(others)
    }


def token_bytes(weights):
    """The bytes of each token, by id; a special token is its name."""
    byte_of = {symbol: byte for byte, symbol in byte_symbols().items()}
    return [bytes(byte_of[symbol] for symbol in token) for token in weights.token_ids]


def pre_tokens(text):
    """Pieces within which byte pairs may merge: each numeral, and GPT-2's pattern between them.

    Examples
    --------
    >>> pre_tokens("in 1790, we've")
    ['in', ' ', '1', '7', '9', '0', ',', ' we', "'ve"]
    """
    parts = []
    for numeral, run in groupby(text, key=str.isnumeric):
        part = "".join(run)
        parts += part if numeral else _WORDS.findall(part)
    return parts


def merge_pairs(symbols, merge_ranks):
    """Byte-pair encoding of one piece: join the adjacent pair of lowest rank while there is one.

    Parameters
    ----------
    symbols : iterable of str
    merge_ranks : dict of (str, str) to int

    Returns
    -------
    list of str

    Examples
    --------
    >>> merge_pairs("lower", {("e", "r"): 0, ("l", "o"): 1, ("lo", "w"): 2})
    ['low', 'er']
    """
    symbols = list(symbols)
    while len(symbols) > 1:
        best = min(pairwise(symbols), key=lambda pair: merge_ranks.get(pair, np.inf))
        if best not in merge_ranks:
            break
        merged, i = [], 0
        while i < len(symbols):
            width = 2 if tuple(symbols[i : i + 2]) == best else 1
            merged.append("".join(symbols[i : i + width]))
            i += width
        symbols = merged
    return symbols


def encoder(weights):
    """The function text -> tuple of token ids; the three special tokens are recognised by name."""
    alphabet = byte_symbols()

    @cache
    def piece_ids(piece):
        symbols = (alphabet[byte] for byte in piece.encode("utf-8"))
        return [weights.token_ids[token] for token in merge_pairs(symbols, weights.merge_ranks)]

    def encode(text):
        ids = []
        # odd parts are the special tokens themselves
        for i, part in enumerate(_SPECIAL.split(text)):
            ids += (
                [weights.token_ids[part]]
                if i % 2
                else [t for piece in pre_tokens(part) for t in piece_ids(piece)]
            )
        return tuple(ids)

    return encode


def rms_norm(x, gain, eps):
    """gain * x / sqrt(mean(x^2) + eps) along the last axis."""
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + np.float32(eps)) * gain


def rotate(x, base):
    """Rotary positions: turn channels (2i, 2i+1) at step t by the angle t * base^(-2i/d).

    Parameters
    ----------
    x : ndarray of shape (B, heads, T, d)
    base : float

    Returns
    -------
    ndarray of the same shape
    """
    steps, width = x.shape[-2:]
    angle = np.arange(steps)[:, None] * float(base) ** (-np.arange(0, width, 2) / width)
    cos, sin = np.cos(angle).astype(x.dtype), np.sin(angle).astype(x.dtype)  # (T, d/2)
    even, odd = x[..., 0::2], x[..., 1::2]
    return np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1).reshape(x.shape)


def attend(x, weights, block):
    """Causal grouped-query attention of one layer; `x` of shape (B, T, D) in, the same out."""
    batch, steps, width = x.shape
    size = width // weights.heads
    tensor = weights.tensors

    def heads_of(name):
        return (
            (x @ tensor[f"{block}.attn_{name}.weight"].T)
            .reshape(batch, steps, -1, size)
            .transpose(0, 2, 1, 3)
        )

    query = rotate(heads_of("q"), weights.rope_base).reshape(
        batch, weights.kv_heads, -1, steps, size
    )
    # shared by a group of query heads
    key = rotate(heads_of("k"), weights.rope_base)[:, :, None]
    value = heads_of("v")[:, :, None]
    # (B, kv heads, group, T, T)
    scores = query @ key.swapaxes(-1, -2) / np.float32(np.sqrt(size))
    scores += np.triu(np.full((steps, steps), -np.inf, scores.dtype), 1)
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    mixed = (scores @ value).reshape(batch, weights.heads, steps, size).transpose(0, 2, 1, 3)
    return mixed.reshape(batch, steps, width) @ tensor[f"{block}.attn_output.weight"].T


def hidden_states(weights, ids):
    """The normalised last hidden states that the output head reads.

    Parameters
    ----------
    weights : Weights
    ids : array-like of int, shape (B, T)

    Returns
    -------
    ndarray of shape (B, T, D), float32
        Row t has seen tokens 0 … t and predicts token t + 1.
    """
    tensor, eps = weights.tensors, weights.norm_eps
    x = tensor["token_embd.weight"][np.asarray(ids)]
    for layer in range(weights.layers):
        block = f"blk.{layer}"
        x = x + attend(rms_norm(x, tensor[f"{block}.attn_norm.weight"], eps), weights, block)
        h = rms_norm(x, tensor[f"{block}.ffn_norm.weight"], eps)
        gate = h @ tensor[f"{block}.ffn_gate.weight"].T
        gate /= 1 + np.exp(-gate)  # SiLU
        x = (
            x
            + (gate * (h @ tensor[f"{block}.ffn_up.weight"].T))
            @ tensor[f"{block}.ffn_down.weight"].T
        )
    return rms_norm(x, tensor["output_norm.weight"], eps)


def head(weights, hidden):
    """Logits z = h E^T of the tied output head; (…, D) in, (…, V) out."""
    return hidden @ weights.tensors["token_embd.weight"].T
