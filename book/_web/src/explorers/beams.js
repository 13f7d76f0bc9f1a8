// Beam search over recorded prefixes: width, length penalty, step by step (7.5).
import { choice, check, fixed, frame, load, picture, range, sized, source } from "./ui.js";

/**
 * The search of lmcore.decoding.beam_search, without stopping early (which would change nothing), as its steps.
 *
 * `nodes[i]` lists [text, log p, ends?, place of the longer prefix] of the most probable extensions of prefix i.
 */
export function search(nodes, width, longest) {
  let live = [{ node: 0, words: [], logProb: 0, column: 0 }];
  const steps = [],
    finished = [];
  for (let length = 1; length <= longest; length++) {
    const grown = [];
    live.forEach((from, rank) =>
      nodes[from.node].forEach(([text, step, ends, node]) =>
        grown.push({
          from: rank,
          text,
          ends,
          node,
          words: [...from.words, text],
          logProb: from.logProb + step,
          length,
        }),
      ),
    );
    grown.sort((a, b) => b.logProb - a.logProb);
    const next = [],
      done = [];
    grown.slice(0, 2 * width).forEach((entry, rank) => {
      if (entry.ends && rank < width) done.push(entry);
      else if (!entry.ends && next.length < width) next.push(entry);
    });
    finished.push(...done);
    steps.push({ live: next, done });
    live = next;
  }
  return { steps, finished, live };
}

/** Ranked by log p / length^α: finished strings first, or all in one list, which is the mistake of section 7.5. */
export function ranking({ finished, live }, width, alpha, pooled) {
  const scored = (entries, done) =>
    entries
      .map((entry) => ({ ...entry, done, score: entry.logProb / entry.length ** alpha }))
      .sort((a, b) => b.score - a.score);
  const ended = scored(finished, true).slice(0, width),
    cut = scored(live, false);
  return pooled
    ? [...ended, ...cut].sort((a, b) => b.score - a.score).slice(0, width)
    : [...ended, ...cut].slice(0, width);
}

export async function mount(stage) {
  const data = await load("beams");
  const update = () => redraw();
  const which = choice(
    "Opening",
    data.cases.map(({ text }, i) => [i, text]),
    update,
  );
  const width = range("Beam width", { min: 1, max: data.widest, step: 1, value: 3 }, update);
  const alpha = range(
    "Length penalty α",
    { min: 0, max: 2, step: 0.05, value: 0, words: (v) => fixed(v, 2) },
    update,
  );
  const shown = range(
    "Steps shown",
    { min: 1, max: data.longest, step: 1, value: data.longest },
    update,
  );
  const pooled = check("rank strings that were cut off among the finished ones", false, update);
  const tree = picture(
    "Tree: the prefixes kept at each step, the best at the left, with their log-probabilities",
  );
  const draw = (room) => {
    const found = search(data.cases[which.value].nodes, width.value, data.longest);
    const ranked = ranking(found, width.value, alpha.value, pooled.value);
    const [best] = ranked;
    drawTree(tree, room, found, shown.value, width.value, best);
    const text = best.words.join(best.words.some((word) => /[␣⏎]/.test(word)) ? "" : " ");
    return {
      numbers: [
        ["best score", fixed(best.score, 3)],
        ["its log p", `${fixed(best.logProb, 2)} nats`],
        ["its length", `${best.length} tokens`],
        ["finished strings found", String(found.finished.length)],
      ],
      finding:
        `With width ${width.value} and α = ${fixed(alpha.value, 2)} the winner is “${text}”, ${best.done ? "a finished string" : "cut off in mid-sentence"} of ` +
        `${best.length} token${best.length > 1 ? "s" : ""}, ${fixed(best.logProb, 2)} nats in all and ${fixed(best.score, 3)} by score.`,
      table: {
        caption: `The first ${ranked.length}, at most ${data.longest} tokens`,
        head: ["place and text", "log p", "tokens", "score", "state"],
        rows: ranked.map((entry, i) => [
          `${i + 1}. ${entry.words.join(" ")}`,
          fixed(entry.logProb, 2),
          String(entry.length),
          fixed(entry.score, 3),
          entry.done ? "finished" : "cut off",
        ]),
      },
    };
  };
  const redraw = frame(stage, {
    title: "Beam search",
    pictures: [tree],
    extra: [
      source("The first three openings continue in the word model of section 7.5. The other two: "),
    ],
    draw,
    open: true,
    controls: [which.node, width.node, alpha.node, shown.node, pooled.node],
  });
}

/** One row a step; columns by rank among the prefixes that live on, then what ended at this step. */
function drawTree(svg, room, { steps }, shown, width, best) {
  const rows = steps.slice(0, shown);
  const columns = Math.max(...steps.map(({ live, done }) => live.length + done.length));
  const row = 46,
    top = 6,
    cell = Math.min(room / columns, 170),
    letters = Math.max(3, Math.floor(cell / 7.4) - 1);
  const drawing = sized(svg, Math.min(room, cell * columns), top + row * steps.length + 16);
  const x = (column) => cell * (column + 0.5),
    y = (step) => top + row * step + 16;
  const clipped = (text) => (text.length > letters ? `${text.slice(0, letters - 1)}…` : text);
  const onBest = (entry) =>
    entry.length <= best.length && entry.words.every((word, i) => word === best.words[i]);
  rows.forEach(({ live, done }, step) => {
    [...live, ...done].forEach((entry, column) => {
      const kind = onBest(entry) ? "ex-2" : entry.ends ? "ex-3" : "ex-5";
      const group = drawing.append("g").attr("class", `ex-node ${kind}`);
      group.append("title").text(`${entry.words.join(" ")}: ${fixed(entry.logProb, 2)} nats`);
      if (step) {
        group
          .append("line")
          .attr("class", onBest(entry) ? "ex-line" : "ex-branch")
          .attr("x1", x(entry.from))
          .attr("y1", y(step - 1) + 16)
          .attr("x2", x(column))
          .attr("y2", y(step) - 13);
      }
      group
        .append("text")
        .attr("class", entry.ends ? "ex-token ex-end" : "ex-token")
        .attr("x", x(column))
        .attr("y", y(step))
        .attr("text-anchor", "middle")
        .text(clipped(entry.text));
      group
        .append("text")
        .attr("class", "ex-small")
        .attr("x", x(column))
        .attr("y", y(step) + 12)
        .attr("text-anchor", "middle")
        .text(fixed(entry.logProb, 1));
    });
  });
}
