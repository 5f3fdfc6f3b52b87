// Keeps pages for reading without a connection. The server writes the line
// before this one: const site = {version, files, offline, tools}.
//
// It holds four kinds of caches, all named kept-…:
//   kept-site VERSION   style, scripts and the page /offline, of this version
//   kept-opened         the latest lessons opened, with what they show, and
//                       what their exercises are written and run with
//   kept-along PATH     a course that was taken along, with its list
//   kept-tools          what a run has fetched, as React or Python: it lies at
//                       addresses that name one content for ever, and goes when
//                       the site no longer has it
//
// What is kept is the same for everybody: the server says so of each page, and
// where it does not, as for a member, the page is asked for once more without
// cookies. A page that is kept stays until it is removed, until somebody signs
// out here, or, of those opened, until sixty newer ones are there.

const shell = "kept-site " + site.version, opened = "kept-opened", along = "kept-along ", tools = "kept-tools";
const mostOpened = 60, patience = 6000, atOnce = 4;
const isPage = (path) => /^\/courses\/[^/]+(\/[^/]+|\/chapters\/[^/]+)?$/.test(path) && !path.endsWith(".json");
const isLesson = (path) => /^\/courses\/[^/]+\/[^/]+$/.test(path);
const isFile = (path) => path.startsWith("/static/") || isTool(path) || /^\/courses\/[^/]+\/files\//.test(path);
// isTool and lasting tell of addresses that name one content for ever.
const isTool = (path) => /^\/runner\/.*-[0-9a-f]{10}(\.\w+)?$/.test(path);
const lasting = (path) => isTool(path) || /^\/static\/.*-[A-Za-z0-9_-]{8,10}\.\w+$/.test(path);
const courseOf = (path) => path.split("/", 3).join("/");
const keyOf = (url) => url.pathname + (/^\?((from|set|lang)=[\w-]+&?)+$/.test(url.search) ? url.search : "");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

// Asking and keeping.

// ask is what a stranger asks. Where the site says that it was asked too much,
// it asks again later.
async function ask(path, mode = "no-cache") {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(path, {credentials: "omit", cache: mode, redirect: "error"});
    if (answer.status !== 429 || tries === 5) return answer;
    await wait(1000 * Math.min(30, Number(answer.headers.get("Retry-After")) || 2 ** tries));
  }
}

const html = (answer) => (answer.headers.get("Content-Type") ?? "").startsWith("text/html");
const forAll = (answer) => answer.headers.get("Kept-For") === "everybody" && !(answer.headers.get("Cache-Control") ?? "").includes("no-store");
const fit = (answer) => answer.status === 200 && !answer.redirected && (!html(answer) || forAll(answer));

let gone = false; // all is wiped, and what is still on its way is not kept

// put keeps a body with the day on which it came.
async function put(cache, key, answer, body) {
  if (gone) return;
  const headers = plain(answer);
  headers.set("Kept-On", new Date().toISOString());
  await cache.put(key, new Response(body, {headers}));
}

// plain are the headers of an answer whose body has been unpacked.
function plain(answer) {
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length", "Vary"]) headers.delete(name);
  return headers;
}

// roomFor tells whether the browser lets this site keep that much more, and
// has as much left then.
async function roomFor(bytes) {
  const {quota, usage} = await navigator.storage?.estimate?.() ?? {};
  return !quota || usage + 2 * bytes < quota;
}

const has = async (cache, key) => Boolean(await cache.match(key));
const find = (key) => caches.match(key, {ignoreVary: true});

