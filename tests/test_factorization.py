"""lmcore.factorization against tables by hand, brute force and the harness's conventions."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from lmcore import factorization as fz
from lmcore.distributions import MarkovSource, prefix_log_prob

SOURCE = MarkovSource([0.6, 0.3, 0.1], [[0.5, 0.25, 0.25], [0.1, 0.4, 0.5]])


@st.composite
def joints(draw):
    """A joint table over two to four variables, some cells impossible."""
    shape = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    weights = draw(
        st.lists(
            st.sampled_from([0, 1, 2, 7]), min_size=math.prod(shape), max_size=math.prod(shape)
        )
    )
    weights = np.array(weights, dtype=float).reshape(shape)
    weights.flat[0] += 1
    return weights / weights.sum()


class TestTables:
    def test_by_hand(self):
        first, second = fz.conditionals_from_joint([[0.1, 0.4], [0.5, 0.0]])
        assert_allclose(first, [0.5, 0.5])
        assert_allclose(second, [[0.2, 0.8], [1, 0]])

    def test_right_to_left_by_hand(self):
        second, first = fz.conditionals_from_joint([[0.1, 0.4], [0.5, 0.0]], order=(1, 0))
        assert_allclose(second, [0.6, 0.4])
        # rows: values of the second variable
        assert_allclose(first, [[1 / 6, 5 / 6], [1, 0]])

    @given(joints(), st.randoms(use_true_random=False))
    def test_any_order_rebuilds_the_joint(self, joint, random):
        order = list(range(joint.ndim))
        random.shuffle(order)
        conditionals = fz.conditionals_from_joint(joint, order)
        for i, conditional in enumerate(conditionals):
            assert conditional.shape == tuple(joint.shape[v] for v in order[: i + 1])
            assert_allclose(conditional.sum(axis=-1), 1)
        assert_allclose(fz.joint_from_conditionals(conditionals, order), joint, atol=1e-15)

    def test_marginals_alone_do_not(self):
        joint = np.array([[0.5, 0.0], [0.0, 0.5]])
        independent = np.outer(joint.sum(1), joint.sum(0))
        assert not np.allclose(independent, joint)
        assert_allclose(fz.joint_from_conditionals(fz.conditionals_from_joint(joint)), joint)

    def test_a_history_that_cannot_occur_is_uniform(self):
        _, second = fz.conditionals_from_joint([[0.25, 0.75], [0.0, 0.0]])
        assert_allclose(second[1], [0.5, 0.5])

    def test_a_table_of_a_language_model(self):
        joint = np.array(
            [
                [
                    math.exp(prefix_log_prob(SOURCE.next_log_probs, (first, second)))
                    for second in range(3)
                ]
                for first in range(3)
            ]
        )
        assert_allclose(
            fz.conditionals_from_joint(joint)[1][0], np.exp(SOURCE.next_log_probs((0,)))
        )

    def test_float32_stays(self):
        assert all(
            c.dtype == np.float32
            for c in fz.conditionals_from_joint(np.full((2, 2), 0.25, np.float32))
        )

    @pytest.mark.parametrize(
        "call, message",
        [
            (
                lambda: fz.conditionals_from_joint([[0.5, 0.6]]),
                "joint sums to 1.1",
            ),
            (lambda: fz.conditionals_from_joint([[1.5, -0.5]]), "joint entry"),
            (
                lambda: fz.conditionals_from_joint([[0.5, 0.5]], order=(0, 0)),
                r"permutation of .* 0 .. 1, got \(0, 0\)",
            ),
            (lambda: fz.joint_from_conditionals([]), "conditionals is empty"),
            (
                lambda: fz.joint_from_conditionals([[0.5, 0.5], [0.5, 0.5]]),
                r"conditionals\[1\] has shape \(2,\)",
            ),
            (
                lambda: fz.joint_from_conditionals([[0.5, 0.4]]),
                r"conditionals\[0\] sums to 0.9",
            ),
            (lambda: fz.joint_from_conditionals([[0.5, 0.5]], order=(1,)), "permutation"),
        ],
    )
    def test_errors(self, call, message):
        with pytest.raises(ValueError, match=message):
            call()


class TestCountParameters:
    @pytest.mark.parametrize("vocab_size, length", [(2, 3), (5, 4), (10, 1)])
    def test_table_and_conditionals_have_equally_many(self, vocab_size, length):
        conditionals = sum(vocab_size**i * (vocab_size - 1) for i in range(length))
        assert fz.count_parameters(vocab_size, length) == vocab_size**length - 1 == conditionals
        assert fz.count_parameters(vocab_size, length, order=length + 3) == vocab_size**length - 1

    def test_short_memories(self):
        assert fz.count_parameters(50_257, 1024, order=0) == 50_256
        assert fz.count_parameters(10, 6, order=2) == 9 + 90 + 900

    @pytest.mark.parametrize("arguments", [(0, 1), (1, 0), (2, 2, -1)])
    def test_errors(self, arguments):
        with pytest.raises(ValueError, match="must be at least"):
            fz.count_parameters(*arguments)


class TestCausalMask:
    @given(st.integers(1, 7), st.integers(0, 5))
    def test_position_by_position(self, length, past):
        mask = fz.causal_mask(length, past)
        assert mask.dtype == bool and mask.shape == (length, past + length)
        for i, j in itertools.product(range(length), range(past + length)):
            assert mask[i, j] == (j <= past + i)

    def test_past_is_the_lower_part_of_the_whole(self):
        assert_array_equal(fz.causal_mask(3, past=4), fz.causal_mask(7)[4:])

    @pytest.mark.parametrize("arguments", [(0,), (2, -1)])
    def test_errors(self, arguments):
        with pytest.raises(ValueError, match="length must be at least 1 and past at least 0"):
            fz.causal_mask(*arguments)


class TestTeacherForcing:
    def test_by_hand(self):
        inputs, targets = fz.teacher_forcing([[5, 8, 2], [7, 2, -100]], bos=9)
        assert_array_equal(inputs, [[9, 5, 8], [9, 7, 2]])
        assert_array_equal(targets, [[5, 8, 2], [7, 2, -100]])

    def test_padding_never_becomes_an_input(self):
        inputs, targets = fz.teacher_forcing([[7, -100, -100]], bos=9)
        assert_array_equal(inputs, [[9, 7, 9]])
        assert_array_equal(targets, [[7, -100, -100]])

    def test_the_text_is_not_touched(self):
        tokens = np.array([1, 2])
        _, targets = fz.teacher_forcing(tokens, bos=0)
        targets[:] = 7
        assert_array_equal(tokens, [1, 2])

    def test_errors(self):
        with pytest.raises(ValueError, match="at least one token"):
            fz.teacher_forcing([], bos=0)
        with pytest.raises(ValueError, match="at least one token"):
            fz.teacher_forcing(3, bos=0)
        with pytest.raises(TypeError, match="integer token ids, got dtype float64"):
            fz.teacher_forcing([1.0], bos=0)


class TestTokenAndSequence:
    LOG_PROBS = np.log([[[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], [[1 / 3] * 3, [0.6, 0.3, 0.1]]])
    TOKENS = np.array([[0, 1], [2, -100]])

    def test_by_hand(self):
        expected = np.log([[0.5, 0.8], [1 / 3, 1.0]])
        assert_allclose(fz.token_log_probs(self.LOG_PROBS, self.TOKENS), expected)
        assert_allclose(fz.sequence_log_prob(self.LOG_PROBS, self.TOKENS), expected.sum(axis=1))

    def test_one_sequence_gives_a_scalar(self):
        score = fz.sequence_log_prob(self.LOG_PROBS[0], self.TOKENS[0])
        assert np.ndim(score) == 0 and math.isclose(score, math.log(0.4))

    def test_one_pass_equals_token_by_token(self):
        tokens = (0, 1, 1, 0, 2)
        assert_allclose(
            fz.sequence_log_prob(SOURCE.log_probs(tokens), tokens),
            prefix_log_prob(SOURCE.next_log_probs, tokens),
            rtol=1e-15,
        )

    def test_an_impossible_token(self):
        rows = np.array([[0.0, -np.inf], [0.0, -np.inf]])
        assert fz.sequence_log_prob(rows, [0, 1]) == -np.inf

    def test_an_ignored_row_is_not_read(self):
        assert_array_equal(
            fz.token_log_probs([[np.nan, np.nan], [0.0, -np.inf]], [-100, 0]), [0, 0]
        )

    def test_another_ignore_index(self):
        assert_array_equal(
            fz.token_log_probs([[-1.0, -2.0], [-3.0, -4.0]], [1, -1], ignore_index=-1), [-2, 0]
        )
        assert_array_equal(
            fz.token_log_probs([[-1.0, -2.0], [-3.0, -4.0]], [1, 0], ignore_index=0), [-2, 0]
        )

    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
    def test_types_stay(self, dtype):
        rows = self.LOG_PROBS.astype(dtype)
        assert fz.token_log_probs(rows, self.TOKENS).dtype == dtype
        summed = np.float32 if dtype == np.float16 else dtype
        assert fz.sequence_log_prob(rows, self.TOKENS).dtype == summed

    def test_float16_is_summed_in_float32(self):
        rows = np.full((128, 1), -0.9, dtype=np.float16)
        # beside it float16 has steps of 2, and each -0.9 alone would be lost
        rows[0] = -2048
        assert_allclose(fz.sequence_log_prob(rows, np.zeros(128, int)), -2048 - 127 * 0.9, atol=1)
        # a sum beyond float16's largest number
        rows = np.full((5, 1), -60_000, dtype=np.float16)
        assert fz.sequence_log_prob(rows, np.zeros(5, int)) == -300_000

    @pytest.mark.parametrize(
        "log_probs, tokens, error, message",
        [
            (
                [[-1.0, -1.0]],
                [2],
                ValueError,
                r"tokens holds 2 at index \(0,\).*\[0, 2\) or ignore_index=-100",
            ),
            ([[-1.0, -1.0]], [-1], ValueError, "tokens holds -1"),
            ([[-1.0, -1.0]], [0, 1], ValueError, r"tokens must have shape \(1,\)"),
            ([[-1.0, -1.0]], [0.0], TypeError, "integer token ids"),
            ([[]], [0], ValueError, "log_probs is empty"),
            ([-1.0, -1.0], 0, ValueError, "must have a time axis"),
        ],
    )
    def test_errors(self, log_probs, tokens, error, message):
        with pytest.raises(error, match=message):
            fz.sequence_log_prob(log_probs, tokens)


class TestContinuationScore:
    def test_difference_of_two_prefixes(self):
        prompt, answer = (0, 1), (1, 0, 2)
        score = fz.continuation_score(SOURCE.next_log_probs, prompt, answer)
        both, alone = (prefix_log_prob(SOURCE.next_log_probs, s) for s in (prompt + answer, prompt))
        assert_allclose(score.sum, both - alone)
        assert score == (score.sum, False)

    def test_greedy_means_every_token(self):
        # after 0 the likeliest is 0; after 1 it is EOS
        assert fz.continuation_score(SOURCE.next_log_probs, (), (0, 0)).is_greedy
        assert not fz.continuation_score(SOURCE.next_log_probs, (), (1, 2)).is_greedy
        assert fz.continuation_score(SOURCE.next_log_probs, [1], [2]).is_greedy is True

    def test_of_equals_the_lowest_id_is_greedy(self):
        fair = lambda prefix: np.log([0.5, 0.5])
        assert fz.continuation_score(fair, (), (0,)).is_greedy
        assert not fz.continuation_score(fair, (), (1,)).is_greedy

    def test_errors(self):
        with pytest.raises(ValueError, match="continuation is empty"):
            fz.continuation_score(SOURCE.next_log_probs, (0,), ())
        with pytest.raises(ValueError, match=r"continuation\[1:2\] holds 7"):
            fz.continuation_score(SOURCE.next_log_probs, (0,), (1, 7))
        with pytest.raises(ValueError, match=r"continuation\[0:1\] holds -1"):
            fz.continuation_score(SOURCE.next_log_probs, (0,), (-1,))


def pieces(text):
    """A toy tokenizer that, like most BPE vocabularies, glues a space to the word after it."""
    return [hash_of(piece) for piece in re.findall(r" ?\w+| +", text)]


def hash_of(piece):
    return int.from_bytes(piece.encode(), "big")


class TestEncodePair:
    def test_spaces_move_to_the_continuation(self):
        for prompt, answer in (("Paris is", " nice"), ("Paris is ", "nice")):
            assert fz.encode_pair(pieces, prompt, answer) == (
                (hash_of("Paris"), hash_of(" is")),
                (hash_of(" nice"),),
            )

    def test_a_prompt_of_nothing_but_spaces(self):
        assert fz.encode_pair(pieces, " ", "nice") == ((), (hash_of(" nice"),))

    @pytest.mark.parametrize("prompt, answer", [("a", "bc"), ("a", "b"), ("ab", "c"), ("c a", "b")])
    def test_a_merge_across_the_border_loses_nothing(self, prompt, answer):
        """A tokenizer with the tokens ab, a, b, c joins the prompt's last letter to the answer."""
        vocab = ["ab", "a", "b", "c", " "]

        def encode(text):
            return tuple(vocab.index(piece) for piece in re.findall("ab|a|b|c| ", text))

        ids = fz.encode_pair(encode, prompt, answer)
        assert ids == (encode(prompt), encode(answer))
        assert "".join(vocab[i] for part in ids for i in part) == prompt + answer

    def test_an_empty_continuation_is_refused(self):
        with pytest.raises(ValueError, match="no tokens of its own"):
            fz.encode_pair(pieces, "nice", "")


