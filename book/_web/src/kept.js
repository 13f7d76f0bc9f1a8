// What a reader has typed, kept in this browser and nowhere else, under a name of its own: an assignment, a cell, a practice
// box. A browser that keeps nothing, as some are set, is not a fault: `recall` finds nothing then, and `keep` says false.
const STORE = "work";

let opening;

/** The site's database; two courses on one host have one each. */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(`course ${new URL("..", import.meta.url).pathname}`, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = asked.onblocked = () => reject(asked.error);
  });
  return opening;
}

/** One request to the store; what it answers once the transaction is over. */
async function transact(mode, request) {
  const transaction = (await open()).transaction(STORE, mode);
  const asked = request(transaction.objectStore(STORE));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

/** What is kept under a name, or undefined. */
export async function recall(name) {
  try {
    return await transact("readonly", (store) => store.get(name));
  } catch {
    return undefined;
  }
}

/** Keep a value, anything that can be cloned; whether the browser did. */
export async function keep(name, value) {
  try {
    await transact("readwrite", (store) => store.put(value, name));
    return true;
  } catch {
    return false;
  }
}

/**
 * A function that keeps what `content()` is at the moment and says whether the browser did.
 *
 * While one writing is on its way, the next waits and writes whatever it finds then.
 */
export function keeper(name, content) {
  let writing, again;
  return () => {
    again = true;
    writing ??= (async () => {
      let kept = true;
      while (again) {
        again = false;
        kept = await keep(name, content());
      }
      writing = undefined;
      return kept;
    })();
    return writing;
  };
}

/** All that is kept, {name: value}. */
export async function recallAll() {
  try {
    const [names, values] = await Promise.all([
      transact("readonly", (store) => store.getAllKeys()),
      transact("readonly", (store) => store.getAll()),
    ]);
    return Object.fromEntries(names.map((name, place) => [name, values[place]]));
  } catch {
    return {};
  }
}

export async function forget(name) {
  try {
    await transact("readwrite", (store) => store.delete(name));
  } catch {
    /* nothing was kept */
  }
}
