"""The explorers, driven by keyboard; the numbers they show are lmcore's, to the digits shown."""

import dataclasses
import itertools
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from lmcore import (
    calibration,
    conditioning,
    data,
    decoding,
    diagnostics,
    distributions,
    factorization,
    information,
    likelihood,
    softmax,
)
from lmcore.data import smollm2
from lmcore.models import transformer
from lmcore.models.pretrained import load_pretrained

from .conftest import PHONE, opened, settle

HOME = Path(__file__).resolve().parents[2]
BIT = np.log(2)
AXE = (Path(__file__).parent / "vendor" / "axe" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def explorer_data():
    """The module that exports the numbers, and the script that made those of chapter 8."""
    sys.path[:0] = [str(HOME / "book" / "_ext"), str(HOME / "book" / "_tools")]
    from course_ext import explorer_data

    yield explorer_data
    del sys.path[:2]


def foreign(page, address):
    return [url for url in page.asked if not url.startswith((address, "blob:", "data:"))]


def explorer(page, address, name):
    """Go to the page that holds an explorer, and near it; its stage once it works."""
    page.goto(address)
    stage = page.locator(f"[data-explorer={name}]")
    stage.scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-explorer={name}][data-ready]")
    return stage


def press(page, control, key, times=1):
    control.focus()
    for _ in range(times):
        page.keyboard.press(key)


def slide(page, stage, label, to):
    """Move a slider by arrow keys until its value is the one wanted."""
    slider = stage.get_by_label(label, exact=True)
    slider.focus()
    step, start = float(slider.get_attribute("step")), float(slider.input_value())
    steps = round((to - start) / step)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
    assert abs(float(slider.input_value()) - to) < 1e-9


def choose(page, stage, label, letters):
    """Choose the entry of a list that begins so, by arrow keys."""
    chooser = stage.get_by_label(label, exact=True)
    place = next(
        i
        for i, text in enumerate(chooser.locator("option").all_inner_texts())
        if text.startswith(letters)
    )
    press(page, chooser, "Home")
    press(page, chooser, "ArrowDown", place)
    assert int(chooser.evaluate("list => list.selectedIndex")) == place


def numbers(stage):
    """{name: text} of the numbers on show, once a text has been read to its end."""
    stage.locator("[aria-busy=true]").wait_for(state="detached")
    return dict(
        zip(
            stage.locator(".ex-numbers dt").all_inner_texts(),
            stage.locator(".ex-numbers dd").all_inner_texts(),
        )
    )


def table(page, stage):
    """{row name: cells} of the table behind the picture, opened by keyboard."""
    summary = stage.locator("summary")
    if stage.locator("details[open]").count() == 0:
        summary.focus()
        page.keyboard.press("Enter")
    return {
        row.locator("th").inner_text(): row.locator("td").all_inner_texts()
        for row in stage.locator(".ex-table tbody tr").all()
    }


def finding(page, stage):
    """The sentence told to screen readers, once it has settled."""
    settle(page, 400)
    said = stage.locator("[role=status]")
    return said.inner_text()


def shown(value, digits):
    return f"{value:.{digits}f}".replace("-", "−")


# --- next-token distributions ---


def test_the_filters_of_chapter_7_are_lmcores(page, site):
    stage = explorer(page, f"{site}book/07-decoding/index.html", "decoding")
    llm = smollm2()
    z = llm.logits["errand"].astype(float)
    assert numbers(stage)["tokens kept"] == "49,152"
    # (τ, place of k on its scale and k, p, min-p), each reached from the one before by arrow keys
    # alone
    for tau, place, k, p, min_p in (
        (1, 11, 50, 1, 0),
        (1, 17, None, 0.9, 0),
        (2, 17, None, 0.9, 0),
        (2, 13, 200, 0.9, 0.02),
        (0.5, 11, 50, 1, 0.1),
    ):
        slide(page, stage, "Temperature τ", tau)
        slide(page, stage, "Top-k", place)
        slide(page, stage, "Top-p", p)
        slide(page, stage, "Min-p", min_p)
        scaled = z / tau
        kept = decoding.top_k_filter(scaled, k) if k else scaled
        kept = decoding.min_p_filter(decoding.top_p_filter(kept, p), min_p)
        probs = softmax.softmax(kept)
        seen = numbers(stage)
        assert seen["tokens kept"] == f"{(kept > -np.inf).sum():,}", (tau, k, p, min_p)
        assert (
            seen["mass kept"]
            == f"{shown(100 * softmax.softmax(scaled)[kept > -np.inf].sum(), 1)} %"
        )
        assert seen["entropy"] == f"{shown(information.entropy(probs), 2)} nats"
        assert (
            seen["entropy at τ = 1"] == f"{shown(information.entropy(softmax.softmax(z)), 2)} nats"
        )
    rows = table(page, stage)
    for token in np.argsort(-z, kind="stable")[:14]:
        name = llm.decode([token]).replace(" ", "␣").replace("\n", "⏎")
        assert rows[name] == [
            f"{shown(100 * softmax.softmax(z)[token], 2)} %",
            f"{shown(100 * probs[token], 2)} %" if probs[token] else "cut",
        ], name
    assert seen["tokens kept"] in finding(page, stage) and seen["entropy"] in finding(page, stage)
    assert foreign(page, site) == []


def test_temperature_moves_entropy_as_section_3_5_says(page, site):
    stage = explorer(page, f"{site}book/03-softmax/index.html", "temperature")
    choose(page, stage, "Prefix", "Mon")
    z = smollm2().logits["list"].astype(float)
    for tau in (1, 0.55, 2.4):
        slide(page, stage, "Temperature τ", tau)
        seen = numbers(stage)
        p = softmax.softmax(z / tau)
        assert seen["entropy"] == f"{shown(information.entropy(p), 2)} nats"
        assert seen["slope dH/dτ"] == f"{shown(softmax.entropy_slope(z, tau), 2)} nats"
    assert "Monday" in stage.locator("caption").text_content()
    assert foreign(page, site) == []


