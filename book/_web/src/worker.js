// Python in a worker: loads Pyodide, installs the course's library, runs cells one at a time.
import { draws } from "./drawing.js";
import session from "./session.py";

const post = (kind, payload = {}) => self.postMessage({ kind, ...payload });
let pyodide, python, current, root;
let archives = []; // the data files that are not here yet
let indexed; // where Pyodide and its packages come from
let drawing = false; // whether matplotlib is here

/** The cell that waits is told which packages of Pyodide's own are on their way. */
const listeners = {
  messageCallback: (text) => {
    if (text.startsWith("Loading")) post("note", { cell: current, text: text.replace("L", "l") });
  },
  errorCallback: (text) => post("stream", { cell: current, name: "stderr", text: `${text}\n` }),
};

/** Fetch a file with its size as progress; a wrong hash makes the browser refuse it. */
async function fetchChecked(url, integrity, label) {
  const response = await fetch(url, integrity ? { integrity } : {});
  if (!response.ok)
    throw new Error(`${label} could not be loaded (${response.status} from ${url})`);
  return response.arrayBuffer();
}

/** Put a zip's files among Python's packages. */
async function unpack({ name, path, integrity }) {
  const extractDir = pyodide.runPython("import site; site.getsitepackages()[0]");
  pyodide.unpackArchive(await fetchChecked(root + path, integrity, name), "zip", { extractDir });
  pyodide.runPython("import importlib; importlib.invalidate_caches()");
  archives = archives.filter((archive) => archive.name !== name);
}

/** Fetch the data files that code reads and that are not here yet; the cell that waits is told their size. */
async function fetchData(source) {
  for (const archive of archives.filter(({ when }) => new RegExp(when).test(source))) {
    const size = Math.max(1, Math.round(archive.bytes / 1e6));
    post("note", { cell: current, text: `loading ${archive.name}, ${size} MB` });
    try {
      await unpack(archive);
    } catch (error) {
      const why = error.message ?? error;
      throw new Error(`${archive.name} could not be loaded (${why}): is there a connection?`);
    }
  }
}

/** Matplotlib in place of its stand-ins, for code that draws or that has brought a package which does. */
async function fetchDrawing(source) {
  if (drawing || !(draws(source) || "matplotlib" in pyodide.loadedPackages)) return;
  await loadPackage("matplotlib");
  python.draw();
  drawing = true;
}

async function loadPackage(name) {
  await pyodide.loadPackage(name, listeners);
  if (!(name in pyodide.loadedPackages))
    throw new Error(`${name} could not be loaded from ${indexed}: is there a connection?`);
}

async function load({ indexURL, core, library, wanted, ...given }) {
  ({ root, archives } = given);
  indexed = indexURL;
  // Pyodide's own loader checks packages against its lock file. Its core files are checked here, before it runs. It is handed
  // the two large ones that it would fetch again; its scripts come out of the browser's cache.
  const held = new Map();
  const plainFetch = self.fetch;
  self.fetch = (resource, options) => {
    const content = held.get(String(resource.url ?? resource));
    if (!content) return plainFetch(resource, options);
    return Promise.resolve(
      new Response(content.bytes, { headers: { "Content-Type": content.type } }),
    );
  };
  let done = 0;
  const step = (label) =>
    post("progress", { label, done: done++, of: Object.keys(core).length + wanted.length + 3 });
  await Promise.all(
    Object.entries(core).map(async ([name, integrity]) => {
      const bytes = await fetchChecked(indexURL + name, integrity, name);
      const type = { wasm: "application/wasm", zip: "application/zip" }[name.split(".").at(-1)];
      if (type) held.set(indexURL + name, { bytes, type });
      step(`loading ${name}`);
    }),
  );
  step("starting Python");
  const { loadPyodide } = await import(/* @vite-ignore */ indexURL + "pyodide.mjs");
  pyodide = await loadPyodide({
    indexURL,
    lockFileURL: `${root}live/pyodide-lock.json`,
    env: { MPLBACKEND: "agg" },
  });
  self.fetch = plainFetch;
  step("loading numpy");
  await loadPackage("numpy");
  step("installing lmcore");
  await unpack({ name: "lmcore", ...library });
  for (const archive of archives.filter(({ name }) => wanted.includes(name))) {
    step(`unpacking ${archive.name}`);
    await unpack(archive);
  }
  pyodide.FS.writeFile("/session.py", session);
  pyodide.runPython("import sys; sys.path.insert(0, '/'); importlib.invalidate_caches()");
  python = pyodide.pyimport("session");
  python.send = (kind, payload) =>
    post(kind, { cell: current, ...payload.toJs({ dict_converter: Object.fromEntries }) });
  python.prepare();
}

self.onmessage = async ({ data }) => {
  try {
    if (data.kind === "load") {
      await load(data);
      return post("ready");
    }
    current = data.cell;
    if (data.kind === "fresh") {
      python.fresh();
      return post("done", { cell: current, trouble: null });
    }
    if (data.kind === "complete") {
      const found = python.complete(data.source, data.alone);
      post("completed", {
        cell: current,
        options: found.toJs({ dict_converter: Object.fromEntries }),
      });
      return found.destroy();
    }
    try {
      await fetchData(data.source);
      // What a reader's own import asks for comes too, if Pyodide has it; the lock file pins it as well.
      await pyodide.loadPackagesFromImports(python.absent(data.source), listeners);
      await fetchDrawing(data.source + (data.tests ?? ""));
    } catch (error) {
      // nothing is lost but this run
      return post("failed", { cell: current, text: error.message });
    }
    if (data.kind === "check") {
      const results = python.check(data.source, data.tests, data.name);
      post("checked", { cell: current, results: results.toJs() });
      results.destroy();
    } else if (data.kind === "test") {
      const told = python.test(data.source, data.name);
      const [results, points, trouble] = told.toJs();
      told.destroy();
      post("checked", { cell: current, results, points, trouble });
    } else {
      const trouble = python.run(data.source, data.name);
      post("done", { cell: current, trouble: trouble ?? null });
    }
  } catch (error) {
    // Python's own errors are told by session.py; what else comes here leaves a Python that cannot go on.
    post("failed", {
      cell: current,
      text: String(error?.message ?? error),
      broken: error?.name !== "PythonError",
    });
  }
};
