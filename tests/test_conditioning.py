"""lmcore.conditioning against values by hand, brute force, Python's re and transformers."""

import datetime
import itertools
import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import conditioning as cn
from lmcore.distributions import MarkovSource
from lmcore.softmax import log_softmax, softmax

INF = np.inf
STORED = json.loads((Path(__file__).parent / "peers" / "conditioning.json").read_text())


def markov(seed, n=2, eos=0.3):
    """A random source of n tokens with EOS; rows end a string with about the given probability."""
    rows = np.random.default_rng(seed).dirichlet([*[(1 - eos) / n * 5] * n, eos * 5], size=n + 1)
    return MarkovSource(rows[n], rows[:n])


def all_strings(vocab_size, eos, max_len):
    """Every string of at most max_len tokens before its EOS."""
    others = [token for token in range(vocab_size) if token != eos]
    return [
        (*body, eos)
        for length in range(max_len + 1)
        for body in itertools.product(others, repeat=length)
    ]


def string_prob(next_log_probs, string):
    return math.exp(sum(next_log_probs(string[:i])[token] for i, token in enumerate(string)))


class TestPrompts:
    @staticmethod
    def model(prefix):
        return log_softmax(np.array([len(prefix), sum(prefix), -1.0]))

    def test_a_prompt_goes_before(self):
        assert_array_equal(cn.prompted(self.model, [2, 1])((1,)), self.model((2, 1, 1)))

    def test_gain_is_the_ratio_in_bits(self):
        gain = cn.information_gain(self.model, (1, 1, 2), (0, 1))
        expected = [
            (self.model((1, 1, 2))[0] - self.model(())[0]) / math.log(2),
            (self.model((1, 1, 2, 0))[1] - self.model((0,))[1]) / math.log(2),
        ]
        assert_allclose(gain, expected, rtol=1e-14)

    def test_gain_over_the_same_prompt_is_nothing(self):
        assert_array_equal(
            cn.information_gain(self.model, (1, 1), (0, 1, 2), baseline=(1, 1)), [0, 0, 0]
        )

    def test_mean_gain_is_mutual_information(self):
        # A stationary chain: p(x) = (1/4, 3/4), p(y=0|x) = 1/2 and 1/6, so y is again (1/4, 3/4).
        rows = {(): [1 / 4, 3 / 4], (0,): [1 / 2, 1 / 2], (1,): [1 / 6, 5 / 6]}
        mean = sum(
            rows[()][x]
            * rows[(x,)][y]
            * cn.information_gain(lambda prefix: np.log(rows[prefix]), (x,), (y,))[0]
            for x in (0, 1)
            for y in (0, 1)
        )

        def entropy(p):
            return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

        assert_allclose(
            mean, entropy(1 / 4) - entropy(1 / 2) / 4 - entropy(1 / 6) * 3 / 4, rtol=1e-12
        )

    def test_ruled_out(self):
        def model(prefix):
            return np.array([0.0, -INF]) if prefix else np.log([0.5, 0.5])

        assert_array_equal(cn.information_gain(model, (0,), (1,)), [-INF])
        assert np.isnan(cn.information_gain(model, (0,), (0, 1))[1])

    def test_refusals(self):
        with pytest.raises(ValueError, match="continuation is empty"):
            cn.information_gain(self.model, (0,), ())
        with pytest.raises(ValueError, match="must lie in"):
            cn.information_gain(self.model, (0,), (3,))


