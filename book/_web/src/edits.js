// Which of the edits that were kept for a page belongs to which of its cells, now that the book may have changed: a pure function.

/**
 * Edits are [{place, book, mine}]: the number of the cell, the book's code when it was changed, and the reader's.
 *
 * An edit belongs to the cell whose code it began from, wherever that stands now; if the book has changed it since, to the
 * cell at the same place. What belongs nowhere is kept aside. Returns {found: one edit or undefined for each cell, aside}.
 */
export function placed(edits, sources) {
  const found = sources.map(() => undefined);
  const put = (edit, at) => {
    if (at < 0 || at >= sources.length || found[at]) return false;
    found[at] = edit;
    return true;
  };
  const same = (edit) =>
    sources[edit.place] === edit.book ? edit.place : sources.indexOf(edit.book);
  const moved = edits.filter((edit) => !put(edit, same(edit)));
  return { found, aside: moved.filter((edit) => !put(edit, edit.place)) };
}
