// What a link or a letter stands for, shown beside it: when the pointer rests on it, when the keyboard reaches it, at the first
// tap. Escape closes it. The texts are one small file for each page, fetched when the first of them is wanted (previews.py);
// without that file, or this script, links are links.
(() => {
  const article = document.querySelector(".bd-article[data-previews]");
  if (!article || !HTMLElement.prototype.showPopover) return;
  const LINKS = ":is(p, li, dd, td, figcaption) a.internal[href]:not(.headerlink)";
  const FORMULAS = ".katex, .math-scroll";
  const REST = { link: 250, formula: 400 }; // ms that the pointer rests before something is shown
  const LEAVE = 250; // ms to move the pointer from the link into what is shown
  const GAP = 6; // px between the two

  const box = document.createElement("div");
  box.className = "course-preview";
  box.id = "course-preview";
  box.popover = "manual";
  article.append(box);

  let texts; // the page's file, once asked for
  let shown = null; // the link or formula whose text is shown
  let wanted = null; // the one whose text is on its way
  let timer;
  let touched = false;

  const load = () =>
    (texts ??= fetch(new URL(article.dataset.previews, location))
      .then((answer) => (answer.ok ? answer.json() : {}))
      .catch(() => ({})));

  /** The link or formula with a text of its own around an element. */
  const owner = (element) => {
    if (!(element instanceof Element) || element.closest(".course-preview, .course-symbols, button, summary")) return null;
    const link = element.closest(LINKS);
    if (link) return article.contains(link) && !link.closest("nav, .section-map, .course-take, .sd-card, .sd-btn") ? link : null;
    const formula = element.closest("a") ? null : element.closest(FORMULAS);
    return formula && article.contains(formula) ? formula : null;
  };

  /** The page's own lines on the symbols of a formula: on one letter, if the pointer is on one. */
  const symbols = (formulas, formula, letter) => {
    const letters = formulas?.[formula.querySelector("annotation")?.textContent] ?? [];
    const meant = letters.filter(([drawn]) => drawn === letter);
    const numbers = new Set((meant.length ? meant : letters).flatMap(([, lines]) => lines));
    const list = document.createElement("dl");
    for (const number of numbers) {
      const line = article.querySelector(`.course-symbols [data-line="${number}"]`);
      if (line) list.append(line.cloneNode(true));
    }
    return list.childElementCount ? [list] : [];
  };

  const content = async (element, letter) => {
    const { links, formulas } = await load();
    if (!element.matches("a")) return symbols(formulas, element, letter);
    const text = links?.[element.getAttribute("href")];
    if (!text) return [];
    const title = document.createElement("p");
    const go = document.createElement("a");
    go.href = element.href;
    go.textContent = text.title;
    title.append(go);
    const body = document.createElement("div");
    body.innerHTML = text.html;
    return [title, body];
  };

  /** Below the line that is pointed at, or above it where there is no room. */
  const put = (at) => {
    const rects = [...shown.getClientRects()];
    const line = rects.find(({ top, bottom }) => at && top <= at.y && at.y <= bottom) ?? rects[0];
    if (!line || line.bottom < 0 || line.top > innerHeight) return close();
    const { width, height } = box.getBoundingClientRect();
    const below = line.bottom + GAP;
    const above = line.top - GAP - height;
    const x = Math.min(at?.x ?? line.left, innerWidth - width - GAP);
    box.style.left = `${Math.max(GAP, x)}px`;
    box.style.top = `${below + height <= innerHeight || above < 0 ? below : above}px`;
  };

  const close = () => {
    shown?.removeAttribute("aria-describedby");
    shown = null;
    box.hidePopover();
  };

  const hide = () => {
    clearTimeout(timer);
    wanted = null;
    if (shown) close();
  };

  /** Whether there was something to show. */
  const show = async (element, at, letter) => {
    clearTimeout(timer);
    wanted = element;
    const parts = await content(element, letter);
    if (wanted !== element) return true;
    hide();
    if (!parts.length) return false;
    box.replaceChildren(...parts);
    shown = element;
    box.showPopover();
    const long = box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth;
    for (const [name, value] of Object.entries({ tabindex: 0, role: "group", "aria-label": "Preview" }))
      if (long) box.setAttribute(name, value);
      else box.removeAttribute(name);
    element.setAttribute("aria-describedby", box.id);
    put(at);
    return true;
  };

  const leave = () => {
    clearTimeout(timer);
    wanted = null;
    timer = setTimeout(hide, LEAVE);
  };

  article.addEventListener("pointerover", ({ target, pointerType, clientX: x, clientY: y }) => {
    if (pointerType !== "mouse") return;
    if (box.contains(target)) return clearTimeout(timer);
    const element = owner(target);
    const letter = target.textContent;
    if (!element) {
      if (shown && document.activeElement !== shown) leave();
      else clearTimeout(timer);
      return;
    }
    clearTimeout(timer);
    if (element === shown && element.matches("a")) return;
    timer = setTimeout(() => show(element, { x, y }, letter), element.matches("a") ? REST.link : REST.formula);
  });
  article.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && leave());

  addEventListener("focusin", ({ target }) => {
    const element = owner(target);
    if (element && !touched && target.matches(":focus-visible")) show(element);
    else if (shown && !box.contains(target)) hide();
  });

  // A finger shows first; it follows the link in what is shown, or the same link at the second tap.
  addEventListener("pointerdown", ({ pointerType }) => (touched = pointerType === "touch"), true);
  addEventListener("click", (event) => {
    const { target, clientX: x, clientY: y } = event;
    if (box.contains(target)) return;
    const element = touched && !event.defaultPrevented ? owner(target) : null;
    if (!element) return hide();
    if (!element.matches("a")) return void show(element, { x, y }, target.textContent);
    if (element === shown || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    show(element, { x, y }).then((found) => found || location.assign(element.href));
  });

  addEventListener("keydown", (event) => {
    touched = false;
    if (event.key === "Escape" && shown) hide();
  });
  addEventListener("scroll", () => shown && put(), { passive: true });
  addEventListener("pagehide", hide);
})();