# --- reliability ---


def test_reliability_is_lmcores_at_any_bins_and_temperature(page, site):
    stage = explorer(page, f"{site}book/06-calibration/index.html", "reliability")
    windows = smollm2().windows
    speech = np.array(windows.speech)[windows.window]
    for letters, place, n_bins, tick, part in (
        ("all", 4, 15, 8, speech > ""),
        ("the", 2, 10, 10, speech > "2000"),
        ("Wash", 7, 60, 0, speech < "1800"),
    ):
        choose(page, stage, "Predictions on", letters)
        slide(page, stage, "Bins", place)
        slide(page, stage, "Temperature T", tick)
        chosen = (windows.position >= 128) & part
        temperature = 0.6 + 0.05 * tick
        log_prob, confidence = (values[chosen] for values in windows.at_temperature(temperature))
        correct = windows.correct[chosen]
        seen = numbers(stage)
        assert stage.locator("output").all_inner_texts() == [str(n_bins), shown(temperature, 2)]
        assert seen["ECE"] == shown(
            calibration.expected_calibration_error(confidence, correct, n_bins), 4
        )
        assert seen["ECE if calibrated"] == shown(calibration.ece_floor(confidence, n_bins), 4)
        assert seen["confidence"] == shown(confidence.mean(), 3) and seen["accuracy"] == shown(
            correct.mean(), 3
        )
        assert seen["loss"] == f"{shown(-log_prob.mean(), 4)} nats"
    bins = calibration.reliability(confidence, correct, 60)
    low, high = calibration.wilson_interval(bins.accuracy, bins.counts)
    rows = table(page, stage)
    assert len(rows) == (bins.counts > 0).sum()
    for b in np.flatnonzero(bins.counts):
        assert rows[f"{shown(bins.edges[b], 3)} to {shown(bins.edges[b + 1], 3)}"] == [
            f"{bins.counts[b]:,}",
            shown(bins.confidence[b], 3),
            shown(bins.accuracy[b], 3),
            f"{shown(low[b], 3)} to {shown(high[b], 3)}",
        ]
    assert f"{correct.size:,} tokens" in finding(page, stage) and foreign(page, site) == []


# --- beam search ---


def test_the_beams_are_those_of_lmcore(page, site, explorer_data):
    stage = explorer(page, f"{site}book/07-decoding/index.html", "beams")
    cases = {
        text[:6]: (model, prefix, eos, name)
        for text, model, prefix, eos, name in explorer_data.beam_cases()
    }
    for letters, width, alpha in (
        ("our", 4, 0.5),
        ("the p", 5, 1.5),
        ("My", 4, 1.0),
        ("What", 2, 2.0),
    ):
        choose(page, stage, "Opening", letters)
        slide(page, stage, "Beam width", width)
        slide(page, stage, "Length penalty α", alpha)
        model, prefix, eos, name = next(
            case for text, case in cases.items() if text.startswith(letters)
        )
        found = decoding.beam_search(model, prefix, width, explorer_data.LONGEST, eos, alpha)
        rows = list(table(page, stage).items())
        assert len(rows) == len(found)
        for place, (hypothesis, (text, cells)) in enumerate(zip(found, rows), 1):
            assert text == f"{place}. {' '.join(name(token) for token in hypothesis.tokens)}"
            assert cells == [
                shown(hypothesis.log_prob, 2),
                str(len(hypothesis.tokens)),
                shown(hypothesis.score, 3),
                "finished" if hypothesis.finished else "cut off",
            ]
        assert numbers(stage)["best score"] == shown(found[0].score, 3)
    choose(page, stage, "Opening", "My")
    slide(page, stage, "Beam width", 4)
    slide(page, stage, "Length penalty α", 1)
    press(page, stage.get_by_label("rank strings that were cut off"), "Space")
    # the mistake of section 7.5
    assert "cut off in mid-sentence" in finding(page, stage)
    assert foreign(page, site) == []


# --- n-grams ---


def test_curves_of_ngrams_show_the_stored_numbers(page, site, explorer_data):
    stage = explorer(page, f"{site}book/08-models/index.html", "ngrams")
    stored = explorer_data.ngrams()["counted"]
    for letters, key, n in (("all", "all", 8), ("every 6", "few", 3)):
        choose(page, stage, "Counted", letters)
        slide(page, stage, "Order n", n)
        # the second on its scale, 0.1
        slide(page, stage, "Additive, δ", 1)
        seen = numbers(stage)
        assert seen["n-grams stored"] == f"{stored[key]['stored'][n - 1]:,}"
        assert (
            seen[f"test {n}-grams never counted"]
            == f"{shown(100 * stored[key]['unseen'][n - 1], 2)} %"
        )
        assert (
            seen["additive, δ = 0.1"]
            == f"{shown(stored[key]['bits']['additive']['0.1'][n - 1], 3)} bits"
        )
        assert (
            seen["modified Kneser–Ney"]
            == f"{shown(stored[key]['bits']['modified']['None'][n - 1], 3)} bits"
        )
    press(page, stage.get_by_label("Katz"), "Space")
    assert table(page, stage)["Katz"] == [
        shown(bits, 3) for bits in stored["few"]["bits"]["katz"]["None"]
    ]
    assert "At order 3" in finding(page, stage) and foreign(page, site) == []


# --- two distributions ---


