// The chain rule on a table (2.1): eight sentences of three words, factorized in any order, with or without the whole past.
import { button, choice, element, fixed, frame, hint, outlinedBars, picture } from "./ui.js";

const WORDS = [
  ["he", "she"],
  ["says", "thinks"],
  ["he", "she"],
];
/** The sentences in the order of the table: the last word changes fastest. */
const SENTENCES = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => [i >> 2, (i >> 1) & 1, i & 1]);
const MOST = 999;
const STARTS = {
  "the third word repeats the first": [30, 0, 20, 0, 0, 30, 0, 20],
  "it often does": [24, 6, 9, 11, 3, 27, 16, 4],
  "three independent words": [18, 12, 12, 8, 18, 12, 12, 8],
};
const ORDERS = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];
const SUBSCRIPTS = "₁₂₃";
const t = (place) => `t${SUBSCRIPTS[place]}`;

/** Which of the places drawn before a factor's own it looks at. */
const SIGHTS = {
  all: (before) => before,
  one: (before) => before.slice(-1),
  none: () => [],
};

/** The probability that the places given carry the words of one sentence. */
const mass = (joint, sentence, places) =>
  joint.reduce(
    (sum, p, i) => sum + (places.every((place) => SENTENCES[i][place] === sentence[place]) ? p : 0),
    0,
  );

/** The three factors of every sentence; a history of probability 0 is given the uniform distribution, as lmcore does. */
export function factors(joint, order, sight) {
  return SENTENCES.map((sentence) =>
    order.map((place, i) => {
      const seen = SIGHTS[sight](order.slice(0, i));
      const history = mass(joint, sentence, seen);
      return history ? mass(joint, sentence, [...seen, place]) / history : 0.5;
    }),
  );
}

/** Mean log ratio of the table to a product, in nats. */
export const loss = (joint, product) =>
  joint.reduce((sum, p, i) => sum + (p ? p * Math.log(p / product[i]) : 0), 0);

const names = SENTENCES.map((sentence) =>
  sentence.map((word, place) => WORDS[place][word]).join(" "),
);
const SCALE = { left: 120, least: 0.4 };
/** What is drawn of each sentence: its share of the counts, and the product of its factors. */
const rowsOf = (joint, product) =>
  names.map((word, i) => ({ word, p: joint[i], q: product[i], value: product[i] }));
/** p(t₂ | t₁) and the like. */
const factorName = (place, seen) =>
  `p(${t(place)}${seen.length ? ` | ${[...seen].sort().map(t).join(", ")}` : ""})`;

export async function mount(stage) {
  const counts = SENTENCES.map((_, i) =>
    element("input", {
      type: "number",
      class: "ex-count",
      min: 0,
      max: MOST,
      step: 1,
      inputmode: "numeric",
      value: 0,
      "aria-label": `Count of “${names[i]}”`,
      oninput: () => redraw(),
    }),
  );
  const put = (values) => counts.forEach((input, i) => (input.value = values[i]));
  put(STARTS["it often does"]);
  const presets = element(
    "div",
    { class: "ex-buttons ex-set", role: "group", "aria-label": "Tables to start from" },
    ...Object.entries(STARTS).map(([name, values]) =>
      button(name, () => {
        put(values);
        redraw();
      }),
    ),
  );
  const order = choice(
    "Order of the factors",
    ORDERS.map((places, i) => [i, places.map(t).join(", then ")]),
    () => redraw(),
  );
  const sight = choice(
    "Each factor sees",
    [
      ["all", "everything drawn before it"],
      ["one", "only what was drawn last"],
      ["none", "nothing: marginals alone"],
    ],
    () => redraw(),
  );
  const grid = element(
    "div",
    { class: "ex-counts", role: "group", "aria-label": "Counts of the eight sentences" },
    ...SENTENCES.map((_, i) =>
      element("label", {}, element("span", { class: "ex-sentence" }, names[i]), counts[i]),
    ),
  );
  const bars = picture("Bars: probability of each sentence, and the product of its three factors");

  const draw = (width) => {
    const table = counts.map(({ value }) =>
      Math.min(MOST, Math.max(0, Math.round(Number(value)) || 0)),
    );
    const total = table.reduce((sum, count) => sum + count, 0);
    if (!total) {
      outlinedBars(bars, width, rowsOf(table, table), SCALE);
      return {
        finding:
          "No sentence has been counted, so there is no distribution: give one of them a count.",
      };
    }
    const joint = table.map((count) => count / total);
    const places = ORDERS[order.value];
    const split = factors(joint, places, sight.value);
    const product = split.map((parts) => parts.reduce((made, part) => made * part, 1));
    outlinedBars(bars, width, rowsOf(joint, product), SCALE);
    const lost = loss(joint, product);
    const worst = joint.reduce(
      (best, p, i) => (Math.abs(p - product[i]) > Math.abs(joint[best] - product[best]) ? i : best),
      0,
    );
    const heads = places.map((place, i) =>
      factorName(place, SIGHTS[sight.value](places.slice(0, i))),
    );
    const exact = lost < 1e-9;
    return {
      numbers: [
        ["factors", heads.join(" ")],
        [
          "sum of the products",
          fixed(
            product.reduce((sum, p) => sum + p, 0),
            4,
          ),
        ],
        ["lost per sentence", `${fixed(Math.max(0, lost), 4)} nats`],
      ],
      finding: exact
        ? sight.value === "all"
          ? "Each product is the sentence's probability. Another order gives other factors and the same products."
          : "Each product is the sentence's probability: what these factors do not see makes no difference in this table."
        : `The factors no longer see everything, and ${fixed(lost, 4)} nats are lost per sentence: “${names[worst]}” has probability ${fixed(joint[worst], 3)}, and its product is ${fixed(product[worst], 3)}.`,
      table: {
        caption: "Each sentence and its factors",
        head: ["sentence", "probability", ...heads, "product"],
        rows: names.map((name, i) => [
          name,
          ...[joint[i], ...split[i], product[i]].map((p) => fixed(p, 4)),
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "The chain rule on a table",
    controls: [grid, presets, order.node, sight.node],
    pictures: [
      hint(
        "How often each of eight sentences was counted. Filled bars are their shares, outlines the products of three factors.",
      ),
      bars,
    ],
    draw,
    open: true,
  });
}
