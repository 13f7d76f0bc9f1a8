// Temperature and the filters on recorded next-token distributions: for the landing page, section 3.5 and chapter 7.
import { scaleLinear } from "d3-scale";
import { line } from "d3-shape";
import { filtered, ofTokens } from "./filters.js";
import {
  axes,
  choice,
  fixed,
  frame,
  load,
  percent,
  picture,
  range,
  sized,
  source,
  whole,
} from "./ui.js";

const KEPT_AT_MOST = [
  1,
  2,
  3,
  4,
  5,
  8,
  10,
  15,
  20,
  30,
  40,
  50,
  100,
  200,
  500,
  1000,
  5000,
  Infinity,
];

/** Distances from the largest logit, increasing, and how many tokens have each. */
function unpack({ unit, steps, counts }) {
  let at = 0;
  return {
    distances: steps.map((step) => {
      at += step;
      return at * unit;
    }),
    counts,
  };
}

export async function mount(stage, form) {
  const data = await load("decoding");
  const rowsShown = form === "next-token" ? 8 : 14;
  const landing = form === "next-token",
    filters = form === "decoding",
    curve = form === "temperature";
  const update = () => redraw();
  const prefix = choice(
    landing ? "The text so far" : "Prefix",
    data.prefixes.map(({ name, text }) => [name, text.replaceAll("\n", "⏎")]),
    update,
    landing ? "fact" : "errand",
  );
  const tau = range(
    "Temperature τ",
    { min: 0.1, max: 3, step: 0.05, value: 1, words: (v) => fixed(v, 2) },
    update,
  );
  const controls = [prefix, tau];
  let k, p, minP;
  if (filters) {
    k = range(
      "Top-k",
      {
        min: 0,
        max: KEPT_AT_MOST.length - 1,
        step: 1,
        value: KEPT_AT_MOST.length - 1,
        words: (i) => (i === KEPT_AT_MOST.length - 1 ? "off" : `k = ${whole(KEPT_AT_MOST[i])}`),
      },
      update,
    );
    p = range(
      "Top-p",
      {
        min: 0.05,
        max: 1,
        step: 0.01,
        value: 1,
        words: (v) => (v === 1 ? "off" : `p = ${fixed(v, 2)}`),
      },
      update,
    );
    minP = range(
      "Min-p",
      { min: 0, max: 0.5, step: 0.01, value: 0, words: (v) => (v === 0 ? "off" : fixed(v, 2)) },
      update,
    );
    controls.push(k, p, minP);
  }
  const bars = picture("Bars: probabilities of the most probable next tokens");
  const entropyCurve = picture(
    "Curve: entropy against temperature, with a dot at the temperature chosen",
  );
  const draw = (width) => {
    const chosen = data.prefixes.find(({ name }) => name === prefix.value);
    const distribution = unpack(chosen);
    const settings = { tau: tau.value };
    if (filters)
      Object.assign(settings, { k: KEPT_AT_MOST[k.value], p: p.value, minP: minP.value });
    const asIs = filtered(distribution, {}),
      now = filtered(distribution, settings);
    const names = chosen.tokens.slice(0, rowsShown);
    const before = ofTokens(rowsShown, distribution, asIs),
      after = ofTokens(rowsShown, distribution, now);
    drawBars(bars, width, names, before, after);
    if (curve) drawCurve(entropyCurve, width, distribution, tau.value, now.entropy);
    const rest = (probs) => Math.max(0, 1 - probs.reduce((sum, q) => sum + (q ?? 0), 0));
    const best = `“${names[0]}” has ${percent(after[0])}`;
    const numbers = [["entropy", `${fixed(now.entropy, 2)} nats`]];
    if (!landing) numbers.unshift(["entropy at τ = 1", `${fixed(asIs.entropy, 2)} nats`]);
    if (landing)
      numbers.push(
        ["surprise of the best", `${fixed(-Math.log(after[0]), 2)} nats`],
        ["as many choices as", `${fixed(Math.exp(now.entropy), 1)} equal ones`],
      );
    if (curve) numbers.push(["slope dH/dτ", `${fixed(now.slope, 2)} nats`]);
    if (filters) numbers.push(["tokens kept", whole(now.count)], ["mass kept", percent(now.mass)]);
    const cut = filters && now.count < data.vocabulary;
    return {
      numbers,
      finding: filters
        ? `${
            cut
              ? `${whole(now.count)} of ${whole(data.vocabulary)} tokens are left; they held ${percent(now.mass)} of the mass at this temperature.`
              : `All ${whole(data.vocabulary)} tokens are left.`
          } ${best}; entropy ${fixed(now.entropy, 2)} nats, ${fixed(asIs.entropy, 2)} before.`
        : landing
          ? `After “${chosen.text}” the model gives “${names[0]}” ${percent(after[0])} of its probability at temperature ${fixed(tau.value, 2)}; ` +
            `it is as uncertain as if it had to choose among ${fixed(Math.exp(now.entropy), 1)} equal tokens.`
          : `At temperature ${fixed(tau.value, 2)} ${best}, and the ${rowsShown} tokens shown hold ${percent(1 - rest(after))}; ` +
            `entropy ${fixed(now.entropy, 2)} nats, as uncertain as ${fixed(Math.exp(now.entropy), 1)} equal choices.`,
      table: {
        caption: `Next token after “${chosen.text}”`,
        head: ["token", "model, τ = 1", "with these settings"],
        rows: [
          ...names.map((name, i) => [
            name,
            percent(before[i], 2),
            after[i] === null ? "cut" : percent(after[i], 2),
          ]),
          ["all others", percent(rest(before), 2), percent(rest(after), 2)],
        ],
      },
    };
  };
  const redraw = frame(stage, {
    title: "Next-token distribution",
    controls: controls.map(({ node }) => node),
    pictures: curve ? [bars, entropyCurve] : [bars],
    extra: [source()],
    draw,
  });
}

