// The frame in which learners' code runs. It is put into an iframe with sandbox="allow-scripts" and nothing else, so its
// origin is opaque: no cookies, no storage, no way to the page around it. client.js makes that iframe, in a room: an empty
// page of the site, whose content policy this one inherits. The very same frame runs in a learner's browser and in the
// headless Chromium of the server.
//
// THE PROTOCOL
//
// Use client.js beside this file, which speaks it and watches over the frame; what follows is for its readers.
//
// The parent, which is the page around the room, waits for the iframe's load event and posts {type: "port"} with one
// MessagePort to it (target "*", for an opaque origin has no name). All else goes over that port. A frame whose origin is
// not opaque takes no port, and so runs nothing.
//
// parent → frame
//
//	{type: "run", id, exercise, limits}   check; id is any number, and comes back with every answer
//	{type: "preview", id, exercise}       show exercise.files in the frame's own window, without tests; there exercise may have
//	                                      pictures: {name: data: address}, shown where the page names them
//	{type: "stop"}                        end whatever runs; no answer for it follows
//	{type: "ping", id}                    answered by {type: "pong", id} at once, unless something blocks the frame
//
//	exercise: {
//	  engine: "javascript" | "page" | "react" | "python",
//	  files:  [{name, lang, before, text, after, region}],   text is the learner's; before and after stand unseen around it;
//	                                                          region is the editable part of text, if it has one
//	  tests:  [{says, code, lang}],                           lang "js" (default) or "py"
//	  before, beforeEach, afterEach, afterAll,                JavaScript, "" for none
//	  tools:  ["react", "enzyme", …]                          what the page must bring
//	}
//	limits: {ms, perTestMs}                                   default 20000 and 5000
//
// frame → parent
//
//	{type: "ready"}
//	{type: "loading", what, bytes, of}    something large is on its way, as "Python"; bytes of it are here. Sent first with
//	                                      bytes 0 before a byte of it is asked for
//	{type: "log", id, level, text}        what the learner's code printed; at most 200 lines and 64 kB for each run
//	{type: "test", id, index, passed, message}   message is in the words of the assertion, for the learner; "" if passed
//	{type: "done", id, passed, why, ms}   why: "" | "syntax" | "timeout" | "memory" | "output" | "cheat" | "crash"
//	{type: "shown", id, errors}           the preview stands
//
// Everything in a log, and every message of a test, may have been written by the learner's code: show it as text.
// A test without an answer before "done" did not pass.
//
// The frame loads nothing: its content policy lets no request out. What is large, it asks the parent for:
//
//	frame → parent {type: "need", turn, what, names, sizes, of}     parent → frame {type: "files", turn, files: {name: ArrayBuffer | null}}
//
// HOW A RUN GOES. The learner's code runs in a realm below this one: a worker made from a blob (JavaScript, Python) or an
// iframe with the same sandbox (pages, React). realm.js is the first script of each; it speaks over a port of its own,
// and what comes by that port is all that this realm believes. A worker that does not answer in time is ended. A page that
// blocks its process is ended from outside, by client.js.

"use strict";

