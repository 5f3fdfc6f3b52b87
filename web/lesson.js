// What makes reading a lesson easier: questions that answer, gaps to fill,
// tabs, keys that turn the page, ticks, copying, a table of contents that
// follows. Nothing here sends anything.
//
// How somebody reads lies under one key of localStorage, once they chose
// something:
//
//   kept.reading = {
//     "tabs": {GROUP: TAB},                 the tab chosen last, for all pages
//     "ticks": {LESSON-ID: [0, 2]},         what is ticked off of things to do
//     "keys": false,                        the arrow keys do not turn the page
//     "member": true                        a member's: goes when they sign out
//   }

const key = "kept.reading";
const one = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const show = (node, on = true) => { if (node) node.hidden = !on; };
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);

const leaving = one('form[action="/sign-out"]');

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(key)) ?? {};
    if (!kept.member || leaving) return kept;
    localStorage.removeItem(key); // somebody else's, who signed out
  } catch { /* unreadable, or storage is switched off */ }
  return {};
}

function change(do_) {
  const kept = read();
  do_(kept);
  if (leaving) kept.member = true;
  try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* then it holds for this page only */ }
}

leaving?.addEventListener("submit", () => { try { localStorage.removeItem(key); } catch { /* then there is nothing */ } });

// Questions. Without this script the answers stand under "Show the answers".

// mix puts a list into another order, all orders being as likely as each other.
function mix(list) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

function question(field, changed) {
  const check = one("[data-check]", field), verdict = one("[data-verdict]", field);
  const words = one("template", field).content, answers = all(".answers > ul > li", field);
  const right = answers.map((answer) => "right" in answer.dataset);
  const inputs = all("input", field).sort((a, b) => a.value - b.value);
  const look = () => {
    const picked = inputs.map((input) => input.checked);
    const well = right.every((is, i) => is === picked[i]);
    const none = !picked.includes(true);
    field.dataset.state = none ? "" : well ? "right" : "wrong";
    const word = none ? "pick" : well ? "right" : "several" in field.dataset ? "part" : "wrong";
    const about = answers.filter((_, i) => picked[i]), after = one("[data-after]", field);
    verdict.replaceChildren(note(one(`[data-${word}]`, words), well, well && after ? [...about, after] : about));
    changed();
  };
  show(check);
  check.addEventListener("click", look);
  field.addEventListener("change", () => { verdict.replaceChildren(); });
  return {
    look,
    forget() {
      for (const input of inputs) input.checked = false;
      field.dataset.state = "";
      verdict.replaceChildren();
    },
  };
}

// note says what came out: the author's words where there are some, and for a
// right answer the tick before them.
function note(words, well, answers) {
  const box = document.createElement("div"), said = document.createElement("p"), text = document.createElement("div");
  const whys = answers.map((answer) => answer.matches("[data-after]") ? answer : one("[data-why]", answer)).filter((why) => why.textContent.trim());
  box.className = well ? "note ok row" : "note";
  said.append(...words.cloneNode(true).childNodes);
  if (well) {
    const tick = one("svg", said), state = document.createElement("span");
    state.className = "state";
    state.append(tick);
    box.append(state);
    if (whys.length > 0) said.className = "sr";
  }
  text.append(said);
  for (const why of whys) text.append(...why.cloneNode(true).childNodes);
  box.append(text);
  return box;
}

function quiz(root) {
  const fields = all("[data-question]", root), score = one("[data-score]", root), enough = one("[data-enough]", root);
  const count = () => {
    const right = fields.filter((field) => field.dataset.state === "right").length;
    const tried = fields.some((field) => field.dataset.state);
    const values = {right, all: fields.length, pass: root.dataset.pass};
    score.textContent = tried && fields.length > 1 ? fill(root.dataset.says, values) : "";
    show(enough, fields.length > 1 && right >= Number(root.dataset.pass));
  };
  const questions = fields.map((field) => question(field, count));
  if (!("shuffle" in root.dataset)) return;
  const mixed = () => {
    const end = document.createElement("span");
    fields[0].before(end);
    for (const field of mix([...fields])) {
      end.before(field);
      mixAnswers(field);
    }
    end.remove();
  };
  const again = one("[data-again]", root), whole = one("[data-all]", root);
  show(one("[data-mixed]", root));
  for (const button of [again, whole]) show(button);
  whole.addEventListener("click", () => questions.forEach(({look}) => look()));
  again.addEventListener("click", () => {
    questions.forEach(({forget}) => forget());
    mixed();
    count();
    one("input", root).focus();
  });
  mixed();
}

