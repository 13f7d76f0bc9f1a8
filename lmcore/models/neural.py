"""What NPLM, RNN and transformer share: their protocol, and the language model made of parameters.

A model family is a module, `nplm`, `rnn` or `transformer`, with the functions of `Family`. Training
works with its dict of parameters; scoring, decoding and everything after it want
``next_log_probs(prefix)``. The bridge is `LanguageModel`, which puts BOS in front, remembers the
states of recent prefixes, and keeps to one rule of how much of a long text is seen, so that one
token at a time and all at once give the same numbers (book, sections 8.3 to 8.5).
"""

from __future__ import annotations

import importlib
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lmcore._arrays import frozen
from lmcore._checks import as_integer, as_token_ids
from lmcore._typing import Floats, Params
from lmcore.factorization import token_log_probs
from lmcore.likelihood import cross_entropy_with_grad
from lmcore.models.characters import decode, encode
from lmcore.softmax import log_softmax

# states of prefixes kept: enough for a beam, at most 40 MB for the largest pocket model
_REMEMBERED = 32


class Family(Protocol):
    """What makes a module a family of neural language models (book, sections 8.3 to 8.5).

    Parameters are a dict of arrays under names of the family's own. A state is what a family needs
    to continue a text: an array, or a tuple of arrays. Caches are what `backward` needs from
    `forward`. ``Config`` holds the sizes; of it the others need `vocab_size` (V outputs; id V is
    BOS, an input only) and `burn_in` (how many positions at the head of a window from mid-text are
    not trained on). `LanguageModel`, `loss_and_grad`, `prefill` and the training script ask for
    nothing more.
    """

    WEIGHT_DECAYED: tuple[str, ...]
    Config: Any

    def init(self, config: Any, rng: np.random.Generator, dtype: DTypeLike = ...) -> Params:
        """Random parameters."""

    def forward(self, params: Params, inputs: ArrayLike, config: Any) -> tuple[Floats, Any]:
        """Logits (B, T, V) of the token after each input (B, T), and a cache."""

    def backward(self, params: Params, cache: Any, d_logits: Floats, config: Any) -> Params:
        """Gradient of every parameter from the derivative with respect to the logits."""

    def init_state(self, config: Any, batch: int = ...) -> Any:
        """The state before any token."""

    def step(
        self, params: Params, state: Any, tokens: ArrayLike, config: Any
    ) -> tuple[Floats, Any]:
        """Logits (B, V) after one more token (B,), and the new state; the old one stays valid."""

    def window_start(self, n_inputs: int, config: Any) -> int:
        """First of `n_inputs` ids that the prediction after them sees."""

    def long_forward(self, params: Params, inputs: Any, config: Any) -> Floats:
        """Logits (B, T, V) for texts of any length, seen as `window_start` says."""


def loss_and_grad(
    family: Family, params: Params, inputs: ArrayLike, targets: ArrayLike, config: Any
) -> tuple[float, Params]:
    """Mean cross-entropy of the targets and its gradient (book, sections 4.4 and 8.3 to 8.5).

    Parameters
    ----------
    family : module
        `lmcore.models.nplm`, `rnn` or `transformer`.
    params : dict of str to ndarray
    inputs : array-like of int of shape (B, T)
    targets : array-like of int of shape (B, T)
        The token after each input; -100 is left out of the mean.
    config : Config
        The family's.

    Returns
    -------
    loss : float
        Nats per token.
    grads : dict of str to ndarray

    Raises
    ------
    ValueError
        If shapes disagree, an id is out of range or every target is ignored.

    Examples
    --------
    An untrained model is about as good as guessing:

    >>> from lmcore.models import rnn
    >>> config = rnn.Config(vocab_size=5)
    >>> params = rnn.init(config, np.random.default_rng(0))
    >>> loss, grads = loss_and_grad(rnn, params, [[5, 1]], [[1, 2]], config)
    >>> bool(abs(loss - np.log(5)) < 0.1), grads.keys() == params.keys()
    (True, True)
    """
    logits, cache = family.forward(params, inputs, config)
    loss, d_logits = cross_entropy_with_grad(logits, targets)
    return float(loss), family.backward(params, cache, d_logits, config)


