// Entropy, cross-entropy and divergence of two distributions whose bars can be dragged (5.1, 5.2).
import { scaleBand, scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import {
  axes,
  button,
  choice,
  element,
  fixed,
  frame,
  hint,
  load,
  percent,
  picture,
  sized,
} from "./ui.js";

const WHOLE = 1000; // probabilities are whole thousandths, so that what is shown is exact

/** One of the parts set to `to`; the others keep their ratios, and the sum stays. */
export function moved(parts, which, to) {
  const rest = WHOLE - to,
    others = parts.reduce((sum, part, i) => sum + (i === which ? 0 : part), 0);
  const exact = parts.map((part, i) =>
    i === which ? to : others ? (part * rest) / others : rest / (parts.length - 1),
  );
  const made = exact.map(Math.floor);
  const order = exact
    .map((value, i) => [value - made[i], i])
    .sort(([a, i], [b, j]) => b - a || i - j);
  for (let left = WHOLE - made.reduce((sum, part) => sum + part, 0), k = 0; left > 0; left--, k++)
    made[order[k][1]]++;
  return made;
}

const sum = (q, term) =>
  q.reduce((total, part, i) => total + (part ? term(part / WHOLE, i) : 0), 0);
const entropy = (q) => sum(q, (value) => -value * Math.log2(value));
const kl = (q, p) =>
  sum(q, (value, i) => (p[i] ? value * Math.log2(value / (p[i] / WHOLE)) : Infinity));
const js = (q, p) => {
  const middle = q.map((part, i) => (part + p[i]) / 2);
  return (kl(q, middle) + kl(p, middle)) / 2;
};

export async function mount(stage) {
  const data = await load("divergence");
  let tokens, q, p;
  const start = () => {
    const pair = data.pairs[which.value];
    [tokens, q, p] = [pair.tokens, pair.q.slice(), pair.p.slice()];
  };
  const which = choice(
    "Start from",
    data.pairs.map(({ label }, i) => [i, label]),
    () => {
      start();
      redraw();
    },
  );
  start();
  const buttons = element(
    "div",
    { class: "ex-buttons" },
    button("Swap q and p", () => {
      [q, p] = [p, q];
      redraw();
    }),
    button("Make p equal q", () => {
      p = q.slice();
      redraw();
    }),
    button("Back to the start", () => {
      start();
      redraw();
    }),
  );

  const bars = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  bars.setAttribute("class", "ex-picture ex-drag");
  bars.setAttribute("role", "group");
  bars.setAttribute("aria-label", "Bars of q and p; each is a slider");
  const parts = picture(
    "Bar: cross-entropy as the sum of the entropy of q and the divergence of p from q",
  );
  const how = hint(
    "Drag a bar, or move to it with Tab and press arrow keys (Page Up and Page Down for larger steps). The others make room in proportion.",
  );

  // The bar in hand and what its distribution was before: a bar that goes down and up again puts the others back.
  let held;
  const set = (name, i, to) => {
    const value = Math.max(0, Math.min(WHOLE, Math.round(to))),
      now = name === "q" ? q : p;
    if (!held || held.name !== name || held.i !== i || held.left !== now)
      held = { name, i, before: now };
    held.left = moved(held.before, i, value);
    if (name === "q") q = held.left;
    else p = held.left;
    redraw();
  };
  const draw = (width) => {
    drawBars(bars, width, { tokens, q, p }, set, held);
    const hq = entropy(q),
      divergence = kl(q, p),
      cross = hq + divergence;
    drawParts(parts, width, hq, divergence);
    const bits = (value) => `${fixed(value, 3)} bits`;
    return {
      numbers: [
        ["H(q)", bits(hq)],
        ["H(q, p)", bits(cross)],
        ["KL(q‖p)", bits(divergence)],
        ["KL(p‖q)", bits(kl(p, q))],
        ["H(p)", bits(entropy(p))],
        ["JS(q, p)", bits(js(q, p))],
      ],
      finding: Number.isFinite(divergence)
        ? `Tokens drawn from the text q need ${bits(cross)} each under the model p: ${fixed(hq, 3)} that no model saves, and ${fixed(divergence, 3)} more because p is not q. The other way round the divergence is ${bits(kl(p, q))}.`
        : `p gives ${tokens
            .filter((_, i) => q[i] && !p[i])
            .map((token) => `“${token}”`)
            .join(
              ", ",
            )} no probability, though q draws it: the cross-entropy is infinite. The other way round the divergence is ${bits(kl(p, q))}.`,
      table: {
        caption: "What each token adds",
        head: ["token", "q", "p", "−q log₂ q", "q log₂ (q / p)"],
        rows: tokens.map((token, i) => [
          token,
          percent(q[i] / WHOLE),
          percent(p[i] / WHOLE),
          fixed(q[i] ? -(q[i] / WHOLE) * Math.log2(q[i] / WHOLE) : 0, 3),
          fixed(q[i] ? (p[i] ? (q[i] / WHOLE) * Math.log2(q[i] / p[i]) : Infinity) : 0, 3),
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Two distributions",
    controls: [which.node, buttons],
    pictures: [bars, parts],
    extra: [how],
    draw,
  });
}

function drawBars(svg, width, { tokens, q, p }, set, held) {
  const left = 40,
    top = 24,
    height = 260,
    bottom = height - 28;
  const hadFocus = svg.contains(document.activeElement);
  const x = scaleBand(
    tokens.map((_, i) => i),
    [left, width - 4],
  )
    .paddingInner(0.25)
    .paddingOuter(0.1);
  const y = scaleLinear([0, WHOLE], [bottom, top]);
  // Sliders stay in the page while they are moved: a pointer that drags one, and the focus, would be lost with it.
  const drawing = select(svg);
  if (
    +drawing.attr("width") !== width ||
    drawing.selectAll(".ex-slider").size() !== 2 * tokens.length
  ) {
    sized(svg, width, height);
    axes(drawing, {
      x: scaleLinear([0, 1], [left, width - 4]),
      y,
      bottom,
      left,
      ticksX: 0,
      formatY: (v) => `${v / 10} %`,
      nameY: "probability",
    });
    drawing
      .append("text")
      .attr("class", "ex-name")
      .attr("x", width - 4)
      .attr("y", 12)
      .attr("text-anchor", "end")
      .text("filled: q, hatched: p");
    const pattern = drawing
      .append("defs")
      .append("pattern")
      .attr("id", "ex-hatch")
      .attr("width", 6)
      .attr("height", 6)
      .attr("patternUnits", "userSpaceOnUse")
      .attr("patternTransform", "rotate(45)");
    pattern.append("rect").attr("width", 3).attr("height", 6).attr("class", "ex-hatching");
    for (const [name, side] of [
      ["q", 0],
      ["p", 1],
    ]) {
      tokens.forEach((_, i) => {
        const group = drawing
          .append("g")
          .attr("class", `ex-slider ex-slider-${name}`)
          .attr("role", "slider")
          .attr("tabindex", 0)
          .attr("aria-orientation", "vertical")
          .attr("aria-valuemin", 0)
          .attr("aria-valuemax", 100);
        const at = x(i) + (side * x.bandwidth()) / 2;
        group
          .append("rect")
          .attr("class", "ex-catch")
          .attr("x", at)
          .attr("y", top)
          .attr("width", x.bandwidth() / 2)
          .attr("height", bottom - top + 24);
        group
          .append("rect")
          .attr("class", "ex-level")
          .attr("x", at + 1)
          .attr("width", x.bandwidth() / 2 - 2);
        group
          .append("rect")
          .attr("class", "ex-grip")
          .attr("x", at)
          .attr("width", x.bandwidth() / 2)
          .attr("height", 4);
        const node = group.node();
        const value = () => Math.round(10 * node.getAttribute("aria-valuenow"));
        const dragged = (event) =>
          set(
            name,
            i,
            y.invert(
              ((event.clientY - svg.getBoundingClientRect().top) * height) /
                svg.getBoundingClientRect().height,
            ),
          );
        node.addEventListener("pointerdown", (event) => {
          node.setPointerCapture(event.pointerId);
          node.focus({ preventScroll: true });
          dragged(event);
          event.preventDefault();
        });
        node.addEventListener("pointermove", (event) => {
          if (node.hasPointerCapture(event.pointerId)) dragged(event);
        });
        node.addEventListener("keydown", (event) => {
          const step = {
            ArrowUp: 10,
            ArrowRight: 10,
            ArrowDown: -10,
            ArrowLeft: -10,
            PageUp: 100,
            PageDown: -100,
            Home: -WHOLE,
            End: WHOLE,
          }[event.key];
          if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
          event.preventDefault();
          set(name, i, value() + step);
        });
      });
    }
    drawing
      .selectAll(".ex-below")
      .data(tokens)
      .join("text")
      .attr("class", "ex-token ex-below")
      .attr("text-anchor", "middle")
      .attr("x", (_, i) => x(i) + x.bandwidth() / 2)
      .attr("y", bottom + 17);
    if (hadFocus && held) svg.querySelectorAll(`.ex-slider-${held.name}`)[held.i].focus();
  }
  const letters = Math.max(2, Math.floor(x.step() / 7.6));
  drawing
    .selectAll(".ex-below")
    .data(tokens)
    .text((token) => (token.length > letters ? `${token.slice(0, letters - 1)}…` : token));
  for (const [name, parts] of [
    ["q", q],
    ["p", p],
  ]) {
    drawing
      .selectAll(`.ex-slider-${name}`)
      .data(parts)
      .attr("aria-label", (_, i) => `${name} of ${tokens[i]}`)
      .attr("aria-valuenow", (part) => part / 10)
      .attr("aria-valuetext", (part) => percent(part / WHOLE))
      .each(function level(part) {
        select(this)
          .select(".ex-level")
          .attr("y", y(part))
          .attr("height", bottom - y(part));
        select(this)
          .select(".ex-grip")
          .attr("y", y(part) - 2);
      });
  }
}

function drawParts(svg, width, hq, divergence) {
  const left = 8,
    top = 20;
  const drawing = sized(svg, width, 62);
  const endless = !Number.isFinite(divergence);
  const x = scaleLinear([0, Math.max(6, hq + (endless ? 0 : divergence))], [left, width - 8]);
  const end = endless ? width - 8 : x(hq + divergence);
  drawing
    .append("text")
    .attr("class", "ex-name")
    .attr("x", left)
    .attr("y", 12)
    .text("H(q, p) = H(q) + KL(q‖p), in bits");
  drawing
    .append("rect")
    .attr("class", "ex-bar")
    .attr("x", left)
    .attr("y", top)
    .attr("width", x(hq) - left)
    .attr("height", 18);
  drawing
    .append("rect")
    .attr("class", "ex-part-p")
    .attr("x", x(hq))
    .attr("y", top)
    .attr("width", Math.max(0, end - x(hq)))
    .attr("height", 18);
  drawing
    .append("text")
    .attr("class", "ex-value")
    .attr("x", left)
    .attr("y", top + 34)
    .text(`H(q) ${fixed(hq, 2)}`);
  drawing
    .append("text")
    .attr("class", "ex-value")
    .attr("x", Math.min(Math.max(end, left + 190), width - 4))
    .attr("y", top + 34)
    .attr("text-anchor", "end")
    .text(`KL ${fixed(divergence, 2)}${endless ? " →" : ""}`);
}
