// What every page needs of its own: boxes that scroll can be reached by keyboard, and paper shows what is folded,
// answers and solutions apart.
(() => {
  // The theme measures and marks one listing after the other, and the browser lays out the page anew for each; here all are
  // measured before any is marked, as they are laid out, unfolded or made narrower.
  const measured = new ResizeObserver((seen) => {
    const scrolls = seen.map(({ target }) => target.scrollWidth > target.clientWidth || target.scrollHeight > target.clientHeight);
    seen.forEach(({ target }, i) => {
      if (scrolls[i]) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    });
  });
  for (const box of document.querySelectorAll("pre, .cell_output > .output, .figure-scroll")) measured.observe(box);
  for (const box of document.querySelectorAll(".figure-scroll"))
    box.addEventListener("scroll", () => (box.dataset.moved = ""), { once: true, passive: true });

  // The landing page offers to go on where the reader was (progress.js).
  const place = document.querySelector(".course-path [aria-current=page]");
  if (place)
    try {
      const { pathname, hash } = location;
      localStorage.setItem("lm-place", JSON.stringify({ address: pathname + hash, title: place.title }));
    } catch {
      // a browser that keeps nothing
    }

  // The search is loaded when a field for it is used first; the page of results begins with the words in its address.
  const root = new URL(document.documentElement.dataset.content_root, location);
  const results = document.querySelector("#search-results");
  const searching = async (input, place) => {
    if (input.dataset.searching) return;
    input.dataset.searching = "";
    const { attach } = await import(new URL("search/search.js", root));
    await attach(input, place, root.href);
  };
  for (const input of document.querySelectorAll(".bd-search input[type=search]")) {
    const form = input.closest("form");
    const here = results && !form.closest(".search-button__wrapper");
    if (here) input.value = new URLSearchParams(location.search).get("q") ?? "";
    const place = here ? results : form.parentElement;
    if (here && input.value) searching(input, place);
    else input.addEventListener("focus", () => searching(input, place));
  }

  // Another theme draws the whole page anew, which takes a slow phone half a second: the button answers first.
  let drawn = false;
  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.(".theme-switch-button");
      if (!button || drawn) return;
      event.stopImmediatePropagation();
      requestAnimationFrame(() =>
        setTimeout(() => {
          drawn = true;
          button.click();
          drawn = false;
        }),
      );
    },
    true,
  );

  // The side bar shows where the reader is, also far down its list; the drawer of contents closes behind a tap.
  const here = document.querySelector(".bd-sidebar-primary li.active.current:not(:has(li.current)) > a");
  here?.scrollIntoView({ block: "nearest", inline: "nearest" });
  const drawer = document.querySelector("#pst-secondary-sidebar-checkbox");
  document.querySelector(".bd-sidebar-secondary")?.addEventListener("click", ({ target }) => {
    if (drawer && target.closest("a")) drawer.checked = false;
  });

  // A report of a fault names the section that is read, and quotes what is selected.
  document.querySelector(".course-report")?.addEventListener("click", ({ currentTarget: link }) => {
    link.dataset.form ??= link.href;
    const form = new URL(link.dataset.form);
    const quoted = String(getSelection()).trim();
    const above = [...document.querySelectorAll(".bd-article :is(h1, h2, h3)")].filter((heading) =>
      getSelection().rangeCount && quoted
        ? heading.compareDocumentPosition(getSelection().getRangeAt(0).startContainer) & Node.DOCUMENT_POSITION_FOLLOWING
        : false,
    );
    const section = above.at(-1)?.firstChild?.textContent;
    const name = form.searchParams.has("body") ? "body" : "issue[description]";
    const more = [section && `Section: ${section}`, quoted && quoted.slice(0, 600).replace(/^/gm, "> ")];
    form.searchParams.set(name, [form.searchParams.get(name), ...more].filter(Boolean).join("\n"));
    link.href = form.href;
  });

  // A formula is copied as TeX between dollars, and whole.
  addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection.rangeCount) return;
    const range = selection.getRangeAt(0).cloneRange();
    const formula = (node) => {
      const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
      return element?.closest(".katex-display") ?? element?.closest(".katex");
    };
    const [first, last] = [formula(range.startContainer), formula(range.endContainer)];
    if (first) range.setStartBefore(first);
    if (last) range.setEndAfter(last);
    const copy = document.createElement("div");
    copy.append(range.cloneContents());
    const formulas = copy.querySelectorAll(".katex");
    if (!formulas.length) return;
    for (const each of formulas) {
      const dollars = each.closest(".katex-display") ? "$$" : "$";
      each.replaceWith(dollars + each.querySelector("annotation").textContent.trim() + dollars);
    }
    copy.style.cssText = "position: fixed; opacity: 0";
    document.body.append(copy); // lines end where they end on the page
    event.clipboardData.setData("text/plain", copy.innerText);
    copy.remove();
    event.preventDefault();
  });

  // An answer or a solution is printed if its reader has opened it.
  const folds = [];
  addEventListener("beforeprint", () => {
    folds.push(...document.querySelectorAll("article details:not([open], .solution, .sd-dropdown)"));
    for (const fold of folds) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folds.splice(0)) fold.open = false;
  });
})();
