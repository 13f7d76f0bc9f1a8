// The button that keeps the book for reading without a network, and removes it again; the work is the service worker's.
(() => {
  const button = document.querySelector(".course-offline");
  if (!button || !isSecureContext || !navigator.serviceWorker) return;
  const root = new URL(document.documentElement.dataset.content_root, location);
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  button.after(" ", said);
  const worker = navigator.serviceWorker;

  const offer = (kept) => {
    button.textContent = kept ? "Remove the copy for reading offline" : `Keep this book for reading offline (${button.dataset.size})`;
    button.dataset.kept = kept ? "yes" : "";
    button.disabled = false;
    button.style.visibility = "visible";
  };
  const own = async () => {
    const found = await worker.getRegistration(root);
    return found?.scope === root.href ? found : undefined;
  };
  const remove = async () => {
    await (await own())?.unregister();
    for (const name of await caches.keys()) if (name.startsWith("book-")) await caches.delete(name);
  };

  worker.addEventListener("message", ({ data }) => {
    if (data.failed !== undefined) {
      said.textContent = `It could not be kept: ${data.failed}`;
      offer(false);
    } else if (data.kept < 1) said.textContent = `${Math.round(100 * data.kept)} %`;
    else if (button.disabled) {
      said.textContent = "Kept: every page can be read without a network.";
      offer(true);
    }
  });
  button.addEventListener("click", async () => {
    button.disabled = true;
    if (button.dataset.kept) {
      await remove();
      said.textContent = "Removed.";
      return offer(false);
    }
    said.textContent = "0 %";
    try {
      await worker.register(new URL("offline.js", root), { scope: root.href });
      navigator.storage?.persist?.();
    } catch (error) {
      said.textContent = `It could not be kept: ${error.message}`;
      offer(false);
    }
  });
  own().then((found) => offer(Boolean(found?.active)));
})();
