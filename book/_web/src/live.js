// Turns the listings of a page into cells that run: Run, Stop, Reset, one Python for the whole page.
const SITE = new URL("..", import.meta.url).href; // this file is SITE/live/live.js
const KEEP = "live-consent";
/** What the browser keeps between pages and visits; a browser that keeps nothing, as some are set, is not a fault. */
const recall = (storage, key) => {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
};
const keep = (storage, key, value) => {
  try {
    window[storage].setItem(key, value);
  } catch {
    /* asked again next time */
  }
};
const element = (tag, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};
const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

let manifest,
  editorModule,
  worker,
  ready,
  giveUp,
  cells = [];

// --- what the page needs, and how much that is ---

/** Packages and archives that the code of this page needs; `later` ones come with the cell that imports them. */
function needs(source) {
  const packages = ["numpy"];
  if (/\bmatplotlib\b|\bplotting\b/.test(source)) packages.push("matplotlib");
  const later = ["scipy", "pandas"].filter((name) =>
    new RegExp(`^\\s*(import|from) ${name}\\b`, "m").test(source),
  );
  const archives = manifest.archives.filter(({ when }) => new RegExp(when).test(source));
  const sum = (list) => list.reduce((total, item) => total + item, 0);
  const bytes =
    manifest.coreBytes +
    manifest.wheel.bytes +
    sum(archives.map((a) => a.bytes)) +
    sum([...packages, ...later].map((name) => manifest.packageBytes[name] ?? 0));
  return { packages, archives, bytes };
}

/** Ask once a visit: running code loads Python, from elsewhere unless the site carries it. */
function askConsent(cell, bytes) {
  if (recall("sessionStorage", KEEP)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const host = manifest.indexURL ? new URL(manifest.indexURL, SITE).host : "";
    const from =
      host && host !== location.host ? `, Python itself from ${host}` : ", all from this site";
    const answer = (yes) => {
      cell.runButton.focus();
      panel.remove();
      if (yes) keep("sessionStorage", KEEP, "yes");
      resolve(yes);
    };
    const yes = element("button", {
      type: "button",
      className: "live-button live-primary",
      textContent: "Download and run",
      onclick: () => answer(true),
    });
    const no = element("button", {
      type: "button",
      className: "live-button",
      textContent: "Not now",
      onclick: () => answer(false),
    });
    const panel = element(
      "div",
      { className: "live-consent" },
      element("p", {
        textContent:
          `Running code here downloads about ${megabytes(bytes)} the first time${from}. ` +
          "It runs in your browser; nothing you type is sent anywhere.",
      }),
      yes,
      no,
    );
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", "Download Python?");
    cell.toolbar.after(panel);
    yes.focus();
  });
}

// --- one Python for the page ---

function start(cell, wanted) {
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  ready = new Promise((resolve, reject) => {
    giveUp = reject;
    worker.onmessage = ({ data }) => {
      if (data.kind === "ready") resolve();
      else if (data.kind === "progress")
        say(cells.find((c) => c.waiting) ?? cell, `${data.label} (${data.done + 1} of ${data.of})`);
      else if (data.kind === "failed" && data.cell === undefined) reject(new Error(data.text));
      else receive(data);
    };
    worker.onerror = (event) =>
      reject(new Error(event.message || "the worker could not be started"));
  });
  worker.postMessage({
    kind: "load",
    root: SITE,
    indexURL: new URL(manifest.indexURL, SITE).href,
    core: manifest.core,
    wheel: manifest.wheel,
    archives: wanted.archives,
    packages: wanted.packages,
  });
  return ready;
}

/** Python is gone, and with it every variable; the cells above run again before the next one does. */
function stop() {
  worker?.terminate();
  giveUp?.(new Error("stopped"));
  worker = ready = giveUp = undefined;
  for (const cell of cells) {
    if (cell.finish) cell.finish("stopped");
    cell.ran = Boolean(cell.practice);
  }
}

