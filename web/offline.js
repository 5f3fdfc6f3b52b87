// Reading without a connection, as far as a page has a part in it: web/worker.js
// keeps the pages, this shows what is kept and takes orders. The first lesson
// that is opened starts the worker, or the first course that is taken along.

const one = (selector, inside = document) => inside.querySelector(selector);
const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
const show = (node, on = true) => { if (node) node.hidden = !on; };
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => name in values ? values[name] : whole);
const language = document.documentElement.lang || "en", place = language === "en" ? "en-GB" : language;
const day = (text) => new Date(text).toLocaleDateString(place, {day: "numeric", month: "long", year: "numeric"});
const along = "kept-along ", opened = "kept-opened", tools = "kept-tools";
const able = "serviceWorker" in navigator && "caches" in window;

// size says how much something weighs, as the server's pages do.
function size(bytes) {
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kilobyte"] : [bytes / 1e6, "megabyte"];
  return new Intl.NumberFormat(place, {style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0}).format(Math.max(value, 1));
}

function says(node, values) {
  const at = node.dataset.says ? node : one("[data-says]", node);
  at.textContent = fill(at.dataset.says, values);
}

async function worker() {
  const registration = await navigator.serviceWorker.register("/worker.js", {updateViaCache: "none"});
  if (registration.active) return registration.active;
  const coming = registration.installing ?? registration.waiting;
  return new Promise((resolve, reject) => {
    const look = () => {
      if (coming.state === "activated") resolve(coming);
      if (coming.state === "redundant") reject(new Error("the worker did not start"));
    };
    coming.addEventListener("statechange", look);
    look();
  });
}

// order asks the worker for something and hears how far it is.
async function order(what, hear = () => {}) {
  const active = await worker(), {port1, port2} = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({data}) => {
      if (data.failed) reject(new Error("the worker could not"));
      else if ("end" in data) resolve(data.end);
      else hear(data);
    };
    active.postMessage(what, [port2]);
  });
}

async function listOf(course) {
  if (!await caches.has(along + course)) return undefined;
  const kept = await (await caches.open(along + course)).match(course + "/along.json");
  return kept?.json();
}

// The page of a course: take it along.

async function coursePage(section) {
  const course = section.dataset.coursePath, part = (name) => one(`[data-${name}]`, section);
  const draw = async () => {
    const list = await listOf(course), whole = Boolean(list?.whole);
    show(part("here"), whole);
    show(part("ask"), !whole);
    if (whole) says(part("here"), {pages: list.pages.length, size: size(list.bytes), day: day(list.on)});
  };
  const asking = (on) => { show(part("take"), on); show(part("not"), on); show(part("ask"), !on); };
  part("ask").addEventListener("click", async () => {
    show(part("failed"), false);
    show(part("full"), false);
    try {
      const answer = await fetch(section.dataset.along, {credentials: "omit"}), list = await answer.json();
      says(part("size"), {pages: list.pages.length, files: list.files.length, size: size(list.bytes)});
      asking(true);
      part("take").focus();
    } catch { show(part("failed")); }
  });
  part("not").addEventListener("click", () => {
    asking(false);
    part("size").textContent = "";
    part("ask").focus();
  });
  part("take").addEventListener("click", async () => {
    const going = part("going"), bar = one("progress", going), label = one("label", going);
    asking(false);
    show(part("ask"), false);
    show(going);
    part("stop").focus();
    let well = false, full = false;
    try {
      const end = await order({do: "take", course, from: section.dataset.along}, ({done, all}) => {
        bar.max = all;
        bar.value = done;
        says(label, {done, all});
      });
      ({whole: well, full} = end);
    } catch { /* said below */ }
    show(going, false);
    part("size").textContent = "";
    show(part("full"), full);
    show(part("failed"), !well && !full);
    await draw();
    (well ? part("remove") : part("ask")).focus();
  });
  part("stop").addEventListener("click", () => order({do: "stop", course}));
  part("remove").addEventListener("click", async () => {
    await caches.delete(along + course);
    await draw();
    part("ask").focus();
  });
  await draw();
  show(part("ready"));
}

