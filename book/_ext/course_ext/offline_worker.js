// Keeps the book for reading without a network, once a reader has asked for it (offline.js). This file changes with every
// build: the browser then installs it anew, and it fetches what has changed and takes the rest from the copy that it has.
const VERSION = "{{ version }}";
const FILES = {{ files }};
const NAME = "book-";
const MANY = 8; // files fetched at a time
const LIST = "digests.json"; // in each copy, the digests of its files
const address = (path) => new URL(path, registration.scope).href;

const tell = async (message) => {
  for (const page of await clients.matchAll({ includeUncontrolled: true })) page.postMessage(message);
};

/** The copy before this one, with its digests. */
const former = async () => {
  for (const name of await caches.keys()) {
    if (!name.startsWith(NAME) || name === NAME + VERSION) continue;
    const copy = await caches.open(name);
    const list = await copy.match(address(LIST));
    if (list) return { copy, digests: await list.json() };
  }
  return { digests: {} };
};

const keep = async () => {
  const old = await former();
  const copy = await caches.open(NAME + VERSION);
  const paths = Object.keys(FILES);
  let done = 0;
  const next = async () => {
    for (let path = paths.pop(); path; path = paths.pop()) {
      const kept = old.digests[path] === FILES[path] && (await old.copy.match(address(path)));
      if (kept) await copy.put(address(path), kept);
      else await copy.add(new Request(address(path), { cache: "no-cache" }));
      done += 1;
      if (done % MANY === 0) tell({ kept: done / Object.keys(FILES).length });
    }
  };
  await Promise.all(Array.from({ length: MANY }, next));
  await copy.put(address(LIST), new Response(JSON.stringify(FILES)));
};

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(
    keep().catch(async (error) => {
      await caches.delete(NAME + VERSION);
      await tell({ failed: String(error.message ?? error) });
      throw error;
    }),
  );
});

const activate = async () => {
  for (const name of await caches.keys())
    if (name.startsWith(NAME) && name !== NAME + VERSION) await caches.delete(name);
  await clients.claim();
  await tell({ kept: 1 });
};
addEventListener("activate", (event) => event.waitUntil(activate()));

/** Pages come from the network while there is one, and so are new; what they link comes from the copy. */
const answer = async (request) => {
  const copy = await caches.open(NAME + VERSION);
  const { pathname, origin } = new URL(request.url);
  const path = origin + pathname + (pathname.endsWith("/") ? "index.html" : "");
  const kept = await copy.match(path);
  if (request.mode !== "navigate") return kept ?? fetch(request);
  try {
    return await fetch(request);
  } catch (error) {
    const found = kept ?? (await copy.match(address("404.html")));
    if (!found) throw error;
    return found;
  }
};
addEventListener("fetch", (event) => {
  const { method, url } = event.request;
  if (method === "GET" && url.startsWith(registration.scope)) event.respondWith(answer(event.request));
});
