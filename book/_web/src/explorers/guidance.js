// Guidance (9.4): the line between two models' logits, past both ends, beside the same line between their probabilities.
import {
  check,
  choice,
  fixed,
  frame,
  hint,
  load,
  outlinedBars,
  picture,
  range,
  whole,
} from "./ui.js";
import { logSoftmax } from "./transformer.js";

const SHOWN = 12;
const BANNED = 3; // words on show that clipping makes impossible

/** log p_γ of each token, from the rows of two models. */
export const guided = (c, u, gamma) => [...logSoftmax(u.map((z, v) => z + gamma * (c[v] - z)))];

/** The line between probabilities, which can be negative. */
export const line = (c, u, gamma) =>
  u.map((z, v) => Math.exp(z) + gamma * (Math.exp(c[v]) - Math.exp(z)));

/** The same as a distribution: what is negative is set to 0 and the rest divided by its sum. */
export function clipped(c, u, gamma) {
  const kept = line(c, u, gamma).map((p) => Math.max(0, p));
  const total = kept.reduce((sum, p) => sum + p, 0);
  return kept.map((p) => p / total);
}

const RAISED = Object.fromEntries([..."-0123456789"].map((sign, i) => [sign, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[i]]));

/** A probability that may be small, but is not 0. */
function tiny(p) {
  if (p >= 1e-3) return fixed(p, 4);
  const [digits, power] = p.toExponential(1).split("e");
  return `${digits} · 10${[...power].map((sign) => RAISED[sign]).join("")}`;
}

const mean = (p, values) => p.reduce((sum, part, v) => sum + part * values[v], 0);

export async function mount(stage) {
  const { prefixes } = await load("guidance");
  const update = () => redraw();
  const which = choice(
    "Prefix",
    prefixes.map(({ text }, i) => [i, `${text} …`]),
    update,
  );
  const strength = range(
    "Guidance γ",
    { min: -1, max: 5, step: 0.25, value: 2, words: (value) => fixed(value, 2) },
    update,
  );
  const other = check("compare with probabilities extrapolated and clipped", false, update);
  const bars = picture("Bars: the most probable next words under guidance");
  const draw = (width) => {
    const { words, early, late } = prefixes[which.value];
    const gamma = strength.value;
    const p = guided(early, late, gamma).map(Math.exp);
    const q = clipped(early, late, gamma);
    const evidence = early.map((z, v) => z - late[v]);
    const found = mean(p, evidence);
    const spread = mean(
      p,
      evidence.map((value) => value * value),
    );
    const entropy = -p.reduce((sum, part) => sum + (part ? part * Math.log(part) : 0), 0);
    const before = early.map((z, v) => Math.exp(Math.max(z, late[v])));
    const ranked = (values) => [...values.keys()].sort((a, b) => values[b] - values[a]);
    const first = ranked(p).slice(0, SHOWN);
    const banned = ranked(before).filter((v) => q[v] === 0);
    const rows = [...first, ...banned.filter((v) => !first.includes(v)).slice(0, BANNED)];
    outlinedBars(
      bars,
      width,
      (other.value ? rows : first).map((v) => ({
        word: words[v],
        p: p[v],
        q: other.value ? q[v] : undefined,
        value: p[v],
        cut: other.value && q[v] === 0,
      })),
      { left: 118, least: 0.2 },
    );
    /** What becomes of a word that clipping bans. */
    const losing = (v) =>
      `Clipping bans ${banned.length} of the ${whole(words.length)} words, first “${words[v]}”: late ${tiny(Math.exp(late[v]))}, early ${tiny(Math.exp(early[v]))}, on the line between probabilities ${fixed(line(early, late, gamma)[v], 4)}, which is set to 0. The line between logits keeps it possible, at ${tiny(p[v])}.`;
    const place = {
      0: "This is the late model u, as it is. ",
      1: "This is the early model c, as it is. ",
    };
    const side =
      gamma > 1
        ? "Pushed past the early model. "
        : gamma < 0
          ? "Pushed past the late model. "
          : "Between the two models. ";
    return {
      numbers: [
        ["mean evidence E[Δ]", `${fixed(found, 3)} nats`],
        ["its slope, Var(Δ)", fixed(spread - found * found, 3)],
        ["entropy", `${fixed(entropy, 3)} nats`],
        ["words that clipping bans", `${banned.length} of ${words.length}`],
      ],
      finding: `${place[gamma] ?? side}The likeliest word is “${words[first[0]]}”, with probability ${fixed(p[first[0]], 3)} and an evidence of ${fixed(evidence[first[0]], 2)} nats for the early era. ${
        banned.length ? losing(banned[0]) : "Neither line rules out a word."
      }`,
      table: {
        caption: "The most probable words under guidance",
        head: ["word", "p late", "p early", "Δ", "guided", "clipped"],
        rows: rows.map((v) => [
          words[v],
          fixed(Math.exp(late[v]), 4),
          fixed(Math.exp(early[v]), 4),
          fixed(evidence[v], 2),
          fixed(p[v], 4),
          q[v] ? fixed(q[v], 4) : "banned",
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Guidance",
    controls: [which.node, strength.node, other.node],
    pictures: [
      hint(
        "Trigrams of two eras of speeches: 1800 to 1850 (early, c) and 1970 to 2026 (late, u), over the words that guidance makes likely at some strength.",
      ),
      bars,
    ],
    draw,
  });
}
