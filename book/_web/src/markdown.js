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

export function render(text) {
  const made = DOMPurify.sanitize(marked.parse(text), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: ["align", "href"],
    RETURN_DOM_FRAGMENT: true,
  });
  for (const table of made.querySelectorAll("table")) table.className = "table";
  return made;
}