// needs are the files that a page shows, and those that its exercise is
// written and run with; the latter not where bytes are dear.
function needs(text) {
  const found = new Set();
  const [, list = ""] = !navigator.connection?.saveData && text.match(/\sdata-needs="([^"]*)"/) || [];
  for (const path of list.split(" ")) if (isFile(path)) found.add(path);
  for (const [, shown, linked] of text.matchAll(/\s(?:src="(\/[^"#?]+)|href="(\/static\/[^"#?]+))/g)) {
    const path = (shown ?? linked).replaceAll("&amp;", "&");
    if (isFile(path)) found.add(path);
  }
  return found;
}

// keepPage keeps a page and what it shows, and tells whether all of it came.
async function keepPage(cache, key, answer) {
  answer ??= await ask(key);
  if (!fit(answer) || !html(answer)) return false;
  const text = await answer.text();
  await put(cache, key, answer, text);
  let well = true;
  for (const path of needs(text)) well = await keepFile(cache, path) && well;
  return well;
}

async function keepFile(cache, path) {
  return await has(cache, path) || renewFile(cache, path);
}

async function renewFile(cache, path) {
  if (lasting(path) && await has(cache, path)) return true;
  const answer = lasting(path) && await find(path) || await ask(path, "default");
  if (!fit(answer)) return false;
  const body = await answer.blob();
  if (!await roomFor(body.size)) return false;
  await put(cache, path, answer, body);
  return true;
}

// opening keeps a page that was opened: in its course, if that was taken along.
async function opening(key, answer) {
  const course = along + courseOf(key);
  if (await caches.has(course)) {
    const cache = await caches.open(course);
    if (await has(cache, key)) {
      await keepPage(cache, key, answer);
      return renew(courseOf(key));
    }
  }
  if (!isLesson(key.split("?")[0])) return;
  const cache = await caches.open(opened), before = await cache.match(key);
  await cache.delete(key); // the latest comes last
  try {
    await keepPage(cache, key, answer?.clone());
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
    await tidy(cache, mostOpened / 4); // and once more, with the room that this makes
    await keepPage(cache, key, answer);
  }
  const old = before && needs(await before.text()), now = await cache.match(key), fresh = now && needs(await now.text());
  await tidy(cache, mostOpened, old && fresh && [...old].some((path) => !fresh.has(path)));
}

// tidy lets the oldest pages go, and files that no page shows any more.
async function tidy(cache, most, changed) {
  const paths = (await cache.keys()).map((request) => keyOf(new URL(request.url)));
  const pages = paths.filter((path) => isPage(path.split("?")[0])), old = pages.slice(0, Math.max(0, pages.length - most));
  if (old.length === 0 && !changed) return;
  await Promise.all(old.map((path) => cache.delete(path)));
  await sweep(cache, pages.slice(old.length));
}

async function sweep(cache, pages, files = []) {
  const used = new Set([...pages, ...files]);
  for (const page of pages) {
    const copy = await cache.match(page);
    if (copy) needs(await copy.text()).forEach((path) => used.add(path));
  }
  for (const request of await cache.keys()) {
    const path = keyOf(new URL(request.url));
    if (!used.has(path) && !path.endsWith("/along.json")) await cache.delete(request);
  }
}

// Courses taken along.

async function listOf(cache, course) {
  const kept = await cache.match(course + "/along.json");
  return kept ? kept.json() : undefined;
}

// take brings a course, tells how far it is, and goes on where it was stopped.
async function take(course, from, tell) {
  const answer = await ask(from);
  if (!fit(answer)) throw new Error("no list");
  const list = await answer.clone().json();
  if (!await roomFor(list.bytes)) return {...list, whole: false, full: true};
  const cache = await caches.open(along + course), before = await listOf(cache, course);
  const same = before?.version === list.version;
  await put(cache, course + "/along.json", answer, JSON.stringify({...list, whole: false}));
  const todo = [...list.pages, ...list.files], missed = [];
  let done = 0;
  const next = async () => {
    for (let path = todo.shift(); path && !stopped.has(course); path = todo.shift()) {
      const page = list.pages.includes(path);
      try {
        if (!(same && await has(cache, path)) && !(page ? await keepPage(cache, path) : await renewFile(cache, path))) missed.push(path);
      } catch { missed.push(path); }
      tell({done: ++done, all: list.pages.length + list.files.length});
    }
  };
  stopped.delete(course);
  await Promise.all(Array.from({length: atOnce}, next));
  const whole = !stopped.has(course) && missed.length === 0;
  if (whole) await sweep(cache, list.pages, list.files);
  const now = {...list, whole, on: new Date().toISOString()};
  await put(cache, course + "/along.json", answer, JSON.stringify(now));
  return now;
}

const stopped = new Set(), renewed = new Set();

// renew looks once in the life of this worker whether a course that was taken
// along has changed, and brings what is new; not where bytes are dear.
async function renew(course) {
  if (renewed.has(course) || navigator.connection?.saveData) return;
  renewed.add(course);
  const before = await listOf(await caches.open(along + course), course);
  if (!before?.whole) return;
  const answer = await ask(before.from);
  if (fit(answer) && (await answer.json()).version !== before.version) await take(course, before.from, () => {});
}

// wipe is for somebody who signs out here.
async function wipe() {
  for (const course of (await caches.keys()).filter((name) => name.startsWith(along))) stopped.add(course.slice(along.length));
  for (const name of await caches.keys()) if (name.startsWith("kept-") && name !== shell) await caches.delete(name);
}

// Answering.

// page answers from the site, and from what is kept where the site does not
// answer, or not soon with all of the page.
async function page(event, url) {
  const key = keyOf(url), kept = isPage(url.pathname) ? await find(key) : undefined;
  const asked = kept ? complete(event.request) : fetch(event.request);
  asked.catch(() => {}); // if the copy was quicker, nobody waits for it
  try {
    const answer = await (kept ? Promise.race([asked, wait(patience).then(() => undefined)]) : asked);
    if (!answer || kept && answer.status >= 502 && answer.status <= 504) return marked(kept);
    if (isPage(url.pathname) && answer.status === 200 && !answer.redirected) {
      event.waitUntil(opening(key, fit(answer) ? answer.clone() : undefined).catch(() => {}));
    }
    return answer;
  } catch (error) {
    if (kept) return marked(kept);
    const instead = await find(site.offline);
    if (instead) return instead;
    throw error;
  }
}

// complete is an answer whose body has come.
async function complete(request) {
  const answer = await fetch(request);
  if (answer.type !== "basic" || answer.status !== 200) return answer;
  return new Response(await answer.arrayBuffer(), {headers: plain(answer)});
}

// marked tells a page that it is a copy, and of which day.
async function marked(copy) {
  const text = (await copy.text()).replace("<html ", `<html data-kept-on="${copy.headers.get("Kept-On")}" `);
  return new Response(text, {headers: copy.headers});
}

// file answers at once with what is kept. An address under /static/ never
// changes what it means; other files are looked at again behind the answer.
async function file(event, path) {
  const kept = await find(path);
  if (!kept) {
    const answer = await fetch(event.request);
    if (lasting(path) && fit(answer) && !event.request.headers.has("Range")) event.waitUntil(loaded(path, answer.clone()).catch(() => {}));
    return answer;
  }
  if (!lasting(path) && !path.startsWith("/static/")) event.waitUntil(refresh(path).catch(() => {}));
  return kept;
}

const mostLoaded = 1.5e6;

// loaded keeps what a page loaded by itself: a tool, or a script that is not
// very large.
async function loaded(path, answer) {
  if (await find(path)) return;
  answer ??= await ask(path, "default");
  const body = await answer.blob();
  if (!fit(answer) || !isTool(path) && body.size > mostLoaded || !await roomFor(body.size)) return;
  await put(await caches.open(isTool(path) ? tools : shell), path, answer, body);
}

async function refresh(path) {
  const answer = await ask(path, "default");
  if (!fit(answer)) return;
  const body = await answer.blob();
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    if (await has(cache, path)) await put(cache, path, answer, body);
  }
}

