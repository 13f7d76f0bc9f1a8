// A derivation, whole in the page and on paper, can be gone through step by step: what a step changes is marked in the formula
// (underlined in its TeX), with the reason beside it.
(() => {
  for (const box of document.querySelectorAll(".derivation.admonition")) {
    const steps = [...box.querySelectorAll(":scope > ol > li")];
    let now = 0; // the step that is looked at, from 1; 0 while all are shown
    const said = document.createElement("span");
    said.role = "status";
    const show = (to) => {
      now = to;
      steps.forEach((step, i) => {
        if (!now) delete step.dataset.step;
        else step.dataset.step = i + 1 < now ? "before" : i + 1 > now ? "later" : "now";
      });
      said.textContent = now ? `Step ${now} of ${steps.length}` : `All ${steps.length} steps`;
      back.ariaDisabled = now < 2;
      next.ariaDisabled = now === steps.length;
      all.ariaDisabled = !now;
    };
    const moves = {
      ArrowLeft: () => now > 1 && show(now - 1),
      ArrowRight: () => now < steps.length && show(now + 1),
      Home: () => show(1),
      End: () => show(steps.length),
      Escape: () => show(0),
    };
    const button = (words, key) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = words;
      made.addEventListener("click", moves[key]);
      return made;
    };
    const [back, next, all] = [button("Back", "ArrowLeft"), button("Next", "ArrowRight"), button("All", "Escape")];
    const bar = document.createElement("div");
    bar.className = "derivation-bar";
    bar.role = "group";
    bar.ariaLabel = box.querySelector(".admonition-title").textContent;
    bar.append(back, next, all, said);
    bar.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || !moves[event.key]) return;
      event.preventDefault();
      moves[event.key]();
    });
    show(0);
    box.append(bar);
  }
})();