function receive(data) {
  const cell = cells[data.cell];
  if (!cell?.finish) return;
  if (data.kind === "note") say(cell, data.text);
  else if (data.kind === "stream") cell.printed(data.name, data.text);
  else if (data.kind === "display") cell.displayed(data.mime, data.data);
  else if (data.kind === "done") cell.finish(data.trouble ? "error" : "ok", data.trouble);
  else if (data.kind === "checked") cell.finish("ok", data.results);
  else if (data.kind === "failed") {
    cell.finish(
      "error",
      data.broken
        ? `${data.text}\nPython broke down here. It starts afresh with the next Run.`
        : data.text,
    );
    if (data.broken) stop();
  }
}

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
    text: () => (cell.editor ? editorModule.textOf(cell.editor) : source),
    ran: false,
  };

  const label = practice
    ? `exercise ${practices().indexOf(container) + 1}`
    : `code cell ${index + 1}`;
  cell.runButton = element("button", {
    type: "button",
    className: "live-button live-primary",
    onclick: () => request(cell),
  });
  cell.runButton.append(
    element("span", { textContent: practice ? "Check" : "Run" }),
    element("span", { className: "live-hidden", textContent: ` ${label}` }),
  );
  cell.stopButton = element("button", {
    type: "button",
    className: "live-button",
    textContent: "Stop",
    hidden: true,
    onclick: stop,
  });
  cell.resetButton = element("button", {
    type: "button",
    className: "live-button",
    textContent: "Reset",
    hidden: true,
    onclick: () => reset(cell),
  });
  cell.status = element("span", { className: "live-status" });
  cell.status.setAttribute("role", "status");
  cell.toolbar = element(
    "div",
    { className: "live-toolbar" },
    cell.runButton,
    cell.stopButton,
    cell.resetButton,
    cell.status,
  );
  input.append(cell.toolbar);

  cell.output = element("div", {
    className: "cell_output live-output",
    hidden: true,
    tabIndex: -1,
  });
  cell.output.setAttribute("aria-label", `Output of ${label}`);
  cell.output.setAttribute("role", "region");
  container.append(cell.output);

  cell.edit = async () => {
    if (cell.editor) return;
    editorModule ??= await import("./editor.js");
    const place = element("div", { className: "live-editor" });
    listing.hidden = true;
    listing.after(place);
    cell.editor = editorModule.createEditor({
      parent: place,
      text: source,
      label: `Editor of ${label}`,
      onRun: () => request(cell),
      onChange: () => {
        cell.ran = Boolean(practice);
        cell.resetButton.hidden = false;
      },
    });
  };
  cell.clear = () => {
    for (const old of container.querySelectorAll(".cell_output:not(.live-output)"))
      old.hidden = true;
    cell.output.replaceChildren();
    cell.output.hidden = true;
  };
  cell.add = (node) => {
    cell.output.hidden = false;
    cell.output.append(node);
  };
  cell.printed = (name, text) => {
    const last = cell.output.lastElementChild;
    if (last?.dataset.stream === name) last.append(text);
    else {
      const block = element("pre", {
        className: `live-stream live-${name}`,
        textContent: text,
        tabIndex: 0,
      });
      block.dataset.stream = name;
      cell.add(block);
    }
  };
  cell.displayed = (mime, content) => {
    if (mime === "image/svg+xml") {
      const src = URL.createObjectURL(new Blob([content], { type: mime }));
      cell.add(element("img", { alt: wordsFor(cell, label), className: "live-figure", src }));
    } else if (mime === "text/html") {
      // What the reader's own code makes is shown without scripts.
      cell.add(
        element("iframe", {
          className: "live-html",
          sandbox: "",
          srcdoc: content,
          title: `Output of ${label}`,
        }),
      );
    } else if (mime === "text/markdown") {
      const place = element("div", { className: "live-markdown" });
      cell.add(place);
      import("./markdown.js").then(
        ({ render }) => place.append(render(content)),
        () => {
          place.textContent = content;
        },
      );
    } else
      cell.add(
        element("pre", {
          className: `live-stream live-${mime.slice(5)}`,
          textContent: content,
          tabIndex: 0,
        }),
      );
  };
  if (practice) preparePractice(cell);
  return cell;
}

/** Alternative text of the next figure: the book's own while nothing was changed that the figure could stand on. */
function wordsFor(cell, label) {
  const inBook = cell.container.querySelectorAll(".cell_output:not(.live-output) img")[
    cell.output.querySelectorAll("img").length
  ];
  const unchanged = cells
    .slice(0, cell.index + 1)
    .every((c) => c.practice || c.text() === c.source);
  return unchanged && inBook?.alt
    ? inBook.alt
    : `Figure drawn by ${label}, after a change; its numbers are in the code above.`;
}

function runOne(cell) {
  cell.clear();
  cell.stopButton.hidden = false;
  cell.resetButton.hidden = false;
  say(cell, "running …");
  return new Promise((resolve) => {
    cell.finish = (how, trouble) => {
      cell.finish = undefined;
      hideStop(cell);
      cell.ran = how === "ok";
      if (trouble)
        cell.add(
          element("pre", {
            className: "live-stream live-error",
            textContent: trouble,
            tabIndex: 0,
          }),
        );
      say(
        cell,
        {
          ok: "done",
          error: "failed: see the message below",
          stopped: "stopped; Python starts afresh with the next Run",
        }[how],
      );
      resolve(how);
    };
    worker.postMessage({
      kind: "run",
      cell: cell.index,
      name: `cell ${cell.index + 1}`,
      source: cell.text(),
    });
  });
}

