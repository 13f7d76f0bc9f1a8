// Order and smoothing of n-gram models against held-out bits per byte (8.1, 8.2).
import { scaleLinear } from "d3-scale";
import {
  line,
  symbol,
  symbolCircle,
  symbolDiamond,
  symbolSquare,
  symbolStar,
  symbolTriangle,
} from "d3-shape";
import {
  axes,
  check,
  choice,
  element,
  fixed,
  frame,
  load,
  percent,
  picture,
  range,
  sized,
  whole,
} from "./ui.js";

const LOOKS = {
  additive: symbolCircle,
  "jelinek-mercer": symbolSquare,
  "witten-bell": symbolStar,
  katz: symbolTriangle,
  modified: symbolDiamond,
};

export async function mount(stage) {
  const data = await load("ngrams");
  const update = () => redraw();
  const counted = choice(
    "Counted",
    Object.entries(data.counted).map(([key, { label }]) => [key, label]),
    update,
  );
  const order = range("Order n", { min: 1, max: data.orders.length, step: 1, value: 5 }, update);
  const settings = {};
  for (const [key, { label, settings: values }] of Object.entries(data.methods)) {
    if (!values.length) continue;
    settings[key] = range(
      label[0].toUpperCase() + label.slice(1),
      { min: 0, max: values.length - 1, step: 1, value: 2, words: (i) => values[i] },
      update,
    );
  }
  const drawn = ["additive", "modified", "jelinek-mercer", "witten-bell", "katz"];
  const boxes = Object.fromEntries(
    drawn.map((key) => [
      key,
      check(data.methods[key].label.split(",")[0], ["additive", "modified"].includes(key), update),
    ]),
  );
  drawn.forEach((key, i) => boxes[key].node.append(key_of(key, i)));
  const methods = element(
    "fieldset",
    { class: "ex-set" },
    element("legend", {}, "Smoothing"),
    ...drawn.map((key) => boxes[key].node),
  );
  const curves = picture(
    "Curves: bits per byte on test speeches against the order, one for each smoothing chosen",
  );

  const bitsOf = (key) =>
    data.counted[counted.value].bits[key][
      settings[key] ? data.methods[key].settings[settings[key].value] : "None"
    ];
  const nameOf = (key) =>
    data.methods[key].label +
    (settings[key] ? ` = ${data.methods[key].settings[settings[key].value]}` : "");
  const draw = (width) => {
    const n = order.value,
      table = data.counted[counted.value];
    const chosen = drawn.filter((key) => boxes[key].value);
    drawCurves(
      curves,
      width,
      data.orders,
      chosen.map((key) => ({ look: drawn.indexOf(key), key, bits: bitsOf(key) })),
      n,
    );
    const best = chosen.map((key) => [bitsOf(key)[n - 1], key]).sort(([a], [b]) => a - b)[0];
    const turn = best && bitsOf(best[1]).indexOf(Math.min(...bitsOf(best[1]))) + 1;
    return {
      numbers: [
        ["n-grams stored", whole(table.stored[n - 1])],
        [`test ${n}-grams never counted`, percent(table.unseen[n - 1], 2)],
        ...chosen.map((key) => [nameOf(key), `${fixed(bitsOf(key)[n - 1], 3)} bits`]),
      ],
      finding: `${whole(table.characters)} characters counted. ${
        best
          ? `At order ${n} ${nameOf(best[1])} needs ${fixed(best[0], 3)} bits per byte, the fewest of those shown; over the orders up to ${data.orders.length} it is best at ${turn}.`
          : "Choose a smoothing to see its curve."
      }`,
      table: {
        caption: "Bits per byte on the test speeches",
        head: ["smoothing", ...data.orders.map((k) => `order ${k}`)],
        rows: chosen.map((key) => [nameOf(key), ...bitsOf(key).map((bits) => fixed(bits, 3))]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Order and smoothing",
    pictures: [curves],
    draw,
    controls: [
      counted.node,
      order.node,
      ...Object.values(settings).map(({ node }) => node),
      methods,
    ],
  });
}

const mark = (key) => symbol(LOOKS[key], 60)();

/** The mark of a curve beside its name. */
function key_of(key, i) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({
    width: 16,
    height: 14,
    viewBox: "-8 -7 16 14",
    "aria-hidden": "true",
    class: `ex-${i + 1}`,
  }))
    svg.setAttribute(name, value);
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", mark(key));
  path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}

function drawCurves(svg, width, orders, curves, n) {
  const left = 34,
    top = 24,
    height = 330,
    bottom = height - 40;
  const drawing = sized(svg, width, height);
  const x = scaleLinear([1, orders.length], [left + 12, width - 14]);
  const most = Math.max(5, ...curves.flatMap(({ bits }) => bits));
  const y = scaleLinear([0.5, Math.ceil(most)], [bottom, top]);
  axes(drawing, {
    x,
    y,
    bottom,
    left,
    ticksX: orders.length,
    ticksY: 6,
    nameX: "order n (characters)",
    nameY: "bits per byte, test speeches",
  });
  drawing
    .append("line")
    .attr("class", "ex-guide")
    .attr("x1", x(n))
    .attr("x2", x(n))
    .attr("y1", top)
    .attr("y2", bottom);
  const groups = drawing
    .selectAll(".ex-curve")
    .data(curves)
    .join("g")
    .attr("class", ({ look }) => `ex-curve ex-${look + 1}`);
  groups
    .append("path")
    .attr("class", "ex-line")
    .attr("d", ({ bits }) =>
      line(
        (_, i) => x(orders[i]),
        (v) => y(v),
      )(bits),
    );
  groups.each(function marks({ key, bits }) {
    for (const [i, value] of bits.entries()) {
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("class", "ex-dot");
      path.setAttribute(
        "transform",
        `translate(${x(orders[i])},${y(value)}) scale(${orders[i] === n ? 1.5 : 1})`,
      );
      path.setAttribute("d", mark(key));
      this.append(path);
    }
  });
}
