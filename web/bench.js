// The exercise of a lesson: the editor, what runs the code, the tests, and that
// nothing typed is ever lost. Without this script the page has a textarea for
// each file and a form that hands in.
//
// What is typed stands in the browser's database (progress.js) a moment after
// each key, and in the moment in which the page goes away. For a member, each
// entry also says what the account knows of it:
//
//   dirty     the account does not have this text yet
//   base      the account's revision that it was made from
//   at        when the account last answered, by the server's clock, in ms
//   conflict  the account has other code, and asks which to go on with
//   key       random: names this browser's text among others' that wait for a choice
//
// A text that was made from another revision than the account's takes nobody's
// place there: the page then shows both and asks.

const {code, versions, spill, ready, copied, lesson: progress, one, all, show, fill, day} = window.kept;

const bench = one("[data-bench]"), form = one("form[data-work]"), areas = all("textarea[data-file]", form);
const about = JSON.parse(one("script[data-about]", bench).textContent), {words} = about;
const {lesson, course, path, alone, title} = bench.dataset;
const start = (area) => area.dataset.start ?? area.defaultValue;
const texts = () => Object.fromEntries(areas.map((area) => [area.dataset.file, area.value]));
const untouched = () => areas.every((area) => area.value === start(area));
const equal = (a, b) => areas.every(({dataset: {file}}) => (a?.[file] ?? "") === (b?.[file] ?? ""));
const says = one("[data-says]", bench), keptSays = one("[data-kept]", form), barSays = one("[data-bar-says]");
const tell = (text) => { keptSays.textContent = text; if (barSays) barSays.textContent = text; };

// Keeping.

// early: what this browser has kept has not been looked at yet. typed: somebody wrote here, perhaps before this script came.
let who = about.account, entry, early = true, typed = areas.some((area) => area.value !== area.defaultValue), before;

function entryNow() {
  const {base = about.revision, at = about.at, key = crypto.randomUUID()} = entry ?? {};
  return {who, lesson, course, path, title, files: texts(), changed: new Date().toISOString(), dirty: true, base, at, key, ...(early && {early})};
}

let waiting, saving = Promise.resolve();

function keepSoon() {
  typed = true;
  clearTimeout(waiting);
  waiting = setTimeout(keep, 200);
}

// keep writes to the database, one write after another.
function keep() {
  clearTimeout(waiting);
  waiting = undefined;
  saving = saving.then(() => restored).then(async () => {
    const next = entryNow();
    try {
      if (untouched() && !who) { entry = undefined; await code.remove(who, lesson); }
      else { entry = next; await code.put(next); }
      channel?.postMessage({lesson, who, files: next.files});
      tell(who ? words.savedLater : words.savedHere);
    } catch { tell(words.notSaved); }
    if (who) sendSoon();
  });
  return saving;
}

const channel = "BroadcastChannel" in window ? new BroadcastChannel("kept") : undefined;

// Another tab with the same lesson: whoever does not type there follows.
channel?.addEventListener("message", ({data}) => {
  if (data.lesson !== lesson || data.who !== who || document.hasFocus() || waiting) return;
  if (equal(texts(), data.files)) return;
  put(data.files);
  code.get(who, lesson).then((found) => { entry = found; });
  tell(words.another);
});

// Sending to the account.

let sending, later;

function sendSoon() {
  clearTimeout(later);
  later = setTimeout(send, 1200);
}

async function send(keepalive = false) {
  clearTimeout(later);
  if (!who || copied && !navigator.onLine || !entry?.dirty || sending) return;
  sending = entry;
  try {
    const answer = await fetch(path + "/code", {method: "POST", body: fields(sending), headers: {Accept: "application/json"}, redirect: "manual", keepalive});
    if (answer.status !== 200) throw new Error("not kept");
    await heard(await answer.json(), sending);
  } catch { tell(words.savedLater); } finally { sending = undefined; }
  if (entry?.dirty && navigator.onLine && keepalive === false) later = setTimeout(send, 5000);
}

function fields({files, base, key}, more = {}) {
  const body = new URLSearchParams({base, draft: key, ...more});
  for (const name in files) body.set("file:" + name, files[name]);
  return body;
}

