// The editor of exercises, made of CodeMirror. It knows nothing of lessons or
// of where code is kept: the page's script (web/bench.js) mounts it over a
// textarea and is told of each change.

import {defaultKeymap, history, historyKeymap, indentLess, indentMore, redo, undo} from "@codemirror/commands";
import {closeBrackets, closeBracketsKeymap} from "@codemirror/autocomplete";
import {bracketMatching, indentOnInput, indentUnit, syntaxHighlighting} from "@codemirror/language";
import {Annotation, Compartment, EditorSelection, EditorState, RangeSetBuilder, StateEffect, StateField} from "@codemirror/state";
import {Decoration, drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers} from "@codemirror/view";
import {tagHighlighter, tags} from "@lezer/highlight";

// The languages, each fetched when a file first needs it.
const languages = {
  js: () => import("@codemirror/lang-javascript").then((m) => m.javascript()),
  jsx: () => import("@codemirror/lang-javascript").then((m) => m.javascript({jsx: true})),
  ts: () => import("@codemirror/lang-javascript").then((m) => m.javascript({typescript: true})),
  tsx: () => import("@codemirror/lang-javascript").then((m) => m.javascript({jsx: true, typescript: true})),
  html: () => import("@codemirror/lang-html").then((m) => m.html()),
  css: () => import("@codemirror/lang-css").then((m) => m.css()),
  py: () => import("@codemirror/lang-python").then((m) => m.python()),
};

// The classes are those of the site's stylesheet, as in the code of lessons.
const colours = syntaxHighlighting(tagHighlighter([
  {tag: [tags.keyword, tags.tagName, tags.self, tags.null, tags.bool, tags.modifier, tags.operatorKeyword], class: "k"},
  {tag: [tags.string, tags.regexp, tags.attributeValue, tags.special(tags.string)], class: "s"},
  {tag: [tags.number, tags.color, tags.unit, tags.atom], class: "n"},
  {tag: [tags.comment, tags.meta], class: "c"},
]));

const look = EditorView.theme({
  "&": {color: "var(--ink)", backgroundColor: "var(--sheet)", fontSize: ".9375rem", maxHeight: "28rem"},
  "&.cm-focused": {outline: "none"},
  ".cm-scroller": {fontFamily: "var(--mono)", lineHeight: "1.6", minHeight: "10rem"},
  ".cm-content": {padding: "var(--s3) 0", caretColor: "var(--ink)", tabSize: "2"},
  ".cm-line": {padding: "0 1rem 0 .6rem"},
  ".cm-gutters": {backgroundColor: "var(--sheet)", color: "var(--soft)", border: "0"},
  ".cm-lineNumbers .cm-gutterElement": {minWidth: "2.4rem", padding: "0 .4rem 0 .2rem"},
  ".cm-activeLine": {backgroundColor: "color-mix(in srgb, var(--well) 55%, transparent)"},
  ".cm-cursor": {borderLeftColor: "var(--ink)", borderLeftWidth: "2px"},
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent) !important"},
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {backgroundColor: "var(--well)", outline: "1px solid var(--edge)"},
  ".cm-line.yours": {backgroundColor: "var(--tint)", boxShadow: "inset 4px 0 var(--accent)"},
  ".cm-line.locked": {opacity: ".85"},
});

// Regions are what may be changed; everything between them stays. They move
// with the text. null means that all of it may be changed.
const setRegions = StateEffect.define();
const byProgram = Annotation.define();

const regionsField = StateField.define({
  create: () => null,
  update(regions, tr) {
    for (const effect of tr.effects) if (effect.is(setRegions)) return effect.value;
    if (!regions || !tr.docChanged) return regions;
    return regions.map(({from, to}) => ({from: tr.changes.mapPos(from, -1), to: tr.changes.mapPos(to, 1)}));
  },
});