// mixAnswers leaves answers alone that speak of their neighbours.
function mixAnswers(field) {
  const picks = all(".pick", field);
  if (picks.length === 0 || picks.some((pick) => /\b(above|below|both|neither)\b/i.test(pick.textContent))) return;
  const end = document.createElement("span");
  picks.at(-1).after(end);
  mix(picks).forEach((pick) => end.before(pick));
  end.remove();
}

all("[data-quiz]").forEach(quiz);

// Gaps. Capitals, spaces and the kind of apostrophe make no difference.

const bare = (text) => text.trim().toLowerCase().replace(/\s+/g, " ").replace(/[\u2018\u2019\u02bc]/g, "'").normalize("NFC");

function gaps(root) {
  const inputs = all("input[data-gap]", root), check = one("[data-check]", root), verdict = one("[data-verdict]", root), words = one("template", root).content;
  const fits = (input) => all(`li[data-gap="${input.dataset.gap}"] [data-fits]`, root).some((fit) => bare(fit.textContent) === bare(input.value));
  if (inputs.length === 0) return;
  const look = () => {
    const right = inputs.filter(fits), empty = inputs.every((input) => !input.value.trim()), well = right.length === inputs.length;
    for (const input of inputs) {
      input.toggleAttribute("data-right", right.includes(input));
      if (right.includes(input) || !input.value.trim()) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    }
    const word = one(empty ? "[data-none]" : well ? "[data-right]" : "[data-part]", words).cloneNode(true);
    const wrong = inputs.filter((input) => !right.includes(input));
    if (word.dataset.says) word.textContent = fill(word.dataset.says, {right: right.length, all: inputs.length, gaps: wrong.map((input) => input.dataset.gap).join(", ")});
    const about = empty ? [] : wrong.filter((input) => input.value.trim()).map((input) => one(`li[data-gap="${input.dataset.gap}"]`, root));
    verdict.replaceChildren(note(word, well, about));
  };
  show(check);
  check.addEventListener("click", look);
  root.addEventListener("input", () => verdict.replaceChildren());
  root.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("input")) look(); });
}

all("[data-fill]").forEach(gaps);

// Things to do.

for (const list of all("[data-ticks]")) {
  const lesson = list.dataset.ticks, boxes = all("input", list), ticked = read().ticks?.[lesson] ?? [];
  boxes.forEach((box, i) => { box.checked = ticked.includes(i); });
  list.addEventListener("change", () => change((kept) => {
    kept.ticks = {...kept.ticks, [lesson]: boxes.flatMap((box, i) => box.checked ? [i] : [])};
  }));
}

// Tabs. Without this script all stand below each other under their titles.
// Those of one group change together, here and on every other page.