// heard takes the account's answer. What was typed meanwhile stays dirty.
async function heard({revision, at, others}, sent) {
  about.others = others;
  const conflict = others.length > 0;
  const now = {...entry, at, conflict, base: conflict ? sent.base : revision, dirty: entry.changed !== sent.changed};
  entry = now;
  const field = form.elements.base;
  if (field) field.value = now.base;
  await (untouched() && !now.dirty ? code.remove(who, lesson) : code.put(now)).catch(() => {});
  if (!now.dirty) tell(words.savedThere);
  if (conflict && !one("[data-choice]")) {
    await renew("[data-choice]");
    tell(words.choose);
  }
  markMine(now.key);
}

// markMine tells which of the texts to choose from was typed in this browser.
function markMine(key) {
  for (const button of all("[data-choice] [data-key]")) show(one("[data-mine]", button), Boolean(key) && button.dataset.key === key);
}

// renew takes parts of this page as the server has it now.
async function renew(...selectors) {
  try {
    const answer = await fetch(path, {headers: {Accept: "text/html"}});
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const selector of selectors) {
      const part = one(selector, fresh), old = one(selector);
      if (part && old) old.replaceWith(document.adoptNode(part));
      else if (part) form.before(document.adoptNode(part));
    }
    const told = one("script[data-about]", fresh);
    return told ? JSON.parse(told.textContent) : undefined;
  } catch { return undefined; }
}

// restore shows what this browser has, where it knows more than the page: a
// text that the account has not seen, or one that it had after the page was
// made.
async function restore() {
  await ready;
  const found = (await code.all()).filter((c) => c.lesson === lesson);
  if (copied) who = found.find((c) => c.who)?.who ?? (await code.all()).find((c) => c.who)?.who ?? who;
  const mine = found.find((c) => c.who === who);
  if (!mine) return;
  const newer = !who || copied || mine.dirty || mine.at > about.at;
  // the page may have been made while the account was being told
  if (mine.conflict && about.others.length === 0 && !copied) await renew("[data-choice]");
  markMine(mine.key);
  if (!newer) {
    if (!one("[data-choice]")) await code.remove(who, lesson);
    return;
  }
  entry = mine;
  tell(who ? (mine.dirty ? words.savedLater : words.savedThere) : words.savedHere);
  if (!equal(texts(), mine.files)) {
    const now = texts();
    put(mine.files);
    if (typed) await aside(now);
  }
  if (mine.dirty) send();
}

// aside keeps what was typed before that which was kept came back: it is a
// version, and one step brings it into the editor.
async function aside(files) {
  before = files;
  tell(words.early);
  if (!who) await versions.add({who, lesson, files, at: new Date().toISOString(), passed: false});
}

// put shows texts in the editor, and leaves what is kept alone.
function put(files) {
  for (const area of areas) {
    const text = files[area.dataset.file];
    if (text === undefined || area.value === text) continue;
    area.value = text;
    panes.get(area)?.editor?.set(text);
  }
  draw();
}

function leave() {
  if (waiting) { spill(entryNow()); keep(); }
  if (who) send(true);
}

// The editor.

const panes = new Map(areas.map((area) => [area, {pane: area.closest("[data-pane]"), area}]));
const tabs = one("[data-tabs]", form);
let module, chosen = areas[0];

function select(area, focus = false) {
  chosen = area;
  for (const [other, {pane, tab}] of panes) {
    show(pane, other === area);
    tab.setAttribute("aria-selected", String(other === area));
    tab.tabIndex = other === area ? 0 : -1;
    if (other === area && focus) tab.focus();
  }
}

function arrows(list, event, pick) {
  const step = {ArrowRight: 1, ArrowLeft: -1, Home: -list.length, End: list.length}[event.key];
  if (!step) return;
  event.preventDefault();
  const at = list.indexOf(event.currentTarget);
  pick(Math.abs(step) > 1 ? (step < 0 ? 0 : list.length - 1) : (at + step + list.length) % list.length);
}

