// Elements, and the small things that a browser remembers between pages.

export const element = (tag, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
};

export const button = (words, onclick, className = "live-button") =>
  element("button", { type: "button", className, onclick }, words);

/** Do something once a part of the page is less than a screen away. */
export const whenNear = (part, work) => {
  const approach = new IntersectionObserver(
    (seen) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      approach.disconnect();
      work();
    },
    { rootMargin: "100% 0px" },
  );
  approach.observe(part);
};

/** A browser that keeps nothing, as some are set, is not a fault. */
export const recallNote = (storage, key) => {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
};

export const keepNote = (storage, key, value) => {
  try {
    window[storage].setItem(key, value);
  } catch {
    /* asked again next time */
  }
};