function drawBars(svg, width, names, before, after) {
  const left = Math.min(110, width * 0.28),
    right = 52,
    row = 22,
    top = 4,
    bottom = top + row * names.length;
  const drawing = sized(svg, width, bottom + 40);
  const x = scaleLinear([0, Math.max(...before, ...after)], [left, width - right]).nice(5);
  axes(drawing, {
    x,
    bottom,
    left,
    ticksY: 0,
    ticksX: Math.min(6, (width - left) / 70),
    formatX: (v) => `${Math.round(100 * v)} %`,
    nameX: "probability",
  });
  const rows = drawing
    .selectAll(".ex-row")
    .data(names)
    .join("g")
    .attr("class", "ex-row")
    .attr("transform", (_, i) => `translate(0,${top + row * i})`);
  rows
    .append("text")
    .attr("class", (_, i) => `ex-token${after[i] === null ? " ex-cut" : ""}`)
    .attr("x", left - 8)
    .attr("y", 15)
    .attr("text-anchor", "end")
    .text((name) => name);
  rows
    .append("rect")
    .attr("class", "ex-bar")
    .attr("x", left)
    .attr("y", 3)
    .attr("height", row - 6)
    .attr("width", (_, i) => x(after[i] ?? 0) - left);
  rows
    .append("rect")
    .attr("class", "ex-outline")
    .attr("x", left)
    .attr("y", 3)
    .attr("height", row - 6)
    .attr("width", (_, i) => x(before[i]) - left);
  rows
    .append("text")
    .attr("class", "ex-value")
    .attr("y", 15)
    .attr("x", (_, i) => Math.max(x(after[i] ?? 0), x(before[i])) + 5)
    .text((_, i) => (after[i] === null ? "cut" : percent(after[i])));
}

function drawCurve(svg, width, distribution, tau, entropy) {
  const height = 170,
    left = 34,
    bottom = height - 40;
  const drawing = sized(svg, width, height);
  const temperatures = Array.from({ length: 59 }, (_, i) => 0.1 + i * 0.05);
  const values = temperatures.map((t) => filtered(distribution, { tau: t }).entropy);
  const x = scaleLinear([0, 3], [left, width - 12]),
    y = scaleLinear([0, 12], [bottom, 22]);
  axes(drawing, { x, y, bottom, left, ticksY: 4, nameX: "temperature τ", nameY: "entropy (nats)" });
  drawing
    .append("path")
    .attr("class", "ex-line ex-1")
    .attr(
      "d",
      line(
        (_, i) => x(temperatures[i]),
        (v) => y(v),
      )(values),
    );
  drawing
    .append("circle")
    .attr("class", "ex-dot ex-1")
    .attr("r", 6)
    .attr("cx", x(tau))
    .attr("cy", y(entropy));
}