def prefill(
    family: Family, params: Params, inputs: Sequence[int], config: Any
) -> tuple[Floats, Any]:
    """Logits after a whole window of ids, and the state to continue from (book, section 8.4).

    It takes one `step` at a time: slower than `forward`, but equal to the last bit to having
    stepped through the window before.

    Parameters
    ----------
    family : module
        `lmcore.models.nplm`, `rnn` or `transformer`.
    params : dict of str to ndarray
    inputs : sequence of int
        The window, at least one id; BOS first where it begins a text.
    config : Config
        The family's.

    Returns
    -------
    logits : ndarray of shape (1, V)
    state
        As `step` returns it.

    Raises
    ------
    ValueError
        If `inputs` is empty.

    Examples
    --------
    >>> from lmcore.models import rnn
    >>> config = rnn.Config(vocab_size=5, hidden=3)
    >>> params = rnn.init(config, np.random.default_rng(0))
    >>> logits, state = prefill(rnn, params, (5, 1), config)
    >>> logits.shape, state.shape
    ((1, 5), (1, 3))
    """
    if len(inputs) == 0:
        raise ValueError("inputs is empty: pass at least one id, BOS where a text begins")
    state = family.init_state(config)
    for token in inputs:
        logits, state = family.step(params, state, [token], config)
    return logits, state


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A neural language model behind the one interface of the course (book, sections 8.3 to 8.5).

    What a prediction sees: an NPLM its last n tokens; an RNN everything, through its state; a
    transformer a window of its last tokens. The window begins at the text's beginning until the
    positions are used up, then moves on by ``config.stride`` tokens whenever it is full (half the
    block unless set), so between ``block_size - stride + 1`` and ``block_size`` tokens are seen,
    BOS counted. ``stride=1`` is the exact sliding window, at `block_size` times the work. The rule
    depends on the length of the prefix alone, which is why `log_probs` and `next_log_probs` agree
    everywhere.

    `next_log_probs` is a function of its prefix to the last bit, whatever was asked before: it
    always advances one token at a time, from remembered states when there are any. An arithmetic
    decoder can therefore repeat its encoder. `log_probs` works on whole windows and agrees with it
    to rounding, about 1e-5 nats in float32.

    The parameters are copied and read-only. A model can be pickled; remembered states are not.

    Attributes
    ----------
    family : module
        `lmcore.models.nplm`, `rnn` or `transformer`.
    params : dict of str to ndarray
    config : Config
        The family's.
    eos : int or None
        Token that ends a text; after it only EOS follows, with probability 1.
    charset : str
        Character of each id, if tokens are characters.
    metadata : dict
        Where the parameters come from.

    Raises
    ------
    ValueError
        If `eos` is no output.

    Examples
    --------
    >>> from lmcore.models import nplm
    >>> config = nplm.Config(vocab_size=3, block_size=2)
    >>> model = LanguageModel(nplm, nplm.init(config, np.random.default_rng(0)), config, eos=2)
    >>> round(float(np.exp(model.next_log_probs((0, 1))).sum()), 5)
    1.0
    >>> np.allclose(model.log_probs([[0, 1, 0]])[0, 2], model.next_log_probs((0, 1)), atol=1e-5)
    True
    """

    family: Any  # a module that is a Family
    params: Params
    config: Any
    eos: int | None = None
    charset: str = ""
    metadata: dict[str, Any] = field(default_factory=dict, repr=False)
    _states: OrderedDict[tuple[int, ...], tuple[Floats, Any]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        if self.eos is not None and not 0 <= as_integer(self.eos, "eos") < self.vocab_size:
            raise ValueError(f"eos is {self.eos}, but outputs are 0 to {self.vocab_size - 1}")
        params = {name: frozen(array) for name, array in self.params.items()}
        object.__setattr__(self, "params", params)

    def __reduce__(self) -> tuple[Any, ...]:
        # a module is pickled by its name
        name = self.family.__name__
        return _of_family, (name, self.params, self.config, self.eos, self.charset, self.metadata)

    @property
    def vocab_size(self) -> int:
        """V, the number of outputs; BOS, id V, is not among them."""
        return self.config.vocab_size

    def next_log_probs(self, prefix: tuple[int, ...]) -> Floats:
        """(V,) nats of the token after `prefix`, a tuple of ids, in the type of the parameters."""
        prefix = tuple(as_token_ids(prefix, self.vocab_size, "prefix").tolist())
        if prefix and prefix[-1] == self.eos:
            return self._ended(self.eos)
        inputs = (self.vocab_size, *prefix)
        window = inputs[self.family.window_start(len(inputs), self.config) :]
        return log_softmax(self._logits_and_state(window)[0][0])

    def log_probs(self, tokens: ArrayLike) -> Floats:
        """(B, T, V) nats, aligned: row t is the distribution of token t of `tokens` (B, T)."""
        ids = as_token_ids(tokens, self.vocab_size, "tokens")
        if ids.ndim != 2 or ids.size == 0:
            raise ValueError(
                f"tokens must have shape (B, T) with at least one token, got {ids.shape}; "
                "pass one text as tokens[None]"
            )
        inputs = np.concatenate([np.full((len(ids), 1), self.vocab_size), ids[:, :-1]], axis=1)
        rows = np.ascontiguousarray(self.family.long_forward(self.params, inputs, self.config))
        log_softmax(rows, out=rows)
        if self.eos is not None:
            rows[inputs == self.eos] = self._ended(self.eos)
        return rows

    def token_log_probs(self, tokens: ArrayLike) -> Floats:
        """(B, T) nats of each token of `tokens` (B, T) given those before it."""
        return token_log_probs(self.log_probs(tokens), tokens)

    def encode(self, text: str) -> tuple[int, ...]:
        """Ids of a text, without EOS; ValueError for a character that the model does not know."""
        return tuple(encode(text, self.charset).tolist())

    def decode(self, ids: Iterable[int]) -> str:
        """Text of ids up to EOS; ValueError for an id that is no character."""
        return decode(ids, self.charset, self.eos)

    def _ended(self, eos: int) -> Floats:
        """The distribution after EOS."""
        row = np.full(self.vocab_size, -np.inf, dtype=next(iter(self.params.values())).dtype)
        row[eos] = 0
        return row

    def _logits_and_state(self, window: tuple[int, ...]) -> tuple[Floats, Any]:
        """Logits after a window and the state they came with; the most recent are remembered."""
        known = self._states.get(window)
        if known is None:
            before = self._states.get(window[:-1])
            if before is None:
                known = prefill(self.family, self.params, window, self.config)
            else:
                known = self.family.step(self.params, before[1], window[-1:], self.config)
        self._states[window] = known
        self._states.move_to_end(window)
        while len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        return known


def _of_family(name: str, *fields: Any) -> LanguageModel:
    """A language model whose family is the module of this name."""
    return LanguageModel(importlib.import_module(name), *fields)