class TestBM25:
    DOCUMENTS = [
        "The Navy built two ships, and the navy sailed.",
        "A treaty with Spain.",
        "The tariff of 1816",
        "",
    ]

    @pytest.mark.parametrize(
        "text, words",
        [
            ("Fußball in München", ["fußball", "in", "münchen"]),
            ("Мир и труд, 1917!", ["мир", "и", "труд", "1917"]),
            ("東京タワー2台", ["東", "京", "タ", "ワ", "ー", "2", "台"]),
            ("हिन्दी में", ["हिन्दी", "में"]),
            ("l'état, c'est", ["l'état", "c'est"]),
            ("cafe\u0301", ["cafe\u0301"]),
            ("snake_case «x»", ["snake", "case", "x"]),
        ],
    )
    def test_terms_of_any_script(self, text, words):
        assert cn.terms(text) == words

    def test_terms(self):
        assert cn.terms("The NAVY's ships; don't 'quote' 1816.") == [
            "the",
            "navy's",
            "ships",
            "don't",
            "quote",
            "1816",
        ]

    def test_against_the_formula_term_by_term(self):
        documents = [cn.terms(text) for text in self.DOCUMENTS]
        query, k1, b = ["the", "navy", "the", "spain", "submarine"], 1.6, 0.6
        mean = sum(map(len, documents)) / len(documents)
        expected = np.zeros(4)
        for d, document in enumerate(documents):
            for term in query:
                holding = sum(term in other for other in documents)
                idf = math.log(1 + (4 - holding + 0.5) / (holding + 0.5))
                f = document.count(term)
                if f:
                    expected[d] += idf * f / (f + k1 * (1 - b + b * len(document) / mean))
        assert_allclose(
            cn.bm25_scores(cn.bm25_index(documents, k1, b), query), expected, rtol=1e-13
        )

    def test_parameters_do_what_they_say(self):
        documents = [["a"], ["a", "a", "a"], ["a", "b", "b", "b", "b"], ["c"]]
        presence = cn.bm25_scores(cn.bm25_index(documents, k1=0), ["a"])
        assert_allclose(presence[:3], presence[0])  # neither repetition nor length
        no_length = cn.bm25_scores(cn.bm25_index(documents, b=0), ["a"])
        assert no_length[0] == no_length[2] < no_length[1]
        assert cn.bm25_scores(cn.bm25_index(documents), ["a"])[2] < no_length[2]

    def test_rare_terms_weigh_more_and_common_ones_stay_positive(self):
        index = cn.bm25_index([["the", "navy"], ["the", "bank"], ["the", "bank"]])
        scores = {term: cn.bm25_scores(index, [term]).max() for term in ("the", "bank", "navy")}
        assert 0 < scores["the"] < scores["bank"] < scores["navy"]

    def test_order_of_documents_and_terms_changes_nothing(self):
        documents = [cn.terms(text) for text in self.DOCUMENTS]
        scores = cn.bm25_scores(cn.bm25_index(documents), ["navy", "the"])
        turned = cn.bm25_scores(
            cn.bm25_index([document[::-1] for document in documents[::-1]]), ["the", "navy"]
        )
        assert_allclose(turned, scores[::-1], rtol=1e-14)

    def test_refusals(self):
        for bad in ({"k1": -1}, {"b": 1.5}, {"k1": math.nan}):
            with pytest.raises(ValueError, match="k1 must be at least 0"):
                cn.bm25_index([["a"]], **bad)
        with pytest.raises(ValueError, match="no terms: got 2 documents"):
            cn.bm25_index([[], []])
        for documents in (["abc"], [["a"], "bc"], "abc"):
            with pytest.raises(TypeError, match=r"got the string '.*', .* use terms\(document\)"):
                cn.bm25_index(documents)
        with pytest.raises(TypeError, match=r"use terms\(query\)"):
            cn.bm25_scores(cn.bm25_index([["a"]]), "a")


