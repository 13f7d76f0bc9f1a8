// What every page needs of its own: boxes that scroll can be reached by keyboard, and paper shows what is folded.
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
  for (const box of document.querySelectorAll("pre, .cell_output > .output")) measured.observe(box);

  const folds = [];
  addEventListener("beforeprint", () => {
    folds.push(...document.querySelectorAll("article details:not([open])"));
    for (const fold of folds) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of folds.splice(0)) fold.open = false;
  });
})();