def test_bars_move_by_keys_and_pointer_and_the_measures_follow(page, site):
    stage = explorer(page, f"{site}book/05-information/index.html", "divergence")

    def check():
        q, p = (
            np.array(
                [
                    float(bar.get_attribute("aria-valuenow"))
                    for bar in stage.locator(f".ex-slider-{name}").all()
                ]
            )
            / 100
            for name in "qp"
        )
        assert np.isclose(q.sum(), 1) and np.isclose(p.sum(), 1)
        seen = numbers(stage)
        with np.errstate(divide="ignore"):
            expected = {
                "H(q)": information.entropy(q),
                "H(p)": information.entropy(p),
                "H(q, p)": information.cross_entropy_dist(q, p),
                "KL(q‖p)": information.kl_divergence(q, p),
                "KL(p‖q)": information.kl_divergence(p, q),
                "JS(q, p)": information.js_divergence(q, p),
            }
        for name, nats in expected.items():
            assert seen[name] == ("∞ bits" if np.isinf(nats) else f"{shown(nats / BIT, 3)} bits"), (
                name
            )
        return q, p

    for letters in ("letters", "two humps (q), one b", "two humps (q), one of", "p"):
        choose(page, stage, "Start from", letters)
        check()
    choose(page, stage, "Start from", "words")
    bar = stage.get_by_role("slider", name="q of york")
    before, _ = check()
    press(page, bar, "ArrowDown", 3)
    press(page, bar, "PageDown")
    after, _ = check()
    assert np.isclose(before[0] - after[0], 0.13) and bar.evaluate(
        "node => node === document.activeElement"
    )
    # the others keep their ratios
    np.testing.assert_allclose(
        after[1:] / after[1:].sum(), before[1:] / before[1:].sum(), atol=0.003
    )
    press(page, bar, "PageUp")
    press(page, bar, "ArrowUp", 3)
    assert np.array_equal(check()[0], before)  # there and back again
    press(page, stage.get_by_role("slider", name="p of mexico"), "Home")
    _, p = check()
    assert p[4] == 0 and "infinite" in finding(page, stage)
    press(page, stage.get_by_role("button", name="Make p equal q"), "Enter")
    q, p = check()
    assert np.array_equal(q, p) and numbers(stage)["KL(q‖p)"] == "0.000 bits"
    # the same by hand
    box = stage.get_by_role("slider", name="p of york").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 30, steps=4)
    page.mouse.up()
    _, dragged = check()
    assert dragged[0] > p[0] and foreign(page, site) == []


# --- a masked batch ---


def test_the_three_means_of_a_masked_batch(page, site, explorer_data):
    stage = explorer(page, f"{site}book/04-likelihood/index.html", "masked")
    data = explorer_data.masked()
    lengths = [len(row) for row in data["rows"]]
    losses = np.full((len(lengths), max(lengths)), data["padding"])
    for row, tokens in zip(losses, data["rows"]):
        row[: len(tokens)] = [nats for _, nats in tokens]

    def check():
        cells = stage.locator(".ex-cell").all()
        mask = np.array([cell.get_attribute("aria-pressed") == "true" for cell in cells]).reshape(
            losses.shape
        )
        seen = numbers(stage)
        assert seen["cells that count"] == f"{mask.sum()} of {mask.size}"
        assert seen["sum over all cells"] == f"{shown(losses[mask].sum() / mask.size, 3)} nats"
        assert seen["token mean"] == (
            f"{shown(likelihood.masked_mean(losses, mask), 3)} nats" if mask.any() else "undefined"
        )
        assert seen["mean of row means"] == (
            f"{shown(likelihood.masked_mean(losses, mask, axis=1).mean(), 3)} nats"
            if mask.any(axis=1).all()
            else "undefined"
        )
        return mask

    assert np.array_equal(check(), likelihood.padding_mask(lengths))
    press(page, stage.get_by_role("button", name="Padding too"), "Enter")
    assert check().all()
    press(page, stage.get_by_role("button", name="Real tokens"), "Enter")
    # to the last row, and each of its four cells out
    press(page, stage.locator(".ex-cell").first, "ArrowDown", 3)
    for _ in range(4):
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
    mask = check()
    assert not mask[3].any() and mask[:3].sum() == sum(lengths[:3])
    assert "1 row is empty" in finding(page, stage) and foreign(page, site) == []


# --- a filtered model, and a leak ---


def test_what_a_filtered_model_emits_is_lmcores(page, site, explorer_data):
    stage = explorer(page, f"{site}{EVERYWHERE['safety']}", "safety")
    content = explorer_data.safety()
    tokens = sorted({token for steps in content["replies"] for token, _ in steps})
    strings = [tuple(tokens.index(token) for token, _ in steps) for steps in content["replies"]]

    def model(prefix):
        row = np.full(len(tokens), -np.inf)
        for string, steps in zip(strings, content["replies"]):
            if len(string) > len(prefix) and string[: len(prefix)] == prefix:
                row[string[len(prefix)]] = np.log(steps[len(prefix)][1])
        return row

    boxes, harmful = stage.get_by_role("checkbox").all(), np.array(content["harmful"])
    for flips, tries, k in (((), 11, 20), ((2,), 11, 100), ((1, 4), 3, 1), ((0, 3), 1, 20)):
        for flip in flips:
            press(page, boxes[flip], "Space")
        slide(page, stage, "Tries of retry", tries)
        slide(page, stage, "Requests", [1, 2, 5, 10, 20, 50, 100].index(k))
        flagged = [box.is_checked() for box in boxes]
        rows = table(page, stage)
        for column, policy in enumerate(("one-shot", "retry", "mask"), start=1):
            Q = conditioning.filtered_distribution(
                model,
                strings,
                flagged,
                policy,
                tries if policy == "retry" and tries < 11 else None,
            )
            assert [cells[column] for cells in rows.values()] == [shown(q, 4) for q in Q]
            harm = 1 - (1 - Q[:-1][harmful].sum()) ** k
            name = f"{policy}: harm in {k} request{'s' if k > 1 else ''}"
            assert numbers(stage)[name] == f"{shown(100 * harm, 1)} %"
    for box in boxes:
        box.check()
    slide(page, stage, "Tries of retry", 11)
    assert numbers(stage)["mask: harm in 20 requests"] == "undefined"
    assert "Every reply is flagged" in finding(page, stage) and foreign(page, site) == []