class TestMixture:
    def test_probabilities_are_averaged(self):
        mixed = cn.mixture_log_prob(np.log([0.25, 0.75]), np.log([[0.8, 0.2], [0.4, 0.6]]))
        assert_allclose(
            np.exp(mixed), [0.25 * 0.8 + 0.75 * 0.4, 0.25 * 0.2 + 0.75 * 0.6], rtol=1e-14
        )

    def test_one_document_cannot_veto(self):
        mixed = cn.mixture_log_prob(
            np.log([0.5, 0.5]), [[-INF, -INF, 0.0], [math.log(0.5), -INF, math.log(0.5)]]
        )
        assert_allclose(np.exp(mixed), [0.25, 0, 0.75])
        assert mixed[1] == -INF

    def test_far_below_the_smallest_float(self):
        assert_allclose(
            cn.mixture_log_prob(np.log([0.5, 0.5]), [-2000.0, -2001.0]),
            -2000 + math.log(0.5 * (1 + math.exp(-1))),
            rtol=1e-14,
        )

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_type(self, dtype):
        assert cn.mixture_log_prob(np.log([0.5, 0.5]), np.zeros((2, 3), dtype)).dtype == dtype

    def test_following_the_evidence_is_the_mixture_of_whole_strings(self):
        sources, weights = [markov(seed) for seed in range(3)], np.log([0.5, 0.3, 0.2])
        by_token = cn.mixture(weights, [source.next_log_probs for source in sources])
        fixed = cn.mixture(weights, [source.next_log_probs for source in sources], posterior=False)
        for string in [(2,), (0, 1, 2), (1, 1, 0, 2)]:
            whole = [math.log(string_prob(source.next_log_probs, string)) for source in sources]
            assert_allclose(
                string_prob(by_token, string),
                np.exp(cn.mixture_log_prob(weights, whole)),
                rtol=1e-12,
            )
        assert abs(string_prob(fixed, string) / string_prob(by_token, string) - 1) > 1e-3
        assert_allclose(softmax(fixed((0, 1))), np.exp(fixed((0, 1))), rtol=1e-12)

    @pytest.mark.parametrize("bad", [math.nan, INF])
    def test_what_is_no_log_probability_is_named(self, bad):
        with pytest.raises(ValueError, match=r"log_probs holds NaN or \+inf"):
            cn.mixture_log_prob(np.log([0.5, 0.5]), [[0.0, bad], [0.0, 0.0]])

    def test_a_document_ruled_out_is_not_asked(self):
        def strict(prefix):
            if prefix:
                raise ValueError("no row for this prefix")
            return np.array([-INF, 0.0])

        model = cn.mixture(np.log([0.5, 0.5]), [lambda prefix: np.log([0.5, 0.5]), strict])
        assert_allclose(np.exp(model((0,))), [0.5, 0.5])

    def test_a_document_ruled_out_stays_out(self):
        models = [lambda prefix: np.log([1.0, 1e-300]), lambda prefix: np.array([-INF, 0.0])]
        assert_allclose(np.exp(cn.mixture(np.log([0.5, 0.5]), models)((0,))), [1, 0], atol=1e-12)
        with pytest.raises(ValueError, match="no document gives the prefix"):
            cn.mixture(np.log([0.5, 0.5]), [models[1]] * 2)((0,))

    def test_refusals(self):
        with pytest.raises(ValueError, match="log_weights sums to"):
            cn.mixture_log_prob([0.5, 0.5], [0.0, 0.0])
        with pytest.raises(ValueError, match="first axis"):
            cn.mixture_log_prob(np.log([0.5, 0.5]), np.zeros((3, 2)))
        with pytest.raises(ValueError, match="one per model"):
            cn.mixture(np.log([0.5, 0.5]), [markov(0).next_log_probs])


class TestBias:
    def test_odds_are_multiplied(self):
        before, after = (
            softmax([0.3, -1.0, 2.0]),
            softmax(cn.logit_bias([0.3, -1.0, 2.0], {0: math.log(5)})),
        )
        assert_allclose(after[0] / after[2], 5 * before[0] / before[2])
        assert_allclose(after[1] / after[2], before[1] / before[2])

    def test_mapping_and_array_agree_in_every_row(self):
        logits = np.random.default_rng(0).normal(size=(2, 3, 4))
        assert_array_equal(
            cn.logit_bias(logits, {1: -INF, 3: 2}), cn.logit_bias(logits, [0, -INF, 0, 2])
        )

    def test_ban(self):
        logits = np.arange(6.0).reshape(2, 3)
        banned = cn.ban(logits, [0, 2])
        assert_array_equal(banned, [[-INF, 1, -INF], [-INF, 4, -INF]])
        assert_array_equal(logits, np.arange(6.0).reshape(2, 3))
        assert_array_equal(cn.ban(logits, 1), cn.logit_bias(logits, {1: -INF}))
        assert_array_equal(cn.ban(logits, []), logits)

    @pytest.mark.parametrize("dtype", [np.float16, np.float32])
    def test_type(self, dtype):
        logits = np.zeros(3, dtype)
        assert cn.logit_bias(logits, {0: 1.5}).dtype == cn.ban(logits, 0).dtype == dtype
        assert cn.guidance(logits, logits, np.float64(1.5)).dtype == dtype

    def test_refusals(self):
        with pytest.raises(ValueError, match="bias holds 3"):
            cn.logit_bias([0.0, 0.0, 0.0], {3: 1.0})
        with pytest.raises(ValueError, match=r"bias has shape \(2,\)"):
            cn.logit_bias([0.0, 0.0, 0.0], [1.0, 1.0])
        for bad in (INF, math.nan):
            with pytest.raises(ValueError, match="bias of token 1"):
                cn.logit_bias([0.0, 0.0, 0.0], {1: bad})
        with pytest.raises(ValueError, match=r"row \(1,\) bans every token"):
            cn.ban([[0.0, 0.0], [0.0, -INF]], 0)
        with pytest.raises(ValueError, match="-1"):
            cn.ban([0.0, 0.0], -1)


