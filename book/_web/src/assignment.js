// The page on which an assignment is solved: answers in editors, the visible tests below them, and the notebook to hand in.
// The page itself, with its texts and the notebook as data, is written by course_ext/assignment_page.py.
import { button, element, keepNote, whenNear } from "./dom.js";
import { keeper, recall } from "./kept.js";
import { adapt, fill, idOf, marks, problemsOf, read, roleOf, textOf } from "./notebook.js";
import { makeOutput, resultList } from "./output.js";
import * as python from "./python.js";

const { slug, notebook } = JSON.parse(document.querySelector("#assignment").textContent);
const NAME = `assignment:${slug}`;
const FILE = "exercises.ipynb"; // the name that graders look for
const KEYS =
  "Shift+Enter runs the cell. Tab leaves the editor; Ctrl+] indents a line, Ctrl+[ takes the indent back.";
const RELEASE = notebook.cells.map((cell) => marks(cell).checksum).join(" ");
const problems = problemsOf(notebook);
const number = (points) => String(Math.round(100 * points) / 100);
const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

let work = { answers: {}, own: [], results: {} };
let editorModule;
const cells = new Map(); // every cell that the reader can change or run, by id, in the order of the page
const inOrder = () =>
  [...cells.values()].sort((one, other) =>
    one.box.compareDocumentPosition(other.box) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1,
  );
const boards = document.querySelectorAll(".assignment-actions");
const says = document.querySelector(".assignment-progress");

// --- what the browser keeps ---

const write = keeper(NAME, () => Object.assign(work, { saved: Date.now(), release: RELEASE }));

/** Write the work down, and say whether it is kept. */
async function save() {
  document.querySelector(".assignment-kept").textContent = (await write())
    ? "Your work is kept in this browser, on this device, and sent nowhere."
    : "This browser keeps nothing: download your work before you leave the page.";
}

/** Show work that came from elsewhere: what was kept, a file, another tab, or nothing at all. */
function show(given) {
  work = { results: {}, ...adapt(given, notebook) };
  for (const cell of cells.values()) {
    if (cell.own) cell.remove();
    else cell.set?.(work.answers[cell.id] ?? cell.stub);
  }
  for (const own of work.own) addOwn(own);
  for (const cell of cells.values()) if (cell.role === "tests") showResults(cell);
  report();
}

/** What a reader has typed into a cell goes into the work, or out of it if it is what was handed out. */
function changed(cell) {
  const text = cell.text();
  if (cell.own) cell.own.text = text;
  else if (text === cell.stub) delete work.answers[cell.id];
  else work.answers[cell.id] = text;
  if (!cell.own) cell.resetButton.hidden = text === cell.stub;
  for (const tests of testsOf(cell)) markStale(tests);
  save();
  report();
}

// --- what is solved ---

/** What a result was found for; it tells nothing about other answers or other tests. */
const subject = (tests) =>
  JSON.stringify([tests.source, ...tests.answers.map((answer) => answer.text())]);

const resultOf = (tests) => {
  const result = work.results[tests.id];
  return result?.subject === subject(tests) ? result : undefined;
};

const pointsOf = (cell) => marks(cell).points ?? 0;
const isWritten = (id) => Boolean(work.answers[id]?.trim());

/** How far one problem is: whether it is solved, and the points that its visible tests give. */
function standing({ tests, written }) {
  const results = tests.map((cell) => resultOf(cells.get(idOf(cell))));
  const passed = results.every((result) => result?.passed);
  return {
    solved: passed && written.every((cell) => isWritten(idOf(cell))),
    begun: results.some(Boolean),
    points: results.reduce((sum, result) => sum + (result?.points ?? 0), 0),
  };
}

