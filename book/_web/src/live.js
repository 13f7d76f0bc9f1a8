// Turns the listings of a page into cells that run: Run, Stop, the book's code and the reader's, one Python for the whole page.
import { button, element, keepNote, recallNote, whenNear } from "./dom.js";
import { placed } from "./edits.js";
import { keeper, recall } from "./kept.js";
import { makeOutput, resultList } from "./output.js";
import * as python from "./python.js";

let editorModule,
  cells = [];

// --- a cell ---

function say(cell, text) {
  cell.status.textContent = text;
}

/** Who pressed Stop by keyboard stays in the cell. */
function hideStop(cell) {
  if (document.activeElement === cell.stopButton) cell.runButton.focus();
  cell.stopButton.hidden = true;
}

function makeCell(container, index) {
  const practice = container.classList.contains("practice");
  const input = practice ? container : container.querySelector(".cell_input");
  const listing = input.querySelector(".highlight");
  const source = input.querySelector("pre").textContent.replace(/\n$/, "");
  const cell = {
    container,
    index,
    source,
    begin: source, // what an editor begins with
    text: () => (cell.editor ? editorModule.textOf(cell.editor) : cell.begin),
    mine: undefined, // what the reader has made of it
    ran: false,
  };

  const label = practice
    ? `exercise ${practices().indexOf(container) + 1}`
    : `code cell ${index + 1}`;
  cell.runButton = button("", () => request(cell), "live-button live-primary");
  cell.runButton.append(
    element("span", { textContent: practice ? "Check" : "Run" }),
    element("span", { className: "live-hidden", textContent: ` ${label}` }),
  );
  cell.stopButton = button("Stop", python.stop);
  cell.bookButton = button("The book's", () => reset(cell));
  cell.mineButton = button("Mine", () => bringBack(cell));
  for (const version of [cell.bookButton, cell.mineButton])
    version.append(element("span", { className: "live-hidden", textContent: `, ${label}` }));
  cell.stopButton.hidden = cell.bookButton.hidden = cell.mineButton.hidden = true;
  cell.status = element("span", { className: "live-status" });
  cell.status.setAttribute("role", "status");
  cell.toolbar = element(
    "div",
    { className: "live-toolbar" },
    cell.runButton,
    cell.stopButton,
    cell.bookButton,
    cell.mineButton,
    cell.status,
  );
  input.append(cell.toolbar);

  cell.output = makeOutput(label, () => wordsFor(cell, label));
  container.append(cell.output.place);

  cell.edit = async () => {
    if (cell.editor) return;
    editorModule ??= await import("./editor.js");
    const place = element("div", { className: "live-editor" });
    listing.hidden = true;
    listing.after(place);
    cell.editor = editorModule.createEditor({
      parent: place,
      text: cell.begin,
      label: `Editor of ${label}`,
      complete: (before) => python.complete(before, practice),
      onRun: () => request(cell),
      onChange: () => changed(cell),
    });
  };
  cell.clear = () => {
    for (const old of container.querySelectorAll(".cell_output:not(.live-output)"))
      old.hidden = true;
    cell.output.clear();
  };
  if (practice) preparePractice(cell);
  return cell;
}

/** Alternative text of the next figure: the book's own while nothing was changed that the figure could stand on. */
function wordsFor(cell, label) {
  const inBook = cell.container.querySelectorAll(".cell_output:not(.live-output) img")[
    cell.output.place.querySelectorAll("img").length
  ];
  const unchanged = cells
    .slice(0, cell.index + 1)
    .every((c) => c.practice || c.text() === c.source);
  return unchanged && inBook?.alt
    ? inBook.alt
    : `Figure drawn by ${label}, after a change; its numbers are in the code above.`;
}

/** Send a cell's message to Python, with the cell cleared before and its buttons as they should be. */
async function send(cell, message) {
  cell.clear();
  cell.stopButton.hidden = cell.bookButton.hidden = false;
  const hear = { note: ({ text }) => say(cell, text), ...cell.output.hear };
  const ending = await python.run({ source: cell.text(), ...message }, hear);
  hideStop(cell);
  if (ending.trouble) cell.output.complain(ending.trouble);
  return ending;
}

async function runOne(cell) {
  say(cell, "running …");
  const { how } = await send(cell, { kind: "run", name: `cell ${cell.index + 1}` });
  cell.ran = how === "ok";
  say(
    cell,
    {
      ok: "done",
      error: "failed: see the message below",
      stopped: "stopped; Python starts afresh with the next Run",
    }[how],
  );
  return how;
}

/** Every variable is gone; the cells above run again before the next one does. */
python.onStop(() => {
  for (const cell of cells) cell.ran = Boolean(cell.practice);
});

let busy = false;

const codeOf = (some) => some.map((c) => c.text() + (c.practice?.tests ?? "")).join("\n");

/** Run a cell, and before it every cell above that has not run as it now stands. */
async function request(cell) {
  if (busy) {
    say(
      cell,
      python.isAsking()
        ? "answer the question about the download first"
        : "another cell is running",
    );
    return;
  }
  busy = true;
  say(cell, "starting …");
  try {
    const agreed = await python.agreed({
      source: codeOf(cell.practice ? [cell] : cells.slice(0, cell.index + 1)),
      all: codeOf(cells),
      after: cell.toolbar,
      focus: cell.runButton,
    });
    if (!agreed) {
      say(cell, "");
      return;
    }
    await cell.edit();
    cell.stopButton.hidden = false;
    await python.start((text) => say(cell, text));
    if (cell.practice) {
      await checkOne(cell);
      return;
    }
    const above = cells.slice(0, cell.index).filter((c) => !c.ran);
    for (const [done, other] of above.entries()) {
      say(cell, `running the cells above (${done + 1} of ${above.length})`);
      if ((await runOne(other)) !== "ok") {
        say(
          cell,
          `not run: ${other.index + 1 === 1 ? "the first cell" : `cell ${other.index + 1}, above,`} did not finish`,
        );
        other.container.scrollIntoView({ block: "center" });
        hideStop(cell);
        return;
      }
    }
    await runOne(cell);
  } catch (error) {
    say(cell, python.explainFailure(error));
    hideStop(cell);
  } finally {
    busy = false;
  }
}