function makeTabs() {
  for (const [area, own] of panes) {
    own.tab = document.createElement("button");
    Object.assign(own.tab, {type: "button", textContent: area.dataset.file, id: area.id + "-t"});
    own.tab.setAttribute("role", "tab");
    own.tab.setAttribute("aria-controls", area.id + "-p");
    own.pane.id = area.id + "-p";
    own.pane.setAttribute("role", "tabpanel");
    own.pane.setAttribute("aria-labelledby", own.tab.id);
    own.tab.addEventListener("click", () => select(area));
    own.tab.addEventListener("keydown", (event) => arrows(areas, {key: event.key, currentTarget: area, preventDefault: () => event.preventDefault()}, (i) => select(areas[i], true)));
    tabs.append(own.tab);
    show(one(".name", own.pane), false);
    area.setAttribute("aria-label", area.dataset.file);
  }
  show(tabs);
  select(chosen);
}

// mount puts the editor over the textareas. Who types already goes on where
// they are.
async function mount() {
  if (module || !("adoptedStyleSheets" in document)) return;
  module = import(bench.dataset.editor);
  try {
    const {mount: make} = await module;
    await restored;
    for (const area of areas) overlay(area, make);
    show(one("[data-keys-said]", form));
  } catch { module = undefined; } // the textarea stays, and does all that is needed
}

function overlay(area, make) {
  const focused = document.activeElement === area, {selectionStart, selectionEnd, scrollTop} = area;
  const parent = document.createElement("div"), own = panes.get(area), hint = one(".yours-said", own.pane);
  const keys = one("[data-keys-said]", form);
  keys.id ||= "keys-said";
  if (hint) hint.id = area.id + "-y";
  area.before(parent);
  own.editor = make({
    parent, text: area.value, start: start(area), regions: area.dataset.regions, lang: area.dataset.lang, name: area.dataset.file,
    hint: [hint?.id, keys.id].filter(Boolean).join(" "),
    onChange: (text) => { if (area.value === text) return; area.value = text; changed(); },
    onRun: run, onLeave: leaveEditor, onLocked: () => tell(words.locked),
  });
  show(area, false);
  if (!focused) { own.editor.begin(); return; }
  own.editor.focus();
  own.editor.select(selectionStart, selectionEnd);
  one(".cm-scroller", parent).scrollTop = scrollTop;
}

// leaveEditor goes to what comes next by keyboard: the button that runs.
function leaveEditor() {
  const next = [runButton, ...all("button, a", form)].find((node) => node && node.getClientRects().length > 0 && !node.disabled && !tabs.contains(node));
  next?.focus();
}

// Starting over, and back.

const over = one("[data-over]", form), back = one("[data-back]", form);

function draw() {
  show(over, !untouched());
  show(back, Boolean(before));
}

function changed() {
  before = undefined;
  claim(false);
  keepSoon();
  draw();
  previewSoon();
}

function replace(files, focus) {
  before = texts();
  const kept_ = before;
  put(files);
  claim(false);
  keepSoon();
  before = kept_;
  draw();
  previewSoon();
  focus.focus();
}

// Both wait until what is kept has come back, which would undo them otherwise.
over.addEventListener("click", async () => {
  await restored;
  replace(Object.fromEntries(areas.map((area) => [area.dataset.file, start(area)])), back);
});
back.addEventListener("click", async () => {
  await restored;
  const files = before;
  replace(files, over);
  before = undefined;
  draw();
});

// Running.

const runButton = one("[data-try]"), stopButton = one("[data-stop]"), result = one("[data-result]", bench);
const items = all("[data-test]", bench), console_ = one("[data-console]", bench), icons = one("[data-icons]", bench)?.content;
let runner, running = false, lines = 0;

async function theRunner() {
  if (runner) return runner;
  const {Runner} = await import(about.runner);
  return runner = new Runner(one("[data-preview]", bench));
}

const exercise = () => ({...about.exercise, files: about.exercise.files.map((file) => {
  const area = areas.find((a) => a.dataset.file === file.name), text = area?.value ?? "";
  return {...file, text, region: regionOf(area, text)};
})});

// regionOf is the learner's part of a text, which some tests look at alone.
function regionOf(area, text) {
  const lines_ = start(area).split("\n"), [first] = (area.dataset.regions ?? "").split(" ");
  if (!first) return undefined;
  const [from, to] = first.split("-").map(Number);
  return text.split("\n").slice(from - 1, text.split("\n").length - (lines_.length - to)).join("\n");
}

function icon(item, n) {
  one("svg", item).replaceWith(icons.children[n].cloneNode(true));
}