/** The line that says what is solved, in both places, and for the landing page. */
function report() {
  const found = problems.map(standing);
  const solved = found.filter((problem) => problem.solved).length;
  const points = found.reduce((sum, problem) => sum + problem.points, 0);
  const all = notebook.cells.filter((cell) => roleOf(cell) === "tests");
  const total = all.reduce((sum, cell) => sum + pointsOf(cell), 0);
  const written = problems.flatMap((problem) => problem.written);
  const words =
    `${solved} of ${problems.length} problems solved · ${number(points)} of ${number(total)} points` +
    " by the visible tests" +
    written
      .map((cell) => ` · written answer ${isWritten(idOf(cell)) ? "there" : "missing"}`)
      .join("");
  if (says.textContent !== words) says.textContent = words;
  const share = (100 * solved) / problems.length;
  document.querySelector(".assignment-bar span").style.width = `${share}%`;
  const left = problems.filter((_, place) => !found[place].solved);
  document.querySelector(".assignment-left").textContent = left.length
    ? `Not solved yet: ${left.map(({ title }) => title.match(/[\d.]+/)?.[0] ?? title).join(", ")}.`
    : "All problems are solved as far as this page can tell. Hidden tests try the same ideas on other numbers.";
  keepNote("localStorage", `lm-assignment:${slug}`, JSON.stringify([solved, problems.length]));
}

/** The tests that a cell's answer is for. */
function testsOf(cell) {
  return [...cells.values()].filter(
    (tests) => tests.role === "tests" && tests.answers.includes(cell),
  );
}

function showResults(tests) {
  const result = work.results[tests.id];
  tests.output.clear();
  tests.output.place.classList.remove("assignment-stale");
  if (!result) return tests.say("");
  if (result.trouble) tests.output.complain(result.trouble);
  else tests.output.add(resultList(result.results));
  const points = `${number(result.points)} of ${plural(pointsOf(tests.cell), "point")} so far`;
  tests.say(result.passed ? `all visible tests passed: ${points}` : points);
  markStale(tests);
}

/** Results of an answer that was changed since stay in sight, and say that they are old. */
function markStale(tests) {
  if (!work.results[tests.id] || resultOf(tests)) return;
  tests.output.place.classList.add("assignment-stale");
  tests.say("changed since these results; run it again");
}

// --- cells ---

function makeCell(cell) {
  const box = document.querySelector(`#cell-${CSS.escape(cell.id)}`);
  return { cell, box, id: idOf(cell), role: roleOf(cell), source: textOf(cell) };
}

const statusLine = () => {
  const line = element("span", { className: "live-status" });
  line.setAttribute("role", "status");
  return line;
};

/** Code that is there already: it runs, and shows what it prints. */
function makeGiven(made) {
  made.text = () => made.source;
  made.say = () => {};
  made.output = makeOutput("the given code", () => "Figure drawn by the given code.");
  made.box.append(made.output.place);
  return made;
}

function makeTests(made, answers, label) {
  made.answers = answers;
  made.output = makeOutput(`the tests of ${label}`, () => "");
  made.output.place.classList.add("assignment-results");
  const line = statusLine();
  made.say = (words) => {
    line.textContent = words;
  };
  made.box.append(element("p", { className: "assignment-points" }, line), made.output.place);
  return made;
}

/** An editor in place of a listing, once it comes near: it weighs as much as the rest of the page. */
function editLater(made, listing, label) {
  let text = made.source;
  made.text = () => (made.editor ? editorModule.textOf(made.editor) : text);
  made.set = (given) => {
    if (made.text() === given) return;
    if (made.editor) return editorModule.setText(made.editor, given);
    text = given;
    listing.querySelector("pre").textContent = given;
    made.resetButton.hidden = given === made.stub;
  };
  made.edit = async () => {
    editorModule ??= await import("./editor.js");
    if (made.editor) return;
    const place = element("div", { className: "live-editor" });
    listing.hidden = true;
    listing.after(place);
    made.editor = editorModule.createEditor({
      parent: place,
      text,
      label,
      description: KEYS,
      complete: python.complete,
      onRun: () => request([made], made),
      onChange: () => changed(made),
    });
  };
  whenNear(made.box, made.edit);
}

