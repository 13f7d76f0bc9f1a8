"""Vocabularies: the finite set of tokens that a language model chooses from (book, section 1.1)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lmcore._checks import as_token_ids


@dataclass(frozen=True, repr=False)
class Vocabulary:
    """Finite vocabulary with an end-of-string token, V_ext = V ∪ {EOS} (book, section 1.1).

    Ids are positions in `tokens`. Special tokens that are not among them are appended, UNK first,
    EOS last.

    Parameters
    ----------
    tokens : iterable of str
        Distinct tokens; a string is read as its characters.
    eos_token : str or None, default "<eos>"
        Ends a string; None for strings that never end.
    unk_token : str, optional
        Stands for every token outside the vocabulary; without it such a token is an error.

    Raises
    ------
    ValueError
        If there is no token, or one occurs twice.

    Examples
    --------
    >>> vocab = Vocabulary(["a", "b"], unk_token="<unk>")
    >>> vocab.tokens, vocab.eos
    (('a', 'b', '<unk>', '<eos>'), 3)
    >>> vocab.encode(["b", "c"], add_eos=True), vocab.decode([0, 3])
    ((1, 2, 3), ('a', '<eos>'))
    """

    tokens: tuple[str, ...]
    eos_token: str | None = "<eos>"
    unk_token: str | None = None
    _ids: dict[str | None, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        tokens = tuple(self.tokens)
        specials = (
            token
            for token in (self.unk_token, self.eos_token)
            if token is not None and token not in tokens
        )
        tokens += tuple(specials)
        if not tokens:
            raise ValueError("tokens is empty: a vocabulary needs at least one token")
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        if repeated:
            raise ValueError(f"tokens must be distinct, but {repeated[0]!r} occurs more than once")
        object.__setattr__(self, "tokens", tokens)
        object.__setattr__(self, "_ids", {token: i for i, token in enumerate(tokens)})

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def __repr__(self) -> str:
        return (
            f"Vocabulary({len(self)} tokens, eos_token={self.eos_token!r}, "
            f"unk_token={self.unk_token!r})"
        )

    @property
    def eos(self) -> int | None:
        """Id of EOS, or None."""
        return self._ids.get(self.eos_token)

    @property
    def unk(self) -> int | None:
        """Id of UNK, or None."""
        return self._ids.get(self.unk_token)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, float],
        size: int | None = None,
        eos_token: str | None = "<eos>",
        unk_token: str | None = None,
    ) -> "Vocabulary":
        """The `size` most frequent types of a mapping type -> count, ties in alphabetical order."""
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        return cls(tuple(ranked[:size]), eos_token, unk_token)

    def encode(self, tokens: Iterable[str], add_eos: bool = False) -> tuple[int, ...]:
        """Ids of a sequence of tokens, UNK's for those outside; ValueError if there is no UNK."""
        ids = []
        for token in tokens:
            known = self._ids.get(token, self.unk)
            if known is None:
                raise ValueError(
                    f"token {token!r} is not in the vocabulary of {len(self)} tokens, which has "
                    "no unk_token; give it one, or leave the token out"
                )
            ids.append(known)
        if add_eos:
            if self.eos is None:
                raise ValueError("add_eos needs a vocabulary with an eos_token")
            ids.append(self.eos)
        return tuple(ids)

    def decode(self, ids: Iterable[int]) -> tuple[str, ...]:
        """Tokens of a sequence of ids; ValueError if one is out of range."""
        return tuple(self.tokens[i] for i in as_token_ids(list(ids), len(self), "ids"))


def apply_vocab(tokens: Sequence[str], vocab: Vocabulary) -> tuple[str, ...]:
    """The text as a model sees it: tokens outside its vocabulary become UNK (book, section 1.1).

    Parameters
    ----------
    tokens : sequence of str
    vocab : Vocabulary

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If a token is outside and the vocabulary has no UNK (from `Vocabulary.encode`).

    Examples
    --------
    >>> apply_vocab(["the", "aardvark"], Vocabulary(["the"], unk_token="<unk>"))
    ('the', '<unk>')
    """
    return vocab.decode(vocab.encode(tokens))


def count_bigrams(
    strings: Iterable[Sequence[str]], start: str = "<s>", end: str | None = "<eos>"
) -> Counter[tuple[str, str]]:
    """How often each token follows each other, starts and ends included (book, section 1.3).

    Parameters
    ----------
    strings : iterable of sequences of str
    start : str, default "<s>"
        First member of the pair at the beginning of a string.
    end : str or None, default "<eos>"
        Second member of the pair at its end; None leaves ends uncounted.

    Returns
    -------
    Counter
        (token, next token) -> count.

    Examples
    --------
    >>> count_bigrams([["a", "b"], ["a"]])["<s>", "a"]
    2
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for string in strings:
        whole = [start, *string] + ([] if end is None else [end])
        pairs.update(zip(whole[:-1], whole[1:]))
    return pairs
