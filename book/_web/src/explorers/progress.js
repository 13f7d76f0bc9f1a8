// On the landing page: the way back to the page that was read last, how much of each chapter has been read and solved in this
// browser (kept by memory.js, live.js and assignment.js, nowhere else), and all of that as a file, to take to another browser.
import { keep, recallAll } from "../kept.js";

const chapters = JSON.parse(document.querySelector("script.chapter-practice").textContent);
const OURS = "lm-"; // what the names of all that is kept begin with
const WORK = "work"; // what the file calls that which was typed
const SECTIONS = 5;

const isText = (value) => typeof value === "string";
const isRecord = (value) => value?.constructor === Object;
const allOf = (values, test) => Object.values(values).every(test);

/** What a note, read from JSON, is if nobody has damaged it; by the kind in its name. */
const NOTES = {
  place: (value) => isText(value?.title) && /^\/(?!\/)/.test(value.address),
  read: isText,
  guess: isText,
  quiz: (value) => isRecord(value) && allOf(value, Number.isInteger),
  assignment: (value) =>
    Array.isArray(value) && value.length === 2 && allOf(value, Number.isInteger),
};

/** The same of what was typed. */
const WORKS = {
  assignment: (value) =>
    isRecord(value?.answers) &&
    allOf(value.answers, isText) &&
    Array.isArray(value.own ?? []) &&
    isRecord(value.results ?? {}),
  page: (value) =>
    Array.isArray(value) &&
    value.every((edit) => Number.isInteger(edit?.place) && isText(edit.book) && isText(edit.mine)),
};

/** The value of a note, or undefined if it is damaged. */
const valueOf = (name, text) => {
  const kind = name.slice(OURS.length).split(":")[0];
  try {
    const value = kind === "practice" ? text : JSON.parse(text);
    return kind === "practice" || NOTES[kind]?.(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** All notes that are whole, {name: text}; none in a browser that keeps nothing. */
const notes = () => {
  try {
    return Object.fromEntries(
      Object.entries(localStorage).filter(
        ([name, text]) => name.startsWith(OURS) && valueOf(name, text) !== undefined,
      ),
    );
  } catch {
    return {};
  }
};

const part = (share, words) => {
  const bar = document.createElement("span");
  bar.style.setProperty("--solved", `${100 * share}%`);
  const line = document.createElement("p");
  line.className = "chapter-solved";
  line.append(bar, words);
  return line;
};

const showChapters = () => {
  for (const line of document.querySelectorAll(".chapter-solved")) line.remove();
  const kept = notes();
  for (const [slug, exercises] of Object.entries(chapters)) {
    const card = document
      .querySelector(`.chapter-cards a[href*="${slug}/"]`)
      ?.closest(".sd-card")
      ?.querySelector(".sd-card-body");
    if (!card) continue;
    const read = Object.keys(kept).filter((name) => name.startsWith(`lm-read:${slug}/`)).length;
    card.append(part(read / SECTIONS, `${read} of ${SECTIONS} sections read`));
    const solved = exercises.filter((exercise) => `lm-practice:${slug}:${exercise}` in kept).length;
    if (exercises.length)
      card.append(
        part(solved / exercises.length, `${solved} of ${exercises.length} exercises solved`),
      );
    const assignment = kept[`lm-assignment:${slug}`];
    if (assignment) {
      const [done, problems] = JSON.parse(assignment);
      card.append(
        part(done / problems, `${done} of ${problems} problems of the assignment solved`),
      );
    }
  }
};

/** All that is kept, as a file: the notes, and what was typed into assignments, practice and cells. */
const save = async () => {
  const content = { ...notes(), [WORK]: await recallAll() };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)]));
  link.download = "my-progress.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
};

/** What a file holds, added to what is kept; what is damaged in it is left out. Says how much of both there is. */
const load = async (file) => {
  let content;
  try {
    content = JSON.parse(await file.text());
  } catch {
    throw new Error("it is damaged, or no file of this course");
  }
  const work = isRecord(content?.[WORK]) ? content[WORK] : {};
  const given = Object.entries(content ?? {}).filter(([name]) => name.startsWith(OURS));
  const whole = given.filter(([name, text]) => isText(text) && valueOf(name, text) !== undefined);
  const typed = Object.entries(work).filter(([name, value]) => WORKS[name.split(":")[0]]?.(value));
  const read = whole.length + typed.length;
  const left = given.length + Object.keys(work).length - read;
  if (!read) throw new Error(left ? "all of it is damaged" : "it holds nothing of this course");
  for (const [name, text] of whole) localStorage.setItem(name, text);
  for (const [name, value] of typed) await keep(name, value);
  return `${read} entries read${left ? `, ${left} left out because they are damaged` : ""}.`;
};

const showFile = () => {
  const line = document.createElement("p");
  line.className = "progress-file";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Save my progress as a file";
  button.addEventListener("click", save);
  const label = document.createElement("label");
  const input = document.createElement("input");
  input.type = "file";
  input.accept = "application/json,.json";
  input.addEventListener("change", async () => {
    try {
      said.textContent = await load(input.files[0]);
      showChapters();
    } catch (error) {
      said.textContent = `The file cannot be read: ${error.message}`;
    }
    input.value = "";
  });
  label.append("Load such a file ", input);
  line.append("Kept in this browser, and nowhere else. ", button, " ", label, " ", said);
  document.querySelector(".chapter-cards").after(line);
};

showChapters();
showFile();

const last = notes()[`${OURS}place`];
const start = document.querySelector("a.course-start");
if (last && start) {
  const place = JSON.parse(last);
  const link = start.cloneNode(true);
  link.href = place.address;
  link.classList.replace("sd-btn-primary", "sd-btn-outline-primary");
  link.querySelector("span").textContent = `Continue: ${place.title}`;
  start.after(" ", link);
}