function makeAnswer(made, label) {
  made.stub = made.own ? "" : made.source;
  const listing = made.box.querySelector(".highlight");
  const toolbar = made.box.querySelector(".live-toolbar");
  const line = statusLine();
  made.say = (words) => {
    line.textContent = words;
  };
  const hidden = () => element("span", { className: "live-hidden", textContent: ` ${label}` });
  made.runButton = button("Run", () => request([made], made), "live-button live-primary");
  made.runButton.append(hidden());
  made.stopButton = button("Stop", python.stop);
  made.resetButton = button(made.own ? "Remove" : "Reset", () => {
    if (made.own) {
      const { own } = made;
      const before = { ...work, own: [...work.own] };
      work.own = work.own.filter((other) => other !== own);
      made.remove();
      save();
      offerUndo("The cell was removed.", before);
    } else {
      made.set(made.stub);
      changed(made);
      made.output.clear();
      made.say("as it was handed out; Ctrl+Z in the editor brings your answer back");
      made.runButton.focus();
    }
  });
  made.resetButton.append(hidden());
  made.stopButton.hidden = true;
  made.resetButton.hidden = !made.own;
  const indents = [
    ["⇤", "unindent", " less indent in "],
    ["⇥", "indent", " more indent in "],
  ].map(([sign, act, words]) => {
    const key = button("", () => made.edit().then(() => editorModule[act](made.editor)));
    key.classList.add("live-touch");
    const seen = element("span", { textContent: sign });
    seen.setAttribute("aria-hidden", "true");
    key.append(seen, element("span", { className: "live-hidden", textContent: words + label }));
    return key;
  });
  const add = button("+ Cell", () => {
    const own = { after: made.own?.after ?? made.id, type: "code", text: "" };
    work.own.push(own);
    addOwn(own).edit();
    save();
  });
  add.append(
    element("span", { className: "live-hidden", textContent: ` of your own below ${label}` }),
  );
  toolbar.append(made.runButton, made.stopButton, made.resetButton, ...indents, add, line);
  made.output = makeOutput(label, () => `Figure drawn by ${label}; its numbers are in the code.`);
  made.box.append(made.output.place);
  editLater(made, listing, `Editor of ${label}`);
  return made;
}

let countOfOwn = 0;

/** Put the box of a reader's own cell below the assignment's cell that it belongs to, and below those already there. */
function place(box, { after }) {
  const below = inOrder().filter((cell) => cell.own?.after === after);
  const anchor = below.at(-1) ?? cells.get(after);
  if (anchor) return anchor.box.after(box);
  // a text of the assignment, which has no box: above the cell that follows it
  const position = notebook.cells.findIndex((cell) => idOf(cell) === after);
  const next = notebook.cells.slice(position).find((cell) => cells.has(idOf(cell)));
  if (next) cells.get(idOf(next)).box.before(box);
  else inOrder().at(-1).box.after(box);
}

/** A cell of the reader's own: code to run, or a text that came with a notebook. */
function addOwn(own) {
  const label = `your own cell ${++countOfOwn}`;
  const box = element("div", { className: "assignment-cell assignment-own" });
  place(box, own);
  const made = { own, box, id: label, source: own.text, text: () => own.text };
  made.remove = () => {
    box.remove();
    cells.delete(made.id);
  };
  cells.set(made.id, made);
  if (own.type === "code") {
    const listing = element("div", { className: "highlight" }, element("pre", {}, own.text));
    box.append(listing, element("div", { className: "live-toolbar" }));
    return makeAnswer(Object.assign(made, { role: "answer" }), label);
  }
  made.role = "note";
  import("./markdown.js").then(async ({ render }) =>
    box.append(await render(own.text, { formulas: true })),
  );
  return made;
}

