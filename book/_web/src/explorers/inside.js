// Inside a pocket transformer (2.3 and 8.5): where each head looks, what each part adds to the logit of the letter that came,
// and what the text costs when heads are taken out.
import { scaleLinear } from "d3-scale";
import { field, plain, pocket, shown, SIZES } from "./pocket.js";
import {
  axes,
  button,
  choice,
  element,
  fixed,
  frame,
  hint,
  percent,
  picture,
  range,
  sized,
  walkable,
} from "./ui.js";

const LONGEST = 120; // letters
const START = "The Constitution of the United States";
const AT = 35; // the letter looked at first

const quoted = (letter) => `“${shown(letter)}”`;
const signed = (value, digits) => (value > 0 ? "+" : "") + fixed(value, digits);
const sum = (values) => values.reduce((total, value) => total + value, 0);
const largest = (values) => values.indexOf(Math.max(...values));

/** A part of the stream as sentence and table name it. */
const named = ({ name, layer, head }) =>
  (head === undefined ? name : `${name} ${head + 1}`) +
  (layer === undefined ? "" : ` of layer ${layer + 1}`);

/** Parts of each layer's attention put together, as the picture shows them: [name, what they add]. */
function gathered(parts) {
  const rows = new Map();
  for (const { name, layer, adds } of parts) {
    const part = layer === undefined || name === "MLP" ? name : "attention";
    const key = layer === undefined ? part : `${part} ${layer + 1}`;
    rows.set(key, (rows.get(key) ?? 0) + adds);
  }
  return [...rows];
}

export async function mount(stage) {
  let about, model, tokens, whole, places; // `whole`: the places with every head, `places`: as it stands
  let letters = []; // the spans of the text, from the beginning to the place of the next letter
  let pointed; // the letter under the pointer
  const off = new Set();
  const letter = (i) => about.charset[tokens[i]];

  const input = field("Text to look into", START, 2, LONGEST, () => readAgain());
  const wordsOf = (i) =>
    !tokens ? "" : i < tokens.length ? `${i + 1}: ${quoted(letter(i))}` : `${i + 1}: the next one`;
  const size = choice("Model", SIZES, () => take());
  const place = range(
    "Letter",
    { min: 1, max: START.length + 1, step: 1, value: AT, words: (value) => wordsOf(value - 1) },
    () => {
      pointed = undefined;
      redraw();
    },
  );
  const head = choice("Head on show", [], () => redraw());
  const allOn = button("All heads on", () => {
    off.clear();
    ablate();
  });

  const reading = element("p", {
    class: "ex-reading ex-attended",
    onpointerover: ({ target, pointerType }) => {
      if (pointerType === "mouse") point(target.dataset.place);
    },
    onpointerleave: () => point(undefined),
    onclick: ({ target }) => {
      if (!target.dataset.place) return;
      place.value = +target.dataset.place;
      redraw();
    },
  });
  const point = (at) => {
    if (at === "0" || at === pointed) return;
    pointed = at;
    redraw();
  };
  const grid = element("table", {
    class: "ex-grid ex-heads",
    "aria-label": "Heads: press one to take it out or to put it back",
  });
  const bars = picture("Bars: what each part adds to the logit of the letter");
  let toggles;

  const show = (number) => {
    if (head.value === String(number)) return;
    head.value = number;
    redraw();
  };
  const buildHeads = () => {
    const all = Array.from({ length: model.layers * model.heads }, (_, number) => number);
    const title = (number) =>
      `layer ${Math.floor(number / model.heads) + 1}, head ${(number % model.heads) + 1}`;
    head.input.replaceChildren(
      ...all.map((number) => element("option", { value: number }, title(number))),
    );
    toggles = all.map((number) =>
      element("button", {
        type: "button",
        class: "ex-cell",
        onclick: () => {
          if (!off.delete(number)) off.add(number);
          ablate();
        },
        onfocus: () => show(number),
        onpointerenter: () => show(number),
      }),
    );
    const rows = Array.from({ length: model.layers }, (_, layer) =>
      toggles.slice(layer * model.heads, (layer + 1) * model.heads),
    );
    walkable(rows);
    grid.replaceChildren(
      element(
        "tbody",
        {},
        ...rows.map((row, layer) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, `layer ${layer + 1}`),
            ...row.map((toggle) => element("td", {}, toggle)),
          ),
        ),
      ),
    );
  };

  const inputs = () => [model.bos, ...tokens];
  const bits = (all) => sum(tokens.map((token, i) => -all[i].logProbs[token])) / Math.LN2;
  const ablate = () => {
    places = off.size ? model.examine(inputs(), off) : whole;
    redraw();
  };
  const readAgain = () => {
    tokens = [...plain(input.value, about.charset)].map((one) => about.charset.indexOf(one));
    whole = model.examine(inputs(), new Set());
    letters = ["▸", ...tokens.map((_, i) => letter(i)), " "].map((one, i) =>
      element("span", { "data-place": i }, one === "\n" ? "⏎\n" : one),
    );
    reading.replaceChildren(...letters);
    place.input.max = tokens.length + 1;
    place.tell();
    pointed = undefined;
    ablate();
  };
  const take = async () => {
    ({ about, model } = await pocket(size.value));
    off.clear();
    buildHeads();
    readAgain();
  };

  const drawReading = (at, weights) => {
    letters.forEach((span, i) => {
      const weight = weights[i] ?? 0;
      span.style.setProperty("--weight", `${45 * weight}%`);
      span.classList.toggle("ex-here", i === at + 1);
      if (i < weights.length) span.dataset.weight = weight;
      else delete span.dataset.weight;
      const name = i ? quoted(letter(i - 1)) : "the beginning";
      span.title = i < weights.length ? `${name}: weight ${fixed(weight, 3)}` : "";
    });
  };
  /** Where a row of weights is largest: {letter, back: how many inputs back, weight}. */
  const focus = (weights) => {
    const from = largest(weights);
    return {
      letter: from ? quoted(letter(from - 1)) : "the beginning",
      back: weights.length - 1 - from,
      weight: weights[from],
    };
  };
  const drawHeads = ({ weights }) => {
    toggles.forEach((toggle, number) => {
      const seen = focus(weights[number]);
      const name = `layer ${Math.floor(number / model.heads) + 1}, head ${(number % model.heads) + 1}: `;
      toggle.replaceChildren(
        element("span", { class: "ex-hidden" }, name),
        element("span", {}, `${seen.back} back`),
        element("span", { class: "ex-loss" }, fixed(seen.weight, 2)),
      );
      toggle.setAttribute("aria-pressed", !off.has(number));
      toggle.classList.toggle("ex-shown", String(number) === head.value);
    });
  };

  const draw = (width) => {
    const at = Math.min(pointed === undefined ? place.value - 1 : pointed - 1, tokens.length);
    const now = places[at],
      next = at === tokens.length,
      token = next ? largest(now.logProbs) : tokens[at],
      name = quoted(about.charset[token]);
    const weights = now.weights[+head.value];
    const parts = model.contributions(now, token);
    const logit = sum(parts.map(({ adds }) => adds));
    const most = parts.reduce((one, other) => (other.adds > one.adds ? other : one));
    const seen = focus(weights);
    drawReading(at, weights);
    drawHeads(now);
    drawBars(bars, width, gathered(parts));
    allOn.disabled = !off.size;
    const n = tokens.length,
      before = bits(whole) / n,
      after = bits(places) / n;
    const without = off.size === 1 ? "1 head" : `${off.size} heads`;
    return {
      numbers: [
        ["letter", next ? `${name}, the likeliest next` : name],
        ["its probability", percent(Math.exp(now.logProbs[token]))],
        ["its logit above the mean", `${fixed(logit, 3)} nats`],
        ["bits per letter", n ? fixed(after, 3) : "none"],
        ["change by heads taken out", n ? signed(after - before, 3) : "none"],
      ],
      finding:
        `To predict ${name}, ${named({ layer: Math.floor(+head.value / model.heads), name: "head", head: +head.value % model.heads })} ` +
        `looks most at ${seen.letter}, ${seen.back} back, with weight ${fixed(seen.weight, 2)}. ` +
        `What adds most to the logit is the ${named(most)}: ${signed(most.adds, 2)} nats.` +
        (off.size && n
          ? ` Without ${without} the text costs ${fixed(after, 2)} bits per letter instead of ${fixed(before, 2)}.`
          : ""),
      table: {
        caption: `What adds to the logit of ${name}`,
        head: ["part", "looks most at", "weight", "adds (nats)"],
        rows: [
          ...parts.map((part) => {
            const where =
              part.head === undefined
                ? undefined
                : focus(now.weights[part.layer * model.heads + part.head]);
            return [
              named(part),
              where ? `${where.letter}, ${where.back} back` : "",
              where ? fixed(where.weight, 4) : "",
              fixed(part.adds, 4),
            ];
          }),
          ["sum: the logit above the mean", "", "", fixed(logit, 4)],
        ],
      },
    };
  };

  let redraw = () => {};
  await take();
  redraw = frame(stage, {
    title: "Inside a small transformer",
    controls: [input, place.node, head.node, size.node],
    pictures: [
      reading,
      hint(
        "Blue: where the head on show looks when the underlined letter is predicted, counted back from the letter before it; ▸ is the beginning. Point at a letter, tap it, or move the slider.",
      ),
      element("div", { class: "ex-scroll" }, grid),
      element("div", { class: "ex-buttons" }, allOn),
      hint(
        "Each head: how far back it looks most, and with what weight. Press one to take it out: zeros stand for what it would have added.",
      ),
      bars,
    ],
    draw,
  });
}