self.addEventListener("fetch", (event) => {
  const {request} = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === "/sign-out") event.waitUntil(wipe());
  if (request.method !== "GET") return;
  if (request.mode === "navigate" && !isTool(url.pathname)) event.respondWith(page(event, url));
  else if (isFile(url.pathname)) event.respondWith(file(event, url.pathname));
});

self.addEventListener("install", (event) => event.waitUntil((async () => {
  const cache = await caches.open(shell);
  for (const path of [...site.files, site.offline]) {
    if (!await keepFile(cache, path)) throw new Error(path + " did not come");
  }
  await self.skipWaiting();
})()));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name.startsWith("kept-site ") && name !== shell) await caches.delete(name);
  if (await caches.has(tools)) await sweep(await caches.open(tools), [], site.tools);
  await self.clients.claim();
})()));

// What a page asks for, answered through its port.
const orders = {
  keep: ({path}) => opening(path),
  files: async ({paths}) => { for (const path of paths.filter(lasting)) await loaded(path); },
  take: ({course, from}, tell) => take(course, from, tell),
  stop: ({course}) => { stopped.add(course); },
  forget: async () => {
    gone = true;
    for (const name of await caches.keys()) if (name.startsWith("kept-")) await caches.delete(name);
    await self.registration.unregister();
  },
};

self.addEventListener("message", (event) => {
  const [port] = event.ports, order = orders[event.data?.do];
  if (!order || !event.source?.url.startsWith(location.origin + "/")) return;
  event.waitUntil((async () => {
    try {
      port?.postMessage({end: await order(event.data, (so) => port?.postMessage(so)) ?? true});
    } catch { port?.postMessage({failed: true}); }
  })());
});