function makeWritten(made, label) {
  made.stub = made.source;
  const field = made.box.querySelector("textarea");
  const toolbar = made.box.querySelector(".live-toolbar");
  const line = statusLine();
  const preview = element("div", { className: "assignment-preview", hidden: true });
  preview.setAttribute("role", "region");
  preview.setAttribute("aria-label", `Preview of ${label}`);
  field.value = "";
  field.disabled = false;
  const draw = async () => {
    const words = field.value.match(/\S+/g)?.length ?? 0;
    line.textContent = plural(words, "word");
    preview.hidden = !field.value.trim();
    if (preview.hidden) return;
    const { render } = await import("./markdown.js");
    preview.replaceChildren(await render(field.value, { formulas: true }));
  };
  made.say = () => {};
  made.output = { clear: () => {} };
  made.resetButton = {};
  made.text = () => (field.value.trim() ? field.value : made.stub);
  made.set = (text) => {
    field.value = text === made.stub ? "" : text;
    draw();
  };
  field.addEventListener("input", () => {
    changed(made);
    draw();
  });
  toolbar.append(line);
  made.box.append(preview);
  return made;
}

// --- running ---

let busy = false;

/** Run one cell in Python; what it prints and how it ended stands below it. */
async function runOne(made) {
  made.output.clear();
  made.say("running …");
  const text = made.text();
  const hear = { note: ({ text }) => made.say(text), ...made.output.hear };
  const name = made.own ? made.id : `your answer, cell ${made.id}`;
  const { how, trouble } = await python.run({ kind: "run", name, source: text }, hear);
  made.ran = how === "ok" ? text : undefined;
  if (trouble) made.output.complain(trouble);
  made.say({ ok: "done", error: "failed: see the message below", stopped: "stopped" }[how]);
  return how;
}

async function test(tests) {
  tests.say("testing …");
  const hear = { note: ({ text }) => tests.say(text) };
  const ending = await python.run({ kind: "test", name: "the tests", source: tests.source }, hear);
  if (ending.how === "stopped") return tests.say("stopped before the tests had ended");
  const { trouble, results = [], points } = ending;
  const passed = !trouble && results.every(([, message]) => !message);
  work.results[tests.id] = {
    subject: subject(tests),
    results,
    trouble,
    passed,
    points: points ?? (passed ? pointsOf(tests.cell) : 0),
  };
  showResults(tests);
  save();
  report();
  return ending.how;
}

/** Every variable is gone. */
python.onStop(() => {
  for (const cell of cells.values()) cell.ran = undefined;
});

const source = () => [...cells.values()].map((cell) => cell.text?.() ?? cell.source).join("\n");

/**
 * Run cells, each with its tests, after the code above that has not run as it now stands.
 *
 * As when graded, a cell that fails does not keep later ones from running; its own tests do not run then.
 */
async function request(wanted, { say, runButton, toolbar = runButton.parentElement, fresh }) {
  if (busy)
    return say(
      python.isAsking()
        ? "answer the question about the download first"
        : "another cell is running",
    );
  busy = true;
  document.body.classList.add("assignment-busy");
  say("starting …");
  const stops = [...document.querySelectorAll("[data-act=stop]")];
  try {
    if (!(await python.agreed({ source: source(), after: toolbar, focus: runButton })))
      return say("");
    for (const stop of stops) stop.hidden = false;
    for (const cell of wanted) if (cell.stopButton) cell.stopButton.hidden = false;
    await python.start(say);
    if (fresh) await python.run({ kind: "fresh" }, {});
    if (fresh) for (const cell of cells.values()) cell.ran = undefined;
    const order = inOrder().filter(({ role }) => ["given", "answer"].includes(role));
    for (const cell of wanted) {
      for (const above of order.slice(0, order.indexOf(cell)))
        if (above.ran !== above.text() && (await runOne(above)) === "stopped") return;
      const how = await runOne(cell);
      if (how === "stopped") return;
      for (const tests of testsOf(cell)) {
        if (how === "error") tests.say("not tested: the code above failed");
        else if (tests.answers.some((answer) => answer.ran !== answer.text()))
          tests.say("not tested yet: run every cell of this problem");
        else if ((await test(tests)) === "stopped") return;
      }
    }
    if (fresh) say("all cells ran, from top to bottom");
  } catch (error) {
    say(python.explainFailure(error));
  } finally {
    for (const stop of stops) stop.hidden = true;
    for (const { stopButton, runButton } of wanted) {
      if (document.activeElement === stopButton) runButton.focus();
      if (stopButton) stopButton.hidden = true;
    }
    document.body.classList.remove("assignment-busy");
    busy = false;
  }
}

