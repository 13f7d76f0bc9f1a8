// The reader's own text, read letter by letter by a pocket transformer (the landing page, chapters 2 and 8).
import { filtered, grouped, ofTokens } from "./filters.js";
import { bare, field, plain, pocket, shown, SIZES } from "./pocket.js";
import { button, choice, element, fixed, frame, hint, percent, range } from "./ui.js";

const LONGEST = 2000; // letters
const SLICE = 12; // milliseconds of reading in a frame: a long text that is pasted takes seconds
const FRAMES = 25; // frames of reading after which what has been read is shown
const LISTED = 12; // letters left out that are named
const STREAM = 120; // letters that one press of "Write on" adds
const NEXT = 8; // continuations on show
const START = "The Constitution of the United Sta";
/** What may come next, after the filters: [token, probability], the most probable first. */
function candidates(logProbs, settings) {
  const { order, ...row } = grouped(logProbs);
  return ofTokens(order.length, row, filtered(row, settings))
    .map((probability, i) => [order[i], probability])
    .filter(([, probability]) => probability !== null);
}

/** The letters of a text that the alphabet lacks, each once; "" if there are none. What cannot be seen is not named. */
function leftOut(text, charset) {
  const lacking = [...new Set(bare(text))].filter(
    (letter) => /[^\s\p{C}]/u.test(letter) && !plain(letter, charset),
  );
  return (
    lacking.slice(0, LISTED).join(" ") +
    (lacking.length > LISTED ? ` and ${lacking.length - LISTED} more` : "")
  );
}

/** One of the candidates, drawn with a number from [0, 1). */
function draw(found, u) {
  let left = u;
  for (const [token, probability] of found) {
    left -= probability;
    if (left < 0) return token;
  }
  return found[0][0];
}