function tabs(root, number) {
  const panels = [...root.children].filter((child) => "tab" in child.dataset), group = root.dataset.tabs;
  if (panels.length < 2) return undefined;
  const list = document.createElement("div");
  list.className = "tablist";
  list.setAttribute("role", "tablist");
  const buttons = panels.map((panel, i) => {
    const button = document.createElement("button");
    Object.assign(button, {type: "button", id: `tab-${number}-${i}`, textContent: panel.getAttribute("aria-label")});
    button.setAttribute("role", "tab");
    panel.id ||= `panel-${number}-${i}`;
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.removeAttribute("aria-label");
    panel.setAttribute("aria-labelledby", button.id);
    list.append(button);
    return button;
  });
  const choose = (at) => {
    buttons.forEach((button, i) => {
      button.setAttribute("aria-selected", String(i === at));
      button.tabIndex = i === at ? 0 : -1;
      panels[i].toggleAttribute("data-away", i !== at);
    });
  };
  const named = (name) => panels.findIndex((panel) => panel.dataset.tab === name);
  const pick = (at) => {
    const before = list.getBoundingClientRect().top;
    if (group !== "tabs") {
      change((kept) => { kept.tabs = {...kept.tabs, [group]: panels[at].dataset.tab}; });
      everyTabs.forEach((other) => { if (other.group === group && other.named(panels[at].dataset.tab) >= 0) other.choose(other.named(panels[at].dataset.tab)); });
    }
    choose(at);
    scrollBy({top: list.getBoundingClientRect().top - before, behavior: "instant"}); // tabs above may have changed their height
  };
  list.addEventListener("click", (event) => { if (buttons.includes(event.target)) pick(buttons.indexOf(event.target)); });
  list.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(event.target), last = buttons.length - 1, step = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const to = {ArrowRight: at + step, ArrowLeft: at - step, Home: 0, End: last}[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const next = (to + last + 1) % (last + 1);
    pick(next);
    buttons[next].focus();
  });
  root.prepend(list);
  root.classList.add("on");
  choose(Math.max(0, named(read().tabs?.[group])));
  return {root, group, named, choose, panels};
}

const everyTabs = all("[data-tabs]").map(tabs).filter(Boolean);

// A link to something inside a tab or a fold opens it.
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let node = target; node; node = node.parentElement) {
    if (node.localName === "details") node.open = true;
    if (node.hasAttribute("data-away")) everyTabs.find((one) => one.panels.includes(node)).choose([...node.parentElement.children].filter((child) => "tab" in child.dataset).indexOf(node));
  }
  target.scrollIntoView();
}
addEventListener("hashchange", reveal);
reveal();

// On paper everything is open.
let folded = [];
addEventListener("beforeprint", () => {
  folded = all("details:not([open]):not(.answers)");
  folded.forEach((fold) => { fold.open = true; });
});
addEventListener("afterprint", () => { folded.forEach((fold) => { fold.open = false; }); });

// The arrow keys turn the page, where nothing else on it wants them.

const hint = one("[data-keys]");
if (hint && !matchMedia("(pointer: coarse)").matches) {
  const off = one("[data-turn-off]", hint), on = one("[data-turn-on]", hint);
  let works = read().keys !== false;
  const draw = () => {
    for (const node of [one("[data-turns]", hint), off]) show(node, works);
    for (const node of [one("[data-rests]", hint), on]) show(node, !works);
  };
  const set = (now) => {
    works = now;
    change((kept) => { kept.keys = now; });
    draw();
    (now ? off : on).focus();
  };
  off.addEventListener("click", () => set(false));
  on.addEventListener("click", () => set(true));
  document.addEventListener("keydown", (event) => {
    const {target, key: pressed} = event;
    if (!works || event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || event.repeat) return;
    if (pressed !== "ArrowLeft" && pressed !== "ArrowRight") return;
    if (target !== document.body && !target.matches("a[href], main, h1")) return;
    if (!getSelection().isCollapsed || document.documentElement.scrollWidth > innerWidth) return;
    const forward = (pressed === "ArrowRight") === (getComputedStyle(document.documentElement).direction === "ltr");
    const to = one(`.turn a[rel="${forward ? "next" : "prev"}"]`);
    if (to) to.click();
  });
  draw();
  show(hint);
}

// Copying.

for (const button of all("[data-copy]")) {
  const word = button.textContent;
  button.addEventListener("click", async () => {
    const code = one("pre", button.parentElement);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = word + " ✓";
      setTimeout(() => { button.textContent = word; }, 2000);
    } catch { getSelection().selectAllChildren(code); }
  });
}

// The table of contents marks the heading that is being read.

const links = all(".toc.wide a[href^='#']");
const heads = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1)))).filter(Boolean);
if (heads.length > 0 && "IntersectionObserver" in window) {
  const follow = () => {
    const above = heads.filter((head) => head.getBoundingClientRect().top < innerHeight / 3).at(-1);
    for (const link of links) {
      if (above && decodeURIComponent(link.hash.slice(1)) === above.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const watch = new IntersectionObserver(follow, {rootMargin: "0px 0px -60% 0px", threshold: [0, 1]});
  heads.forEach((head) => watch.observe(head));
  follow();
}
