// What somebody has done and typed, kept in their own browser. Nothing here
// sends anything, but for what a member asks for: code is kept in the account
// while it is typed (bench.js), and what the browser holds is taken over once
// they say that it is theirs.
//
// What was done lies under one key of localStorage, so that lists can be marked
// before they are seen:
//
//   kept.progress = {
//     "version": 1,
//     "here": {"course": ID, "path": PATH, "title": TITLE},      where to go on
//     "lessons": {
//       LESSON-ID: {
//         "course": ID, "path": PATH, "title": TITLE,
//         "opened": "2027-03-14",                                 a day
//         "done": "2027-03-14T16:04:05.000Z",                     if it is finished
//         "passed": true                                          if every test passed in this browser
//       }
//     }
//   }
//
// What was typed lies in IndexedDB, database "kept", which exists only while
// there is something in it:
//
//   code      {who, lesson, course, path, title, files: {NAME: TEXT}, changed,  the editor's text, by who and lesson
//              dirty, base, at, key}                                            for members: see bench.js
//   versions  {id, who, lesson, files, at, passed}                              each text that passed, of visitors
//
// who is "" for a visitor, else a mark that tells the accounts of one browser
// apart and nothing more. A member's code stands here from the first key on;
// what the account has of it is wiped on the first page after signing out. For
// the moment in which a page goes away, the last text also stands under the key
// kept.typing of localStorage, which is written at once.

const key = "kept.progress";
const one = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const show = (node, on = true) => { if (node) node.hidden = !on; };

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept && kept.version === 1 && kept.lessons) return kept;
  } catch { /* unreadable, or storage is switched off: as good as empty */ }
  return {version: 1, lessons: {}};
}

// write reports whether the browser kept it.
function write(progress) {
  try {
    localStorage.setItem(key, JSON.stringify(progress));
    return true;
  } catch { return false; }
}

function clearProgress() {
  try { localStorage.removeItem(key); } catch { /* then there is nothing */ }
}

// forgetPages has the worker drop all pages and itself, and waits until it did.
async function forgetPages() {
  const worker = (await navigator.serviceWorker?.getRegistration())?.active;
  if (!worker) return;
  const {port1, port2} = new MessageChannel();
  await new Promise((done) => {
    port1.onmessage = done;
    setTimeout(done, 3000);
    worker.postMessage({do: "forget"}, [port2]);
  });
}

// clear empties this browser: of what was done, of how somebody reads, and of
// the pages that are kept for reading without a connection (web/worker.js).
function clear() {
  try {
    localStorage.removeItem(key);
    localStorage.removeItem("kept.reading");
    localStorage.removeItem(spillKey);
  } catch { /* then there is nothing */ }
  opening?.then((db) => db.close());
  opening = undefined;
  const gone = window.indexedDB ? settled(indexedDB.deleteDatabase("kept")).catch(() => {}) : Promise.resolve();
  return Promise.all([gone, forgetPages()]);
}

// The database. Only what writes makes one.

const stores = {code: {keyPath: ["who", "lesson"]}, versions: {keyPath: "id", autoIncrement: true}};
let opening;

const settled = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = request.onblocked = () => reject(request.error);
});

// open holds a lock while the browser makes the database: a page that is left meanwhile could be put aside for the way
// back, as it is, and no other page would get at the database any more. Who holds a lock is not put aside.
function open() {
  return opening ??= locked(() => new Promise((resolve, reject) => {
    const request = indexedDB.open("kept", 1);
    request.onupgradeneeded = () => { for (const name in stores) request.result.createObjectStore(name, stores[name]); };
    request.onerror = () => { opening = undefined; reject(request.error); };
    setTimeout(() => { if (request.readyState === "pending") { opening = undefined; reject(new Error("the browser does not open it")); } }, 10000);
    request.onsuccess = () => {
      request.result.onversionchange = () => { request.result.close(); opening = undefined; };
      resolve(request.result);
    };
  }));
}

const locked = (act) => navigator.locks ? navigator.locks.request("kept.open", {mode: "shared"}, act) : act();

async function exists() {
  if (!window.indexedDB) return false;
  if (opening || !indexedDB.databases) return true;
  return (await indexedDB.databases()).some(({name}) => name === "kept");
}

// within does something with a store and is over when the browser has it.
async function within(name, mode, act) {
  const tx = (await open()).transaction(name, mode, {durability: "strict"});
  const result = act(tx.objectStore(name));
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve(result?.result);
    tx.onerror = tx.onabort = () => reject(tx.error);
  });
}

const everything = async (name) => {
  try { return await exists() ? await within(name, "readonly", (store) => store.getAll()) : []; } catch { return []; }
};

