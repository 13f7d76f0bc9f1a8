// Where the output of a cell is shown: text as it is printed, figures, tables, errors, and the results of tests.
import { element } from "./dom.js";

const stream = (name, text) => {
  const block = element("pre", {
    className: `live-stream live-${name}`,
    textContent: text,
    tabIndex: 0,
  });
  block.dataset.stream = name;
  return block;
};

/** A region for the output of `label`; `wordsFor` gives the next figure's alternative text. */
export function makeOutput(label, wordsFor) {
  const place = element("div", {
    className: "cell_output live-output",
    hidden: true,
    tabIndex: -1,
  });
  place.setAttribute("aria-label", `Output of ${label}`);
  place.setAttribute("role", "region");
  const add = (node) => {
    place.hidden = false;
    place.append(node);
  };
  const clear = () => {
    place.replaceChildren();
    place.hidden = true;
  };
  const complain = (trouble) => add(stream("error", trouble));

  const print = ({ name, text }) => {
    const last = place.lastElementChild;
    if (last?.dataset.stream === name) last.append(text);
    else add(stream(name, text));
  };
  const display = ({ mime, data }) => {
    if (mime === "image/svg+xml") {
      const src = URL.createObjectURL(new Blob([data], { type: mime }));
      add(element("img", { alt: wordsFor(), className: "live-figure", src }));
    } else if (mime === "text/html") {
      // What the reader's own code makes is shown without scripts.
      add(
        element("iframe", {
          className: "live-html",
          sandbox: "",
          srcdoc: data,
          title: `Output of ${label}`,
        }),
      );
    } else if (mime === "text/markdown") {
      const words = element("div", { className: "live-markdown" });
      add(words);
      import("./markdown.js").then(
        ({ render }) => words.append(render(data)),
        () => {
          words.textContent = data;
        },
      );
    } else add(stream(mime.slice(5), data));
  };
  return { place, add, clear, complain, hear: { stream: print, display } };
}

/** [[what was tried, message or null], ...] as a list. */
export function resultList(results) {
  const list = element("ul", { className: "live-results" });
  for (const [name, message] of results) {
    const line = element(
      "li",
      { className: message ? "live-failed" : "live-passed" },
      element("strong", { textContent: message ? "not yet" : "passed" }),
      ` ${name}`,
    );
    if (message) line.append(element("div", { className: "live-message", textContent: message }));
    list.append(line);
  }
  return list;
}