function mark(item, state, message = "") {
  item.className = {passes: "", notYet: "wait", notRun: "off", runs: "off"}[state];
  one("[data-word]", item).textContent = words[state];
  icon(item, {passes: 0, notYet: 1}[state] ?? 2);
  const came = one("[data-came]", item);
  came.textContent = message;
  show(came, state === "notYet" && Boolean(message));
}

// Each test runs the code anew, and a preview does so once more: what they
// print as the first run did is said once.
let first = [], again = -1; // what the first run printed, and how far a later one has come in it

function repeats(line) {
  if (again < 0) first.push(line);
  return again >= 0 && first[again] === line && ++again > 0;
}

function printed(level, text) {
  if (repeats(level + " " + text)) return;
  lines++;
  const line = document.createElement("span");
  line.className = level === "error" || level === "warn" ? level : "";
  line.textContent = text + "\n";
  if (lines <= 300) console_.append(line);
  show(console_);
  show(one("[data-quiet]", bench), false);
  consoleTab.textContent = lines === 1 ? words.line : fill(words.lines, {count: lines});
}

function quiet() {
  lines = 0;
  first = [];
  again = -1;
  console_.replaceChildren();
  show(console_, false);
  show(one("[data-quiet]", bench));
  consoleTab.textContent = words.console;
}

function loading(what, bytes, of) {
  const large = one("[data-large]", bench), mb = (n) => (n / 1e6).toFixed(1);
  show(large);
  large.textContent = fill(words.loading, {what, done: mb(bytes), all: mb(of)});
  if (bytes >= of) show(large, false);
}

// here tells whether this browser keeps a file, so that no run fetches it.
async function here(address) {
  try { return Boolean(await caches.match(address)); } catch { return false; }
}

async function run() {
  if (running || !about.exercise) return;
  running = true;
  show(stopButton);
  show(runButton, false);
  says.textContent = words.running;
  quiet();
  items.forEach((item) => mark(item, "runs"));
  let verdict = {passed: false, why: "crash", tests: []};
  try {
    const frame = await theRunner();
    verdict = await frame.run(exercise(), {onLog: printed, onLoading: loading,
      onTest: (i, passed, message) => { again = 0; if (items[i]) mark(items[i], passed ? "passes" : "notYet", message); }});
  } catch { /* says "crash" below */ }
  finally {
    running = false;
    show(stopButton, false);
    show(runButton);
    show(one("[data-large]", bench), false);
  }
  await came(verdict);
  if (about.preview) preview();
}

// came says what came out, shortly: a screen reader reads it.
async function came({passed, why, tests}) {
  const met = tests.filter((t) => t.passed).length, many = {met, all: items.length};
  items.forEach((item, i) => { if (item.className === "off") mark(item, tests[i]?.passed ? "passes" : why ? "notRun" : "notYet", tests[i]?.message); });
  const failed = why === "crash" && (copied || !navigator.onLine) ? words.away : words[why] ?? words.crash;
  const parts = [why ? failed : items.length === 0 ? words.ranPlain : fill(passed ? words.all : words.said, many)];
  if (items.length > 0 && !passed) parts.push(words.here);
  else if (copied && who) parts.push(words.handLater);
  says.textContent = parts.join(" ");
  if (document.activeElement === document.body || document.activeElement === stopButton) runButton.focus();
  if (!passed || items.length === 0) { claim(false); return; }
  claim(true);
  if (!about.member && !who) await passedHere();
}

// claim says in the form whether this text passed in this browser.
function claim(passed) {
  if (form.elements.browser) form.elements.browser.value = passed ? "passed" : "";
  const hand = one("[data-bar-hand]");
  show(hand, passed && !handed);
  runButton?.classList.toggle("main", !(passed && hand && !handed));
}

// passedHere marks a visitor's lesson, and keeps this text as a version.
async function passedHere() {
  await keep();
  const files = texts(), known = await versions.of(who, lesson);
  if (!known.some((v) => equal(v.files, files))) await versions.add({who, lesson, files, at: new Date().toISOString(), passed: true}).catch(() => {});
  await drawVersions();
  if (progress?.passed()) says.textContent += " " + words.done;
}

let previewing;