def test_the_leak_detector_judges_as_lmcore_does(page, site, explorer_data):
    stage = explorer(page, f"{site}{EVERYWHERE['leak']}", "leak")
    pocket = quantised_pocket(explorer_data, "transformer-80k")
    ids = np.array(pocket.encode(stage.get_by_label("Text under test").input_value()))[None]

    def rows(tokens):
        """Sound rows, one more than there are letters."""
        return pocket.log_probs(np.pad(tokens, ((0, 0), (0, 1)))).astype(float)

    def centred(tokens):
        found = rows(tokens)
        return softmax.log_softmax(found[:, :-1] - found.mean(axis=1, keepdims=True))

    under_test = {
        "the pocket": lambda tokens: rows(tokens)[:, :-1],
        "targets slipped": lambda tokens: rows(tokens)[:, 1:],
        "a mean over": centred,
    }
    for place, (letters, forward) in zip((9, 14, 26), under_test.items()):
        choose(page, stage, "Model under test", letters)
        slide(page, stage, "Letter to change", place + 1)
        changed = ids.copy()
        changed[0, place] = (changed[0, place] + 1) % len(pocket.charset)
        moved = np.abs(forward(changed) - forward(ids)).max(axis=-1)[0]
        found = [float(cells[1]) for cells in table(page, stage).values()]
        np.testing.assert_allclose(found, moved, atol=2e-3)
        nats = -np.take_along_axis(forward(ids)[0], ids[0][:, None], axis=1).mean()
        assert abs(float(numbers(stage)["bits per letter"]) - nats / BIT) < 2e-3
        try:
            diagnostics.check_no_leak(forward, ids, np.random.default_rng(0), tolerance=1e-4)
            verdict = "no leak found"
        except ValueError:
            verdict = "leak"
        assert numbers(stage)["verdict"] == verdict, letters
        if verdict == "no leak found":
            assert found[: place + 1] == [0] * (place + 1)
    assert "sees its future" in finding(page, stage) and foreign(page, site) == []


# --- mass over texts, and the chain rule on a table ---


def test_the_mass_of_texts_is_lmcores(page, site):
    stage = explorer(page, f"{site}{EVERYWHERE['mass']}", "mass")
    limits = [0, 1, 2, 3, 4, 6, 8, 12, 20, 50, 100, 1000, 10000]
    fall = {
        "the same": lambda n: 1,
        "falls as 1/(n + 1)": lambda n: 2 / (n + 1),
        "falls as 1/(n + 1)²": lambda n: 4 / (n + 1) ** 2,
    }
    for rule, first, longest, floor in (
        ("the same", 0.25, 12, False),
        ("the same", 1, 0, False),
        ("falls as 1/(n + 1)²", 0.25, 100, False),  # the source of equation 1.5
        ("falls as 1/(n + 1)²", 0.6, 10000, False),
        ("falls as 1/(n + 1)²", 0.6, 50, True),
        ("falls as 1/(n + 1)", 0.5, 3, False),
    ):
        chooser = stage.get_by_label("Chance of EOS", exact=True)
        chooser.select_option(label=rule if rule.startswith("falls") else "the same in every draw")
        slide(page, stage, "In the first draw", first)
        slide(page, stage, "Longest text, n", limits.index(longest))
        stage.get_by_role("checkbox").set_checked(floor)

        def chance(n, rule=rule, first=first, floor=floor):
            return max(first * fall[rule](n), 0.01 if floor else 0)

        source = distributions.HazardSource(chance, vocab_size=3)
        mass = distributions.length_distribution(source, 100_000)
        total = mass[: longest + 1].sum()
        leaks = rule.endswith("²") and not floor
        never = 1 - mass.sum() if leaks else 0
        seen = numbers(stage)
        assert seen["mass of texts up to n"] == shown(total, 4), (rule, first)
        # what is still going after 100,000 tokens is 4 first / 100,000 more than what never ends
        assert abs(float(seen["mass of endless runs"]) - never) < 1e-4
        assert abs(float(seen["mass of longer texts"]) - (1 - total - never)) < 1e-4
        rows = table(page, stage)
        for n in range(min(longest, 20) + 1):
            assert rows[str(n)][2:] == [shown(mass[n], 4), shown(mass[: n + 1].sum(), 4)]
        assert ("for ever" in finding(page, stage)) == leaks
    chooser.select_option(label="no EOS on the list")
    slide(page, stage, "Longest text, n", limits.index(12))
    fair = distributions.MarkovSource([0.5, 0.5], [[0.5, 0.5]] * 2)
    texts = list(distributions.enumerate_strings(fair.next_log_probs, None, 12))
    seen = numbers(stage)
    assert seen["texts counted"] == f"{len(texts):,}"
    assert seen["mass of texts up to n"] == f"{np.exp([p for _, p in texts]).sum():.0f}" == "13"
    assert seen["mass of endless runs"] == "1", "a run that is never ended"
    assert foreign(page, site) == []


