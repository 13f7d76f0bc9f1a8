// On the landing page: the way back to the page that was read last, how much of each chapter has been read and solved in this
// browser (kept by memory.js, live.js and assignment.js, nowhere else), and all of that as a file, to take to another browser.
import { keep, recallAll } from "../kept.js";

const chapters = JSON.parse(document.querySelector("script.chapter-practice").textContent);
const OURS = "lm-"; // what the names of all that is kept begin with
const WORK = "work"; // what the file calls that which was typed
const TYPED = /^(assignment|page):/;
const SECTIONS = 5;

const kept = () => Object.keys(localStorage).filter((name) => name.startsWith(OURS));

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
  for (const [slug, exercises] of Object.entries(chapters)) {
    const card = document
      .querySelector(`.chapter-cards a[href*="${slug}/"]`)
      ?.closest(".sd-card")
      ?.querySelector(".sd-card-body");
    if (!card) continue;
    const read = kept().filter((name) => name.startsWith(`lm-read:${slug}/`)).length;
    card.append(part(read / SECTIONS, `${read} of ${SECTIONS} sections read`));
    const solved = exercises.filter((exercise) =>
      localStorage.getItem(`lm-practice:${slug}:${exercise}`),
    ).length;
    if (exercises.length)
      card.append(
        part(solved / exercises.length, `${solved} of ${exercises.length} exercises solved`),
      );
    const assignment = localStorage.getItem(`lm-assignment:${slug}`);
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
  const notes = Object.fromEntries(kept().map((name) => [name, localStorage.getItem(name)]));
  const content = { ...notes, [WORK]: await recallAll() };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(content, null, 1)]));
  link.download = "my-progress.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
};

/** What a file holds, added to what is kept. */
const load = async (file) => {
  const content = JSON.parse(await file.text());
  const entries = Object.entries(content).filter(
    ([name, value]) => name.startsWith(OURS) && typeof value === "string",
  );
  const typed = Object.entries(content[WORK] ?? {}).filter(([name]) => TYPED.test(name));
  if (!entries.length && !typed.length) throw new Error("it holds nothing of this course");
  for (const [name, value] of entries) localStorage.setItem(name, value);
  for (const [name, value] of typed) await keep(name, value);
  return entries.length + typed.length;
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
      said.textContent = `${await load(input.files[0])} entries read.`;
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

const place = JSON.parse(localStorage.getItem("lm-place") ?? "null");
const start = document.querySelector("a.course-start");
if (place && start) {
  const link = start.cloneNode(true);
  link.href = place.address;
  link.classList.replace("sd-btn-primary", "sd-btn-outline-primary");
  link.querySelector("span").textContent = `Continue: ${place.title}`;
  start.after(" ", link);
}