// --- the board: all at once, the notebook to hand in, and another one to go on with ---

const copyOf = (value) => structuredClone(value);

/** Say what happened, with a button that takes it back. */
function offerUndo(words, before) {
  const board = boards[0];
  document.querySelector(".assignment-undo")?.remove();
  const undo = button("Undo", () => {
    note.remove();
    show(before);
    save();
  });
  const note = element("p", { className: "assignment-undo" }, `${words} `, undo);
  note.setAttribute("role", "status");
  board.after(note);
  undo.focus();
}

function download() {
  const content = new Blob([fill(notebook, work)], { type: "application/x-ipynb+json" });
  const link = element("a", { href: URL.createObjectURL(content), download: FILE });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function open(file, say) {
  try {
    const given = read(await file.text(), notebook);
    const before = copyOf(work);
    show(given);
    save();
    const count = Object.keys(given.answers).length;
    offerUndo(`${file.name} is open, with ${plural(count, "answer")}.`, before);
    say("");
  } catch (problem) {
    say(problem.message);
  }
}

function makeBoard(board) {
  const line = statusLine();
  const say = (words) => {
    line.textContent = words;
  };
  const find = (act) => board.querySelector(`[data-act="${act}"]`);
  const answers = () => inOrder().filter(({ role }) => role === "answer");
  const chosen = element("input", {
    type: "file",
    accept: ".ipynb,application/json",
    hidden: true,
  });
  chosen.addEventListener("change", async () => {
    if (chosen.files.length) await open(chosen.files[0], say);
    chosen.value = "";
  });
  const acts = {
    run: () => request(answers(), { say, runButton: find("run"), fresh: true }),
    stop: python.stop,
    download,
    open: () => chosen.click(),
    over: () => {
      const before = copyOf(work);
      show({ answers: {}, own: [] });
      save();
      offerUndo("All answers are as they were handed out.", before);
    },
  };
  for (const [act, done] of Object.entries(acts)) {
    find(act).onclick = done;
    find(act).disabled = false;
  }
  board.append(chosen, line);
}

// --- the page ---

// before anything can be typed or opened, which what was kept would overwrite
const kept = await recall(NAME);
let answers = []; // since the last tests
for (const [position, cell] of notebook.cells.entries()) {
  const made = makeCell(cell);
  const problem = problems.find((one) =>
    [...one.answers, ...one.tests, ...one.written].includes(cell),
  );
  const name = `problem ${problem?.title.match(/[\d.]*\d/)?.[0] ?? position}`;
  const before = position && roleOf(notebook.cells[position - 1]);
  if (made.role === "answer") {
    if (before !== "answer") answers = [];
    answers.push(makeAnswer(made, name));
  } else if (made.role === "given") makeGiven(made);
  else if (made.role === "tests") makeTests(made, answers, name);
  else if (made.role === "written") makeWritten(made, `your answer to ${name}`);
  else continue;
  cells.set(made.id, made);
}
show(kept ?? { answers: {}, own: [] });
boards.forEach(makeBoard);

for (const wheel of document.querySelectorAll(".assignment-wheel")) {
  wheel.textContent = new URL(wheel.textContent, python.SITE).href;
}

if (kept && kept.release !== RELEASE) {
  const words =
    "This assignment was changed since you worked on it. Your answers are kept; run them again.";
  boards[0].after(element("p", { className: "assignment-note" }, words));
}

// The same page in another tab has written since: what it wrote is newer than what stands here.
document.addEventListener("visibilitychange", async () => {
  if (document.hidden) return;
  const kept = await recall(NAME);
  if (kept && kept.saved > (work.saved ?? 0)) show(kept);
});
