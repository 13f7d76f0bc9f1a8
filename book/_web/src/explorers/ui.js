// What all explorers are built from: elements, labelled controls, one sentence that says what is seen, a table, a picture.
import { axisBottom, axisLeft } from "d3-axis";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";

const PAUSE = 300; // milliseconds without a change before a screen reader is told

/** An element with attributes (functions become listeners) and children. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

export async function load(name) {
  const answer = await fetch(new URL(`${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}.json: ${answer.status}`);
  return answer.json();
}

export const fixed = (value, digits) =>
  (Number.isFinite(value) ? value.toFixed(digits) : value > 0 ? "∞" : "−∞").replace("-", "−");
export const percent = (value, digits = 1) => `${fixed(100 * value, digits)} %`;
export const whole = (value) => value.toLocaleString("en");

/** A line in small type that says what is seen. */
export const hint = (words = "") => element("p", { class: "ex-hint" }, words);

/** The recorded model is quantised and tuned: its numbers are not those of its larger copies, and every page says so. */
export const source = (before = "") =>
  hint(`${before}${before ? "r" : "R"}ecorded from SmolLM2-135M-Instruct, quantised to four bits.`);

// --- controls ---

let serial = 0;

/** A slider with its name and its value in words. */
export function range(label, { min, max, step, value, words = String }, onInput) {
  const id = `ex-${++serial}`;
  const output = element("output", { for: id });
  const input = element("input", {
    type: "range",
    id,
    min,
    max,
    step,
    value,
    oninput: () => {
      tell();
      onInput();
    },
  });
  const tell = () => {
    output.textContent = words(+input.value);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  tell();
  const node = element(
    "div",
    { class: "ex-control" },
    element("label", { for: id }, label),
    output,
    input,
  );
  return {
    node,
    input,
    get value() {
      return +input.value;
    },
    set value(to) {
      input.value = to;
      tell();
    },
    tell,
  };
}

/** A choice from a list of [value, text]. */
export function choice(label, options, onChange, value) {
  const id = `ex-${++serial}`;
  const input = element(
    "select",
    { id, onchange: onChange },
    ...options.map(([key, text]) =>
      element("option", { value: key, selected: key === value }, text),
    ),
  );
  const node = element(
    "div",
    { class: "ex-control ex-choice" },
    element("label", { for: id }, label),
    input,
  );
  return {
    node,
    input,
    get value() {
      return input.value;
    },
    set value(to) {
      input.value = to;
    },
  };
}

export function check(label, checked, onChange) {
  const input = element("input", { type: "checkbox", checked, onchange: onChange });
  return {
    node: element("label", { class: "ex-check" }, input, ` ${label}`),
    input,
    get value() {
      return input.checked;
    },
  };
}

export const button = (label, onClick) =>
  element("button", { type: "button", class: "ex-button", onclick: onClick }, label);

/** Make a grid of buttons, given row by row, one stop for Tab with arrow keys within. */
export function walkable(rows) {
  let [[stop]] = rows;
  const walk = (event, row, column) => {
    const [down, right] =
      {
        ArrowUp: [-1, 0],
        ArrowDown: [1, 0],
        ArrowLeft: [0, -1],
        ArrowRight: [0, 1],
        Home: [0, -column],
        End: [0, rows[row].length - 1 - column],
      }[event.key] ?? [];
    if (down === undefined) return;
    event.preventDefault();
    const next = rows[row + down]?.[column + right];
    if (!next) return;
    stop.tabIndex = -1;
    stop = next;
    stop.tabIndex = 0;
    stop.focus();
  };
  rows.forEach((buttons, row) =>
    buttons.forEach((one, column) => {
      one.tabIndex = one === stop ? 0 : -1;
      one.addEventListener("keydown", (event) => walk(event, row, column));
    }),
  );
}

// --- the frame around a picture ---

/**
 * Controls, numbers, picture, sentence and table, put into a stage; `draw` is called at every change and at every new width.
 *
 * It returns {numbers: [[name, value]], finding: text, table: {caption, head, rows}}; what is absent is left out.
 */
export function frame(stage, { title, controls, pictures, draw, extra = [], open = false }) {
  const numbers = element("dl", { class: "ex-numbers" });
  const said = element("p", { class: "ex-finding", role: "status" });
  const table = element("table", { class: "ex-table" });
  const scroll = element(
    "div",
    { class: "ex-scroll", tabindex: 0, role: "group", "aria-label": `${title}: table` },
    table,
  );
  const details = element(
    "details",
    { class: "ex-details", open },
    element("summary", {}, "The numbers as a table"),
    scroll,
  );
  const box = element(
    "div",
    { class: "ex", role: "group", "aria-label": title },
    element("div", { class: "ex-controls" }, ...controls),
    numbers,
    ...pictures,
    ...extra,
    said,
    details,
  );
  let timer,
    first = true;
  const update = () => {
    const seen = draw(Math.max(200, Math.floor(box.clientWidth)));
    numbers.replaceChildren(
      ...(seen.numbers ?? []).map(([name, value]) =>
        element("div", {}, element("dt", {}, name), element("dd", { "data-number": name }, value)),
      ),
    );
    numbers.hidden = !seen.numbers;
    details.hidden = !seen.table;
    if (seen.table) fill(table, seen.table);
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        said.textContent = seen.finding;
      },
      first ? 0 : PAUSE,
    );
    first = false;
  };
  stage.replaceChildren(box);
  update();
  let width = box.clientWidth;
  new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    update();
  }).observe(box);
  return update;
}