export async function mount(stage) {
  let about, model;
  let tokens = [],
    rows = [], // rows[i]: log-probabilities of token i given those before it
    writing = 0;

  const take = async (name) => {
    ({ about, model } = await pocket(name));
    rows = [];
  };

  /** The distributions of all places of the text and of the place after it, as far as a slice of time goes; whether that is all. */
  const read = () => {
    const now = [...plain(input.value, about.charset)].map((letter) =>
      about.charset.indexOf(letter),
    );
    let same = 0;
    while (same < Math.min(tokens.length, now.length) && tokens[same] === now[same]) same++;
    rows.length = Math.min(rows.length, same + 1);
    const end = performance.now() + SLICE;
    while (rows.length <= now.length && (!rows.length || performance.now() < end))
      rows.push(model.read([model.bos, ...now.slice(0, rows.length)]));
    tokens = now.slice(0, rows.length - 1);
    return tokens.length === now.length;
  };
  /** Read the rest of a text, a slice in each frame, and show it from time to time. */
  const readOn = (frame = 1) => {
    reading.ariaBusy = "true";
    requestAnimationFrame(() => {
      if (read()) return redraw();
      if (frame % FRAMES === 0) redraw();
      if (reading.ariaBusy) readOn(frame + 1);
    });
  };
  const bits = () => tokens.map((token, place) => -rows[place][token] / Math.LN2);
  const letters = () => tokens.map((token) => about.charset[token]);
  const at = () => plain(input.value.slice(0, input.selectionStart), about.charset).length;

  const input = field("Your text", START, 3, LONGEST, () => {
    writing = 0;
    redraw();
  });
  const reading = element("p", {
    class: "ex-reading",
    onclick: (event) => {
      const place = event.target.dataset.place;
      if (place === undefined) return;
      input.setSelectionRange(+place, +place);
      redraw();
    },
  });
  const bars = element("ol", { class: "ex-next" });
  const next = hint();

  const size = choice("Model", SIZES, async () => {
    await take(size.value);
    redraw();
  });
  const update = () => redraw();
  const tau = range(
    "Temperature τ",
    { min: 0.1, max: 2, step: 0.1, value: 1, words: (value) => fixed(value, 1) },
    update,
  );
  const k = range(
    "Top-k",
    { min: 1, max: 97, step: 1, value: 97, words: (value) => (value > 96 ? "all" : String(value)) },
    update,
  );
  const p = range(
    "Top-p",
    { min: 0.05, max: 1, step: 0.05, value: 1, words: (value) => fixed(value, 2) },
    update,
  );
  const settings = () => ({ tau: tau.value, k: k.value, p: p.value });

  const write = button("Write on", () => {
    writing = writing ? 0 : STREAM;
    grow();
  });
  const grow = () => {
    if (!writing || !stage.isConnected) return redraw();
    if (reading.ariaBusy) return requestAnimationFrame(grow);
    const token = draw(candidates(rows[tokens.length], settings()), Math.random());
    writing = token === about.eos || input.value.length >= LONGEST ? 0 : writing - 1;
    if (token !== about.eos && input.value.length < LONGEST) {
      input.value += about.charset[token];
      input.setSelectionRange(input.value.length, input.value.length);
    }
    redraw();
    requestAnimationFrame(grow);
  };
  const clear = button("Clear", () => {
    input.value = "";
    writing = 0;
    redraw();
    input.focus();
  });
  document.addEventListener("selectionchange", () => {
    if (document.activeElement === input && !writing) redraw();
  });

  const drawReading = (cost, place) => {
    reading.replaceChildren(
      ...letters().map((letter, i) => {
        const span = element("span", { "data-place": i }, letter === "\n" ? "⏎\n" : letter);
        span.style.setProperty("--surprise", `${Math.min(45, 6 * cost[i])}%`);
        span.title = `${shown(letter)}: ${fixed(cost[i], 1)} bits`;
        if (i === place) span.classList.add("ex-here");
        return span;
      }),
    );
  };
  const drawBars = (found, truth) => {
    bars.replaceChildren(
      ...found.slice(0, NEXT).map(([token, probability]) => {
        const bar = element("span", { class: "ex-strip" });
        bar.style.width = `${100 * probability}%`;
        const name = element("code", {}, shown(about.charset[token]));
        const share = element("span", { class: "ex-share" }, percent(probability));
        return element("li", { class: token === truth ? "ex-true" : "" }, name, bar, share);
      }),
    );
  };

  input.setSelectionRange(START.length, START.length);
  await take(size.value);
  const redraw = frame(stage, {
    title: "Your own text, read by a small model",
    controls: [input],
    pictures: [
      element("div", { class: "ex-buttons" }, write, clear),
      reading,
      next,
      bars,
      element("div", { class: "ex-controls" }, size.node, tau.node, k.node, p.node),
      hint(
        "A character model trained on addresses of presidents up to 1926 (section 8.5). It runs here, and what you type stays here.",
      ),
    ],
    draw: () => {
      if (read()) reading.ariaBusy = null;
      else if (!reading.ariaBusy) readOn();
      const cost = bits(),
        sum = cost.reduce((total, value) => total + value, 0),
        place = Math.min(at(), tokens.length),
        unknown = leftOut(input.value, about.charset);
      write.textContent = writing ? "Stop" : "Write on";
      drawReading(cost, place);
      drawBars(candidates(rows[place], settings()), tokens[place]);
      const before = shown(letters()[place - 1]);
      next.textContent = place
        ? `What comes after the ${place === tokens.length ? "last letter" : `“${before}” at the cursor`}:`
        : "What comes first:";
      const worst = cost.indexOf(Math.max(...cost));
      const likeliest = (logProbs) => logProbs.indexOf(Math.max(...logProbs));
      return {
        numbers: [
          ["letters", String(tokens.length)],
          ["bits", fixed(sum, 1)],
          ["bits per letter", tokens.length ? fixed(sum / tokens.length, 2) : "none"],
        ],
        finding:
          (tokens.length
            ? `The greatest surprise is “${shown(letters()[worst])}”, letter ${worst + 1}: ${fixed(cost[worst], 1)} bits, where “${shown(about.charset[likeliest(rows[worst])])}” was likelier.`
            : unknown
              ? "The model knows none of these letters."
              : "Type something: every letter is coloured by how little the model expected it.") +
          (unknown ? ` Left out, for they are not in its alphabet: ${unknown}` : ""),
        table: {
          caption: `The last ${Math.min(40, tokens.length)} letters`,
          head: ["place", "letter", "bits", "log p in nats"],
          rows: tokens
            .map((token, i) => [
              String(i + 1),
              shown(about.charset[token]),
              fixed(cost[i], 3),
              fixed(rows[i][token], 4),
            ])
            .slice(-40),
        },
      };
    },
  });
}