def harness_windows(tokens, prefix_token, max_seq_len, context_len):
    """The loop of lm-evaluation-harness's get_rolling_token_windows and make_disjoint_window."""
    pred_len, predicted = max_seq_len - context_len + 1, 0
    first = min(max_seq_len, len(tokens))
    pairs = [([prefix_token] + tokens[: first - 1], tokens[:first])]
    predicted += first
    while predicted < len(tokens):
        window = min(len(tokens) - predicted, pred_len)
        end = predicted + window
        pairs.append((tokens[end - max_seq_len - 1 : end - 1], tokens[end - window : end]))
        predicted += window
    return [(a[: len(a) - (len(b) - 1)], b) for a, b in pairs]


class TestRollingWindows:
    @given(st.integers(1, 40), st.integers(1, 12), st.data())
    def test_as_the_harness_cuts(self, n_tokens, max_len, data):
        context_len = data.draw(st.integers(1, max_len))
        tokens = list(range(n_tokens))
        windows = list(fz.rolling_windows(tokens, max_len, context_len))
        theirs = harness_windows(tokens, "bos", max_len, context_len)
        assert [
            (["bos"] if i == 0 else list(w.context), list(w.targets)) for i, w in enumerate(windows)
        ] == theirs
        # each predicted once
        assert [t for w in windows for t in w.targets] == tokens
        for window in windows:
            assert len(window.context) + len(window.targets) - 1 <= max_len
            assert window.context == () or len(window.context) >= context_len

    def test_nothing_to_cut(self):
        assert list(fz.rolling_windows([], 4)) == []

    def test_a_short_memory_loses_nothing(self):
        text = (0, 1, 1, 0, 0, 1, 0, 0, 0)
        total = sum(
            fz.continuation_score(SOURCE.next_log_probs, *window).sum
            for window in fz.rolling_windows(text, 3)
        )
        # a Markov source reads one token back
        assert_allclose(total, prefix_log_prob(SOURCE.next_log_probs, text))

    @pytest.mark.parametrize("context_len", [0, 5])
    def test_errors(self, context_len):
        with pytest.raises(ValueError, match=r"context_len must lie in \[1, max_len\]"):
            fz.rolling_windows(range(9), 4, context_len)
