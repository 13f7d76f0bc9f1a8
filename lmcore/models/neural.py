"""Parameters of an NPLM, RNN or transformer served as a language model (book, sections 8.3 to 8.5).

Training works with arrays of parameters; scoring, decoding and everything after want ``next_log_probs(prefix)``. The
bridge is `LanguageModel`, which puts BOS in front, remembers the states of recent prefixes, and keeps to one rule of how
much of a long text is seen, so that one token at a time and all at once give the same numbers.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from types import ModuleType

import numpy as np

from lmcore._arrays import as_token_ids
from lmcore.factorization import token_log_probs
from lmcore.softmax import log_softmax

# states of prefixes kept: enough for a beam, at most 40 MB for the largest pocket model
_REMEMBERED = 32


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A neural language model behind the one interface of the course (book, sections 8.3 to 8.5).

    What a prediction sees: an NPLM its last n tokens; an RNN everything, through its state; a
    transformer a window of its last tokens. The window begins at the text's beginning until the
    positions are used up, then moves on by ``config.hop`` tokens whenever it is full (half the
    context unless set), so between ``context - hop + 1`` and ``context`` tokens are seen, BOS
    counted. ``hop=1`` is the exact sliding window, at `context` times the work. The rule depends on
    the length of the prefix alone, which is why `log_probs` and `next_log_probs` agree everywhere.

    `next_log_probs` is a function of its prefix to the last bit, whatever was asked before: it
    always advances one token at a time, from remembered states when there are any. An arithmetic
    decoder can therefore repeat its encoder. `log_probs` works on whole windows and agrees with it
    to rounding, about 1e-5 nats in float32.

    Attributes
    ----------
    module : module
        `lmcore.models.nplm`, `rnn` or `transformer`.
    params : dict of str to ndarray
    config : Config
        The module's.
    eos : int or None
        Token that ends a text; after it only EOS follows, with probability 1.
    charset : str
        Character of each id, if tokens are characters.
    about : dict
        Where the parameters come from.

    Raises
    ------
    ValueError
        If `eos` is no output.

    Examples
    --------
    >>> from lmcore.models import nplm
    >>> config = nplm.Config(vocab_size=3, context=2)
    >>> model = LanguageModel(nplm, nplm.init(config, np.random.default_rng(0)), config, eos=2)
    >>> round(float(np.exp(model.next_log_probs((0, 1))).sum()), 5)
    1.0
    >>> np.allclose(model.log_probs([[0, 1, 0]])[0, 2], model.next_log_probs((0, 1)), atol=1e-5)
    True
    """

    module: ModuleType
    params: dict
    config: object
    eos: int | None = None
    charset: str = ""
    about: dict = field(default_factory=dict, repr=False)
    _states: OrderedDict = field(default_factory=OrderedDict, init=False, repr=False)

    def __post_init__(self):
        if self.eos is not None and not 0 <= self.eos < self.vocab_size:
            raise ValueError(f"eos is {self.eos}, but outputs are 0 to {self.vocab_size - 1}")

    @property
    def vocab_size(self):
        """V, the number of outputs; BOS, id V, is not among them."""
        return self.config.vocab_size

    def next_log_probs(self, prefix):
        """(V,) nats of the token after `prefix`, a tuple of ids, in the type of the parameters."""
        prefix = tuple(as_token_ids(prefix, self.vocab_size, "prefix").tolist())
        if prefix and prefix[-1] == self.eos:
            return self._ended()
        inputs = (self.vocab_size,) + prefix
        window = inputs[self.module.window_start(len(inputs), self.config) :]
        return log_softmax(self._logits_and_state(window)[0][0])

    def log_probs(self, tokens):
        """(B, T, V) nats, aligned: row t is the distribution that token t of `tokens` (B, T) is drawn from."""
        tokens = as_token_ids(tokens, self.vocab_size, "tokens")
        if tokens.ndim != 2 or tokens.size == 0:
            raise ValueError(
                f"tokens must have shape (B, T) with at least one token, got {tokens.shape}; "
                "pass one text as tokens[None]"
            )
        inputs = np.concatenate(
            [np.full((len(tokens), 1), self.vocab_size), tokens[:, :-1]], axis=1
        )
        rows = np.ascontiguousarray(self.module.long_forward(self.params, inputs, self.config))
        log_softmax(rows, out=rows)
        if self.eos is not None:
            rows[inputs == self.eos] = self._ended()
        return rows

    def token_log_probs(self, tokens):
        """(B, T) nats of each token of `tokens` (B, T) given those before it."""
        return token_log_probs(self.log_probs(tokens), tokens)

    def encode(self, text):
        """Ids of a text as a tuple, without EOS; ValueError for a character that the model does not know."""
        ids = tuple(self.charset.find(char) for char in text)
        if -1 in ids:
            where = ids.index(-1)
            raise ValueError(
                f"text holds {text[where]!r} at {where}, which is not among the model's"
                f" {len(self.charset)} characters; fold it with lmcore.data.clean first"
            )
        return ids

    def decode(self, ids):
        """Text of ids up to EOS; ValueError for an id that is no character."""
        ids = [int(i) for i in ids]
        ids = ids[: ids.index(self.eos)] if self.eos in ids else ids
        wrong = [i for i in ids if not 0 <= i < len(self.charset)]
        if wrong:
            raise ValueError(
                f"ids holds {wrong[0]}, but the model's characters are 0 to {len(self.charset) - 1}"
            )
        return "".join(self.charset[i] for i in ids)

    def _ended(self):
        """The distribution after EOS."""
        row = np.full(self.vocab_size, -np.inf, dtype=next(iter(self.params.values())).dtype)
        row[self.eos] = 0
        return row

    def _logits_and_state(self, window):
        """Logits after a window and the state they came with; recent ones are remembered, the oldest forgotten."""
        known = self._states.get(window)
        if known is None:
            before = self._states.get(window[:-1])
            if before is None:
                known = self.module.prefill(self.params, window, self.config)
            else:
                known = self.module.step(self.params, before[1], window[-1:], self.config)
        self._states[window] = known
        self._states.move_to_end(window)
        while len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        return known