function previewSoon() {
  if (!about.preview || !runner) return;
  clearTimeout(previewing);
  previewing = setTimeout(() => { if (!running) { quiet(); preview(); } }, 700);
}

// bringPictures reads the course's pictures for the frame, which may not.
let pictures;

async function bringPictures() {
  const found = {};
  await Promise.all(Object.entries(about.pictures ?? {}).map(async ([name, address]) => {
    try {
      const answer = await fetch(address);
      if (answer.ok) found[name] = await asData(await answer.blob());
      else pictures = undefined;
    } catch { pictures = undefined; }
  }));
  return found;
}

const asData = (blob) => new Promise((resolve, reject) => {
  const reader = new FileReader();
  reader.onload = () => resolve(reader.result);
  reader.onerror = reject;
  reader.readAsDataURL(blob);
});

async function preview() {
  if (running) return;
  again = 0;
  try { await (await theRunner()).preview({...exercise(), pictures: await (pictures ??= bringPictures())}, {onLog: printed}); } catch { /* a run says so */ }
}

// The tabs of the result: a preview only where there is a page to see.

let consoleTab;

function makeResult() {
  const bar = one("[data-tabs]", result), parts = all("[data-pane]", result), buttons = [];
  const pick = (n, focus) => parts.forEach((part, i) => {
    const hidden = i !== n && !(i === 0 && about.exercise);
    // the frame must be laid out even while it is not looked at
    part.classList.toggle("away", i === 0 && n !== 0);
    show(part, !hidden);
    buttons[i]?.setAttribute("aria-selected", String(i === n));
    if (buttons[i]) buttons[i].tabIndex = i === n ? 0 : -1;
    if (i === n && focus) buttons[i].focus();
  });
  parts.forEach((part, i) => {
    const button = document.createElement("button");
    Object.assign(button, {type: "button", textContent: part.dataset.pane, id: "result-t" + i});
    part.id = "result-p" + i;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", part.id);
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-labelledby", button.id);
    button.addEventListener("click", () => pick(i));
    button.addEventListener("keydown", (event) => arrows(buttons, event, (n) => pick(n, true)));
    buttons.push(button);
    bar.append(button);
  });
  consoleTab = buttons[1];
  if (!about.preview) { show(buttons[0], false); buttons[0].tabIndex = -1; }
  pick(about.preview ? 0 : 1);
  show(result);
}

// Handing in, for members.

let handed = false;

async function handIn(event, button) {
  event.preventDefault();
  if (untouched()) { says.textContent = words.empty; return; }
  await keep();
  clearTimeout(later);
  button.disabled = true;
  says.textContent = words.waiting;
  try {
    let now = await ask(button.formAction, {method: "POST", body: fields(entry, {browser: form.elements.browser.value})});
    while (now.state === "waiting") now = await ask(alone + "/verdict?wait");
    await judged(now);
  } catch { says.textContent = words.handFailed; }
  finally { if (button.isConnected) button.disabled = false; }
}

async function ask(address, options = {}) {
  const answer = await fetch(address, {...options, headers: {Accept: "application/json"}, redirect: "manual"});
  if (answer.status !== 200) throw new Error("no answer");
  return answer.json();
}

async function judged({state, why, tests, done}) {
  const met = tests.filter((t) => t.passed).length;
  tests.forEach((t, i) => { if (items[i]) mark(items[i], t.passed ? "passes" : "notYet", t.message); });
  handed = done;
  says.textContent = state === "passed" ? words.checked : state === "unchecked" ? words.unchecked
    : [why ? words[why] : "", fill(words.failed, {met, all: items.length})].join(" ");
  show(one("[data-person]", bench), state === "not-yet");
  claim(form.elements.browser.value === "passed");
  const fresh = await renew("#finish");
  if (!fresh) return;
  about.revision = fresh.revision;
  if (entry) {
    entry = {...entry, base: fresh.revision, at: fresh.at, dirty: false};
    await code.put(entry).catch(() => {});
  }
  form.elements.base.value = fresh.revision;
}

// Earlier versions of a visitor; those of a member have a page.

const list = one("[data-versions]", bench), compare = one("[data-compare]", form);

