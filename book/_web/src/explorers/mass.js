// Mass over texts (1.1, 1.2): how much of it texts of each length hold, for a chance of EOS that the reader sets.
import { scaleBand, scaleLinear } from "d3-scale";
import { axes, check, choice, fixed, frame, hint, picture, range, sized, whole } from "./ui.js";

const WORDS = 2; // "tick" and "tock", each as likely as the other
const FLOOR = 0.01;
const LIMITS = [0, 1, 2, 3, 4, 6, 8, 12, 20, 50, 100, 1000, 10000];
const DRAWN = 20; // the longest length with a bar of its own
const RULES = [
  ["constant", "the same in every draw"],
  ["harmonic", "falls as 1/(n + 1)"],
  ["square", "falls as 1/(n + 1)²"],
  ["none", "no EOS on the list"],
];

/** The chance of EOS in draw n = 1, 2, …, which is `first` in the first. */
export function hazard(rule, first, floor) {
  const fall = { constant: () => 1, harmonic: (n) => 2 / (n + 1), square: (n) => 4 / (n + 1) ** 2 };
  return (n) => Math.max(first * fall[rule](n), floor ? FLOOR : 0);
}

/** Mass of the texts of 0, 1, …, longest tokens. */
export function lengths(chance, longest) {
  let going = 1;
  return Array.from({ length: longest + 1 }, (_, n) => {
    const ends = going * chance(n + 1);
    going -= ends;
    return ends;
  });
}

/**
 * The probability that EOS is never drawn. Only the falling square leaves any, unless the first draw is sure to end: by Euler's product
 * Π (1 − a²/m²) over m = 2, 3, … is sin(πa) / (πa (1 − a²)), and 1/2 at a = 1.
 */
export function endless(rule, first, floor) {
  if (rule !== "square" || floor || first === 1) return 0;
  const a = 2 * Math.sqrt(first);
  return a === 1 ? 0.5 : Math.sin(Math.PI * a) / (Math.PI * a * (1 - a * a));
}