// drop lets the database go once nothing is in it.
async function drop() {
  if (!await exists() || (await everything("code")).length > 0 || (await everything("versions")).length > 0) return;
  (await open()).close();
  opening = undefined;
  await settled(indexedDB.deleteDatabase("kept")).catch(() => {});
}

const code = {
  all: () => everything("code"),
  get: async (who, lesson) => (await everything("code")).find((c) => c.who === who && c.lesson === lesson),
  put: (entry) => within("code", "readwrite", (store) => store.put(entry)),
  remove: async (who, lesson) => {
    if (!await exists()) return;
    await within("code", "readwrite", (store) => store.delete([who, lesson]));
    await drop();
  },
};

const versions = {
  all: () => everything("versions"),
  of: async (who, lesson) => (await everything("versions")).filter((v) => v.who === who && v.lesson === lesson),
  add: (version) => within("versions", "readwrite", (store) => store.add(version)),
  remove: async (id) => { await within("versions", "readwrite", (store) => store.delete(id)); await drop(); },
};

const spillKey = "kept.typing";

// spill keeps a text in the moment in which the page goes away.
function spill(entry) {
  try { localStorage.setItem(spillKey, JSON.stringify(entry)); } catch { /* the database has it a moment later, if it can */ }
}

// settle brings what lies elsewhere into the database: the text that a page
// left behind as it went, and the code of browsers that kept it with progress.
async function settle() {
  const left = localStorage.getItem(spillKey);
  if (left) {
    const {early, ...entry} = JSON.parse(left), {who, lesson, files, changed: at} = entry, known = await code.get(who, lesson);
    if (known && early) await versions.add({who, lesson, files, at, passed: false}); // typed by somebody who did not see what is kept
    else if (!known || known.changed <= entry.changed) await code.put(entry);
    if (localStorage.getItem(spillKey) === left) localStorage.removeItem(spillKey);
  }
  const old = Object.entries(read().lessons).filter(([, l]) => l.work);
  for (const [lesson, {course, path, title, work, changed}] of old) {
    if (!await code.get("", lesson)) await code.put({who: "", lesson, course, path, title, files: work, changed, dirty: true, base: "", at: 0, key: ""});
  }
  if (old.length === 0) return;
  const progress = read();
  for (const entry of Object.values(progress.lessons)) { delete entry.work; delete entry.changed; }
  write(progress);
}

const copied = "keptOn" in document.documentElement.dataset; // the copy of a page, shown without a connection
const signedIn = Boolean(one('form[action="/sign-out"]'));

// wipe takes what an account has out of this browser, once nobody is signed in.
async function wipe() {
  if (signedIn || copied) return;
  for (const entry of await code.all()) if (entry.who && !entry.dirty) await code.remove(entry.who, entry.lesson);
}

const ready = (async () => {
  try { await settle(); await wipe(); } catch { /* storage is switched off: there is nothing to settle */ }
})();

const language = document.documentElement.lang || "en";
const today = () => new Date(Date.now() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 10);
const day = (text) => new Date(text.length === 10 ? text + "T12:00" : text).toLocaleDateString(language === "en" ? "en-GB" : language, {day: "numeric", month: "long", year: "numeric"});
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);

// notches draws a course as the server does: done tall, the rest short.
function notches(done, of) {
  const at = (i, path) => `M${4 + 9 * i} ${path}`;
  const tall = Array.from({length: done}, (_, i) => at(i, "2v16")).join("");
  const short = Array.from({length: of - done}, (_, i) => at(done + i, "12v6")).join("");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const set = (node, values) => { for (const name in values) node.setAttribute(name, values[name]); return node; };
  set(svg, {class: "notch", viewBox: `0 0 ${9 * of} 20`, width: 9 * of, height: 20, "aria-hidden": "true"});
  for (const [width, d] of [["4.5", tall], ["2", short]]) {
    if (d) svg.append(set(document.createElementNS(svg.namespaceURI, "path"), {stroke: "currentColor", "stroke-width": width, d}));
  }
  return svg;
}

const doneIn = (progress, course) => Object.values(progress.lessons).filter((l) => l.course === course && l.done).length;

// Lists of courses and lessons: how much of each is done.

function markCourses() {
  const progress = read();
  for (const item of all("[data-course][data-lessons]")) {
    const count = one("[data-count]", item), of = Number(item.dataset.lessons);
    const done = Math.min(doneIn(progress, item.dataset.course), of);
    if (!count || !done) continue;
    all(".notch", item).forEach((n) => n.remove());
    if (of <= 40) count.before(notches(done, of));
    count.textContent = fill(count.dataset.count, {done, all: of});
    show(count);
  }
  for (const item of all("li[data-lesson]")) show(one("[data-tick]", item), Boolean(progress.lessons[item.dataset.lesson]?.done));
}