def test_the_factors_of_a_table_are_lmcores_in_every_order(page, site):
    stage = explorer(page, f"{site}{EVERYWHERE['chain']}", "chain")
    fields = stage.get_by_role("spinbutton").all()

    def check():
        joint = np.array([float(field.input_value()) for field in fields]).reshape(2, 2, 2)
        joint /= joint.sum()
        for place, order in enumerate(itertools.permutations(range(3))):
            press(page, stage.get_by_label("Order of the factors"), "Home")
            press(page, stage.get_by_label("Order of the factors"), "ArrowDown", place)
            turned = joint.transpose(order)
            whole = factorization.conditionals_from_joint(joint, order)
            near = factorization.conditionals_from_joint(turned.sum(axis=0))[1]
            alone = [turned.sum(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
            shapes = ((2, 1, 1), (2, 2, 1), (2, 2, 2))
            sights = {
                "everything": [part.reshape(s) for part, s in zip(whole, shapes)],
                "only": [
                    whole[0].reshape(2, 1, 1),
                    whole[1].reshape(2, 2, 1),
                    near.reshape(1, 2, 2),
                ],
                "nothing": [part.reshape(-1, *[1] * (2 - i)) for i, part in enumerate(alone)],
            }
            for letters, parts in sights.items():
                choose(page, stage, "Each factor sees", letters)
                parts = [np.broadcast_to(part, (2, 2, 2)) for part in parts]
                product = np.prod(parts, axis=0)
                back = np.argsort(order)
                columns = [values.transpose(back).ravel() for values in (*parts, product)]
                lost = information.kl_divergence(joint.ravel(), columns[-1])
                seen = numbers(stage)
                assert seen["lost per sentence"] == f"{shown(max(lost, 0), 4)} nats"
                assert seen["sum of the products"] == "1.0000"
                rows = list(table(page, stage).values())
                for i, row in enumerate(rows):
                    values = [joint.ravel()[i], *(column[i] for column in columns)]
                    assert [float(cell) for cell in row] == pytest.approx(values, abs=5.1e-5)
                if letters == "everything":
                    assert lost == pytest.approx(0, abs=1e-12)
                    assert "is the sentence's probability" in finding(page, stage)

    check()
    press(page, stage.get_by_role("button", name="the third word repeats the first"), "Enter")
    fields[1].focus()
    page.keyboard.press("ArrowUp")
    assert fields[1].input_value() == "1"
    check()
    for field in fields:
        field.fill("0")
    assert "no distribution" in finding(page, stage)
    fields[3].fill("7")
    assert numbers(stage)["lost per sentence"] == "0.0000 nats"
    assert foreign(page, site) == []


# --- guidance ---


def small(p):
    """A probability as the guidance explorer writes it, with four decimals or a power of ten."""
    if p >= 1e-3:
        return shown(p, 4)
    digits, power = f"{p:.1e}".split("e")
    return f"{digits} · 10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def test_guidance_of_two_eras_is_lmcores(page, site, explorer_data):
    stage = explorer(page, f"{site}{EVERYWHERE['guidance']}", "guidance")
    for place, prefix in enumerate(explorer_data.guidance()["prefixes"]):
        chooser = stage.get_by_label("Prefix", exact=True)
        press(page, chooser, "Home")
        press(page, chooser, "ArrowDown", place)
        c, u = np.array(prefix["early"]), np.array(prefix["late"])
        delta = c - u
        for gamma in (-1, 0, 1.5) if place % 2 else (1, 5):
            slide(page, stage, "Guidance γ", gamma)
            p = softmax.softmax(conditioning.guidance(c, u, gamma))
            line = np.maximum(np.exp(u) + gamma * (np.exp(c) - np.exp(u)), 0)
            seen = numbers(stage)
            mean = p @ delta
            assert seen["mean evidence E[Δ]"] == f"{shown(mean, 3)} nats"
            assert seen["its slope, Var(Δ)"] == shown(p @ delta**2 - mean**2, 3)
            assert seen["entropy"] == f"{shown(information.entropy(p), 3)} nats"
            assert seen["words that clipping bans"] == f"{(line == 0).sum()} of {len(c)}"
            rows = table(page, stage)
            for v in np.argsort(-p, kind="stable")[:12]:
                *_, guided, clipped = rows[prefix["words"][v]]
                assert guided == shown(p[v], 4)
                assert clipped == (shown(line[v] / line.sum(), 4) if line[v] else "banned")
            banned = np.flatnonzero(line == 0)
            assert len(banned) or "Neither line rules out a word" in finding(page, stage)
            if len(banned):
                v = banned[np.argmax(np.maximum(c, u)[banned])]
                raw = np.exp(u[v]) + gamma * (np.exp(c[v]) - np.exp(u[v]))
                assert (
                    f"first “{prefix['words'][v]}”: late {small(np.exp(u[v]))}, early"
                    f" {small(np.exp(c[v]))}, on the line between probabilities {shown(raw, 4)},"
                ) in finding(page, stage)
                assert rows[prefix["words"][v]][-1] == "banned"
    assert stage.locator(".ex-cut").count() == 0
    press(page, stage.get_by_role("checkbox"), "Space")
    assert 1 <= stage.locator(".ex-cut").count() <= 4
    assert stage.locator(".ex-outline").count() == 12 + 3 and foreign(page, site) == []


# --- the landing page ---


def test_recorded_distributions_at_other_temperatures_are_lmcores(page, site):
    stage = explorer(page, f"{site}{EVERYWHERE['next-token']}", "next-token")
    z = smollm2().logits["fact"].astype(float)
    assert "“␣Paris”" in finding(page, stage)
    for tau in (1, 1.5):
        slide(page, stage, "Temperature τ", tau)
        p = softmax.softmax(z / tau)
        seen = numbers(stage)
        assert seen["entropy"] == f"{shown(information.entropy(p), 2)} nats"
        assert seen["surprise of the best"] == f"{shown(-np.log(p.max()), 2)} nats"
        assert (
            seen["as many choices as"] == f"{shown(np.exp(information.entropy(p)), 1)} equal ones"
        )


# --- the reader's own text ---


def quantised_pocket(explorer_data, name):
    """A pocket transformer with the numbers that the page is sent."""
    model = load_pretrained(name)
    params = dict(model.params)
    for key in explorer_data.MATRICES:
        scales, values = explorer_data.quantised(params[key].swapaxes(-1, -2))
        params[key] = (scales * values).swapaxes(-1, -2).astype(np.float32)
    for key in explorer_data.EMBEDDINGS:
        scales, values = explorer_data.quantised(params[key])
        params[key] = (scales * values).astype(np.float32)
    return dataclasses.replace(model, params=params)


def random_texts(charset):
    """Noise, prose that fills the block and more, and words of one letter."""
    rng = np.random.default_rng(11)
    yield "".join(rng.choice(list(charset[1:]), size=60))
    yield (HOME / "LICENSE").read_text(encoding="utf-8")[:400].replace("\n", " ")
    yield "a b c d e f"


def test_the_pocket_transformers_of_the_page_are_lmcores(page, site, explorer_data):
    stage = explorer(page, f"{site}{EVERYWHERE['typing']}", "typing")
    field = stage.get_by_label("Your text", exact=True)
    for name, label in (("transformer-80k", "80k"), ("transformer-300k", "300k")):
        choose(page, stage, "Model", label)
        model = quantised_pocket(explorer_data, name)
        page.wait_for_function(
            "([stage, n]) => stage.querySelector('select').value.endsWith(n) && performance"
            ".getEntriesByType('resource').some(one => one.name.endsWith(n + '.bin'))",
            arg=[stage.element_handle(), name.rpartition("-")[2]],
        )
        settle(page, 500)
        for text in random_texts(model.charset):
            field.fill(text)
            wanted = model.token_log_probs(np.array(model.encode(text))[None])[0]
            seen = numbers(stage)
            assert seen["letters"] == str(len(text))
            assert abs(float(seen["bits"]) + wanted.sum() / BIT) <= 0.1
            rows = table(page, stage)
            found = [float(cells[2].replace("−", "-")) for cells in rows.values()]
            np.testing.assert_allclose(found, wanted[-40:], atol=2e-4)


def taken_apart(model, ids):
    """Of a text: attention weights (layer, head, query, key), the parts {name: (T, d)} whose sum is
    the last residual stream, and that stream.
    """
    config, p = model.config, {key: array.astype(float) for key, array in model.params.items()}
    x = p["wte"][ids] + p["wpe"][: len(ids)]
    parts = {"token": p["wte"][ids], "position": p["wpe"][: len(ids)]}
    weights = []
    for layer in range(config.n_layer):
        of_layer = {
            key: array[layer] for key, array in p.items() if array.shape[0] == config.n_layer
        }
        after, cache = transformer.block(of_layer, x[None], config.n_head)
        weights.append(cache.attention.weights[0])
        mixed = (weights[-1] @ cache.attention.value[0]).swapaxes(0, 1)  # (T, head, size)
        by_head = np.einsum(
            "qhd,hde->qhe", mixed, of_layer["proj_w"].reshape(config.n_head, -1, config.n_embd)
        )
        for head in range(config.n_head):
            parts[f"head {head + 1} of layer {layer + 1}"] = by_head[:, head]
        bias = np.tile(of_layer["proj_b"], (len(ids), 1))
        parts[f"attention bias of layer {layer + 1}"] = bias
        parts[f"MLP of layer {layer + 1}"] = after[0] - x - by_head.sum(axis=1) - bias
        x = after[0]
    return np.array(weights), parts, x


def added_to_the_logit(model, parts, x, token, place):
    """What each part adds to the logit of a token, from the mean of all logits."""
    p, V = model.params, model.config.vocab_size
    towards = (p["wte"][token] - p["wte"][:V].mean(axis=0)).astype(float)
    spread = np.sqrt(x[place].var() + 1e-5)
    added = {
        name: (vectors[place] - vectors[place].mean()) / spread * p["lnf_g"] @ towards
        for name, vectors in parts.items()
    }
    return added | {"last bias": p["lnf_b"] @ towards}


def without_heads(model, off):
    """The model with zeros for what some heads, (layer, head), add."""
    params, size = dict(model.params), model.config.n_embd // model.config.n_head
    params["proj_w"] = params["proj_w"].copy()
    for layer, head in off:
        params["proj_w"][layer, head * size : (head + 1) * size] = 0
    return dataclasses.replace(model, params=params)


def test_what_is_seen_inside_the_model_is_lmcores(page, site, explorer_data):
    """Weights of every head, parts of a logit, and bits without heads, on noise and on prose."""
    stage = explorer(page, f"{site}{EVERYWHERE['inside']}", "inside")
    field = stage.get_by_label("Text to look into", exact=True)
    rng = np.random.default_rng(12)
    noise, _, words = random_texts(load_pretrained("transformer-80k").charset)
    for name, label, texts in (
        ("transformer-80k", "80k", (noise, words)),
        ("transformer-300k", "300k", ("We the people of the United States",)),
    ):
        choose(page, stage, "Model", label)
        model = quantised_pocket(explorer_data, name)
        L, H = model.config.n_layer, model.config.n_head
        page.wait_for_function(
            "([stage, n]) => stage.querySelectorAll('.ex-heads button').length === n",
            arg=[stage.element_handle(), L * H],
        )
        for text in texts:
            field.fill(text)
            ids = np.array([model.vocab_size, *model.encode(text)])
            weights, parts, x = taken_apart(model, ids)
            place = int(rng.integers(1, len(text)))
            slider = stage.get_by_label("Letter", exact=True)
            press(page, slider, "Home")
            press(page, slider, "ArrowRight", place)
            layer, head = int(rng.integers(L)), int(rng.integers(H))
            choose(page, stage, "Head on show", f"layer {layer + 1}, head {head + 1}")
            seen = stage.locator(".ex-attended [data-weight]").evaluate_all(
                "spans => spans.map((span) => +span.dataset.weight)"
            )
            np.testing.assert_allclose(seen, weights[layer, head, place, : place + 1], atol=1e-5)
            wanted = added_to_the_logit(model, parts, x, ids[place + 1], place)
            rows = table(page, stage)
            total = rows.pop("sum: the logit above the mean")[2]
            found = {row: float(cells[2].replace("−", "-")) for row, cells in rows.items()}
            assert found.keys() == wanted.keys()
            for row, added in wanted.items():
                assert abs(found[row] - added) < 5e-4, (name, text, row)
            logits, _ = transformer.forward(model.params, ids[None], model.config)
            logit = logits[0, place, ids[place + 1]] - logits[0, place].mean()
            assert abs(float(total.replace("−", "-")) - logit) < 1e-3
            for one in range(L * H):
                most = weights[one // H, one % H, place].max()
                shown_most = rows[f"head {one % H + 1} of layer {one // H + 1}"][1]
                assert abs(float(shown_most) - most) < 2e-4

            off = [(layer, head), ((layer + 1) % L, (head + 2) % H)]
            for gone in off:
                stage.locator(".ex-heads button").nth(gone[0] * H + gone[1]).click()
            bits = [
                -m.token_log_probs(ids[None, 1:]).mean() / BIT
                for m in (model, without_heads(model, off))
            ]
            values = numbers(stage)
            assert abs(float(values["bits per letter"]) - bits[1]) < 1.1e-3
            change = float(values["change by heads taken out"].replace("−", "-"))
            assert abs(change - (bits[1] - bits[0])) < 1.1e-3
            assert "Without 2 heads" in finding(page, stage)
            stage.get_by_role("button", name="All heads on").click()
            assert numbers(stage)["change by heads taken out"] == "0.000"
    assert foreign(page, site) == []


def test_the_inside_of_the_model_is_seen_by_pointer_keys_and_finger(page, browser, site):
    stage = explorer(page, f"{site}{EVERYWHERE['inside']}", "inside")
    letters = stage.locator(".ex-attended span")
    here = stage.locator(".ex-attended .ex-here")
    assert here.inner_text() == "t" and numbers(stage)["letter"] == "“t”"
    letters.nth(5).hover()
    assert numbers(stage)["letter"] == "“C”"
    stage.locator("dl").hover()
    assert numbers(stage)["letter"] == "“t”"  # the one chosen before
    button = stage.locator(".ex-heads button").first
    press(page, button, "ArrowDown")
    press(page, page.locator(":focus"), "ArrowRight")
    assert stage.get_by_label("Head on show").input_value() == "5"  # layer 2, head 2
    page.keyboard.press("Space")
    assert page.locator(":focus").get_attribute("aria-pressed") == "false"
    assert numbers(stage)["change by heads taken out"] != "0.000"
    stage.get_by_label("Text to look into").fill("")
    assert numbers(stage)["letter"].endswith("the likeliest next")
    with opened(browser, **PHONE) as phone:
        stage = explorer(phone, f"{site}{EVERYWHERE['inside']}", "inside")
        stage.locator(".ex-attended span").nth(3).tap()
        assert numbers(stage)["letter"] == "“e”"


def test_bytes_cost_a_pocket_transformer_next_to_nothing(explorer_data):
    text = data.split().test[0].text[:2000]
    for name in explorer_data.POCKETS:
        exact, sent = load_pretrained(name), quantised_pocket(explorer_data, name)
        ids = np.array(exact.encode(text))[None]
        bits = [-model.token_log_probs(ids).mean() / BIT for model in (exact, sent)]
        assert abs(bits[0] - bits[1]) < 0.002


def test_filters_of_the_next_letter_are_lmcores(page, site, explorer_data):
    stage = explorer(page, f"{site}{EVERYWHERE['typing']}", "typing")
    model = quantised_pocket(explorer_data, "transformer-80k")
    z = model.next_log_probs(model.encode("The Constitution of the United Sta")).astype(float)
    slide(page, stage, "Temperature τ", 1.5)
    slide(page, stage, "Top-k", 20)
    slide(page, stage, "Top-p", 0.8)
    kept = decoding.top_p_filter(decoding.top_k_filter(z / 1.5, 20), 0.8)
    probs = softmax.softmax(kept)
    shown_bars = stage.locator(".ex-next .ex-share").all_inner_texts()
    best = np.sort(probs[probs > 0])[::-1][:8]
    assert shown_bars == [f"{shown(100 * value, 1)} %" for value in best]


def test_what_is_written_on_and_what_the_caret_asks(page, site):
    stage = explorer(page, f"{site}{EVERYWHERE['typing']}", "typing")
    field = stage.get_by_label("Your text", exact=True)
    assert stage.bounding_box()["y"] < 900 * 0.6  # in the first view
    stage.get_by_role("button", name="Write on").click()
    stage.get_by_role("button", name="Stop").wait_for()
    stage.get_by_role("button", name="Write on").wait_for()
    assert len(field.input_value()) > len("The Constitution of the United Sta")
    field.fill("Naïve “café” — 日本")
    assert numbers(stage)["letters"] == str(len('Naive "cafe" -- '))
    assert "日 本" in finding(page, stage)
    field.press("Home")
    stage.get_by_text("What comes first:").wait_for()
    assert stage.locator(".ex-next .ex-true code").count() <= 1
    stage.get_by_role("button", name="Clear").click()
    assert numbers(stage)["bits per letter"] == "none"


def test_any_text_can_be_pasted(page, site):
    stage = explorer(page, f"{site}{EVERYWHERE['typing']}", "typing")
    field = stage.get_by_label("Your text", exact=True)
    for text, letters, words in (
        ("שלום", "0", "The model knows none of these letters. Left out, for they are not in"),
        ("👩‍👩‍👧 hi 👩\t", "4", "Left out, for they are not in its alphabet: 👩 👧"),
        ("\u200d\t", "0", "Type something"),
        ("".join(map(chr, range(0x4E00, 0x4E20))), "0", "and 20 more"),
        ("<b>x</b>&amp;", "13", "The greatest surprise"),
    ):
        field.fill(text)
        assert numbers(stage)["letters"] == letters
        assert words in finding(page, stage)
    # a long text is read in pieces, between which the page answers
    field.fill("we the people " * 200)
    assert stage.locator("[aria-busy=true]").count() == 1
    read = page.evaluate("document.querySelectorAll('.ex-reading span').length")
    assert numbers(stage)["letters"] == "2000" and read < 1000


def test_the_landing_page_leads_on_and_says_what_has_been_solved(page, site):
    page.goto(f"{site}book/intro.html")
    page.evaluate("localStorage.setItem('lm-practice:03-softmax:ex-merge', '2026-01-01')")
    page.get_by_role("link", name="Start with chapter 1").click()
    page.wait_for_url("**/01-distributions/index.html")
    page.goto(f"{site}book/05-information/3-perplexity.html")
    assert page.locator(".course-path [aria-current=page]").inner_text() == "5.3"
    explorer(page, f"{site}book/intro.html", "typing")
    page.get_by_role("link", name="Continue: 5.3 Perplexity").click()
    page.wait_for_url("**/3-perplexity.html")
    page.goto(f"{site}book/intro.html")
    solved = page.locator(".chapter-cards .sd-card", has_text="3 Logits").locator(".chapter-solved")
    assert solved.first.inner_text() == "0 of 5 sections read"
    assert re.fullmatch(r"1 of \d exercises solved", solved.nth(1).inner_text())
    assert page.locator(".chapter-solved").count() >= 8 and foreign(page, site) == []


# --- what all of them share ---

EVERYWHERE = {
    "typing": "book/intro.html",
    "mass": "book/01-distributions/index.html",
    "chain": "book/02-factorization/index.html",
    "guidance": "book/09-conditioning/index.html",
    "inside": "book/02-factorization/3-causal-masking.html",
    "safety": "book/09-conditioning/index.html",
    "leak": "book/10-diagnostics/index.html",
    "next-token": "book/01-distributions/index.html",
    "temperature": "book/03-softmax/index.html",
    "masked": "book/04-likelihood/index.html",
    "divergence": "book/05-information/index.html",
    "reliability": "book/06-calibration/index.html",
    "decoding": "book/07-decoding/index.html",
    "beams": "book/07-decoding/index.html",
    "ngrams": "book/08-models/index.html",
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_an_explorer_waits_and_fits_a_phone(page, site, name):
    """Nothing of it is fetched before it comes near.

    At 360 px, and with letters twice as large, it keeps to its width.
    """
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{site}{EVERYWHERE[name]}")
    page.wait_for_timeout(300)
    if name != "typing":  # that one stands at the top
        assert not [url for url in page.asked if url.endswith(".json")]
    stage = page.locator(f"[data-explorer={name}]")
    reserved = stage.bounding_box()["height"]
    stage.scroll_into_view_if_needed()
    page.wait_for_selector(f"[data-explorer={name}][data-ready]")
    assert abs(stage.bounding_box()["height"] - reserved) < 80, (
        "the room kept for it is not what it needs"
    )
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for control in stage.locator("input, select, [role=slider], button").all():
        assert control.evaluate("c => c.labels?.length || c.ariaLabel || c.textContent.trim()"), (
            "a control without a name"
        )
    page.evaluate(
        "for (const fold of document.querySelectorAll('.explorer details')) fold.open = true"
    )
    page.evaluate(AXE)
    wrong = page.evaluate(f"axe.run('#explorer-{name}', {{resultTypes: ['violations']}})")[
        "violations"
    ]
    assert [f"{rule['id']}: {rule['nodes'][0]['html'][:160]}" for rule in wrong] == []
    page.set_viewport_size({"width": 640, "height": 740})  # 1280 px at 200 %
    settle(page, 100)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


@pytest.mark.parametrize("address", dict.fromkeys(EVERYWHERE.values()))
def test_without_scripts_a_sentence_leads_to_a_figure(browser, site, address):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}{address}", wait_until="domcontentloaded")
    for name in (name for name, place in EVERYWHERE.items() if place == address):
        box = page.locator(f"#explorer-{name}")
        instead = box.locator(".explorer-instead")
        assert (
            instead.is_visible()
            and "scripts" in instead.inner_text()
            and re.match("Fig", instead.locator("a").inner_text())
        )
        assert box.locator("ol > li").count() == (0 if name == "typing" else 3)
    context.close()


def test_on_paper_the_controls_go_and_the_picture_stays(page, site):
    stage = explorer(page, f"{site}book/06-calibration/index.html", "reliability")
    page.emulate_media(media="print")
    assert (
        stage.locator("svg").first.is_visible()
        and stage.get_by_text("Temperature T", exact=True).is_visible()
    )
    assert (
        not stage.locator("details").is_visible() and not stage.locator("input").first.is_visible()
    )