// place finds the regions of start ("3-5 9-9", lines from 1) in a text in which
// only they may have changed. null if something else has: then nothing is
// locked, rather than the wrong lines.
export function place(text, start, regions) {
  if (!regions) return null;
  const lines = start.split("\n"), fixed = [], found = [];
  let at = 0;
  for (const region of regions.split(" ")) {
    const [from, to] = region.split("-").map(Number);
    fixed.push(lines.slice(at, from - 1).map((l) => l + "\n").join(""));
    at = to;
  }
  const tail = lines.slice(at).map((l) => "\n" + l).join("");
  let pos = 0;
  for (let i = 0; i < fixed.length; i++) {
    const between = i === 0 ? fixed[i] : "\n" + fixed[i];
    const start_ = i === 0 ? (text.startsWith(between) ? 0 : -1) : text.indexOf(between, pos);
    if (start_ < 0) return null;
    if (i > 0) found[i - 1].to = start_;
    pos = start_ + between.length;
    found.push({from: pos, to: pos});
  }
  const end = text.length - tail.length;
  if (end < pos || !text.endsWith(tail)) return null;
  found.at(-1).to = end;
  return found;
}

const shades = EditorView.decorations.compute([regionsField, "doc"], (state) => {
  const regions = state.field(regionsField);
  if (!regions) return Decoration.none;
  const builder = new RangeSetBuilder();
  for (let n = 1; n <= state.doc.lines; n++) {
    const line = state.doc.line(n), mine = regions.some((r) => line.from <= r.to && line.to >= r.from);
    builder.add(line.from, line.from, Decoration.line({class: mine ? "yours" : "locked"}));
  }
  return builder.finish();
});

// typeOver types over what is selected. A browser left to do it keeps the look
// of what goes with style attributes, which the site's content policy refuses,
// and complains of.
function typeOver(event, view) {
  if (event.inputType !== "insertText" || event.data === null || view.composing || view.state.selection.main.empty) return false;
  event.preventDefault();
  view.dispatch(view.state.replaceSelection(event.data), {userEvent: "input.type", scrollIntoView: true});
  return true;
}

// mount puts an editor into parent. onChange gets the text after each change;
// onLocked is called when a key would have changed a line that is not the
// learner's; words name the editor.
export function mount({parent, text, start, regions, lang, name, hint, onChange, onRun, onLeave, onLocked}) {
  const language = new Compartment();
  const guard = EditorState.changeFilter.of((tr) => {
    const mine = tr.startState.field(regionsField);
    if (!mine || tr.annotation(byProgram)) return true;
    let well = true;
    tr.changes.iterChangedRanges((from, to) => { well &&= mine.some((r) => from >= r.from && to <= r.to); }, true);
    if (!well) onLocked();
    return well;
  });
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        regionsField.init(() => place(text, start, regions)), guard, shades,
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), closeBrackets(), highlightActiveLine(),
        indentUnit.of("  "), colours, look, language.of([]),
        EditorView.contentAttributes.of({"aria-label": name, "aria-describedby": hint, autocapitalize: "none", autocorrect: "off", spellcheck: "false", "data-gramm": "false", tabindex: "0"}),
        EditorView.domEventHandlers({beforeinput: typeOver}),
        EditorView.updateListener.of((update) => { if (update.docChanged) onChange(view.state.doc.toString()); }),
        keymap.of([
          {key: "Mod-Enter", run: () => { onRun(); return true; }},
          {key: "Escape", run: () => { onLeave(); return true; }},
          {key: "Tab", run: indentMore, shift: indentLess},
          ...closeBracketsKeymap, ...historyKeymap, ...defaultKeymap.filter((k) => k.key !== "Escape"),
        ]),
      ],
    }),
  });
  const load = languages[lang];
  if (load) load().then((support) => view.dispatch({effects: language.reconfigure(support)}), () => {});
  return {
    text: () => view.state.doc.toString(),
    // set replaces the text as one step that can be undone.
    set(next) {
      view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: next}, annotations: byProgram.of(true),
        effects: setRegions.of(place(next, start, regions)), selection: EditorSelection.cursor(0)});
    },
    select(from, to) { view.dispatch({selection: {anchor: Math.min(from, view.state.doc.length), head: Math.min(to, view.state.doc.length)}}); },
    // begin puts the cursor where the learner may type.
    begin() {
      const first = view.state.field(regionsField)?.[0];
      if (first) view.dispatch({selection: {anchor: first.to}});
    },
    focus: () => view.focus(),
    undo: () => undo(view), redo: () => redo(view),
    locked: () => view.state.field(regionsField) !== null,
    destroy: () => view.destroy(),
    dom: view.contentDOM,
  };
}