function goOn() {
  const progress = read(), here = progress.here;
  if (!here) return;
  const begin = one("[data-on]");
  if (begin && here.course === begin.closest("main").querySelector("[data-course]").dataset.course) {
    begin.href = here.path;
    begin.textContent = fill(begin.dataset.on, here);
  }
  const section = one("[data-go-on]"), item = all("li[data-course]").find((li) => li.dataset.course === here.course);
  if (!section || !item) return;
  const link = one("[data-to]", section), course = one("[data-in]", section), note = one("[data-note]", section);
  link.href = here.path;
  link.textContent = here.title;
  course.href = one("h3 a", item).href;
  course.textContent = one("h3 a", item).textContent;
  const count = one("[data-count]", item);
  note.textContent = (count.hidden ? "" : count.textContent + ", ") + note.dataset.note;
  const drawn = one(".notch", item);
  if (drawn) note.before(drawn.cloneNode(true));
  show(section);
  show(one("[data-begin]"), false);
}

// A lesson.

function lessonPage(finish) {
  const {lesson, course, path, title, nextPath, nextTitle} = finish.dataset;
  const next = nextPath ? {course, path: nextPath, title: nextTitle} : undefined;
  // change keeps what do makes of this lesson's entry.
  const change = (do_) => {
    const progress = read();
    const entry = progress.lessons[lesson] ??= {};
    Object.assign(entry, {course, path, title});
    do_(entry, progress);
    return write(progress);
  };
  const state = one("[data-state]", finish), first = state.textContent;
  const mark = one("[data-mark]", finish), unmark = one("[data-unmark]", finish), on = one("[data-next]", finish);
  const draw = () => {
    const done = read().lessons[lesson]?.done;
    state.textContent = done ? fill(state.dataset.done, {day: day(done)}) : first;
    show(one("[data-well]", finish), Boolean(done));
    show(mark, !done);
    show(unmark, Boolean(done));
    show(on, Boolean(done));
    on?.classList.toggle("main", Boolean(done));
    markCourses();
  };
  change((entry, progress) => {
    entry.opened = today();
    progress.here = entry.done && next ? next : {course, path, title};
  });
  mark.addEventListener("click", () => {
    const kept = change((entry, progress) => {
      entry.done = new Date().toISOString();
      progress.here = next ?? {course, path, title};
    });
    draw();
    if (!kept) state.textContent = state.dataset.full;
    else (on ?? unmark).focus();
  });
  unmark.addEventListener("click", () => {
    change((entry, progress) => {
      delete entry.done;
      progress.here = {course, path, title};
    });
    draw();
    mark.focus();
  });
  window.addEventListener("storage", (event) => { if (event.key === key || event.key === null) draw(); });
  draw();
  return {
    // passed marks a lesson whose every test passed here.
    passed() {
      const kept = change((entry, progress) => {
        entry.done ??= new Date().toISOString();
        entry.passed = true;
        progress.here = next ?? {course, path, title};
      });
      draw();
      return kept;
    },
  };
}

// What this browser holds, as a list.

// held is what was done and what was typed together, by lesson. Of code that
// belongs to an account, what the account has already is left out.
async function held(mine) {
  const progress = read();
  for (const entry of await code.all()) {
    if (mine ? entry.who : entry.who && !entry.dirty) continue;
    const {course, path, title, files, changed} = entry;
    const lesson = progress.lessons[entry.lesson] ??= {course, path, title};
    Object.assign(lesson, {work: files, changed});
  }
  for (const {who, lesson, at, passed, files} of await versions.all()) {
    if (who || !progress.lessons[lesson]) continue;
    (progress.lessons[lesson].versions ??= []).push({at, passed, files});
  }
  return progress;
}

function newest(progress) {
  const times = Object.values(progress.lessons).flatMap((l) => [l.done, l.changed, l.opened]).filter(Boolean);
  return times.sort().at(-1);
}

function lines(section, entries) {
  const list = one("[data-list]", section), template = one("[data-line]", section);
  list.replaceChildren(...entries.map((entry) => {
    const line = template.content.firstElementChild.cloneNode(true), link = one("a", line);
    if (link && entry.path?.startsWith("/")) link.href = entry.path;
    one("b", line).textContent = entry.title ?? "";
    for (const part of all("[data-if]", line)) {
      const name = part.dataset.if, holds = name === "opened" ? entry.opened && !entry.done : entry[name];
      if (!holds) { part.remove(); continue; }
      const text = part.dataset.text ? part : one("[data-text]", part);
      if (text) text.textContent = fill(text.dataset.text, {day: day(entry[name])});
    }
    return line;
  }));
}

