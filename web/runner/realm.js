// What runs first in a realm where learners' code will run, be it a worker or a page: it takes the built-ins while they
// are what they should be, keeps a copy of each to compare with, and later runs the tests and speaks of them over a port
// that nothing else in the realm can reach. The frame puts this text into each realm, with four names made for this run
// alone in the place of KEPT_ASSERT, KEPT_HELPERS, KEPT_GUARD and KEPT_DONE; they are constants of the global scope, which
// no listing of properties shows. Nothing here calls a method of an object that the learner's code could have changed.
const [KEPT_ASSERT, KEPT_HELPERS, KEPT_GUARD, KEPT_DONE] = (() => {
  const realm = globalThis, isPage = typeof document === "object";
  const { apply, ownKeys, getOwnPropertyDescriptor: own } = Reflect;
  const { defineProperty, freeze } = Object;
  const evaluate = realm.eval, Text = String, parentWindow = isPage ? realm.parent : null;
  const bound = (f) => (self, ...rest) => apply(f, self, rest);
  const then = bound(Promise.prototype.then), send = bound(MessagePort.prototype.postMessage);
  const cut = bound(String.prototype.slice), stringify = JSON.stringify;
  const dataOf = bound(own(MessageEvent.prototype, "data").get), portsOf = bound(own(MessageEvent.prototype, "ports").get);
  const sourceOf = bound(own(MessageEvent.prototype, "source").get), isErr = (e) => e instanceof ErrorType, ErrorType = Error;
  const halt = bound(Event.prototype.stopImmediatePropagation);
  const queryAll = isPage ? bound(Document.prototype.querySelectorAll) : null;
  const listen = bound(EventTarget.prototype.addEventListener), start = bound(MessagePort.prototype.start);

  // THE COPY. Names that decide about tests; what tests replace in earnest (Date, timers, Math.random, console) is not in it.
  const core = ["Object", "Function", "Array", "String", "Number", "Boolean", "Symbol", "RegExp", "Error", "TypeError", "Promise",
    "Map", "Set", "WeakMap", "WeakSet", "Proxy", "BigInt"];
  const plain = ["JSON", "Reflect", "Math"];
  const page = ["Node", "Element", "Document", "HTMLElement", "EventTarget", "NodeList", "HTMLCollection", "DOMTokenList", "CharacterData",
    "CSSStyleDeclaration", "CSSStyleSheet", "StyleSheetList", "CSSRuleList", "CSSStyleRule", "CSSMediaRule", "CSSRule", "StyleSheet",
    "HTMLInputElement", "HTMLFormElement", "HTMLAnchorElement", "HTMLImageElement", "HTMLSelectElement", "HTMLTextAreaElement",
    "HTMLButtonElement", "HTMLLabelElement", "HTMLLinkElement", "HTMLMetaElement", "HTMLTableElement", "HTMLStyleElement",
    "HTMLScriptElement", "HTMLMediaElement", "HTMLOptionElement", "HTMLIFrameElement", "NamedNodeMap", "Attr", "DocumentFragment",
    "Text", "Event", "MediaList", "DOMStringMap", "SVGElement", "HTMLFieldSetElement", "HTMLUListElement", "HTMLOListElement"];
  const single = ["eval", "isNaN", "isFinite", "parseInt", "parseFloat", "Infinity", "NaN", "undefined", "getComputedStyle"];
  const mayChange = { __proto__: null, "Error.stackTraceLimit": 1, "Error.prepareStackTrace": 1, "Function.prototype.caller": 1, "Math.random": 1 };
  const coreCopy = [], pageCopy = [];

  function keep(copy, holder, key, label) {
    const d = own(holder, key);
    if (d && !mayChange[label] && !(typeof key === "string" && holder === RegExp)) {
      copy[copy.length] = { holder, key, label, value: d.value, get: d.get, set: d.set, getter: "get" in d };
    }
  }
  function keepAll(copy, holder, label) {
    const keys = ownKeys(holder);
    for (let i = 0; i < keys.length; i++) keep(copy, holder, keys[i], label + "." + Text(keys[i]));
  }
  function keepNamed(copy, names) {
    for (let i = 0; i < names.length; i++) {
      const it = own(realm, names[i])?.value;
      if (it === undefined && names[i] !== "undefined") continue;
      keep(copy, realm, names[i], names[i]);
      if (typeof it === "function" && it.prototype) {
        keepAll(copy, it, names[i]);
        keepAll(copy, it.prototype, names[i] + ".prototype");
      }
    }
  }
  function takeCopy() {
    coreCopy.length = pageCopy.length = 0;
    keepNamed(coreCopy, core);
    keepNamed(coreCopy, single);
    for (let i = 0; i < plain.length; i++) {
      keep(coreCopy, realm, plain[i], plain[i]);
      keepAll(coreCopy, realm[plain[i]], plain[i]);
    }
    const iterators = [[][Symbol.iterator](), new Map().entries(), new Set().values(), ""[Symbol.iterator](), "".matchAll(/a/g)];
    for (let i = 0; i < iterators.length; i++) keepAll(coreCopy, Object.getPrototypeOf(iterators[i]), "iterator" + i);
    keepAll(coreCopy, Object.getPrototypeOf(Object.getPrototypeOf(iterators[0])), "Iterator.prototype");
    if (isPage) {
      keepNamed(pageCopy, page);
      keepAll(pageCopy, realm.document, "document"); // its own location, and nothing else
    }
  }
  const instead = (c) => {
    const d = own(c.holder, c.key);
    return !d || (c.getter ? d.get !== c.get || d.set !== c.set : !same(d.value, c.value) || "get" in d);
  };
  const same = (a, b) => a === b || (a !== a && b !== b);

  // changed names the first built-in that is no longer what it was. A member to which the test itself assigns, or that it
  // names in quotes as for a spy, may have been replaced by the test; then the new one is taken for granted.
  function changed(copy, open) {
    for (let i = 0; i < copy.length; i++) {
      const c = copy[i];
      if (!instead(c)) continue;
      if (open && typeof c.key === "string" && own(open, c.key)) {
        const d = own(c.holder, c.key);
        if (d) { c.value = d.value; c.get = d.get; c.set = d.set; c.getter = "get" in d; }
        continue;
      }
      return c.label;
    }
    return "";
  }

  // clobbered finds an element whose name hides a member of document, as <img name="querySelector"> does.
  function clobbered() {
    const named = queryAll(realm.document, "img[name], form[name], embed[name], object[name], iframe[name], object[id]");
    for (let i = 0; i < named.length; i++) {
      const name = named[i].getAttribute("name") ?? "";
      if (name !== "" && name in Document.prototype) return "document." + name;
    }
    return "";
  }

  let cheat = "", port = null, running = null, lines = 0, size = 0;
  const found = (what) => { if (what && !cheat) cheat = what; };

  // guard is called in the learner's scope: after the learner's code, before each assertion and at the end of each test.
  // names is a function that says what the scope takes for the built-ins that the test mentions.
  function guard(names) {
    found(changed(coreCopy, running?.open));
    if (names !== undefined && isPage) found(changed(pageCopy, running?.open) || clobbered());
    if (names) { // to name them may run code of the learner's, so what is above comes first
      const seen = names();
      for (let i = 0; i < seen.length; i += 2) if (seen[i + 1] !== realm[seen[i]]) found(seen[i]);
    }
    if (cheat) throw new ErrorType("The built-in " + cheat + " was changed, so this cannot be checked.");
  }

  // refuse is for what was found changed elsewhere, as in Python.
  function refuse(what) {
    found(what);
    guard();
  }

  // sealed wraps chai's assert: the built-ins are compared before each assertion, and one that was not met is noted before
  // it is thrown, so that nobody undoes it by catching it; but tests that catch may. With a ticket it is for that test alone.
  function sealed(assert, ticket) {
    const wrap = (f) => freeze((...rest) => {
      guard();
      try { return apply(f, assert, rest); } catch (error) {
        if (running && !running.catches && !running.failed && (!ticket || ticket === running.ticket)) running.failed = worded(error);
        throw error;
      }
    });
    const copy = (...rest) => apply(first, undefined, rest), first = wrap(assert);
    const keys = ownKeys(assert);
    for (let i = 0; i < keys.length; i++) {
      const value = assert[keys[i]];
      if (typeof value === "function" && keys[i] !== "prototype") defineProperty(copy, keys[i], { value: wrap(value) });
    }
    return freeze(copy);
  }

  function deepFreeze(it) {
    freeze(it);
    for (const key of ownKeys(it)) {
      const value = own(it, key).value;
      if (value && (typeof value === "object" || typeof value === "function") && !Object.isFrozen(value)) deepFreeze(value);
    }
    return it;
  }

  const say = (message) => { if (port) send(port, message); };

  // worded makes a string of whatever was thrown or printed, without trusting it.
  function worded(it) {
    try {
      const text = isErr(it) ? Text(it.name) === "AssertionError" ? Text(it.message) : Text(it.name) + ": " + Text(it.message) : shown(it);
      return cut(Text(text), 0, 1024);
    } catch { return "(something that has no words)"; }
  }
  function shown(it) {
    if (typeof it === "string") return it;
    if (typeof it === "function") return "function " + Text(it.name);
    if (typeof it !== "object" || it === null) return Text(it);
    if (isErr(it)) return Text(it.name) + ": " + Text(it.message);
    try { return stringify(it) ?? Text(it); } catch { return Text(it); }
  }

  function log(level, args) {
    if (++lines > 200 || size > 65536) {
      if (lines < 1e6) { lines = 1e6; say({ type: "log", level: "warn", text: "More was printed than is shown here." }); }
      if (++lines > 1.1e6) { lines = -Infinity; say({ type: "over", why: "output" }); }
      return;
    }
    let text = "";
    for (let i = 0; i < args.length; i++) text += (i ? " " : "") + worded(args[i]);
    size += text.length;
    if (port) say({ type: "log", level, text });
    else early[early.length] = { type: "log", level, text };
  }
  const early = [];
  const levels = ["log", "info", "warn", "error", "debug", "trace"];
  for (const level of levels) realm.console[level] = (...args) => log(level, args);
  realm.console.table = realm.console.dir = realm.console.log;

  // A test's outcome. ticket is known to the text of that one test alone.
  function done(ticket) { if (running && running.ticket === ticket) running.reached = true; }

  function end(failed, error) {
    const test = running;
    try { guard(); } catch { /* noted in cheat */ }
    running = null;
    if (!test) return;
    const passed = !failed && test.reached && !cheat && !test.failed;
    const message = passed ? "" : cheat ? "The built-in " + cheat + " was changed, so this cannot be checked."
      : failed ? worded(error) : test.failed ? test.failed : "The test did not come to its end.";
    say({ type: "test", index: test.index, passed, message, why: cheat ? "cheat" : "" });
  }

  function runTest(test) {
    running = { index: test.index, ticket: test.ticket, open: test.open, catches: test.catches, reached: false };
    try {
      let promise;
      try { promise = evaluate(test.text); } catch (error) {
        // The learner's own code came to grief: a test that only reads it may still be met.
        if (running.begun || test.alone === "") throw error;
        say({ type: "log", level: "error", text: worded(error) });
        promise = evaluate(test.alone);
      }
      then(promise, () => end(false), (error) => end(true, error));
    } catch (error) { end(true, error); }
  }

  function receive(message) {
    if (message.type === "test") { runTest(message); return; }
    if (message.type === "code") { // author's code after the tests
      try { evaluate(message.text); } catch (error) { log("error", [error]); }
      say({ type: "ran" });
    }
  }

  function take(p) {
    port = p;
    listen(port, "message", (event) => receive(dataOf(event)));
    start(port);
    for (let i = 0; i < early.length; i++) say(early[i]);
    early.length = 0;
    say({ type: "realm" });
  }

  // The frame hands over the port in the first message; only a message of the browser's own that comes from the frame counts.
  listen(realm, "message", (event) => {
    if (port || !event.isTrusted || (isPage && sourceOf(event) !== parentWindow)) return;
    halt(event);
    take(portsOf(event)[0]);
  });
  listen(realm, "error", (event) => { if (isPage && event.isTrusted) log("error", [event.message || "Something of the page did not load."]); });
  listen(realm, "unhandledrejection", (event) => { if (event.isTrusted) log("error", [event.reason]); });

  const kept = realm.KeptAssert;
  delete realm.KeptAssert;
  kept.helpers.Explorer = async (code) => new realm.KeptExplorer(code);
  const guardOf = (names) => { if (running) running.begun = true; guard(names); };
  // Authors' hooks find the helpers as globals; tests get them by the hidden name.
  const lasting = (name, value) => defineProperty(realm, name, { value });
  lasting("__helpers", deepFreeze(kept.helpers));
  // Its timers are the realm's own, Date among them, and those are to be replaced.
  freeze(kept.FakeTimers.timers);
  lasting("__FakeTimers", freeze(kept.FakeTimers));
  return [sealed(kept.assert), kept.helpers, { guard: guardOf, refuse, takeCopy, freeze: deepFreeze, assertOf: (ticket) => sealed(kept.assert, ticket) }, done];
})();
