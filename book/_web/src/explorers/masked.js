// The loss of a ragged batch under a mask that can be toggled cell by cell (4.5).
import { scaleLinear } from "d3-scale";
import {
  axes,
  button,
  element,
  fixed,
  frame,
  hint,
  load,
  picture,
  sized,
  source,
  walkable,
} from "./ui.js";

/** Three ways to average the losses that the mask lets through; NaN where nothing is left. */
export function means(losses, mask) {
  const rows = losses.map((row, b) => {
    const counted = row.filter((_, t) => mask[b][t]);
    return { n: counted.length, sum: counted.reduce((total, value) => total + value, 0) };
  });
  const n = rows.reduce((total, row) => total + row.n, 0),
    sum = rows.reduce((total, row) => total + row.sum, 0);
  return {
    n,
    rows,
    token: sum / n,
    ofRows: rows.reduce((total, row) => total + row.sum / row.n, 0) / rows.length,
    padded: sum / losses.flat().length,
  };
}

export async function mount(stage) {
  const data = await load("masked");
  const length = Math.max(...data.rows.map((row) => row.length));
  const cells = data.rows.map((row) =>
    Array.from({ length }, (_, t) => row[t] ?? ["(pad)", data.padding]),
  );
  const losses = cells.map((row) => row.map(([, loss]) => loss));
  const real = data.rows.map((row) => Array.from({ length }, (_, t) => t < row.length));
  let mask = real.map((row) => row.slice());
  const put = (made) => {
    mask = made;
    redraw();
  };
  const presets = element(
    "div",
    { class: "ex-buttons", role: "group", "aria-label": "Masks" },
    button("Real tokens", () => put(real.map((row) => row.slice()))),
    button("Padding too", () => put(real.map((row) => row.map(() => true)))),
    button("Last two of each row", () =>
      put(
        data.rows.map((row) =>
          Array.from({ length }, (_, t) => t < row.length && t >= row.length - 2),
        ),
      ),
    ),
    button("One token of the last row", () =>
      put(real.map((row, b) => row.map((is, t) => is && (b < real.length - 1 || t === 0)))),
    ),
  );

  // A grid of toggles: one stop for Tab, arrow keys within.
  const toggles = cells.map((row, b) =>
    row.map(([text, loss], t) =>
      element(
        "button",
        {
          type: "button",
          class: `ex-cell${real[b][t] ? "" : " ex-pad"}`,
          onclick: () => {
            mask[b][t] = !mask[b][t];
            redraw();
          },
        },
        element("span", { class: "ex-hidden" }, `row ${b + 1}: `),
        element("span", {}, text),
        element("span", { class: "ex-loss" }, fixed(loss, 2)),
        element("span", { class: "ex-hidden" }, " nats"),
      ),
    ),
  );
  walkable(toggles);
  const rowMeans = cells.map(() => element("th", { scope: "row" }));
  const how = hint(
    "Surprise of each token in nats. A cell that counts is filled: press it to take it out, or in; arrow keys lead from cell to cell. At the left the mean of each row.",
  );
  const grid = element(
    "table",
    { class: "ex-grid", "aria-label": "Batch" },
    element(
      "tbody",
      {},
      ...toggles.map((row, b) =>
        element("tr", {}, rowMeans[b], ...row.map((toggle) => element("td", {}, toggle))),
      ),
    ),
  );
  const scroll = element("div", { class: "ex-scroll" }, grid);
  const bars = picture("Bars: token mean, mean of row means, sum divided by all cells");

  const draw = (width) => {
    toggles.forEach((row, b) =>
      row.forEach((toggle, t) => toggle.setAttribute("aria-pressed", mask[b][t])),
    );
    const { n, rows, token, ofRows, padded } = means(losses, mask);
    rows.forEach((row, b) => {
      rowMeans[b].textContent = row.n ? fixed(row.sum / row.n, 2) : "none";
    });
    const shown = [
      ["token mean", token],
      ["mean of row means", ofRows],
      ["sum over all cells", padded],
    ];
    const words = (value) => (Number.isNaN(value) ? "undefined" : `${fixed(value, 3)} nats`);
    drawBars(bars, width, shown);
    const padding = mask.flat().filter((on, i) => on && !real.flat()[i]).length;
    const empty = rows.filter((row) => !row.n).length;
    return {
      numbers: [
        ["cells that count", `${n} of ${losses.flat().length}`],
        ...shown.map(([name, value]) => [name, words(value)]),
      ],
      finding: !n
        ? "The mask leaves nothing to average: lmcore raises an error, and so should every loss."
        : `The token mean is ${words(token)}. ${
            empty
              ? `${empty} row${empty > 1 ? "s are" : " is"} empty, so a mean of row means does not exist.`
              : `The mean of row means is ${words(ofRows)}: there a token of the shortest row weighs ${fixed(1 / rows.length / Math.min(...rows.map((r) => r.n)), 3)}, one of the longest ${fixed(1 / rows.length / Math.max(...rows.map((r) => r.n)), 3)}, instead of ${fixed(1 / n, 3)} each.`
          } ` +
          `Divided by all cells the loss looks like ${words(padded)}.${padding ? ` ${padding} cell${padding > 1 ? "s" : ""} of padding count${padding > 1 ? "" : "s"} as text.` : ""}`,
      table: {
        caption: "Rows",
        head: ["row", "cells that count", "sum", "mean", "weight of a token in the mean of means"],
        rows: rows.map((row, b) => [
          `${b + 1}. ${data.rows[b]
            .map(([text]) => text)
            .join("")
            .replaceAll("␣", " ")
            .trim()}`,
          String(row.n),
          fixed(row.sum, 3),
          row.n ? fixed(row.sum / row.n, 3) : "none",
          row.n ? fixed(1 / rows.length / row.n, 4) : "none",
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Loss of a masked batch",
    controls: [presets],
    pictures: [how, scroll, bars],
    extra: [source()],
    draw,
  });
}

function drawBars(svg, width, shown) {
  const left = 130,
    row = 26,
    top = 4,
    bottom = top + row * shown.length;
  const drawing = sized(svg, width, bottom + 40);
  const x = scaleLinear(
    [0, Math.max(6, ...shown.map(([, value]) => value || 0))],
    [left, width - 50],
  );
  axes(drawing, {
    x,
    bottom,
    left,
    ticksX: Math.min(6, (width - left) / 60),
    ticksY: 0,
    nameX: "loss (nats)",
  });
  const rows = drawing
    .selectAll(".ex-row")
    .data(shown)
    .join("g")
    .attr("transform", (_, i) => `translate(0,${top + i * row})`);
  rows
    .append("text")
    .attr("x", left - 8)
    .attr("y", 17)
    .attr("text-anchor", "end")
    .text(([name]) => name);
  rows
    .append("rect")
    .attr("class", (_, i) => (i ? "ex-bar ex-bar-other" : "ex-bar"))
    .attr("x", left)
    .attr("y", 4)
    .attr("height", row - 8)
    .attr("width", ([, value]) => (Number.isNaN(value) ? 0 : x(value) - left));
  rows
    .append("text")
    .attr("class", "ex-value")
    .attr("y", 17)
    .attr("x", ([, value]) => (Number.isNaN(value) ? left : x(value)) + 5)
    .text(([, value]) => (Number.isNaN(value) ? "undefined" : fixed(value, 2)));
}