function sums(progress) {
  const entries = Object.values(progress.lessons);
  return {
    done: entries.filter((l) => l.done).length, opened: entries.filter((l) => !l.done).length,
    work: entries.filter((l) => l.work && !l.done).length, day: entries.length ? day(newest(progress)) : "",
  };
}

function holdsPage(section) {
  const draw = async () => {
    await ready;
    const progress = await held(), entries = Object.values(progress.lessons).sort((a, b) => (b.done ?? b.opened ?? "").localeCompare(a.done ?? a.opened ?? ""));
    show(one("[data-none]", section), entries.length === 0);
    show(one("[data-some]", section), entries.length > 0);
    if (entries.length === 0) return;
    const says = one("[data-says]", section);
    says.textContent = fill(says.dataset.says, sums(progress));
    lines(section, entries);
  };
  const sure = one("[data-sure]", section);
  one("[data-clear]", section).addEventListener("click", () => { show(sure); one("[data-no]", sure).focus(); });
  one("[data-no]", sure).addEventListener("click", () => { show(sure, false); one("[data-clear]", section).focus(); });
  one("[data-yes]", sure).addEventListener("click", async () => {
    await clear();
    show(sure, false);
    await draw();
    one("[data-none] a", section).focus();
  });
  window.addEventListener("storage", draw);
  draw();
}

// "Is this yours?" after signing in.

async function mergePage(root) {
  await ready;
  const progress = await held(true);
  const found = Object.fromEntries(Object.entries(progress.lessons).filter(([, l]) => l.done || l.work));
  if (Object.keys(found).length === 0) {
    location.replace(root.dataset.next);
    return;
  }
  const step = (name) => {
    for (const part of ["skip", "ask", "others", "taken", "cleared"]) show(one(`[data-${part}]`, root), part === name);
    one(`[data-${name}]`, root).focus();
  };
  const ask = one("[data-ask]", root), says = one("[data-says]", ask), form = one("form", ask);
  const only = {version: 1, lessons: found};
  says.textContent = fill(says.dataset.says, sums(only));
  lines(ask, Object.values(found));
  step("ask");
  one("[data-not]", ask).addEventListener("click", () => step("others"));
  one("[data-clear]", root).addEventListener("click", async () => { await clear(); step("cleared"); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    one("button", form).disabled = true;
    show(one("[data-failed]", ask), false);
    const answer = await send(form, only);
    one("button", form).disabled = false;
    if (!answer) { show(one("[data-failed]", ask)); return; }
    await forget(found, answer.left);
    const taken = one("[data-taken]", root), text = one("[data-says]", taken), left = one("[data-left]", taken);
    text.textContent = fill(text.dataset.says, answer);
    left.textContent = fill(left.dataset.left, {left: answer.left.length});
    show(left, answer.left.length > 0);
    step("taken");
  });
}

// send returns the server's answer, or nothing if it is not one: then the
// browser's copy is the only one there is.
async function send(form, progress) {
  try {
    form.elements.progress.value = JSON.stringify(progress);
    const answer = await fetch(form.action, {method: "POST", body: new FormData(form), headers: {Accept: "application/json"}, redirect: "manual"});
    if (answer.status !== 200) return undefined;
    const taken = await answer.json();
    return Array.isArray(taken.left) ? taken : undefined;
  } catch { return undefined; }
}

// forget removes what was sent, but for what nobody there knows and what was
// changed meanwhile in another tab.
async function forget(sent, left) {
  const gone = (id) => id in sent && !left.includes(id);
  for (const entry of await code.all()) {
    if (!entry.who && gone(entry.lesson) && entry.changed === sent[entry.lesson].changed) await code.remove("", entry.lesson);
  }
  for (const version of await versions.all()) if (!version.who && gone(version.lesson)) await versions.remove(version.id);
  const progress = read(), same = (a, b) => a.done === b.done && a.opened === b.opened;
  for (const [id, lesson] of Object.entries(progress.lessons)) {
    if (!(id in sent) || same(lesson, sent[id])) { if (!left.includes(id)) delete progress.lessons[id]; }
  }
  if (Object.keys(progress.lessons).length === 0) {
    clearProgress();
    await forgetPages();
  } else write({version: 1, lessons: progress.lessons});
}

const finish = one("#finish[data-lesson]");
const lesson = finish ? lessonPage(finish) : undefined;
markCourses();
goOn();
if (one("[data-holds]")) holdsPage(one("[data-holds]"));
if (one("[data-merge]")) mergePage(one("[data-merge]"));

// What bench.js, which comes after this script, is given.
window.kept = Object.freeze({code, versions, spill, ready, copied, signedIn, lesson, one, all, show, fill, day});
