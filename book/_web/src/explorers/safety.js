// What a filter lets through (9.5): four systems around one small model whose replies can all be listed.
import { scaleLinear } from "d3-scale";
import {
  axes,
  check,
  element,
  fixed,
  frame,
  hint,
  load,
  percent,
  picture,
  range,
  sized,
} from "./ui.js";

const TIMES = [1, 2, 5, 10, 20, 50, 100];
const SYSTEMS = ["model alone", "one-shot", "retry", "mask"];
const WITHOUT_END = 11; // the place of the slider at which retry never gives up
const product = (steps) => steps.reduce((total, [, p]) => total * p, 1);

/**
 * What each system emits: {name: [probability of each reply, and last of a refusal]}, as lmcore.conditioning's
 * filtered_distribution; null where some reply must be emitted and every one is flagged.
 */
export function emitted(replies, flagged, attempts) {
  const model = replies.map(product);
  const u = model.reduce((total, p, i) => total + (flagged[i] ? p : 0), 0);
  const kept = model.map((p, i) => (flagged[i] ? 0 : p));
  const none = flagged.every(Boolean);
  const again = Number.isFinite(attempts) ? (1 - u ** attempts) / (1 - u) : 1 / (1 - u);
  const retry =
    none && !Number.isFinite(attempts)
      ? null
      : [...kept.map((p) => (none ? 0 : p * again)), Number.isFinite(attempts) ? u ** attempts : 0];
  /** Of the tokens that may follow `before`, the share after which some reply without a flag is left. */
  const allowed = (before) => {
    const next = new Map();
    replies.forEach((steps, i) => {
      if (before.some(([token], place) => steps[place]?.[0] !== token)) return;
      const [token, p] = steps[before.length];
      next.set(token, { p, open: next.get(token)?.open || !flagged[i] });
    });
    return [...next.values()].reduce((total, { p, open }) => total + (open ? p : 0), 0);
  };
  const masked = (steps) =>
    steps.reduce((total, [, p], place) => (total * p) / allowed(steps.slice(0, place)), 1);
  return {
    "model alone": [...model, 0],
    "one-shot": [...kept, u],
    retry,
    mask: none ? null : [...replies.map((steps, i) => (flagged[i] ? 0 : masked(steps))), 0],
  };
}

export async function mount(stage) {
  const { replies, harmful } = await load("safety");
  const names = [...replies.map((steps) => steps.map(([token]) => token).join(" ")), "(refusal)"];
  const update = () => redraw();
  const flags = replies.map((_, i) =>
    check(`${names[i]}${harmful[i] ? " (harmful)" : ""}`, harmful[i], update),
  );
  const tries = range(
    "Tries of retry",
    {
      min: 1,
      max: WITHOUT_END,
      step: 1,
      value: WITHOUT_END,
      words: (value) => (value < WITHOUT_END ? String(value) : "until one passes"),
    },
    update,
  );
  const times = range(
    "Requests",
    { min: 0, max: TIMES.length - 1, step: 1, value: 4, words: (place) => String(TIMES[place]) },
    update,
  );
  const bars = picture("Bars: what each system emits");
  const draw = (width) => {
    const flagged = flags.map(({ value }) => value);
    const attempts = tries.value < WITHOUT_END ? tries.value : Infinity;
    const found = emitted(replies, flagged, attempts);
    const harm = (Q) => harmful.reduce((total, is, i) => total + (is ? Q[i] : 0), 0);
    const k = TIMES[times.value];
    const shown = SYSTEMS.filter((name) => found[name]);
    drawBars(bars, width, names, shown, found);
    const worst = shown.slice(1).reduce((a, b) => (harm(found[b]) > harm(found[a]) ? b : a));
    return {
      numbers: SYSTEMS.map((name) => [
        `${name}: harm in ${k === 1 ? "1 request" : `${k} requests`}`,
        found[name] ? percent(1 - (1 - harm(found[name])) ** k) : "undefined",
      ]),
      finding: flagged.every(Boolean)
        ? "Every reply is flagged: one-shot always refuses, and a mask has nothing left to say."
        : `One-shot refuses ${percent(found["one-shot"].at(-1))}, retry ${found.retry ? percent(found.retry.at(-1)) : "never"}, the mask never. ` +
          (harm(found[worst])
            ? `A single reply is harmful most often with ${worst}: ${percent(harm(found[worst]))}.`
            : "None of the three emits a harmful reply, and they still differ in what else they say."),
      table: {
        caption: "Probability of what is emitted",
        head: ["reply", ...SYSTEMS],
        rows: names.map((name, i) => [
          name,
          ...SYSTEMS.map((system) => (found[system] ? fixed(found[system][i], 4) : "undefined")),
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "What a filtered model emits",
    controls: [
      element(
        "fieldset",
        { class: "ex-set" },
        element("legend", {}, "The filter flags"),
        ...flags.map(({ node }) => node),
      ),
      tries.node,
      times.node,
    ],
    pictures: [
      hint("For each reply from top to bottom: the model alone, one-shot, retry, and the mask."),
      bars,
    ],
    draw,
  });
}

function drawBars(svg, width, names, shown, found) {
  const left = 104,
    bar = 9,
    row = bar * shown.length + 10,
    bottom = row * names.length;
  const drawing = sized(svg, width, bottom + 40);
  const x = scaleLinear([0, 1], [left, width - 48]);
  axes(drawing, {
    x,
    bottom,
    left,
    ticksX: Math.min(5, (width - left) / 60),
    ticksY: 0,
    nameX: "probability",
  });
  names.forEach((name, i) => {
    const group = drawing.append("g").attr("transform", `translate(0,${i * row})`);
    group
      .append("text")
      .attr("x", left - 8)
      .attr("y", row / 2 + 2)
      .attr("text-anchor", "end")
      .text(name);
    shown.forEach((system, place) =>
      group
        .append("rect")
        .attr("class", `ex-bar ex-system-${SYSTEMS.indexOf(system)}`)
        .attr("x", left)
        .attr("y", 4 + place * bar)
        .attr("height", bar - 2)
        .attr("width", x(found[system][i]) - left),
    );
  });
}
