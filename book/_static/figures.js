// A figure as large as the window, and larger: by the button in its corner or a tap on it. It is moved by scrolling, made
// larger by two fingers, the wheel with Ctrl, + and -, and closed by Escape.
(() => {
  const article = document.querySelector(".bd-article");
  if (!article || !article.querySelector(".figure-frame")) return;
  const STEP = 1.4; // of one press of a button
  const LARGEST = 6; // times the size it was drawn in
  const LETTERS = 12 / 9; // letters of 12 px, where the narrowest readable width is for letters of 9

  let view, pane, title, picture, width, smallest, scale;

  const button = (words, sign, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "btn";
    made.setAttribute("aria-label", words);
    made.textContent = sign;
    made.addEventListener("click", act);
    return made;
  };

  /** Another size; the point at (x, y) of the window stays where it is. */
  const zoom = (wanted, x = innerWidth / 2, y = innerHeight / 2) => {
    const before = picture.getBoundingClientRect();
    scale = Math.min(LARGEST, Math.max(smallest, wanted));
    picture.style.width = `${width * scale}px`;
    const after = picture.getBoundingClientRect();
    const share = [(x - before.left) / before.width, (y - before.top) / before.height];
    pane.scrollLeft += after.left + share[0] * after.width - x;
    pane.scrollTop += after.top + share[1] * after.height - y;
  };

  const distance = ([a, b]) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  const follow = () => {
    let start = null;
    pane.addEventListener("touchstart", ({ touches }) => {
      start = touches.length === 2 ? { distance: distance(touches), scale } : null;
    });
    pane.addEventListener("touchmove", (event) => {
      const { touches } = event;
      if (!start || touches.length !== 2) return;
      event.preventDefault();
      const middle = (name) => (touches[0][name] + touches[1][name]) / 2;
      zoom((start.scale * distance(touches)) / start.distance, middle("clientX"), middle("clientY"));
    }, { passive: false });
    pane.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(scale * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
    }, { passive: false });
    view.addEventListener("keydown", ({ key }) => {
      if (key === "+" || key === "=") zoom(scale * STEP);
      if (key === "-") zoom(scale / STEP);
    });
    view.addEventListener("click", ({ target }) => target === view && view.close());
  };

  const make = () => {
    view = document.createElement("dialog");
    view.className = "figure-view";
    view.setAttribute("aria-labelledby", "figure-view-title");
    title = document.createElement("p");
    title.id = "figure-view-title";
    pane = document.createElement("div");
    pane.tabIndex = 0;
    pane.setAttribute("role", "group");
    pane.setAttribute("aria-label", "The figure, to be moved by scrolling");
    const head = document.createElement("div");
    head.className = "figure-view-head";
    head.append(
      title,
      button("Smaller", "−", () => zoom(scale / STEP)),
      button("Larger", "+", () => zoom(scale * STEP)),
      button("Close", "×", () => view.close()),
    );
    view.append(head, pane);
    article.append(view);
    follow();
  };

  const open = (frame) => {
    if (!view) make();
    const image = frame.querySelector("img");
    const caption = frame.closest("figure")?.querySelector(".caption-number");
    title.textContent = caption?.textContent.trim() ?? "Figure";
    picture = image.cloneNode();
    picture.loading = "eager";
    width = Number(image.getAttribute("width"));
    const kept = image.closest(".tag_keep-colors") ? " tag_keep-colors" : "";
    pane.className = `figure-view-pane${kept}`;
    const ground = document.createElement("div"); // what the dark theme knows figures by
    ground.className = "cell_output";
    ground.append(picture);
    pane.replaceChildren(ground);
    view.showModal();
    const height = Number(image.getAttribute("height"));
    smallest = Math.min(pane.clientWidth / width, pane.clientHeight / height);
    const readable = parseFloat(picture.style.getPropertyValue("--readable")) || 0;
    scale = Math.max(smallest, (readable * LETTERS) / width);
    picture.style.width = `${width * scale}px`;
    pane.scrollTo(0, 0);
  };

  article.addEventListener("click", ({ target }) => {
    const frame = target.closest(".figure-frame");
    if (frame && target.closest("img, .figure-enlarge")) open(frame);
  });
})();
