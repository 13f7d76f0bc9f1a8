// An assignment as a notebook, and what a reader has made of it: pure functions, without a page.
//
// `work` is what a reader has done: {answers: {id: text}, own: [{after, type, text}]}. Answers that stand as they were handed
// out are not in it; `own` are cells that the reader added, each below the assignment's cell `after`.

export const marks = (cell) => cell.metadata.nbgrader ?? {};
export const idOf = (cell) => marks(cell).grade_id ?? cell.id;
export const textOf = (cell) => [cell.source].flat().join("");

/** "text", "given" code, an "answer" in code, its "tests", or an answer that is "written". */
export function roleOf(cell) {
  const { solution, grade } = marks(cell);
  if (cell.cell_type === "markdown") return solution ? "written" : "text";
  if (solution) return "answer";
  return grade ? "tests" : "given";
}

export const isAnswer = (cell) => ["answer", "written"].includes(roleOf(cell));

/**
 * The assignment's problems: [{title, answers, tests, written}], from one heading with graded cells to the next.
 */
export function problemsOf(notebook) {
  const found = [];
  let title = "";
  for (const cell of notebook.cells) {
    const role = roleOf(cell);
    title = (role === "text" && textOf(cell).match(/^##\s+(.+)$/m)?.[1]) || title;
    if (role === "text" || role === "given") continue;
    if (found.at(-1)?.title !== title) found.push({ title, answers: [], tests: [], written: [] });
    found.at(-1)[role === "answer" ? "answers" : role].push(cell);
  }
  return found;
}

/** A text as files of notebooks have it: a list of lines that keep their ends. */
const lines = (text) => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** The notebook with a reader's work in it, to be handed in: the same cells and marks, in the format of the release. */
export function fill(notebook, work) {
  const cells = notebook.cells.flatMap((cell) => {
    const text = isAnswer(cell) ? (work.answers[idOf(cell)] ?? textOf(cell)) : textOf(cell);
    const own = work.own
      .filter(({ after }) => after === idOf(cell))
      .map(({ type, text }, place) => ({
        cell_type: type,
        id: `${cell.id}-own-${place + 1}`.slice(-64),
        metadata: {},
        ...(type === "code" ? { execution_count: null, outputs: [] } : {}),
        source: lines(text),
      }));
    return [{ ...cell, source: lines(text) }, ...own];
  });
  return `${JSON.stringify({ ...notebook, cells }, null, 1)}\n`;
}

const titleOf = (notebook) => {
  const first = notebook.cells.find((cell) => cell.cell_type === "markdown");
  return (first && textOf(first).match(/^#\s+(.+)$/m)?.[1]) || "a notebook without a title";
};

/** Whether two notebooks are one assignment, perhaps in two versions. */
function isSame(one, other) {
  if (titleOf(one) === titleOf(other)) return true;
  const tests = (notebook) =>
    notebook.cells.filter((cell) => roleOf(cell) === "tests").map((cell) => marks(cell).checksum);
  return tests(one).some((checksum) => tests(other).includes(checksum));
}

/**
 * The work in a notebook file, such as JupyterLab saved.
 *
 * Cells that are not the assignment's own are kept as the reader's; so are answers to problems that it no longer has. Throws
 * an error whose message is for the reader.
 */
export function read(content, notebook) {
  let given;
  try {
    given = JSON.parse(content);
  } catch {
    throw new Error("This file is not a notebook: it could not be read as one.");
  }
  if (!Array.isArray(given?.cells) || given.cells.some((cell) => typeof cell !== "object" || !cell))
    throw new Error("This file is not a notebook: it has no cells.");
  const cells = given.cells
    .filter(({ cell_type }) => ["code", "markdown"].includes(cell_type))
    .map((cell) => ({ ...cell, metadata: cell.metadata ?? {}, source: cell.source ?? "" }));
  if (!cells.some((cell) => marks(cell).grade_id))
    throw new Error(
      "This notebook has none of the assignment's cells. Open the one that was downloaded here or from your course.",
    );
  if (!isSame({ cells }, notebook))
    throw new Error(
      `This is “${titleOf({ cells })}”, and the page is for “${titleOf(notebook)}”. Nothing was changed.`,
    );
  const known = new Map(notebook.cells.map((cell) => [idOf(cell), cell]));
  const work = { answers: {}, own: [] };
  let after = idOf(notebook.cells[0]);
  for (const cell of cells) {
    const mark = marks(cell).grade_id;
    const text = textOf(cell);
    if (known.has(mark)) after = mark;
    const place = known.get(mark);
    if (place && isAnswer(place)) {
      if (text !== textOf(place)) work.answers[mark] = text;
    } else if (!mark || (!place && isAnswer(cell)))
      work.own.push({ after, type: cell.cell_type, text });
  }
  return work;
}

/** Kept work as it fits a newer version of the assignment: an answer without a problem becomes a cell of the reader's. */
export function adapt(work, notebook) {
  const known = new Set(notebook.cells.map(idOf));
  const last = idOf(notebook.cells.at(-1));
  const own = work.own.map((cell) => (known.has(cell.after) ? cell : { ...cell, after: last }));
  const answers = {};
  for (const [id, text] of Object.entries(work.answers))
    if (known.has(id)) answers[id] = text;
    else own.push({ after: last, type: "code", text });
  return { ...work, answers, own };
}
