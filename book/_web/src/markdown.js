// Markdown that a cell displays, as part of the page: tables, lists, emphasis, links, and nothing that could run or load.
import DOMPurify from "dompurify";
import { marked } from "marked";

const ALLOWED_TAGS = [
  "a",
  "blockquote",
  "br",
  "code",
  "del",
  "em",
  "h1",
  "h2",
  "h3",
  "h4",
  "h5",
  "h6",
  "hr",
  "li",
  "ol",
  "p",
  "pre",
  "strong",
  "sub",
  "sup",
  "table",
  "tbody",
  "td",
  "th",
  "thead",
  "tr",
  "ul",
];

const FORMULA = /\$\$([\s\S]+?)\$\$|(?<![\\$\w])\$(?=\S)([^$\n]*?\S)\$(?![\d$])/g;
const PLACE = /\uE000(\d+)\uE001/;

let katex;

/** KaTeX, which the pages are made with, for formulas that a reader types. */
function loadKatex() {
  katex ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("../katex/katex.min.js", import.meta.url).href;
    script.onload = () => resolve(window.katex);
    script.onerror = () => reject(new Error("KaTeX could not be loaded"));
    document.head.append(script);
  });
  return katex;
}

/** Markdown as nodes for the page; with `formulas`, those between dollars are drawn, once KaTeX is there. */
export function render(text, { formulas = false } = {}) {
  if (!formulas || !text.includes("$")) return sanitise(text);
  const found = [];
  const marked = text.replace(FORMULA, (_, display, inline) => {
    found.push({ tex: display ?? inline, displayMode: display !== undefined });
    return `\uE000${found.length - 1}\uE001`;
  });
  return draw(sanitise(marked), found);
}

async function draw(made, found) {
  const { renderToString } = await loadKatex();
  const walker = document.createTreeWalker(made, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const place = PLACE.exec(node.data);
    if (!place) continue;
    const rest = node.splitText(place.index);
    rest.data = rest.data.slice(place[0].length);
    const { tex, displayMode } = found[place[1]];
    const formula = document.createElement("span");
    formula.innerHTML = renderToString(tex, { displayMode, throwOnError: false });
    rest.before(formula);
    walker.currentNode = formula;
  }
  return made;
}

function sanitise(text) {
  const made = DOMPurify.sanitize(marked.parse(text), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["align", "href"],
    RETURN_DOM_FRAGMENT: true,
  });
  for (const table of made.querySelectorAll("table")) table.className = "table";
  return made;
}
