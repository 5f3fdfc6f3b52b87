// What a visitor has done, kept in their own browser and nowhere else. Nothing
// here sends anything, but for two things that a member asks for: code is kept
// while it is typed, and what the browser holds is taken over once they say
// that it is theirs.
//
// All of it lies under one key of localStorage:
//
//   kept.progress = {
//     "version": 1,
//     "here": {"course": ID, "path": PATH, "title": TITLE},      where to go on
//     "lessons": {
//       LESSON-ID: {
//         "course": ID, "path": PATH, "title": TITLE,
//         "opened": "2027-03-14",                                 a day
//         "done": "2027-03-14T16:04:05.000Z",                     if it is finished
//         "work": {"trip.js": TEXT},                              if code was typed
//         "changed": "2027-03-14T16:03:00.000Z"                   when it was typed last
//       }
//     }
//   }

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

function clear() {
  try { localStorage.removeItem(key); } catch { /* then there is nothing */ }
}

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
    work: () => read().lessons[lesson]?.work,
    keep: async (work) => change((entry) => {
      entry.changed = new Date().toISOString();
      if (work) entry.work = work;
      else { delete entry.work; delete entry.changed; }
    }),
  };
}

// account keeps code where a member's code belongs.
function account(form) {
  return {
    work: () => undefined,
    keep: async () => {
      try {
        const answer = await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form)), headers: {Accept: "application/json"}, redirect: "manual", keepalive: true});
        return answer.status === 204;
      } catch { return false; }
    },
  };
}

// editors keeps what is typed, a moment after it is typed and before the page
// goes away.
function editors(form, store, wait) {
  const areas = all("textarea[data-file]", form), kept = one("[data-kept]", form);
  const over = one("[data-over]", form), back = one("[data-back]", form);
  const start = (area) => area.dataset.start ?? area.defaultValue;
  let timer, waiting = false, before;
  show(one("[data-plain]", form), false);
  const work = store.work();
  for (const area of areas) {
    if (work && area.dataset.file in work) area.value = work[area.dataset.file];
  }
  const changed = () => areas.some((area) => area.value !== start(area));
  const draw = () => { show(over, changed()); show(back, Boolean(before)); };
  const save = async () => {
    clearTimeout(timer);
    waiting = false;
    const now = changed() ? Object.fromEntries(areas.map((area) => [area.dataset.file, area.value])) : undefined;
    const well = await store.keep(now);
    kept.textContent = well ? form.dataset.saved : form.dataset.failed;
    if (!well) waiting = true;
  };
  const later = () => {
    waiting = true;
    clearTimeout(timer);
    timer = setTimeout(save, wait);
    draw();
  };
  form.addEventListener("input", () => { before = undefined; later(); });
  over.addEventListener("click", () => {
    before = areas.map((area) => area.value);
    areas.forEach((area) => { area.value = start(area); });
    later();
    back.focus();
  });
  back.addEventListener("click", () => {
    areas.forEach((area, i) => { area.value = before[i]; });
    before = undefined;
    later();
    areas[0].focus();
  });
  const leave = () => { if (waiting) save(); };
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") leave(); });
  window.addEventListener("pagehide", leave);
  window.addEventListener("online", leave);
  form.addEventListener("submit", (event) => {
    if (form.method === "post") { clearTimeout(timer); waiting = false; } // the form itself brings the code
    else event.preventDefault();
  });
  draw();
}

// What this browser holds, as a list.

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
  const draw = () => {
    const progress = read(), entries = Object.values(progress.lessons).sort((a, b) => (b.done ?? b.opened ?? "").localeCompare(a.done ?? a.opened ?? ""));
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
  one("[data-yes]", sure).addEventListener("click", () => {
    clear();
    show(sure, false);
    draw();
    one("[data-none] a", section).focus();
  });
  window.addEventListener("storage", draw);
  draw();
}

// "Is this yours?" after signing in.

function mergePage(root) {
  const progress = read();
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
  one("[data-clear]", root).addEventListener("click", () => { clear(); step("cleared"); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    one("button", form).disabled = true;
    show(one("[data-failed]", ask), false);
    const answer = await send(form, only);
    one("button", form).disabled = false;
    if (!answer) { show(one("[data-failed]", ask)); return; }
    forget(found, answer.left);
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
function forget(sent, left) {
  const progress = read();
  for (const [id, lesson] of Object.entries(progress.lessons)) {
    const same = !(id in sent) || JSON.stringify(lesson) === JSON.stringify(sent[id]);
    if (same && !left.includes(id)) delete progress.lessons[id];
  }
  if (Object.keys(progress.lessons).length === 0) clear();
  else write({version: 1, lessons: progress.lessons});
}

const finish = one("#finish[data-lesson]"), form = one("form[data-work]");
const store = finish ? lessonPage(finish) : form ? account(form) : undefined;
if (form) editors(form, store, finish ? 300 : 2000);
markCourses();
goOn();
if (one("[data-holds]")) holdsPage(one("[data-holds]"));
if (one("[data-merge]")) mergePage(one("[data-merge]"));