async function drawVersions() {
  if (about.member || who) return;
  const mine = (await versions.of(who, lesson)).reverse();
  show(compare, mine.length > 0);
  if (mine.length === 0) show(list, false);
  one("[data-list]", list).replaceChildren(...mine.map(versionLine));
}

function versionLine(version) {
  const item = one("[data-version]", list).content.firstElementChild.cloneNode(true);
  const button = one("[data-show]", item), place = one("[data-diff]", item);
  one("[data-when]", item).textContent = fill(words.version, {day: day(version.at)});
  button.addEventListener("click", () => {
    const open = place.hidden;
    button.setAttribute("aria-expanded", String(open));
    place.replaceChildren(...(open ? areas.map((area) => diffOf(area.dataset.file, version.files[area.dataset.file] ?? "", area.value)) : []));
    show(place, open);
  });
  one("[data-take]", item).addEventListener("click", () => { replace(version.files, back); tell(words.taken); });
  one("[data-erase]", item).addEventListener("click", async () => { await versions.remove(version.id); await drawVersions(); compare.hidden ? over.focus() : one("h3", list).focus(); });
  return item;
}

function diffOf(name, earlier, later_) {
  const figure = document.createElement("figure"), caption = document.createElement("figcaption"), pre = document.createElement("pre");
  figure.className = "diff";
  caption.textContent = earlier === later_ ? `${name}: ${words.same}` : name;
  pre.tabIndex = 0;
  pre.setAttribute("aria-label", name);
  for (const [mark_, text] of diff(earlier.split("\n"), later_.split("\n"))) {
    const line = document.createElement({"-": "del", "+": "ins"}[mark_] ?? "span");
    if (mark_ !== "=") {
      const said = document.createElement("span");
      said.className = "sr";
      said.textContent = (mark_ === "-" ? words.out : words.in) + " ";
      line.append(said);
    }
    line.append(text + "\n");
    pre.append(line);
  }
  figure.append(caption, ...(earlier === later_ ? [] : [pre]));
  return figure;
}

// diff lists lines as "=" kept, "-" taken out, "+" put in.
function diff(a, b) {
  if (a.length * b.length > 1e6) return [...a.map((l) => ["-", l]), ...b.map((l) => ["+", l])];
  const common = Array.from({length: a.length + 1}, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--) {
    common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  }
  const out = [];
  let i = 0, j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push(["=", a[i]]); i++; j++; }
    else if (j >= b.length || i < a.length && common[i + 1][j] >= common[i][j + 1]) out.push(["-", a[i++]]);
    else out.push(["+", b[j++]]);
  }
  return out;
}

compare.addEventListener("click", () => { show(list, list.hidden); if (!list.hidden) one("h3", list).focus(); });

// Beginning.

show(one("[data-plain]", form), false);
if (areas.length > 0) makeTabs();
if (about.exercise) {
  makeResult();
  show(runButton);
  runButton.addEventListener("click", run);
  stopButton.addEventListener("click", () => { runner?.stop(); runButton.focus(); });
  const large = one("[data-large]", bench);
  if (large && about.download) here(about.largest).then((kept) => { large.textContent = about.download; show(large, !kept && !running); });
}
form.addEventListener("input", ({target}) => { if (target.matches("textarea[data-file]")) changed(); });
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) { event.preventDefault(); run(); }
});
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.matches("[data-hand-in]")) { handIn(event, button); return; }
  if (event.target !== form) return;
  if (form.method !== "post") event.preventDefault();
  else { if (waiting) spill(entryNow()); clearTimeout(waiting); waiting = undefined; } // the form brings the code
});
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
window.addEventListener("pagehide", leave);
window.addEventListener("online", () => send());
document.addEventListener("focusin", ({target}) => { if (target.matches?.("textarea[data-file]")) mount(); });
const restored = restore().catch(() => {}).finally(() => { early = false; draw(); drawVersions(); });
if (typed) keepSoon();
if (about.waiting) ask(alone + "/verdict?wait").then(async function again(now) {
  return now.state === "waiting" ? ask(alone + "/verdict?wait").then(again) : judged(now);
}).catch(() => {});
if ("IntersectionObserver" in window) {
  const near = new IntersectionObserver((seen) => { if (seen.some((s) => s.isIntersecting)) { near.disconnect(); mount(); } }, {rootMargin: "400px"});
  near.observe(form);
} else mount();
