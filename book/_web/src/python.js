// The one Python of a page: what it needs, the question before it is fetched, and the worker in which it runs.
import { button, element, keepNote, recallNote } from "./dom.js";
import { draws } from "./drawing.js";

export const SITE = new URL("..", import.meta.url).href; // this file is in SITE/live
const KEEP = "live-consent";
const megabytes = (bytes) => `${Math.max(1, Math.round(bytes / 1e6))} MB`;

let manifest, wanted, worker, ready, giveUp, announce;
let awake = false; // whether Python has started
let count = 0;
const running = new Map(); // number of a run: what it hears, and what ends it

/** The archives that code needs, and the bytes of all that comes for it; packages beside NumPy come with the cell that uses them. */
function needs(source) {
  const packages = ["scipy", "pandas"].filter((name) =>
    new RegExp(`^\\s*(import|from) ${name}\\b`, "m").test(source),
  );
  if (draws(source)) packages.push("matplotlib");
  const archives = manifest.archives.filter(({ when }) => new RegExp(when).test(source));
  const sum = (list) => list.reduce((total, item) => total + item, 0);
  const bytes =
    manifest.coreBytes +
    manifest.library.bytes +
    sum(archives.map((a) => a.bytes)) +
    sum(["numpy", ...packages].map((name) => manifest.packageBytes[name] ?? 0));
  return { archives, bytes };
}

/** The host that Python comes from, "" if that is the site itself. */
function host() {
  const name = manifest.indexURL ? new URL(manifest.indexURL, SITE).host : "";
  return name === location.host ? "" : name;
}

/** Ask once a visit: running code loads Python, from elsewhere unless the site carries it. */
function askConsent(bytes, more, { after, focus }) {
  if (recallNote("sessionStorage", KEEP)) return Promise.resolve(true);
  return new Promise((resolve) => {
    const from = host() ? `, Python itself from ${host()}` : ", all from this site";
    const answer = (yes) => {
      focus.focus();
      panel.remove();
      if (yes) keepNote("sessionStorage", KEEP, "yes");
      resolve(yes);
    };
    const yes = button("Download and run", () => answer(true), "live-button live-primary");
    const panel = element(
      "div",
      { className: "live-consent" },
      element("p", {
        textContent:
          `Running code here downloads about ${megabytes(bytes)} the first time${from}. ` +
          (more > 5e5 ? `Other cells of this page need up to ${megabytes(more)} more. ` : "") +
          "It runs in your browser; nothing you type is sent anywhere.",
      }),
      yes,
      button("Not now", () => answer(false)),
    );
    panel.setAttribute("role", "group");
    panel.setAttribute("aria-label", "Download Python?");
    after.after(panel);
    yes.focus();
  });
}

export const isAsking = () => Boolean(document.querySelector(".live-consent"));

/**
 * Whether the reader agrees to the download that `source` needs, of `all` the code of the page.
 *
 * The question is put below the element `after`; `focus` has the focus again once it is answered.
 */
export async function agreed({ source, all = source, after, focus }) {
  manifest ??= await (await fetch(`${SITE}live/manifest.json`)).json();
  wanted = needs(source);
  const more = needs(all).bytes - wanted.bytes;
  return Boolean(worker) || askConsent(wanted.bytes, more, { after, focus });
}

/** Python ready to run, after `agreed`; `say` hears how far the start is. */
export async function start(say) {
  announce = say;
  if (!worker) launch();
  await ready;
}

function launch() {
  worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  ready = new Promise((resolve, reject) => {
    giveUp = reject;
    worker.onmessage = ({ data }) => {
      if (data.kind === "ready") resolve((awake = true));
      else if (data.kind === "progress") announce(`${data.label} (${data.done + 1} of ${data.of})`);
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
    library: manifest.library,
    archives: manifest.archives,
    wanted: wanted.archives.map(({ name }) => name),
  });
}

/**
 * Run something in the worker.
 *
 * `hear` has a function for each kind of message on the way (note, stream, display). Resolves with `how` it ended: "ok",
 * "error" or "stopped", the `trouble` if there was any, and the `results` and `points` of tests.
 */
export function run(message, hear) {
  const number = count++;
  return new Promise((resolve) => {
    running.set(number, { hear, resolve });
    worker.postMessage({ ...message, cell: number });
  });
}

/**
 * How the name at the end of a text may go on: [{label, type, detail, info}].
 *
 * `alone` is the text of a practice box, which does not see the page's variables. Nothing while Python is away or at work.
 */
export async function complete(before, alone = false) {
  if (!awake || running.size) return [];
  const { options = [] } = await run({ kind: "complete", source: before, alone }, {});
  return options;
}

function finish(number, ending) {
  const { resolve } = running.get(number);
  running.delete(number);
  resolve(ending);
}

function receive(data) {
  const heard = running.get(data.cell);
  if (!heard) return;
  if (data.kind === "done")
    finish(data.cell, { how: data.trouble ? "error" : "ok", trouble: data.trouble });
  else if (["checked", "completed"].includes(data.kind)) finish(data.cell, { how: "ok", ...data });
  else if (data.kind === "failed") {
    const end = "\nPython broke down here. It starts afresh with the next Run.";
    finish(data.cell, { how: "error", trouble: data.text + (data.broken ? end : "") });
    if (data.broken) stop();
  } else heard.hear[data.kind]?.(data);
}

const stopped = [];
/** Call `act` whenever Python is gone, and with it every variable. */
export const onStop = (act) => stopped.push(act);

export function stop() {
  worker?.terminate();
  giveUp?.(new Error("stopped"));
  worker = ready = giveUp = undefined;
  awake = false;
  for (const number of [...running.keys()]) finish(number, { how: "stopped" });
  for (const act of stopped) act();
}

/** What to tell a reader when `start` failed, and Python is put away. */
export function explainFailure(error) {
  stop();
  if (error.message === "stopped") return "stopped";
  const place = (manifest && host()) || "this site";
  return (
    `Python could not be started: ${error.message}. It comes from ${place}: is there a connection? ` +
    "Run tries again; until then the notebook can be downloaded and run in JupyterLab."
  );
}