// The list of all that is kept.

async function openedPages() {
  if (!await caches.has(opened)) return [];
  const cache = await caches.open(opened), pages = [];
  for (const request of await cache.keys()) {
    const copy = await cache.match(request), url = new URL(request.url);
    if (!url.pathname.startsWith("/courses/") || !(copy.headers.get("Content-Type") ?? "").startsWith("text/html")) continue;
    const title = new DOMParser().parseFromString(await copy.text(), "text/html").querySelector("h1")?.textContent;
    pages.unshift({path: url.pathname + url.search, title: title || url.pathname, on: copy.headers.get("Kept-On")});
  }
  return pages;
}

// toolsSize is what runs have fetched, as Python, in bytes.
async function toolsSize() {
  if (!await caches.has(tools)) return 0;
  const cache = await caches.open(tools);
  let bytes = 0;
  for (const request of await cache.keys()) bytes += (await (await cache.match(request)).blob()).size;
  return bytes;
}

function line(template, path, title) {
  const item = template.content.firstElementChild.cloneNode(true);
  one("a", item).href = path;
  one("b", item).textContent = title;
  return item;
}

async function listPage(root) {
  const none = one("[data-none]"), fetched = one("[data-fetched]", root), courses = one("[data-taken]", root), lessons = one("[data-opened]", root);
  const draw = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith(along)).map((name) => name.slice(along.length)), pages = await openedPages();
    const items = [];
    for (const course of names) {
      const list = await listOf(course), item = line(one("[data-course]", root), course, list?.title ?? course);
      says(item, {pages: list?.pages.length ?? 0, size: size(list?.bytes ?? 0), day: list?.on ? day(list.on) : "…"});
      one("[data-remove]", item).addEventListener("click", async () => {
        await caches.delete(along + course);
        await draw();
        (one("a, button", root.hidden ? none : root)).focus();
      });
      items.push(item);
    }
    one("[data-list]", courses).replaceChildren(...items);
    one("[data-list]", lessons).replaceChildren(...pages.map((page) => {
      const item = line(one("[data-page]", root), page.path, page.title);
      says(item, {day: page.on ? day(page.on) : "…"});
      return item;
    }));
    show(courses, items.length > 0);
    show(lessons, pages.length > 0);
    const bytes = await toolsSize(), some = items.length + pages.length + bytes > 0;
    says(fetched, {size: size(bytes)});
    show(fetched, bytes > 0);
    show(root, some);
    show(none, !some);
  };
  one("button", fetched).addEventListener("click", async () => {
    await caches.delete(tools);
    await draw();
    one("a, button", root.hidden ? none : root).focus();
  });
  one("[data-remove-all]", root).addEventListener("click", async () => {
    await order({do: "forget"}).catch(() => {});
    await draw();
    one("a", none).focus();
  });
  await draw();
}

// loaded are the files of this site that the page has asked for.
const loaded = () => performance.getEntriesByType("resource").map(({name}) => new URL(name)).filter(({origin}) => origin === location.origin).map(({pathname}) => pathname);

// A copy says that it is one.
const keptOn = document.documentElement.dataset.keptOn, stored = one("[data-stored]");
if (keptOn && stored) {
  says(stored, {day: day(keptOn)});
  one("main").prepend(stored);
  show(stored);
}

if (able) {
  const section = one("[data-along]"), list = one("[data-holds-pages]");
  if (section) coursePage(section);
  if (list) listPage(list);
  if (one("#finish") && !navigator.serviceWorker.controller) {
    addEventListener("load", async () => {
      try {
        await order({do: "keep", path: location.pathname + location.search});
        setTimeout(() => order({do: "files", paths: loaded()}).catch(() => {}), 3000); // what comes late, as the editor
      } catch { /* then this lesson is not kept */ }
    });
  }
} else show(one("[data-none]"));