// --- the book's code and the reader's, which this browser keeps ---

const NAME = `page:${location.pathname.slice(new URL(python.SITE).pathname.length)}`;
let aside = []; // edits of cells that the book no longer has
const save = keeper(NAME, () => [
  ...cells
    .filter(({ mine }) => mine !== undefined)
    .map(({ index, began, mine }) => ({ place: index, book: began, mine })),
  ...aside,
]);

/** Put a version into the cell, which does not count as the reader's typing. */
function put(cell, text) {
  cell.putting = true;
  if (cell.editor) editorModule.setText(cell.editor, text);
  else cell.begin = text;
  cell.putting = false;
  showVersions(cell);
}

function changed(cell) {
  cell.ran = Boolean(cell.practice);
  if (!cell.putting) {
    const text = cell.text();
    cell.mine = text === cell.source ? undefined : text;
    cell.began = cell.source;
    save();
  }
  showVersions(cell);
}

/** Which of the two is on show, and whether there is another. */
function showVersions(cell) {
  const isBook = cell.text() === cell.source;
  cell.bookButton.hidden = isBook && cell.mine === undefined && cell.output.place.hidden;
  cell.mineButton.hidden = cell.mine === undefined;
  cell.bookButton.setAttribute("aria-pressed", isBook);
  cell.mineButton.setAttribute("aria-pressed", !isBook);
}

/** Back to the code and the output of the book; what the reader has made of it stays at hand. */
function reset(cell) {
  cell.output.clear();
  put(cell, cell.source);
  cell.ran = Boolean(cell.practice);
  for (const old of cell.container.querySelectorAll(".cell_output:not(.live-output)"))
    old.hidden = false;
  const words = cell.practice ? "back to the start" : "as in the book";
  say(cell, cell.mine === undefined ? words : `${words}; yours is kept`);
  (cell.mine === undefined ? cell.runButton : cell.bookButton).focus();
}

async function bringBack(cell) {
  await cell.edit();
  put(cell, cell.mine);
  say(cell, "as you left it");
}

/** What is kept for this page, as it fits its cells: [[cell, edit or undefined]], nothing if nothing is kept; the rest is put aside. */
async function keptEdits() {
  const kept = await recall(NAME);
  if (!Array.isArray(kept)) return [];
  const edits = placed(
    kept,
    cells.map(({ source }) => source),
  );
  aside = edits.aside;
  return cells.map((cell, place) => [cell, edits.found[place]]);
}

/** At the start: an answer to a practice comes back by itself, an edit of the book's code waits for its button. */
async function recallEdits() {
  for (const [cell, edit] of await keptEdits()) {
    if (!edit || cell.mine !== undefined) continue;
    Object.assign(cell, { mine: edit.mine, began: edit.book });
    if (cell.practice) put(cell, cell.mine);
    showVersions(cell);
    const words = ["your version is kept"];
    if (edit.book !== cell.source) words.push("the book has changed this code since");
    if (cell.status.textContent) words.unshift(cell.status.textContent);
    say(cell, words.join("; "));
  }
}

/** The same page in another tab may have written since: what is kept is the newest, for all that is typed here is kept too. */
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  for (const [cell, edit] of await keptEdits()) {
    if (edit?.mine === cell.mine) continue;
    const showing = cell.practice || (cell.mine !== undefined && cell.text() === cell.mine);
    Object.assign(cell, { mine: edit?.mine, began: edit?.book });
    if (showing) put(cell, cell.mine ?? cell.source);
    else showVersions(cell);
    say(cell, "changed in another tab");
  }
});

// --- practice: an answer and the checks that explain what is wrong with it; progress stays in this browser ---

const practices = () => [...document.querySelectorAll("div.practice")];
const doneKey = (cell) =>
  `lm-practice:${location.pathname.split("/").slice(-2)[0]}:${cell.practice.exercise}`;

function preparePractice(cell) {
  cell.practice = JSON.parse(cell.container.querySelector(".practice-tests").textContent);
  cell.ran = true; // no other cell waits for an answer
  if (recallNote("localStorage", doneKey(cell))) say(cell, "solved before, in this browser");
  // The editor weighs as much as the rest of the page, so it is fetched when the box is less than a screen away.
  whenNear(cell.container, () => cell.edit());
}

async function checkOne(cell) {
  say(cell, "checking …");
  const { tests } = cell.practice;
  const { how, results } = await send(cell, { kind: "check", name: "your answer", tests });
  if (how !== "ok") {
    say(
      cell,
      how === "stopped"
        ? "stopped; Python starts afresh with the next Check"
        : "the checks could not run",
    );
    return;
  }
  cell.output.add(resultList(results));
  const passed = results.filter(([, message]) => !message).length;
  if (passed === results.length)
    keepNote("localStorage", doneKey(cell), new Date().toISOString().slice(0, 10));
  say(
    cell,
    passed === results.length
      ? "all checks passed"
      : `${passed} of ${results.length} checks passed`,
  );
}

cells = [...document.querySelectorAll("div.cell, div.practice")].filter(
  (c) => c.matches(".practice") || c.querySelector(".cell_input pre"),
);
cells = cells.map(makeCell);
recallEdits();