class TestAutomata:
    @pytest.mark.parametrize(
        "pattern, regex",
        [
            (cn.star("ab"), "(ab)*"),
            (cn.sequence("a", cn.star(cn.one_of("ab")), "b"), "a[ab]*b"),
            (cn.either("", "aa", cn.sequence("b", cn.star("ab"))), "|aa|b(ab)*"),
            (cn.star(cn.either("a", cn.sequence("b", cn.star("a"), "b"))), "(a|ba*b)*"),
            (cn.sequence(cn.star(cn.star("a")), cn.either("a", "b")), "(a*)*[ab]"),
            (cn.sequence(), ""),
        ],
    )
    def test_equals_a_regular_expression_on_all_short_strings(self, pattern, regex):
        machine = cn.automaton(pattern)
        for length in range(7):
            for text in map("".join, itertools.product("abc", repeat=length)):
                assert cn.accepts(machine, text) == bool(re.fullmatch(regex, text)), text

    def test_every_day_of_telling_years_and_nothing_else(self):
        machine = cn.automaton(cn.iso_date())
        for year in (1600, 1790, 1896, 1899, 1900, 1904, 1999, 2000, 2023, 2024, 2100, 2400):
            for month, day in itertools.product(range(14), range(33)):
                text = f"{year}-{month:02d}-{day:02d}"
                try:
                    valid = bool(datetime.date.fromisoformat(text))
                except ValueError:
                    valid = False
                assert cn.accepts(machine, text) == valid, text
        assert not cn.accepts(machine, "2024-1-01") and not cn.accepts(machine, "2024-01-01 ")

    def test_number_of_dates(self):
        machine = cn.automaton(cn.iso_date())
        paths = np.zeros(len(machine.table), dtype=np.int64)
        paths[0] = 1
        for _ in range(10):
            ahead = np.zeros_like(paths)
            for state, row in enumerate(machine.table):
                np.add.at(ahead, row[row >= 0], paths[state])
            paths = ahead
        # four centuries of the calendar are 146,097 days
        assert paths[machine.accepting].sum() == 25 * 146_097

    @pytest.mark.parametrize(
        "value",
        [0, -1.5, 12e10, "", 'a "b" \\', True, None, [], [1, "a"], {}, {"a": 1, "b": [True]}],
    )
    def test_json_values(self, value):
        depth = 2 if isinstance(value, dict) else 1
        machine = cn.automaton(cn.json_value(depth))
        for separators in ((", ", ": "), (",", ":")):
            assert cn.accepts(machine, json.dumps(value, separators=separators))
        assert cn.accepts(machine, "1e+5")

    def test_json_beginnings_can_always_be_ended(self):
        # Random walks through the automaton: whatever it accepts, the json module reads.
        machine, rng = cn.automaton(cn.json_value(2)), np.random.default_rng(0)
        characters, accepted = list(machine.columns), 0
        for _ in range(300):
            state, text = 0, ""
            for _ in range(15):
                column = rng.choice(np.flatnonzero(machine.table[state] >= 0))
                state, text = machine.table[state, column], text + characters[column]
                if machine.accepting[state]:
                    json.loads(text)
                    accepted += 1
                if not (machine.table[state] >= 0).any():
                    break
        assert accepted > 100

    @pytest.mark.parametrize(
        "text",
        ["01", "1.", "-", ".5", '"a', "tru", "[1,]", "[1 ,2]", '{"a"}', "{1:2}", "[[1]]", "'a'"],
    )
    def test_not_json(self, text):
        assert not cn.accepts(cn.automaton(cn.json_value(1)), text)

    def test_avoiding(self):
        machine = cn.avoiding(["aab", "ba"], "ab")
        for length in range(8):
            for text in map("".join, itertools.product("ab", repeat=length)):
                assert cn.accepts(machine, text) == ("aab" not in text and "ba" not in text), text

    def test_refusals(self):
        with pytest.raises(ValueError, match="characters is empty"):
            cn.one_of("")
        with pytest.raises(ValueError, match="no string fits"):
            cn.automaton(cn.sequence("a", cn.either()))
        with pytest.raises(ValueError, match="depth must be at least 0"):
            cn.json_value(-1)
        for bad in ([], ["a", ""], ""):
            with pytest.raises(ValueError, match="texts must hold"):
                cn.avoiding(bad, "abc")


