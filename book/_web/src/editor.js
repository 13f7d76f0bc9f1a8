// A code editor in place of a listing: CodeMirror with Python, coloured by the page's own tokens.
import { autocompletion, completeAnyWord, completionKeymap } from "@codemirror/autocomplete";
import {
  defaultKeymap,
  history,
  historyKeymap,
  indentLess,
  indentMore,
} from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  {
    tag: [
      tags.keyword,
      tags.operatorKeyword,
      tags.controlKeyword,
      tags.definitionKeyword,
      tags.moduleKeyword,
    ],
    color: "var(--live-keyword)",
    fontWeight: "600",
  },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--live-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--live-number)" },
  { tag: tags.comment, color: "var(--live-comment)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName))],
    color: "var(--live-function)",
  },
]);

/** Names that fit at the cursor: Python's with their docstrings, and before it has started the words of the text. */
const names = (complete) => async (context) => {
  const word = context.matchBefore(/[\w.]+/);
  if (!word) return null;
  const options = await complete(word.text);
  if (!options.length) return completeAnyWord(context);
  return {
    from: word.from + word.text.lastIndexOf(".") + 1,
    options: options.map(({ info, ...option }) => ({ ...option, ...(info && { info }) })),
    validFor: /^\w*$/,
  };
};

/**
 * Put an editor into `parent`.
 *
 * Tab moves on to the next control, as everywhere on the page; Shift+Enter and Ctrl+Enter run the cell; Ctrl+Space lists the
 * names that `complete` gives for the text before the cursor. The description is for who hears the page.
 */
export function createEditor({ parent, text, label, description, complete, onRun, onChange }) {
  const run = () => {
    onRun();
    return true;
  };
  return new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([
          { key: "Shift-Enter", run },
          { key: "Mod-Enter", run },
          ...completionKeymap,
          ...defaultKeymap,
          ...historyKeymap,
        ]),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of("    "),
        bracketMatching(),
        python(),
        autocompletion({ override: [names(complete)], activateOnTyping: false, icons: false }),
        syntaxHighlighting(colours),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          "aria-label": label,
          ...(description && { "aria-description": description }),
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange();
        }),
      ],
    }),
  });
}

export const textOf = (editor) => editor.state.doc.toString();

export function setText(editor, text) {
  editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
}

/** Indent the line of the cursor, or take an indent back, for fingers: a phone has no such keys. */
export const indent = (editor) => moved(editor, indentMore);
export const unindent = (editor) => moved(editor, indentLess);

function moved(editor, command) {
  command(editor);
  editor.focus();
}