export async function mount(stage) {
  const update = () => redraw();
  const rule = choice("Chance of EOS", RULES, update);
  const first = range(
    "In the first draw",
    { min: 0.05, max: 1, step: 0.05, value: 0.25, words: (value) => fixed(value, 2) },
    update,
  );
  const limit = range(
    "Longest text, n",
    {
      min: 0,
      max: LIMITS.length - 1,
      step: 1,
      value: 7,
      words: (place) => `${whole(LIMITS[place])} tokens`,
    },
    update,
  );
  const floor = check(`never below ${FLOOR}`, false, update);
  const bars = picture("Bars: mass of all texts of each length");
  const parts = picture("Bar: the mass of texts up to n, of longer ones, and of endless runs");

  const draw = (width) => {
    const n = LIMITS[limit.value];
    const without = rule.value === "none";
    first.input.disabled = floor.input.disabled = without;
    const chance = without ? () => 0 : hazard(rule.value, first.value, floor.value);
    const mass = without ? Array(n + 1).fill(1) : lengths(chance, n);
    const total = mass.reduce((sum, part) => sum + part, 0);
    const never = without ? 1 : endless(rule.value, first.value, floor.value);
    const longer = without ? 0 : Math.max(0, 1 - total - never);
    drawBars(bars, width, mass.slice(0, DRAWN + 1));
    drawParts(parts, width, { total, longer, never, without });
    const digits = without ? 0 : 4;
    const texts = n < 50 ? whole(WORDS ** (n + 1) - 1) : `2^${whole(n + 1)} − 1`;
    return {
      numbers: [
        ["texts counted", texts],
        ["mass of texts up to n", fixed(total, digits)],
        ["mass of longer texts", without ? "no end to it" : fixed(longer, 4)],
        ["mass of endless runs", fixed(never, digits)],
      ],
      finding: without
        ? `Every run is endless, and its beginnings are scored in place of texts. Each length holds a mass of exactly 1, and all lengths up to ${whole(n)} hold ${whole(n + 1)}: such numbers compare texts of one length, and no others.`
        : never
          ? `Every row sums to one and EOS is always possible, yet a run goes on for ever with probability ${fixed(never, 4)}. Counting longer texts will not find that mass.`
          : `Every run ends: what texts of up to ${whole(n)} tokens leave over, ${fixed(longer, 4)}, belongs to longer ones.`,
      table: {
        caption: `Texts of up to ${Math.min(n, DRAWN)} tokens`,
        head: ["length n", "texts", "chance of EOS in draw n + 1", "mass", "mass up to n"],
        rows: mass.slice(0, DRAWN + 1).map((part, k) => [
          String(k),
          whole(WORDS ** k),
          fixed(chance(k + 1), 4),
          fixed(part, 4),
          fixed(
            mass.slice(0, k + 1).reduce((sum, one) => sum + one, 0),
            4,
          ),
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Mass over texts",
    controls: [rule.node, first.node, limit.node, floor.node],
    pictures: [
      hint(
        `A source of two words, “tick” and “tock”, equally likely in every draw that is not EOS. One bar per length, up to ${DRAWN}.`,
      ),
      bars,
      parts,
    ],
    draw,
  });
}

function drawBars(svg, width, mass) {
  const left = 34,
    top = 22,
    bottom = 170;
  const drawing = sized(svg, width, bottom + 40);
  const x = scaleBand(
    Array.from({ length: DRAWN + 1 }, (_, k) => k),
    [left, width - 4],
  ).padding(0.2);
  const y = scaleLinear([0, 1], [bottom, top]);
  axes(drawing, {
    x: scaleLinear([-0.5, DRAWN + 0.5], [left, width - 4]),
    y,
    bottom,
    left,
    ticksX: width < 500 ? 5 : 10,
    nameX: "length (tokens)",
    nameY: "mass of all texts of that length",
  });
  drawing
    .selectAll(".ex-bar")
    .data(mass)
    .join("rect")
    .attr("class", "ex-bar")
    .attr("x", (_, k) => x(k))
    .attr("width", x.bandwidth())
    .attr("y", y)
    .attr("height", (part) => bottom - y(part));
}

/** One bar of mass 1 in three parts; without EOS a bar that runs past 1. */
function drawParts(svg, width, { total, longer, never, without }) {
  const left = 8,
    top = 20,
    high = 18,
    right = width - 8;
  const drawing = sized(svg, width, 64);
  const x = scaleLinear([0, Math.max(1, total)], [left, right]);
  drawing
    .append("text")
    .attr("class", "ex-name")
    .attr("x", left)
    .attr("y", 12)
    .text(without ? `total mass ${whole(total)}` : "where a mass of 1 lies");
  const shown = [
    ["texts up to n", total, "ex-bar"],
    ["longer texts", longer, "ex-bar ex-bar-other"],
    ["endless runs", never, "ex-part-lost"],
  ];
  let from = 0;
  for (const [, value, kind] of without ? shown.slice(0, 1) : shown) {
    drawing
      .append("rect")
      .attr("class", kind)
      .attr("x", x(from))
      .attr("y", top)
      .attr("width", Math.max(0, x(from + value) - x(from)))
      .attr("height", high);
    from += value;
  }
  drawing
    .append("line")
    .attr("class", "ex-one")
    .attr("x1", x(1))
    .attr("x2", x(1))
    .attr("y1", top - 4)
    .attr("y2", top + high + 4);
  if (without) {
    drawing
      .append("text")
      .attr("class", "ex-value")
      .attr("x", x(1))
      .attr("y", top + high + 17)
      .attr("text-anchor", x(1) > width / 2 ? "end" : "start")
      .text("1");
    return;
  }
  shown.forEach(([name, , kind], i) => {
    const at = left + (i * (width - 16)) / 3;
    drawing
      .append("rect")
      .attr("class", kind)
      .attr("x", at)
      .attr("y", top + high + 12)
      .attr("width", 10)
      .attr("height", 10);
    drawing
      .append("text")
      .attr("x", at + 15)
      .attr("y", top + high + 21)
      .text(name);
  });
}