class TestTokenTable:
    def test_every_spelling_and_nothing_else(self):
        tokens, eos = ["a", "b", "ab", "aba", "c", None, "", "ba", "x"], 5
        machine = cn.automaton(cn.either("abab", "ba", "c"))
        table = cn.token_table(machine, tokens, eos)
        spelt = {
            ids: "".join(tokens[i] or "" for i in ids)
            for length in range(5)
            for ids in itertools.product(range(9), repeat=length)
        }
        for ids, text in spelt.items():
            state = 0
            for token in (*ids, eos):
                state = table[state, token] if state >= 0 else -1
            expected = cn.accepts(machine, text) and not {5, 6} & set(ids)
            assert (state == len(table) - 1) == expected or 5 in ids, (ids, text)

    def test_dead_ends_are_taken_out(self):
        # "a" begins "ab", but no token supplies the b.
        table = cn.token_table(cn.automaton(cn.either("ab", "c")), ["a", "c", "<eos>"], eos=2)
        assert table[0, 0] == -1 and table[0, 1] >= 0
        with pytest.raises(ValueError, match="no sequence of tokens"):
            cn.token_table(cn.automaton("ab"), ["a", "c", "<eos>"], eos=2)

    def test_eos_waits_for_an_accepting_state_and_then_stays(self):
        table = cn.token_table(cn.automaton("a"), ["a", "</s>"], eos=1)
        assert_array_equal(table, [[1, -1], [-1, 2], [-1, 2]])

    def test_the_text_of_eos_is_not_read(self):
        table = cn.token_table(cn.automaton(cn.star("a")), ["a", "aa"], eos=1)
        assert_array_equal(table, [[0, 1], [-1, 1]])

    def test_bytes(self):
        tokens = [b"caf", "é".encode(), "é".encode()[:1], b"<eos>"]
        table = cn.token_table(cn.automaton("café"), tokens, eos=3)
        assert_array_equal(np.argwhere(table[:, :3] >= 0), [[0, 0], [3, 1]])

    def test_without_eos(self):
        assert_array_equal(
            cn.token_table(cn.automaton("ab"), ["a", "b"]), [[1, -1], [-1, 2], [-1, -1], [-1, -1]]
        )

    def test_refusals(self):
        with pytest.raises(ValueError, match="tokens is empty"):
            cn.token_table(cn.automaton("a"), [])
        with pytest.raises(ValueError, match="eos is 7, but there are 1 tokens"):
            cn.token_table(cn.automaton("a"), ["a"], eos=7)

    def test_a_word_is_banned_in_all_its_spellings(self):
        tokens = ["c", "a", "t", "at", "cat", "s", "<eos>"]
        table = cn.token_table(cn.avoiding("cat", "cats"), tokens, eos=6)
        model = cn.constrain(lambda prefix: np.full(7, -math.log(7)), table)
        assert_array_equal(np.isfinite(model((0,))), [True, True, True, False, False, True, True])
        assert_array_equal(np.isfinite(model((0, 1))), [True, True, False, True, False, True, True])