(() => {
  const sources = JSON.parse(document.getElementById("sources").textContent); // realm.js, page.js and python.js as text
  document.getElementById("sources").remove();
  const stage = document.getElementById("stage");
  const texts = new Map(); // vendored files that have come, as text or bytes
  const decoder = new TextDecoder();
  const wanted = new Map(); // turn → what takes the files that were asked for in it
  let parentPort = null, current = null, asked = 0, previewed = 0;

  const tell = (message) => parentPort?.postMessage(message);
  const random = () => "k" + [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("");

  // FILES BY OTHERS

  const sizes = sources.sizes; // name → bytes to be transferred

  async function need(what, names) {
    const missing = names.filter((name) => !texts.has(name));
    if (missing.length > 0) {
      const of = missing.reduce((sum, name) => sum + (sizes[name] ?? 0), 0);
      tell({ type: "loading", what, bytes: 0, of });
      const turn = ++asked;
      tell({ type: "need", turn, what, names: missing, sizes: missing.map((name) => sizes[name] ?? 0), of });
      const files = await new Promise((resolve) => wanted.set(turn, resolve));
      wanted.delete(turn);
      for (const name of missing) {
        if (!files[name]) throw new Error(what + " could not be loaded. Check the connection and try again.");
        texts.set(name, files[name]);
      }
    }
    return names.map((name) => texts.get(name));
  }

  async function texted(what, names) {
    return (await need(what, names)).map((bytes) => decoder.decode(bytes));
  }

  // WHAT A TEST IS

  const AsyncFunction = (async () => {}).constructor;
  function parses(Kind, text) {
    try { return new Kind(text), true; } catch { return false; }
  }

  // expressionOf is a test that is one expression: its value may be a function, or an object with one, that is the test.
  function expressionOf(code) {
    const bare = code.replace(/[;\s]+$/, "");
    return parses(AsyncFunction, "return (" + bare + "\n)") ? bare : "";
  }

  const builtins = ["Object", "Function", "Array", "String", "Number", "Boolean", "RegExp", "Error", "TypeError", "Promise", "Map", "Set",
    "Symbol", "JSON", "Reflect", "Math", "Date", "parseInt", "parseFloat", "isNaN", "isFinite", "console", "eval", "document", "window",
    "getComputedStyle", "globalThis", "self"];

  // mentioned is code that says what the scope it stands in takes for the built-ins that a test names.
  function mentioned(said) {
    const names = builtins.filter((name) => new RegExp("(?<![\\w$.])" + name + "(?![\\w$])").test(said) && name in globalThis);
    return "() => [" + names.map((name) => JSON.stringify(name) + ", " + name).join(", ") + "]";
  }

  // replaced are the names of members that a test replaces itself: {name: true}.
  function replaced(said) {
    const names = [...said.matchAll(/\.(\w+)\s*=(?![=>])|["'`](\w+)["'`]/g)].map((m) => [m[1] ?? m[2], true]);
    return Object.fromEntries(names);
  }

  const catches = /\bcatch\b|throws?\(/; // a test that may go on after an assertion that was not met

  // texts of a test: with the learner's code in its scope (workers), and alone.
  function prepare(run, test, index) {
    const { names, exercise } = run, ticket = random(), code = test.code ?? "";
    const said = code + "\n" + exercise.before + "\n" + exercise.beforeEach;
    const finish = `${names.done}(${JSON.stringify(ticket)})`;
    const expression = expressionOf(code);
    const body = expression
      ? `let it = (${expression}\n); it = await it; if (typeof it === "function") await it(getUserInput); else if (typeof it?.test === "function") await it.test(getUserInput);`
      : `{\n${code}\n}`;
    // What fails in a timer after the test's own end is not held against the test that runs then.
    const assert = /\b(setTimeout|setInterval|requestAnimationFrame)\b/.test(said) ? `${names.guard}.assertOf(${JSON.stringify(ticket)})` : names.assert;
    const own = "assert, __helpers, code, editableContents, getUserInput, DeepFreeze, __testEditable, __checkForBrowserExtensions";
    const given = `${assert}, ${names.helpers}, ${names.code}.code, ${names.code}.editable, ${names.code}.input, ${names.guard}.freeze, ${names.code}.editableOnly, false`;
    const guarded = (before) => `(async (${own}) => { ${before} try { ${body} } finally { ${names.guard}.guard(null); } ${finish}; })(${given})`;
    const alone = exercise.engine === "javascript" ? guarded(`${exercise.beforeEach}\n;`) : guarded(`${names.guard}.guard(${mentioned(said)}); ${exercise.beforeEach}\n;`);
    let text = alone;
    if (exercise.engine === "javascript" && run.readable) {
      text = `((assert, __helpers, code, editableContents) => (() => {\n${exercise.beforeEach}\n;\n${run.source}\n;${names.guard}.guard(${mentioned(said)});`
        + `\nreturn ${guarded("")};\n})())(${names.assert}, ${names.helpers}, ${names.code}.code, ${names.code}.editable)`;
    }
    return { type: "test", index, ticket, open: replaced(said), catches: catches.test(said), text, alone: text === alone ? "" : alone };
  }

  // editableOf is what of the files is the learner's own: the regions, or all of it where there is none.
  const editableOf = (files) => (files.some((file) => file.region != null) ? files.map((file) => file.region ?? "").filter((text) => text) : files.map((file) => file.text)).join("\n");
  const whole = (file) => [file.before, file.text, file.after].filter((part) => part).join("\n");

  // realmScript is the text that begins a realm, with names of its own.
  function realmScript(run, assertText) {
    const { names, exercise } = run;
    const code = exercise.files.map((file) => file.text).join("\n");
    const editable = editableOf(exercise.files);
    const named = sources.realm.replace(/\bKEPT_(ASSERT|HELPERS|GUARD|DONE)\b/g, (_, name) => names[name.toLowerCase()]);
    return `${assertText}\n;${named}\n;const ${names.code} = ${names.guard}.freeze({ code: ${script(code)}, editable: ${script(editable)},
      input: (what) => what === "editableContents" ? ${script(editable)} : ${script(code)},
      editableOnly: (look) => { const box = document.createElement("div"); box.id = "editable-only"; box.innerHTML = ${script(editable)};
        document.body.append(box); const seen = look(); box.remove(); return seen; } });`;
  }
  // script is a string that may stand in a <script>.
  const script = (text) => JSON.stringify(text).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

  // RUNS

  class Run {
    constructor(id, exercise, limits) {
      const made = { engine: "javascript", before: "", beforeEach: "", afterEach: "", afterAll: "", tools: [], files: [], tests: [] };
      this.id = id;
      this.exercise = Object.assign(made, Object.fromEntries(Object.entries(exercise).filter(([, value]) => value != null)));
      this.limits = { ms: 20000, perTestMs: 5000, ...limits };
      this.names = Object.fromEntries(["assert", "helpers", "guard", "done", "code"].map((name) => [name, random()]));
      this.passed = this.exercise.tests.map(() => false);
      this.began = performance.now();
      this.over = new Promise((resolve) => { this.finish = resolve; });
      this.why = "";
    }

    // ask sends the realm a message and waits for an answer of that type, in time.
    ask(message, type, ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => this.end("timeout"), ms);
        this.waiting = { type, resolve: (answer) => { clearTimeout(timer); this.waiting = null; resolve(answer); } };
        if (message) this.port.postMessage(message);
      });
    }

    hear(message) {
      if (this.ended) return;
      if (message.type === "log" && /before initialization|already been declared/.test(message.text)) this.early = true;
      if (message.type === "log") tell({ type: "log", id: this.id, level: String(message.level), text: String(message.text).slice(0, 65536) });
      else if (message.type === "over") this.end(message.why);
      else if (this.waiting?.type === message.type) this.waiting.resolve(message);
    }

    end(why) {
      if (this.ended) return;
      this.ended = true;
      this.why ||= why;
      this.close?.(why);
      this.finish();
    }

    connect(target, origin) {
      const { port1, port2 } = new MessageChannel();
      this.port = port1;
      port1.onmessage = (event) => this.hear(event.data);
      if (origin) target.postMessage(null, origin, [port2]);
      else target.postMessage(null, [port2]);
    }

    async tests(from = 0) {
      const { tests, afterEach, afterAll } = this.exercise;
      for (let i = from; i < tests.length && !this.ended; i++) {
        this.at = i;
        const left = this.limits.ms - (performance.now() - this.began);
        const answer = await Promise.race([this.ask(this.test(tests[i], i), "test", Math.min(this.limits.perTestMs, left)), this.over]);
        if (!answer || answer.index !== i) break;
        this.passed[i] = answer.passed === true;
        if (answer.why) this.why = answer.why;
        tell({ type: "test", id: this.id, index: i, passed: this.passed[i], message: String(answer.message).slice(0, 1024) });
        if (afterEach) await Promise.race([this.ask({ type: "code", text: afterEach }, "ran", this.limits.perTestMs), this.over]);
      }
      if (afterAll && !this.ended) await Promise.race([this.ask({ type: "code", text: afterAll }, "ran", this.limits.perTestMs), this.over]);
    }

    test(test, index) { return prepare(this, test, index); }

    report() {
      const passed = this.passed.length > 0 && this.passed.every((is) => is) && !this.why;
      tell({ type: "done", id: this.id, passed, why: this.why, ms: Math.round(performance.now() - this.began) });
    }
  }

  async function inWorker(run) {
    run.source = run.exercise.files.filter((file) => /^(js|mjs|cjs|)$/.test(file.lang ?? "")).map(whole).join("\n");
    run.readable = parses(Function, run.source);
    if (!run.readable) tell({ type: "log", id: run.id, level: "error", text: syntaxOf(run.source) });
    await work(run, 0);
    if (current !== run) return;
    const once = async (source, passed, from) => {
      const again = current = new Run(run.id, run.exercise, run.limits);
      Object.assign(again, { source, readable: run.readable, passed, began: run.began });
      await work(again, from);
      return again;
    };
    if (wantsOlder(run)) return once((await KeptPage.older(texted))(run.source), run.passed.map(() => false), 0);
    if (run.why !== "timeout" || !/\b(while|for|do)\b/.test(run.source)) return;
    // Some steps leave a loop that does not end yet. So the test that did not end is tried again, and those after it, with
    // loops that are left after a while.
    try { await KeptPage.compiler(texted); } catch { return; } // without a connection, it stays with that it did not end
    return once(KeptPage.guard(run.source, "__left"), run.passed, run.at);
  }

  // left is what guarded loops ask: true when it is time to leave.
  const left = `Object.defineProperty(globalThis, "__left", { value: (() => { let turns = 0, since = 0, wait = 400; const now = performance.now.bind(performance);
    return () => { if (++turns < 1000) return false; turns = 0; const at = now(); if (at - since > 2000) { since = at; return false; }
      if (at - since < wait) return false; wait = 40; return true; }; })() });`;

  async function work(run, from) {
    const [assertText] = await texted("the tools for tests", ["assert.js"]);
    // What eval declares with const ends with it; the tests are to see what the exercise declares for them.
    const declared = run.exercise.before.replace(/^(?:const|let)(?=\s)/gm, "var");
    const before = `try { (0, eval)(${script(declared)}); } catch (error) { console.error(error); }\n${run.names.guard}.takeCopy();`;
    const url = URL.createObjectURL(new Blob([realmScript(run, assertText), "\n", left, "\n", await explorer(run), "\n", before], { type: "text/javascript" }));
    const worker = new Worker(url);
    run.close = () => worker.terminate();
    worker.onerror = (event) => { event.preventDefault(); };
    run.connect(worker);
    await Promise.race([run.ask(null, "realm", run.limits.ms), run.over]);
    URL.revokeObjectURL(url);
    await run.tests(from);
    run.end(run.why);
  }

  function syntaxOf(source) {
    try { new Function(source); } catch (error) { return String(error); }
    return "";
  }

  // explorer is the text of the TypeScript reader for tests that name it.
  async function explorer(run) {
    if (!run.exercise.tests.some((test) => (test.code ?? "").includes("Explorer"))) return "";
    return (await texted("TypeScript", ["explorer.js"]))[0];
  }

  // Every page in the frame begins with this: what is made HTML or script passes the policy that world.js makes, and no other.
  const trusted = `<meta http-equiv="Content-Security-Policy" content="require-trusted-types-for 'script'; trusted-types default">`;

  // show makes the iframe that a page runs in.
  function show(html, hidden) {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.allow = "autoplay";
    frame.title = "Preview";
    frame.className = hidden ? "trial" : "shown";
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    frame.srcdoc = html;
    stage.append(frame);
    return { frame, loaded };
  }


  const readsCode = /\.toString\(|["'`\s]script\b/; // tests that look at the text of functions or scripts get it as it was written

  // wantsOlder: some answers are tried again in JavaScript as it was before arrows, let and const, because lessons were
  // written for a compiler that makes it so: those whose only unmet tests look at the text of functions, those that used a
  // name before its let, and those with a test that looks for such a name in window.
  function wantsOlder(run) {
    const unmet = run.exercise.tests.filter((_, i) => !run.passed[i]);
    if (run.why || unmet.length === 0) return false;
    const text = run.exercise.files.map((file) => file.text).join("\n");
    const inWindow = ({ code }) => [...code.matchAll(/\b(?:window|globalThis)\.(\w+)/g)].some(([, name]) => new RegExp("\\b(?:const|let|class)\\s+" + name + "\\b").test(text));
    return run.early || unmet.every((test) => /\.toString\(\)/.test(test.code)) || unmet.some(inWindow);
  }

  async function inPage(run) {
    await inDocument(run, false);
    if (current !== run || !wantsOlder(run)) return run;
    const again = current = new Run(run.id, run.exercise, run.limits);
    await inDocument(again, true);
    return again;
  }

  async function inDocument(run, older) {
    const { exercise, names } = run, tests = exercise.tests.map((test) => test.code).join("\n");
    const [assertText] = await texted("the tools for tests", ["assert.js"]);
    const page = await KeptPage.build(exercise, texted, { guardLoops: !older && !readsCode.test(tests), older });
    for (const error of page.errors) tell({ type: "log", id: run.id, level: "error", text: error });
    const before = exercise.before ? `<script>${inline(exercise.before)}</script>` : "";
    // Texts that are the same each time are scripts of their own: the browser has them compiled already.
    const first = `${trusted}<script>${inline(assertText)}</script><script>${inline(sources.inPage)}</script><script>${inline(realmScript(run, ""))}</script>${before}`
      + `<script>${inline(await explorer(run))};${names.guard}.takeCopy();document.querySelectorAll("script, meta").forEach((one) => one.remove());</script>`;
    if (run.ended) return;
    const { frame, loaded } = show(first + page.html, true);
    run.close = () => frame.remove();
    const late = new Promise((resolve) => setTimeout(resolve, run.limits.perTestMs, "late"));
    if (await Promise.race([loaded, run.over, late]) === "late") tell({ type: "log", id: run.id, level: "warn", text: "The page did not finish loading." });
    if (run.ended) return;
    run.connect(frame.contentWindow, "*");
    await Promise.race([run.ask(null, "realm", run.limits.ms), run.over]);
    await run.tests();
    run.end(run.why);
  }
  const inline = (text) => text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

  const engines = { javascript: inWorker, page: inPage, react: inPage, python: (run) => KeptPython.run(run, { texted, need, tell, script, sources, expressionOf, editableOf, replaced }) };

  async function start(message) {
    current?.end("timeout");
    let run = current = new Run(message.id, message.exercise, message.limits);
    try {
      run = await (engines[run.exercise.engine] ?? inPage)(run) ?? run;
    } catch (error) {
      tell({ type: "log", id: run.id, level: "error", text: String(error?.message ?? error) });
      run.end("crash");
    }
    if (current === run) {
      current = null;
      run.report();
    }
  }

  async function preview(message) {
    const turn = ++previewed;
    const exercise = { ...message.exercise, tools: message.exercise.tools ?? [] };
    const page = await KeptPage.build(exercise, texted, { guardLoops: true });
    if (turn !== previewed) return;
    for (const old of stage.querySelectorAll(".shown")) old.remove();
    const { frame, loaded } = show(`${trusted}<script>${inline(sources.inPage)};{const KEPT_PICTURES = ${script(exercise.pictures ?? {})};${inline(sources.preview)}}document.querySelectorAll("script, meta").forEach((one) => one.remove());</script>` + page.html, false);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => tell({ type: "log", id: message.id, level: String(data.level), text: String(data.text).slice(0, 4096) });
    frame.addEventListener("load", () => frame.contentWindow?.postMessage(null, "*", [port2]), { once: true });
    await loaded;
    tell({ type: "shown", id: message.id, errors: page.errors });
  }

  function receive(message) {
    switch (message?.type) {
      case "run": start(message); break;
      case "preview": preview(message).catch((error) => tell({ type: "shown", id: message.id, errors: [String(error?.message ?? error)] })); break;
      case "stop": { const run = current; current = null; run?.end("timeout"); break; }
      case "ping": tell({ type: "pong", id: message.id }); break;
      case "files": wanted.get(message.turn)?.(message.files); break;
    }
  }

  addEventListener("message", (event) => {
    if (parentPort || ![parent, parent.parent].includes(event.source) || event.data?.type !== "port" || self.origin !== "null") return;
    parentPort = event.ports[0];
    parentPort.onmessage = (e) => receive(e.data);
    tell({ type: "ready" });
  });
})();
