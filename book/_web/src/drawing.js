// Whether code draws. Matplotlib weighs more than Python's other parts together, so it comes with the first cell that uses it.

/** Lines that only make ready: the imports, under their usual names, and the book's style. */
const READY =
  /^(import matplotlib( as mpl)?|import matplotlib\.pyplot as plt|from lmcore import [\w, ]+|plotting\.use_style\(\))[ ]*$/gm;

export const draws = (source) =>
  /\b(matplotlib|mpl|plt|plotting)\b|\.plot\b/.test(source.replace(READY, ""));