class TestConstrain:
    # two 0s, any number of 1s, EOS = 2
    TABLE = np.array([[1, 0, -1], [2, 1, -1], [-1, 2, 3], [-1, -1, 3]])

    def test_masked_and_renormalised(self):
        source = markov(3)
        row, model = source.next_log_probs((0, 1)), cn.constrain(source.next_log_probs, self.TABLE)
        assert_allclose(
            np.exp(model((0, 1))),
            np.exp([row[0], row[1], -INF]) / np.exp(row[:2]).sum(),
            rtol=1e-12,
        )
        assert_array_equal(np.isfinite(model((0, 1, 0))), [False, True, True])
        assert_allclose(model((0, 0, 2)), [-INF, -INF, 0])  # after EOS, EOS

    def test_mass_removed_step_by_step(self):
        source, string = markov(3), (1, 0, 0, 2)
        removed = cn.removed_mass(source.next_log_probs, self.TABLE, string)
        probs = [np.exp(source.next_log_probs(string[:i])) for i in range(4)]
        assert_allclose(removed, [probs[0][2], probs[1][2], probs[2][2], probs[3][0]], rtol=1e-12)
        inflated = string_prob(cn.constrain(source.next_log_probs, self.TABLE), string)
        assert_allclose(
            inflated * np.prod(1 - removed), string_prob(source.next_log_probs, string), rtol=1e-12
        )

    def test_prompted_models_leave_the_prompt_free(self):
        source = markov(4)
        model = cn.constrain(cn.prompted(source.next_log_probs, (0, 0, 0)), self.TABLE)
        assert_array_equal(np.isfinite(model(())), [True, True, False])

    def test_refusals(self):
        model = cn.constrain(markov(3).next_log_probs, self.TABLE)
        with pytest.raises(
            ValueError, match="token 2 at position 1 breaks the constraint: state 1 allows"
        ):
            model((0, 2))
        with pytest.raises(ValueError, match="must lie in"):
            model((5,))
        with pytest.raises(ValueError, match="V = 3 columns, but the model gives 4"):
            cn.constrain(markov(3, n=3).next_log_probs, self.TABLE)(())
        with pytest.raises(ValueError, match="automaton allows 1 tokens, all of probability 0"):
            cn.constrain(lambda prefix: np.array([0.0, -INF]), [[-1, 0]])(())
        for bad in ([[0.5, 1.0]], [[2, 0]], [[-2, 0]], [0, 0], np.zeros((0, 2), int)):
            with pytest.raises(ValueError, match="table must be integers"):
                cn.constrain(markov(3).next_log_probs, bad)


