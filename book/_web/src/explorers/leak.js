// A leak detector (10.1 and 10.2): change one letter and see which predictions move, with a sound model and two broken ones.
import { scaleLinear, scaleSqrt } from "d3-scale";
import { field, plain, pocket, shown } from "./pocket.js";
import { logSoftmax } from "./transformer.js";
import { axes, choice, fixed, frame, hint, picture, range, sized } from "./ui.js";

const START = "We the people of the United";
const LONGEST = 60; // letters

/** Ways to make the row that predicts each letter from the sound rows, one more than there are letters. */
const MODELS = {
  sound: (rows) => rows.slice(0, -1),
  slipped: (rows) => rows.slice(1),
  centred: (rows) => {
    const mean = rows[0].map((_, v) => rows.reduce((sum, row) => sum + row[v] / rows.length, 0));
    return rows.slice(0, -1).map((row) => logSoftmax(row.map((value, v) => value - mean[v])));
  },
};
const NAMES = [
  ["sound", "the pocket transformer"],
  ["slipped", "targets slipped by one"],
  ["centred", "a mean over all rows taken away"],
];

export async function mount(stage) {
  const { about, model } = await pocket("pocket-80k");
  const input = field("Text under test", START, 1, LONGEST, () => redraw());
  const which = choice("Model under test", NAMES, () => redraw());
  const place = range("Letter to change", { min: 1, max: START.length, step: 1, value: 10 }, () =>
    redraw(),
  );
  const bars = picture("Bars: how far each prediction moves");

  const rows = (tokens) => {
    const inputs = [model.bos, ...tokens];
    return MODELS[which.value](inputs.map((_, i) => model.read(inputs.slice(0, i + 1))));
  };
  const draw = (width) => {
    const tokens = [...plain(input.value || START, about.charset)].map((letter) =>
      about.charset.indexOf(letter),
    );
    place.input.max = tokens.length;
    place.tell();
    const at = place.value - 1;
    const other = (tokens[at] + 1) % about.charset.length;
    const before = rows(tokens);
    const after = rows(tokens.map((token, i) => (i === at ? other : token)));
    const moved = before.map((row, i) =>
      Math.max(...row.map((value, v) => Math.abs(value - after[i][v]))),
    );
    const early = moved.findIndex((change, i) => change > 0 && i <= at);
    const bits =
      -before.reduce((sum, row, i) => sum + row[tokens[i]], 0) / tokens.length / Math.LN2;
    const name = (i) => `“${shown(about.charset[tokens[i]])}”`;
    const first = moved.findIndex((change) => change > 0);
    drawBars(
      bars,
      width,
      tokens.map((token) => shown(about.charset[token])),
      moved,
      at,
    );
    return {
      numbers: [
        ["bits per letter", fixed(bits, 3)],
        ["first prediction to move", first < 0 ? "none" : `${first + 1}: ${name(first)}`],
        ["verdict", early < 0 ? "no leak found" : "leak"],
      ],
      finding:
        `Letter ${at + 1}, ${name(at)}, was changed to “${shown(about.charset[other])}”. ` +
        (early < 0
          ? "Every prediction up to it stayed where it was, bit for bit: they cannot have seen it."
          : early < at
            ? `The prediction of letter ${early + 1}, ${at - early} earlier, moved: it sees its future.`
            : "Its own prediction moved: it sees its own target."),
      table: {
        caption: "Largest change of a log-probability",
        head: ["prediction of", "letter", "change (nats)"],
        rows: moved.map((change, i) => [String(i + 1), name(i), fixed(change, 4)]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "A leak detector",
    controls: [input, which.node, place.node],
    pictures: [
      hint(
        "Each bar is the prediction of the letter below it; a bar up to the changed letter, which is underlined, should not be there.",
      ),
      bars,
    ],
    draw,
  });
}

function drawBars(svg, width, letters, moved, at) {
  const left = 34,
    top = 20,
    bottom = 170;
  const drawing = sized(svg, width, bottom + 40);
  const x = scaleLinear([0, letters.length], [left, width - 6]);
  const y = scaleSqrt([0, Math.max(1, ...moved)], [bottom, top]);
  axes(drawing, {
    x,
    y,
    bottom,
    left,
    ticksX: 0,
    ticksY: 4,
    nameY: "largest change of a log-probability (nats)",
  });
  const step = x(1) - x(0);
  const columns = drawing
    .selectAll(".ex-column")
    .data(moved)
    .join("g")
    .attr("transform", (_, i) => `translate(${x(i)},0)`);
  columns
    .append("rect")
    .attr("class", (_, i) => (i <= at ? "ex-bar ex-bar-less" : "ex-bar"))
    .attr("x", 1)
    .attr("width", Math.max(1, step - 2))
    .attr("y", (change) => y(change))
    .attr("height", (change) => bottom - y(change));
  if (step > 8)
    columns
      .append("text")
      .attr("class", (_, i) => (i === at ? "ex-token ex-changed" : "ex-token"))
      .attr("x", step / 2)
      .attr("y", bottom + 16)
      .attr("text-anchor", "middle")
      .text((_, i) => letters[i]);
}