function fill(table, { caption, head, rows }) {
  table.replaceChildren(
    element("caption", {}, caption),
    element(
      "thead",
      {},
      element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text))),
    ),
    element(
      "tbody",
      {},
      ...rows.map(([name, ...cells]) =>
        element(
          "tr",
          {},
          element("th", { scope: "row" }, name),
          ...cells.map((text) => element("td", {}, text)),
        ),
      ),
    ),
  );
}

// --- pictures ---

/** An empty drawing that screen readers take as one picture with a name. */
export function picture(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "ex-picture");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  return svg;
}

/** Clear a drawing and give it a size in CSS pixels. */
export function sized(svg, width, height) {
  const drawing = select(svg)
    .attr("width", width)
    .attr("height", height)
    .attr("viewBox", `0 0 ${width} ${height}`);
  drawing.selectAll("*").remove();
  return drawing;
}

/** Axes with their names: the horizontal one below, the vertical one at the left, its name on top. */
export function axes(
  drawing,
  { x, y, bottom, left, nameX, nameY, ticksX = 5, ticksY = 5, formatX, formatY },
) {
  const horizontal = axisBottom(x).ticks(ticksX).tickSizeOuter(0);
  if (formatX) horizontal.tickFormat(formatX);
  drawing
    .append("g")
    .attr("class", "ex-axis")
    .attr("transform", `translate(0,${bottom})`)
    .call(horizontal);
  if (y) {
    const vertical = axisLeft(y).ticks(ticksY).tickSizeOuter(0);
    if (formatY) vertical.tickFormat(formatY);
    drawing
      .append("g")
      .attr("class", "ex-axis")
      .attr("transform", `translate(${left},0)`)
      .call(vertical);
  }
  const right = Math.max(...x.range());
  if (nameX)
    drawing
      .append("text")
      .attr("class", "ex-name")
      .attr("x", right)
      .attr("y", bottom + 34)
      .attr("text-anchor", "end")
      .text(nameX);
  if (nameY) drawing.append("text").attr("class", "ex-name").attr("x", 2).attr("y", 12).text(nameY);
}

/**
 * One probability a row: a filled bar for p, an outline for q if there is one, and `value` beside them; `cut` words are struck out.
 *
 * The scale reaches to `least` at least.
 */
export function outlinedBars(svg, width, rows, { left, least }) {
  const row = 24,
    bottom = row * rows.length;
  const drawing = sized(svg, width, bottom + 40);
  const most = Math.max(least, ...rows.flatMap(({ p, q }) => [p, q ?? 0]));
  const x = scaleLinear([0, most], [left, width - 48]);
  axes(drawing, {
    x,
    bottom,
    left,
    ticksX: Math.min(5, (width - left) / 60),
    ticksY: 0,
    nameX: "probability",
  });
  rows.forEach(({ word, p, q, value, cut }, i) => {
    const group = drawing.append("g").attr("transform", `translate(0,${i * row})`);
    const bar = (name, y, to) =>
      group
        .append("rect")
        .attr("class", name)
        .attr("x", left)
        .attr("y", y)
        .attr("height", row - 2 * y)
        .attr("width", x(to) - left);
    group
      .append("text")
      .attr("class", cut ? "ex-token ex-cut" : "ex-token")
      .attr("x", left - 8)
      .attr("y", 16)
      .attr("text-anchor", "end")
      .text(word);
    bar("ex-bar", 5, p);
    if (q !== undefined) bar("ex-outline", 2, q);
    group
      .append("text")
      .attr("class", "ex-value")
      .attr("x", x(Math.max(p, q ?? 0)) + 5)
      .attr("y", 16)
      .text(fixed(value, 3));
  });
}