let busy = false;

/** Run a cell, and before it every cell above that has not run as it now stands. */
async function request(cell) {
  if (busy) {
    say(
      cell,
      document.querySelector(".live-consent")
        ? "answer the question about the download first"
        : "another cell is running",
    );
    return;
  }
  busy = true;
  say(cell, "starting …");
  try {
    manifest ??= await (await fetch(`${SITE}live/manifest.json`)).json();
    const wanted = needs(cells.map((c) => c.source + (c.practice?.tests ?? "")).join("\n"));
    if (!worker && !(await askConsent(cell, wanted.bytes))) {
      say(cell, "");
      return;
    }
    await cell.edit();
    cell.waiting = true;
    cell.stopButton.hidden = false;
    if (!worker) await start(cell, wanted);
    await ready;
    cell.waiting = false;
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
    say(
      cell,
      error.message === "stopped" ? "stopped" : `Python could not be started: ${error.message}`,
    );
    hideStop(cell);
    if (worker) stop();
  } finally {
    cell.waiting = false;
    busy = false;
  }
}

/** Back to the code and the output of the book. */
function reset(cell) {
  if (cell.editor) editorModule.setText(cell.editor, cell.source);
  cell.ran = Boolean(cell.practice);
  cell.output.hidden = true;
  cell.output.replaceChildren();
  for (const old of cell.container.querySelectorAll(".cell_output:not(.live-output)"))
    old.hidden = false;
  cell.resetButton.hidden = true;
  say(cell, cell.practice ? "back to the start" : "as in the book");
  cell.runButton.focus();
}

// --- practice: an answer and the checks that explain what is wrong with it; progress stays in this browser ---

const practices = () => [...document.querySelectorAll("div.practice")];
const doneKey = (cell) =>
  `lm-practice:${location.pathname.split("/").slice(-2)[0]}:${cell.practice.exercise}`;

function preparePractice(cell) {
  cell.practice = JSON.parse(cell.container.querySelector(".practice-tests").textContent);
  cell.ran = true; // no other cell waits for an answer
  if (recall("localStorage", doneKey(cell))) say(cell, "solved before, in this browser");
  // The editor weighs as much as the rest of the page, so it is fetched when the box is less than a screen away.
  const approach = new IntersectionObserver(
    (seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      approach.disconnect();
      cell.edit();
    },
    { rootMargin: "100% 0px" },
  );
  approach.observe(cell.container);
}

function checkOne(cell) {
  cell.clear();
  cell.stopButton.hidden = cell.resetButton.hidden = false;
  say(cell, "checking …");
  return new Promise((resolve) => {
    cell.finish = (how, results) => {
      cell.finish = undefined;
      hideStop(cell);
      if (how !== "ok") {
        if (results)
          cell.add(
            element("pre", {
              className: "live-stream live-error",
              textContent: results,
              tabIndex: 0,
            }),
          );
        say(
          cell,
          how === "stopped"
            ? "stopped; Python starts afresh with the next Check"
            : "the checks could not run",
        );
        return resolve(how);
      }
      const list = element("ul", { className: "live-results" });
      for (const [name, message] of results) {
        const line = element(
          "li",
          { className: message ? "live-failed" : "live-passed" },
          element("strong", { textContent: message ? "not yet" : "passed" }),
          ` ${name}`,
        );
        if (message)
          line.append(element("div", { className: "live-message", textContent: message }));
        list.append(line);
      }
      cell.add(list);
      const passed = results.filter(([, message]) => !message).length;
      if (passed === results.length)
        keep("localStorage", doneKey(cell), new Date().toISOString().slice(0, 10));
      say(
        cell,
        passed === results.length
          ? "all checks passed"
          : `${passed} of ${results.length} checks passed`,
      );
      resolve(how);
    };
    worker.postMessage({
      kind: "check",
      cell: cell.index,
      name: `your answer`,
      source: cell.text(),
      tests: cell.practice.tests,
    });
  });
}

cells = [...document.querySelectorAll("div.cell, div.practice")].filter(
  (c) => c.matches(".practice") || c.querySelector(".cell_input pre"),
);
cells = cells.map(makeCell);