/** Bars to both sides of zero, one for each part. */
function drawBars(svg, width, rows) {
  const left = 96,
    row = 22,
    bottom = row * rows.length + 4;
  const drawing = sized(svg, width, bottom + 40);
  const values = rows.map(([, adds]) => adds);
  const x = scaleLinear([Math.min(-1, ...values), Math.max(1, ...values)], [left + 44, width - 44]);
  axes(drawing, {
    x,
    bottom,
    left: x(0),
    ticksX: Math.min(6, (width - left) / 60),
    ticksY: 0,
    nameX: "adds to the logit (nats)",
  });
  const groups = drawing
    .selectAll(".ex-row")
    .data(rows)
    .join("g")
    .attr("transform", (_, i) => `translate(0,${4 + i * row})`);
  groups
    .append("text")
    .attr("x", left - 8)
    .attr("y", 15)
    .attr("text-anchor", "end")
    .text(([name]) => name);
  groups
    .append("rect")
    .attr("class", ([, adds]) => (adds < 0 ? "ex-bar ex-bar-less" : "ex-bar"))
    .attr("x", ([, adds]) => x(Math.min(0, adds)))
    .attr("y", 3)
    .attr("height", row - 6)
    .attr("width", ([, adds]) => Math.abs(x(adds) - x(0)));
  groups
    .append("text")
    .attr("class", "ex-value")
    .attr("y", 15)
    .attr("x", ([, adds]) => x(adds) + (adds < 0 ? -5 : 5))
    .attr("text-anchor", ([, adds]) => (adds < 0 ? "end" : "start"))
    .text(([, adds]) => signed(adds, 2));
}
