// What explorers of the pocket transformers share: their files, their alphabet, and how its letters are shown.
import { transformer } from "./transformer.js";
import { element } from "./ui.js";

export const SIZES = [
  ["pocket-80k", "80k parameters, 0.1 MB"],
  ["pocket-300k", "300k parameters, 0.3 MB"],
  ["pocket-1m", "1M parameters, 1 MB"],
];
const PLAIN = {
  "‘": "'",
  "’": "'",
  "“": '"',
  "”": '"',
  "–": "--",
  "—": "--",
  "…": "...",
  "\u00a0": " ",
};

export const bare = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "");

/** Letters of the model's alphabet, as near to the text as lmcore.data.clean would come. */
export function plain(text, charset) {
  const folded = [...bare(text)].map((letter) => PLAIN[letter] ?? letter).join("");
  return [...folded].filter((letter) => charset.includes(letter)).join("");
}

export const shown = (letter) => ({ " ": "␣", "\n": "⏎", undefined: "(end)" })[letter] ?? letter;

/** A field for the reader's text: its label, what it begins with, its lines, its letters at most, what to do with a change. */
export const field = (label, text, rows, maxlength, oninput) =>
  element(
    "textarea",
    {
      class: "ex-text",
      rows,
      maxlength,
      spellcheck: "false",
      autocapitalize: "off",
      autocomplete: "off",
      "aria-label": label,
      oninput,
    },
    text,
  );

/** A model by the name of its files: what it is, and the model itself. */
export async function pocket(name) {
  const answers = await Promise.all(
    ["json", "bin"].map((kind) => fetch(new URL(`${name}.${kind}`, import.meta.url))),
  );
  for (const { ok, url, status } of answers) if (!ok) throw new Error(`${url}: ${status}`);
  const about = await answers[0].json();
  return { about, model: transformer(about, await answers[1].arrayBuffer()) };
}
