// The search: sections, terms, symbols, equations and figures, while the reader types. Loaded by course.js when a search
// field is used first; documents.json, written by course_ext/section_search.py, is fetched with it.
import MiniSearch from "minisearch";

const SHOWN = 12;
const CHUNK = 8; // places that are indexed without a pause
const SPLIT = /[\s\p{P}\p{Z}]+/u;
const TITLED = 1.6; // how much more a title that is what is asked for counts
const NAMED = 0.6; // the same for another name of the place, of that
const AROUND = 110; // letters before and after the first word found
const SILENT = new Set(
  "a an and are as at be by do does for how i in is it my of on or the to what when why with".split(
    " ",
  ),
);
const KINDS = {
  section: 1.3,
  term: 1.4,
  chapter: 0.9,
  symbol: 0.6,
  equation: 0.6,
  figure: 0.6,
  assignment: 0.5,
  beside: 0.35,
};

/** Words of a text as they are compared: small letters, no accents, one spelling of -isation. */
const fold = (word) =>
  word
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/isation(s?)$/, "ization$1");

/** Words of a title that are written with a hyphen, also as one word: readers type topp. */
const joined = (title) =>
  (title.match(/\p{L}+(-\p{L}+)+/gu) ?? []).map((word) => word.replaceAll("-", "")).join(" ");

/** The index of all places, built in pieces of time between which the page answers its reader. */
export async function index(documents) {
  const search = new MiniSearch({
    fields: ["title", "page", "names", "text"],
    processTerm: fold,
    searchOptions: {
      boost: { title: 6, names: 5 },
      prefix: (word) => word.length > 2,
      fuzzy: (word) => (word.length > 6 ? 2 : word.length > 4 ? 1 : 0), // letters that may differ
      boostDocument: (id) => KINDS[documents[id].kind],
    },
  });
  await search.addAllAsync(
    documents.map((entry, id) => ({
      id,
      ...entry,
      names: [entry.names, joined(entry.title)].filter(Boolean).join(", "),
    })),
    { chunkSize: CHUNK },
  );
  return search;
}

/**
 * What answers a query: the term that it names, if there is one, and the places, best first.
 *
 * Places have all of its words, or else most.
 */
export function answers(search, documents, query) {
  const words = query.split(SPLIT).filter(Boolean);
  const telling = words.filter((word) => !SILENT.has(word.toLowerCase()));
  const asked = (telling.length ? telling : words).join(" ");
  if (!asked) return { places: [] };
  let found = search.search(asked, { combineWith: "AND" });
  if (!found.length) found = search.search(asked, { combineWith: "OR" });
  const count = asked.split(" ").length;
  const all = found
    .map(({ id, terms, score }) => {
      const entry = documents[id];
      const shares = ["chapter", "assignment", "beside"].includes(entry.kind)
        ? 0
        : Math.max(
            titled(entry.title, terms, count),
            ...(entry.names ?? "")
              .split(", ")
              .map((name) => NAMED * Math.floor(titled(name, terms, count))), // if it is the whole name
          );
      return { ...entry, terms, score: (1 + TITLED * shares) * score };
    })
    .sort((a, b) => b.score - a.score);
  const named = all.find(({ kind, title, terms }) => kind === "term" && names(title, asked, terms));
  return { named, places: all.filter(({ kind }) => kind !== "term" || !named).slice(0, SHOWN) };
}

/** How much of a title the words found are, from 0 to 1; 0 unless they are all of those asked for. */
function titled(title, terms, count) {
  const words = title
    .replace(/^\d+(\.\d+)? /, "")
    .split(SPLIT)
    .map(fold)
    .filter((word) => word && !SILENT.has(word));
  const here = words.filter((word) => terms.includes(word)).length;
  return here < count ? 0 : here / words.length;
}

/** Whether a term is what the query asks for: as many words as the query, all of them found, or joined as in the query. */
function names(title, asked, terms) {
  const words = title.split(SPLIT).filter(Boolean).map(fold);
  if (words.join("") === fold(asked)) return true;
  return words.length === asked.split(" ").length && words.every((word) => terms.includes(word));
}

const escaped = (word) =>
  word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ization(s?)$/, "i[sz]ation$1");

/** A piece of a text around its first found word, found words in <mark>; whole words only. */
function excerpt({ kind, text, terms }) {
  const words = new RegExp(
    `(?<![\\p{L}\\p{N}])(${terms.map(escaped).join("|")})(?![\\p{L}\\p{N}])`,
    "giu",
  );
  const first = kind === "term" ? 0 : Math.max(0, text.search(words));
  const from = first > AROUND ? text.indexOf(" ", first - AROUND) + 1 : 0;
  const to = kind === "term" ? text.length : Math.min(text.length, first + 2 * AROUND);
  const piece = text.slice(from, to < text.length ? text.lastIndexOf(" ", to) : to);
  const line = document.createElement("p");
  if (from) line.append("… ");
  let at = 0;
  for (const found of piece.matchAll(words)) {
    const mark = document.createElement("mark");
    mark.textContent = found[0];
    line.append(piece.slice(at, found.index), mark);
    at = found.index + found[0].length;
  }
  line.append(piece.slice(at), to < text.length ? " …" : "");
  return line;
}

function entry(root, found) {
  const link = document.createElement("a");
  link.href = root + found.address;
  link.textContent = found.title;
  const where = document.createElement("span");
  const kind = found.kind === "beside" ? "section" : found.kind;
  where.textContent = found.title === found.page ? kind : `${kind} in ${found.page}`;
  const item = document.createElement("li");
  item.className = found.kind;
  item.append(link, where);
  if (found.text) item.append(excerpt(found));
  return item;
}

/** Results under a search field, now and at every letter. */
export async function attach(input, place, root) {
  const answer = await fetch(new URL("documents.json", import.meta.url));
  if (!answer.ok) throw new Error(`documents.json: ${answer.status}`);
  const documents = await answer.json();
  const search = await index(documents);
  const list = document.createElement("ol");
  list.className = "course-results";
  const status = document.createElement("p");
  status.className = "course-results-status";
  status.setAttribute("role", "status");
  place.append(status, list);

  const show = () => {
    const query = input.value.trim();
    if (input.closest("article, .bd-search-container")) {
      // the page of results: who comes back to it finds these
      const address = new URL(location);
      address.searchParams.set("q", query);
      history.replaceState(null, "", address);
    }
    const { named, places } = answers(search, documents, query);
    const shown = named ? [named, ...places] : places;
    list.replaceChildren(...shown.map((each) => entry(root, each)));
    status.textContent = !query
      ? ""
      : shown.length
        ? `${places.length === SHOWN ? "The best " : ""}${shown.length} of ${documents.length} places`
        : `Nothing found for “${query}”. Try fewer or other words.`;
  };
  const move = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const links = [...list.querySelectorAll("a")];
    if (!step || !links.length) return;
    event.preventDefault();
    const next = links.indexOf(document.activeElement) + step;
    (links[next] ?? (next < 0 ? input : links.at(-1))).focus();
  };
  input.addEventListener("input", show);
  input.addEventListener("keydown", move);
  list.addEventListener("keydown", move);
  show();
}
