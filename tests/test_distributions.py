"""lmcore.distributions against hand-worked strings, brute force and its own identities."""

import itertools
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import data
from lmcore import distributions as ds

# Tokens a = 0, b = 1, EOS = 2.
SOURCE = ds.MarkovSource([0.6, 0.3, 0.1], [[0.5, 0.25, 0.25], [0.1, 0.4, 0.5]])
LEAKY = ds.HazardSource(lambda n: 1 / (n + 1) ** 2, vocab_size=3)


def random_source(seed, n=3, ends=True, zeros=0.3):
    """A Markov source with some impossible transitions; EOS possible after every token."""
    rng = np.random.default_rng(seed)
    weights = rng.random((n + 1, n + ends)) * (
        rng.random((n + 1, n + ends)) > zeros
    ) + 1e-3 * np.eye(n + 1, n + ends)
    if ends:
        weights[:, n] += 0.05
    probs = weights / weights.sum(axis=1, keepdims=True)
    return ds.MarkovSource(probs[n], probs[:n])


class TestVocabulary:
    def test_specials_are_appended_unk_before_eos(self):
        vocab = ds.Vocabulary(["b", "a"], unk_token="?")
        assert vocab.tokens == ("b", "a", "?", "<eos>")
        assert (len(vocab), vocab.unk, vocab.eos) == (4, 2, 3)

    def test_specials_among_the_tokens_keep_their_place(self):
        vocab = ds.Vocabulary(["<eos>", "a"], eos_token="<eos>")
        assert vocab.tokens == ("<eos>", "a") and vocab.eos == 0

    def test_without_eos_or_unk(self):
        vocab = ds.Vocabulary("ab", eos_token=None)
        assert vocab.tokens == ("a", "b") and vocab.eos is None and vocab.unk is None

    @given(st.lists(st.sampled_from("abcdefg")))
    def test_decode_inverts_encode(self, text):
        vocab = ds.Vocabulary("gfedcba")
        assert vocab.decode(vocab.encode(text)) == tuple(text)
        assert vocab.encode(text, add_eos=True)[-1] == vocab.eos

    def test_a_token_outside_is_unk(self):
        vocab = ds.Vocabulary(["the"], unk_token="<unk>")
        assert vocab.encode(["the", "aardvark"]) == (0, 1)
        assert ds.apply_vocab(["the", "aardvark"], vocab) == ("the", "<unk>")
        assert "the" in vocab and "aardvark" not in vocab

    def test_a_token_outside_without_unk_is_named(self):
        with pytest.raises(ValueError, match="'aardvark' is not in the vocabulary of 2 tokens"):
            ds.Vocabulary(["the"]).encode(["the", "aardvark"])

    def test_most_frequent_types_ties_in_alphabetical_order(self):
        assert ds.Vocabulary.from_counts({"c": 5, "b": 1, "a": 1}, size=2).tokens == (
            "c",
            "a",
            "<eos>",
        )

    @pytest.mark.parametrize(
        "call, message",
        [
            (lambda: ds.Vocabulary(["a", "b", "a"]), "'a' occurs more than once"),
            (lambda: ds.Vocabulary([], eos_token=None), "tokens is empty"),
            (lambda: ds.Vocabulary("ab").decode([3]), r"ids holds 3 at index \(0,\)"),
            (
                lambda: ds.Vocabulary("ab", eos_token=None).encode("a", add_eos=True),
                "add_eos needs",
            ),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises(ValueError, match=message):
            call()

    def test_frozen_equal_hashable_and_short_in_print(self):
        vocab = ds.Vocabulary([str(i) for i in range(1000)])
        same = ds.Vocabulary(map(str, range(1000)))
        assert vocab == same and hash(vocab) == hash(same)
        assert len(repr(vocab)) < 80
        with pytest.raises(AttributeError):
            vocab.tokens = ()
        assert pickle.loads(pickle.dumps(vocab)) == vocab


class TestCountBigrams:
    def test_start_and_end_are_counted(self):
        assert ds.count_bigrams([["a", "b"], ["a"], []]) == {
            ("<s>", "a"): 2,
            ("a", "b"): 1,
            ("b", "<eos>"): 1,
            ("a", "<eos>"): 1,
            ("<s>", "<eos>"): 1,
        }

    def test_no_end(self):
        assert ds.count_bigrams(["ab"], end=None) == {("<s>", "a"): 1, ("a", "b"): 1}


class TestMarkovSource:
    def test_rows_by_hand(self):
        assert SOURCE.vocab_size == 3 and SOURCE.eos == 2
        assert_allclose(np.exp(SOURCE.next_log_probs(())), [0.6, 0.3, 0.1])
        assert_allclose(np.exp(SOURCE.next_log_probs((0, 1))), [0.1, 0.4, 0.5])

    def test_eos_is_absorbing(self):
        assert_array_equal(SOURCE.next_log_probs((0, 2)), [-np.inf, -np.inf, 0])

    def test_without_eos(self):
        source = ds.MarkovSource([0.5, 0.5], [[0.2, 0.8], [1, 0]])
        assert source.vocab_size == 2 and source.eos is None
        assert_allclose(np.exp(source.next_log_probs((0,))), [0.2, 0.8])
        assert_allclose(np.exp(source.next_log_probs(())), [0.5, 0.5])
        with pytest.raises(ValueError, match=r"prefix\[-1\] holds 2"):
            source.next_log_probs((2,))

    def test_batched_rows_are_those_of_each_prefix(self):
        tokens = np.array([[0, 1, 1, 2], [1, 0, 2, 2]])
        rows = SOURCE.log_probs(tokens)
        assert rows.shape == (2, 4, 3)
        for b, t in itertools.product(range(2), range(4)):
            assert_array_equal(rows[b, t], SOURCE.next_log_probs(tuple(tokens[b, :t])))

    def test_padding_with_eos_costs_nothing(self):
        padded = np.array([0, 1, 2, 2, 2])
        scores = np.take_along_axis(SOURCE.log_probs(padded), padded[:, None], axis=1).sum()
        assert_allclose(scores, ds.string_log_prob(SOURCE.next_log_probs, (0, 1), eos=2))

    def test_a_caller_may_change_the_row_it_got(self):
        SOURCE.next_log_probs(())[:] = 0
        assert_allclose(np.exp(SOURCE.next_log_probs(())).sum(), 1)

    def test_the_tables_are_copies_and_read_only(self):
        table = np.array([[0.5, 0.5]])
        source = ds.MarkovSource([1, 0], table)
        table[:] = 0
        assert source.transition.sum() == 1
        with pytest.raises(ValueError):
            source.transition[0, 0] = 1

    @pytest.mark.parametrize(
        "initial, transition, message",
        [
            ([0.5, 0.5, 0], [[0.5, 0.5], [0.5, 0.5]], r"n tokens need \(n, n\) and \(n,\)"),
            ([1, 0], [[1, 0], [0, 1], [0, 1]], "n tokens need"),
            ([1.0], [1.0], "n tokens need"),
            ([0.5, 0.6], [[0.5, 0.5], [0.5, 0.5]], "initial sums to 1.1"),
            ([1, 0], [[1.5, -0.5], [0.5, 0.5]], "transition entry"),
            ([1, 0], [[np.nan, 1], [0.5, 0.5]], "transition entry"),
        ],
    )
    def test_errors(self, initial, transition, message):
        with pytest.raises(ValueError, match=message):
            ds.MarkovSource(initial, transition)

    def test_from_counts_are_ratios(self):
        vocab = ds.Vocabulary("ab")
        source = ds.MarkovSource.from_counts(ds.count_bigrams(["ab", "aab", "b"]), vocab)
        assert_allclose(source.initial, [2 / 3, 1 / 3, 0])
        assert_allclose(source.transition, [[1 / 3, 2 / 3, 0], [0, 0, 1]])

    def test_from_counts_words_outside_are_unk_or_left_out(self):
        pairs = {
            ("<s>", "a"): 1,
            ("a", "x"): 2,
            ("a", "y"): 1,
            ("a", "a"): 1,
            ("x", "y"): 2,
            ("x", "a"): 2,
            ("a", "<eos>"): 4,
        }
        with_unk = ds.MarkovSource.from_counts(pairs, ds.Vocabulary("a", unk_token="?"))
        assert_allclose(with_unk.transition, [[1 / 8, 3 / 8, 4 / 8], [2 / 4, 2 / 4, 0]])
        without = ds.MarkovSource.from_counts(pairs, ds.Vocabulary("a"))
        assert_allclose(without.transition, [[1 / 5, 4 / 5]])

    def test_from_counts_a_word_followed_by_nothing_ends_the_string(self):
        pairs = {("<s>", "a"): 1, ("a", "b"): 1}
        assert_allclose(
            ds.MarkovSource.from_counts(pairs, ds.Vocabulary("ab")).transition[1], [0, 0, 1]
        )
        with pytest.raises(ValueError, match="'b' is followed by nothing"):
            ds.MarkovSource.from_counts(pairs, ds.Vocabulary("ab", eos_token=None))

    def test_from_counts_needs_starts_and_eos_last(self):
        with pytest.raises(ValueError, match="no pair from start='<s>'"):
            ds.MarkovSource.from_counts({("a", "a"): 1}, ds.Vocabulary("a"))
        with pytest.raises(ValueError, match="EOS as its last token, id 1, but it has id 0"):
            ds.MarkovSource.from_counts({("<s>", "a"): 1}, ds.Vocabulary(["<eos>", "a"]))

    def test_samples_follow_the_source(self):
        rng = np.random.default_rng(7)
        draws = [SOURCE.sample(rng) for _ in range(20_000)]
        for string, log_prob in ds.enumerate_strings(SOURCE.next_log_probs, SOURCE.eos, max_len=2):
            prob = math.exp(log_prob)
            assert abs(draws.count(string) / 20_000 - prob) < 4.5 * math.sqrt(prob / 20_000), string

    def test_samples_depend_on_the_generator_alone(self):
        assert SOURCE.sample(np.random.default_rng(3)) == SOURCE.sample(np.random.default_rng(3))

    def test_sample_is_cut_at_max_len(self):
        endless = ds.MarkovSource([0, 1], [[0, 1], [1, 0]])
        assert endless.sample(np.random.default_rng(0), max_len=5) == (1, 0, 1, 0, 1)
        assert not endless.is_tight()
        with pytest.raises(ValueError, match="max_len is needed"):
            endless.sample(np.random.default_rng(0))

    def test_a_token_of_probability_zero_is_never_drawn(self):
        # the generator's smallest draw, on the border of two tokens
        class Lowest:
            def random(self):
                return 0.0

        source = ds.MarkovSource([0, 1, 0], [[0.5, 0, 0.5], [0, 0, 1]])
        assert source.sample(Lowest(), max_len=3) == (1,)


class TestOtherSources:
    def test_table(self):
        source = ds.TableSource({(): [0.25, 0.75], (0,): [0, 1]}, eos=1)
        assert source.vocab_size == 2 and source.eos == 1
        assert_allclose(np.exp(source.next_log_probs([])), [0.25, 0.75])
        with pytest.raises(ValueError, match=r"prefix \(1,\) is not among the 2"):
            source.next_log_probs((1,))

    @pytest.mark.parametrize(
        "table, eos, message",
        [
            ({}, 0, "rows of one shape"),
            ({(): [0.5, 0.5], (0,): [1.0]}, 0, "rows of one shape"),
            ({(): [0.5, 0.6]}, 0, r"table\[\(\)\] sums to 1.1"),
            ({(): [0.5, 0.5]}, 2, r"eos must lie in \[0, V = 2\)"),
        ],
    )
    def test_table_errors(self, table, eos, message):
        with pytest.raises(ValueError, match=message):
            ds.TableSource(table, eos)

    def test_hazard_rows(self):
        assert_allclose(np.exp(LEAKY.next_log_probs(())), [3 / 8, 3 / 8, 1 / 4])
        assert_allclose(np.exp(LEAKY.next_log_probs((0, 1))), [15 / 32, 15 / 32, 1 / 16])
        assert_array_equal(LEAKY.next_log_probs((0, 2)), [-np.inf, -np.inf, 0])

    def test_hazard_errors(self):
        with pytest.raises(ValueError, match="vocab_size must be at least 2"):
            ds.HazardSource(lambda n: 0.5, vocab_size=1)
        with pytest.raises(ValueError, match=r"hazard\(1\) = 2.0 is no probability"):
            ds.HazardSource(lambda n: 2).next_log_probs(())


class TestStrings:
    def test_by_hand(self):
        # P(a b EOS) = 0.6 * 0.25 * 0.5, P(empty) = 0.1, P(begins a b) = 0.6 * 0.25
        assert_allclose(
            ds.string_log_prob(SOURCE.next_log_probs, (0, 1), 2), math.log(0.6 * 0.25 * 0.5)
        )
        assert_allclose(ds.string_log_prob(SOURCE.next_log_probs, (), 2), math.log(0.1))
        assert_allclose(ds.prefix_log_prob(SOURCE.next_log_probs, (0, 1)), math.log(0.6 * 0.25))
        assert ds.prefix_log_prob(SOURCE.next_log_probs, ()) == 0.0

    def test_numpy_and_list_prefixes(self):
        assert ds.prefix_log_prob(SOURCE.next_log_probs, np.array([0, 1])) == ds.prefix_log_prob(
            SOURCE.next_log_probs, [0, 1]
        )

    def test_nothing_is_asked_after_an_impossible_token(self):
        source = ds.TableSource({(): [1, 0, 0]}, eos=2)
        assert ds.string_log_prob(source.next_log_probs, (1, 1), 2) == -math.inf

    @pytest.mark.parametrize(
        "tokens, eos, message",
        [
            ((0,), None, "eos is None"),
            ((0, 2, 1), 2, "tokens holds EOS .id 2. at index 1"),
            ((0, 5), 2, r"tokens\[1:2\] holds 5"),
            ((0, -1), 2, r"tokens\[1:2\] holds -1"),
        ],
    )
    def test_errors(self, tokens, eos, message):
        with pytest.raises(ValueError, match=message):
            ds.string_log_prob(SOURCE.next_log_probs, tokens, eos)

    @given(st.integers(0, 50))
    def test_prefixes_of_one_length_share_the_mass(self, seed):
        source = random_source(seed, ends=False)
        total = sum(
            math.exp(ds.prefix_log_prob(source.next_log_probs, prefix))
            for prefix in itertools.product(range(3), repeat=3)
        )
        assert_allclose(total, 1, rtol=1e-12)

    def test_a_prefix_is_its_end_or_its_continuations(self):
        whole = math.exp(ds.prefix_log_prob(SOURCE.next_log_probs, (0,)))
        parts = [math.exp(ds.string_log_prob(SOURCE.next_log_probs, (0,), 2))]
        parts += [math.exp(ds.prefix_log_prob(SOURCE.next_log_probs, (0, v))) for v in (0, 1)]
        assert_allclose(sum(parts), whole)


class TestEnumeration:
    def test_every_string_once_shortest_first(self):
        strings = [
            string
            for string, _ in ds.enumerate_strings(SOURCE.next_log_probs, SOURCE.eos, max_len=3)
        ]
        assert strings == [s for n in range(4) for s in itertools.product((0, 1), repeat=n)]

    def test_each_with_its_probability(self):
        for string, log_prob in ds.enumerate_strings(LEAKY.next_log_probs, LEAKY.eos, max_len=3):
            assert_allclose(log_prob, ds.string_log_prob(LEAKY.next_log_probs, string, LEAKY.eos))

    def test_impossible_strings_are_left_out_and_their_prefixes_not_asked_for(self):
        source = ds.TableSource({(): [0, 0.5, 0.5], (1,): [0, 0, 1]}, eos=2)
        assert [s for s, _ in ds.enumerate_strings(source.next_log_probs, 2, max_len=5)] == [
            (),
            (1,),
        ]

    def test_mass_climbs_to_one(self):
        masses = [
            sum(math.exp(lp) for _, lp in ds.enumerate_strings(SOURCE.next_log_probs, 2, n))
            for n in range(12)
        ]
        assert_allclose(masses[0], 0.1)
        assert all(a < b for a, b in itertools.pairwise(masses)) and 0.97 < masses[-1] < 1

    def test_without_eos_each_length_sums_to_one(self):
        source = ds.MarkovSource([0.5, 0.5], [[0.2, 0.8], [0.7, 0.3]])
        by_length = [0.0] * 5
        for string, log_prob in ds.enumerate_strings(source.next_log_probs, None, max_len=4):
            by_length[len(string)] += math.exp(log_prob)
        assert_allclose(by_length, 1)

    def test_negative_length(self):
        with pytest.raises(ValueError, match="max_len must be at least 0, got -1"):
            ds.enumerate_strings(SOURCE.next_log_probs, 2, -1)


class TestLengths:
    @given(st.integers(0, 200))
    def test_markov_lengths_are_those_of_the_enumerated_strings(self, seed):
        source = random_source(seed)
        by_length = np.zeros(5)
        for string, log_prob in ds.enumerate_strings(source.next_log_probs, source.eos, max_len=4):
            by_length[len(string)] += math.exp(log_prob)
        assert_allclose(
            ds.length_distribution(source, max_len=4), by_length, rtol=1e-12, atol=1e-15
        )

    def test_hazard_lengths_are_those_of_the_enumerated_strings(self):
        class Plain:
            next_log_probs, eos = LEAKY.next_log_probs, LEAKY.eos

        assert_allclose(
            ds.length_distribution(LEAKY, 6), ds.length_distribution(Plain, 6), rtol=1e-12
        )

    def test_leaky_mass_in_closed_form(self):
        # survivors of n draws with h(n) = 1/(n+1)²: (n + 2) / (2 (n + 1))
        lengths = ds.length_distribution(LEAKY, max_len=999)
        survivors = (np.arange(1, 1001) + 2) / (2 * (np.arange(1, 1001) + 1))
        assert_allclose(lengths.cumsum(), 1 - survivors, rtol=1e-10)

    def test_a_hazard_of_one_ends_everything(self):
        assert_allclose(
            ds.length_distribution(ds.HazardSource(lambda n: n == 3), 4), [0, 0, 1, 0, 0]
        )

    def test_without_eos_no_length_has_mass(self):
        assert_array_equal(ds.length_distribution(random_source(0, ends=False), 3), 0)

    @given(st.integers(0, 200))
    def test_mean_and_total_agree_with_the_distribution(self, seed):
        source = random_source(seed)
        lengths = ds.length_distribution(source, max_len=2000)
        assert ds.termination_probability(source) == 1.0
        assert_allclose(lengths.sum(), 1, rtol=1e-9)
        assert_allclose(ds.expected_length(source), lengths @ np.arange(2001), rtol=1e-7)

    def test_a_trap_behind_two_tokens_that_lead_to_each_other(self):
        # β(0) = 0.2 + 0.5 β(1) and β(1) = 0.9 + 0.1 β(0), hence β(0) = 0.65 / 0.95; 2 is the trap
        source = ds.MarkovSource([1, 0, 0, 0], [[0, 0.5, 0.3, 0.2], [0.1, 0, 0, 0.9], [0, 0, 1, 0]])
        assert_allclose(ds.termination_probability(source), 0.65 / 0.95)

    def test_a_trap_loses_its_mass(self):
        # 0 -> EOS or the trap 1; 2 never occurs and must not matter
        source = ds.MarkovSource([0.8, 0, 0, 0.2], [[0, 0.25, 0, 0.75], [0, 1, 0, 0], [0, 1, 0, 0]])
        assert_allclose(ds.termination_probability(source), 0.2 + 0.8 * 0.75)
        assert ds.expected_length(source) == math.inf
        assert not source.is_tight()

    def test_a_trap_that_never_occurs_is_harmless(self):
        source = ds.MarkovSource([1, 0, 0], [[0.5, 0, 0.5], [0, 1, 0]])
        assert source.is_tight() and ds.termination_probability(source) == 1.0
        assert_allclose(ds.expected_length(source), 2.0)

    def test_only_the_empty_string(self):
        source = ds.MarkovSource([0, 1], [[1, 0]])
        assert ds.expected_length(source) == 0.0 and ds.termination_probability(source) == 1.0

    def test_without_eos(self):
        source = random_source(0, ends=False)
        assert ds.termination_probability(source) == 0.0 and ds.expected_length(source) == math.inf

    def test_negative_length(self):
        with pytest.raises(ValueError, match="max_len must be at least 0"):
            ds.length_distribution(SOURCE, -1)


def test_real_bigrams_make_a_source():
    pytest.importorskip("wordsegment")
    vocab = ds.Vocabulary.from_counts(data.unigrams(), size=300, eos_token=None, unk_token="<unk>")
    source = ds.MarkovSource.from_counts(data.bigrams(), vocab)
    row = np.exp(source.next_log_probs(vocab.encode(["united"])))
    assert_allclose(row.sum(), 1, rtol=1e-12)
    assert vocab.tokens[row.argmax()] == "states"