class TestCondition:
    TABLE = TestConstrain.TABLE

    @pytest.mark.parametrize("seed", range(4))
    def test_is_the_source_divided_by_the_mass_of_the_language(self, seed):
        source = markov(seed, eos=0.5)
        language = cn.completion_probs(source, self.TABLE)[-1, 0]
        model = cn.condition(source, self.TABLE)
        total = 0
        for string in all_strings(3, 2, 9):
            prob = string_prob(source.next_log_probs, string)
            if string.count(0) == 2:
                assert_allclose(string_prob(model, string), prob / language, rtol=1e-10)
                total += prob
        # the rest lies in strings of ten tokens and more
        assert 0 < language - total < 0.02

    def test_greedy_masking_is_another_distribution(self):
        # Token 0 is likely at first, but "11" must follow, and after 0 that has a chance of 1 %
        # only.
        source = MarkovSource([0.9, 0.1, 0.0], [[0.01, 0.01, 0.98], [0.05, 0.9, 0.05]])
        table = cn.token_table(
            cn.automaton(cn.sequence(cn.one_of("01"), "11")), ["0", "1", "<eos>"], eos=2
        )
        masked, true = cn.constrain(source.next_log_probs, table), cn.condition(source, table)
        weights = np.array([0.9 * 0.01 * 0.9 * 0.05, 0.1 * 0.9 * 0.9 * 0.05])
        assert_allclose(np.exp(true(())), [*(weights / weights.sum()), 0], rtol=1e-12)
        assert_allclose(np.exp(masked(())), [0.9, 0.1, 0], rtol=1e-12)
        assert true(()).argmax() != masked(()).argmax()

    def test_no_constraint_no_change(self):
        source = markov(5)
        free = np.array([[0, 0, 1], [-1, -1, 1]])
        assert_allclose(cn.completion_probs(source, free)[:, 0], 1, rtol=1e-12)
        for prefix in ((), (0,), (0, 1, 1), (1, 2)):
            assert_allclose(
                np.exp(cn.condition(source, free)(prefix)),
                np.exp(source.next_log_probs(prefix)),
                atol=1e-12,
            )

    def test_loops_without_an_end(self):
        # After 1 the source says 1 for ever: a singular system unless such states are left out.
        source = MarkovSource([0.5, 0.5, 0.0], [[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
        free = np.array([[0, 0, 1], [-1, -1, 1]])
        assert_allclose(cn.completion_probs(source, free)[:, 0], [1, 0, 0.5], atol=1e-15)
        assert_allclose(np.exp(cn.condition(source, free)(())), [1, 0, 0], atol=1e-15)

    def test_refusals(self):
        model = cn.condition(markov(3), self.TABLE)
        with pytest.raises(ValueError, match="breaks the constraint"):
            model((0, 2))
        with pytest.raises(ValueError, match="nothing to condition on"):
            cn.condition(MarkovSource([0, 1, 0], [[0, 1, 0], [0, 0.5, 0.5]]), self.TABLE)
        with pytest.raises(ValueError, match="source with EOS"):
            cn.condition(MarkovSource([0.5, 0.5], [[0.5, 0.5]] * 2), self.TABLE)
        with pytest.raises(ValueError, match="no string of the language that begins with"):
            cn.condition(MarkovSource([0.5, 0.5, 0], [[0.5, 0, 0.5], [0, 0.5, 0.5]]), self.TABLE)(
                (0, 1)
            )


class TestGuidance:
    def test_by_hand(self):
        assert_allclose(cn.guidance([2.0, 0.0], [1.0, 1.5], 3.0), [1 + 3, 1.5 - 4.5])

    @given(
        arrays(np.float64, 5, elements=st.floats(-9, 9)),
        arrays(np.float64, 5, elements=st.floats(-9, 9)),
    )
    def test_ends_and_shifts(self, conditional, unconditional):
        assert_array_equal(cn.guidance(conditional, unconditional, 0), unconditional)
        assert_array_equal(cn.guidance(conditional, unconditional, 1), conditional)
        assert_allclose(
            softmax(cn.guidance(conditional + 3, unconditional - 5, 2.5)),
            softmax(cn.guidance(conditional, unconditional, 2.5)),
            atol=1e-12,
        )

    def test_log_odds_grow_linearly(self):
        conditional, unconditional = np.array([1.0, 0.2, -1.0]), np.array([0.1, 0.4, 0.0])
        odds = [
            np.diff(log_softmax(cn.guidance(conditional, unconditional, gamma)))[0]
            for gamma in (0, 1, 2, 3)
        ]
        assert_allclose(np.diff(odds), odds[1] - odds[0], rtol=1e-12)

    @pytest.mark.filterwarnings("error")
    def test_bans(self):
        conditional, unconditional = [0.0, -INF, 1.0, -INF], [0.0, 1.0, -INF, -INF]
        for gamma, expected in (
            (0, [0, 1, -INF, -INF]),
            (1, [0, -INF, 1, -INF]),
            (1.5, [0, -INF, -INF, -INF]),
            (-0.5, [0, -INF, -INF, -INF]),
        ):
            assert_array_equal(cn.guidance(conditional, unconditional, gamma), expected)

    def test_transformers(self):
        for case in STORED["guidance"]:
            ours = cn.guidance(case["conditional"], case["unconditional"], case["gamma"])
            # torch works in float32; ours differs by a constant a row, which log_softmax removes.
            assert_allclose(log_softmax(ours), log_softmax(case["transformers"]), atol=2e-5)

    def test_refusals(self):
        with pytest.raises(ValueError, match="same vocabulary"):
            cn.guidance([0.0, 1.0], [0.0], 1.0)
        with pytest.raises(ValueError, match="gamma must be finite"):
            cn.guidance([0.0], [0.0], INF)
        with pytest.raises(ValueError, match="guided logits.*bans every token"):
            cn.guidance([0.0, -INF], [-INF, 0.0], 2.0)


class TestFilters:
    # P(aa) = .06, P(ab) = .54, P(ba) = .2, P(bb) = .2; ab is unsafe.
    ROWS = {(): [0.6, 0.4], (0,): [0.1, 0.9], (1,): [0.5, 0.5]}
    STRINGS, UNSAFE = [(0, 0), (0, 1), (1, 0), (1, 1)], [False, True, False, False]

    def model(self, prefix):
        return np.log(self.ROWS[prefix])

    def emitted(self, policy, **rest):
        return cn.filtered_distribution(self.model, self.STRINGS, self.UNSAFE, policy, **rest)

    def test_three_distributions_by_hand(self):
        assert_allclose(self.emitted("one-shot"), [0.06, 0, 0.2, 0.2, 0.54], rtol=1e-12)
        assert_allclose(self.emitted("retry"), np.array([0.06, 0, 0.2, 0.2, 0]) / 0.46, rtol=1e-12)
        assert_allclose(self.emitted("mask"), [0.6, 0, 0.2, 0.2, 0], rtol=1e-12)

    def test_retries_lead_from_one_to_the_other(self):
        assert_allclose(self.emitted("retry", attempts=1), self.emitted("one-shot"), rtol=1e-12)
        assert_allclose(
            self.emitted("retry", attempts=3)[[0, 4]],
            [0.06 * (1 + 0.54 + 0.54**2), 0.54**3],
            rtol=1e-12,
        )
        assert_allclose(self.emitted("retry", attempts=2000), self.emitted("retry"), atol=1e-12)

    @settings(max_examples=25)
    @given(
        st.integers(0, 10**6),
        st.lists(st.booleans(), min_size=8, max_size=8).filter(lambda flags: not all(flags)),
    )
    def test_always_a_distribution_and_never_unsafe(self, seed, unsafe):
        rows = {}

        def model(prefix):
            rng = np.random.default_rng([seed, *prefix, len(prefix)])
            return rows.setdefault(prefix, np.log(rng.dirichlet([1, 1])))

        strings = list(itertools.product((0, 1), repeat=3))
        for policy, attempts in (("one-shot", None), ("retry", None), ("retry", 2), ("mask", None)):
            emitted = cn.filtered_distribution(model, strings, unsafe, policy, attempts)
            assert_allclose(emitted.sum(), 1, rtol=1e-10)
            assert not emitted[:-1][unsafe].any()

    def test_mask_is_constrain(self):
        source = MarkovSource([0.5, 0.3, 0.2], [[0.0, 0.6, 0.4], [0.0, 0.0, 1.0]])
        strings = [(2,), (0, 2), (1, 2), (0, 1, 2)]
        table = cn.token_table(cn.avoiding("ab", "ab"), ["a", "b", "<eos>"], eos=2)
        masked = cn.constrain(source.next_log_probs, table)
        emitted = cn.filtered_distribution(
            source.next_log_probs, strings, [False, False, False, True], "mask"
        )
        assert_allclose(
            emitted, [*(string_prob(masked, string) for string in strings[:3]), 0, 0], rtol=1e-12
        )

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_rows_rounded_to_any_type(self, dtype):
        logits = np.random.default_rng(0).standard_normal((3, 30)) * 3

        def model(prefix):
            return log_softmax(logits[len(prefix)].astype(dtype))

        strings = [(0,), *((a, b) for a in range(1, 30) for b in range(30))]
        unsafe = [string[-1] == 3 for string in strings]
        for policy in ("one-shot", "retry", "mask"):
            emitted = cn.filtered_distribution(model, strings, unsafe, policy)
            assert (emitted >= 0).all() and abs(emitted.sum() - 1) < 1e-12
        with pytest.raises(ValueError, match="total probability 0.9"):
            cn.filtered_distribution(model, strings[1:], unsafe[1:], "mask")
        safe = cn.filtered_distribution(model, strings, [False] * len(strings), "one-shot")
        assert 0 <= safe[-1] < 1e-12

    def test_nothing_is_safe(self):
        assert_allclose(
            cn.filtered_distribution(self.model, self.STRINGS, [True] * 4, "one-shot"),
            [0, 0, 0, 0, 1],
        )
        assert_allclose(
            cn.filtered_distribution(self.model, self.STRINGS, [True] * 4, "retry", 5),
            [0, 0, 0, 0, 1],
        )
        for policy in ("retry", "mask"):
            with pytest.raises(ValueError, match="every string is unsafe"):
                cn.filtered_distribution(self.model, self.STRINGS, [True] * 4, policy)

    def test_refusals(self):
        with pytest.raises(ValueError, match="total probability 0.8, not 1"):
            cn.filtered_distribution(self.model, self.STRINGS[:3], [False] * 3, "mask")
        with pytest.raises(ValueError, match="policy must be"):
            self.emitted("filter")
        with pytest.raises(ValueError, match="one flag per string"):
            cn.filtered_distribution(self.model, self.STRINGS, [False], "mask")
        with pytest.raises(ValueError, match="attempts must be at least 1"):
            self.emitted("retry", attempts=0)
        with pytest.raises(ValueError, match="attempts=2 needs policy='retry', got 'mask'"):
            self.emitted("mask", attempts=2)
