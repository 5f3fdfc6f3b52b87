// What a page in the frame finds changed, before anything else runs in it: it has no storage, so it gets one that is gone
// with it; boxes that would stop everything say nothing; and what could speak past the content policy is not there.
(() => {
  const now = performance.now.bind(performance), later = window.setTimeout.bind(window); // tests put others in their place
  const storage = () => {
    const items = new Map();
    const box = {
      getItem: (key) => items.get(String(key)) ?? null,
      setItem: (key, value) => { if (items.size < 1000 && String(value).length < 1e6) items.set(String(key), String(value)); },
      removeItem: (key) => { items.delete(String(key)); },
      clear: () => items.clear(),
      key: (i) => [...items.keys()][i] ?? null,
    };
    return Object.defineProperty(box, "length", { get: () => items.size });
  };
  for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { value: storage(), configurable: true });
  window.alert = (text) => console.log(text === undefined ? "" : String(text));
  window.confirm = () => true;
  window.prompt = () => "";
  window.print = window.open = () => null;

  // What content policies do not cover. Connections between browsers are not there, and a frame within the page, which
  // would have them anew, is never given a document of its own: its srcdoc is taken from every piece of HTML. Links that
  // make the browser connect ahead are not made.
  for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "RTCDataChannel", "WebTransport"]) delete window[name];
  const bare = (html) => String(html).replace(/\bsrcdoc\b/gi, "data-srcdoc").replace(/<link\b[^>]*>/gi, (link) => /rel\s*=[^>]*(pre|dns|&|expect)/i.test(link) ? "" : link);
  window.trustedTypes?.createPolicy("default", {
    createHTML: (html, _, sink) => /srcdoc/i.test(sink) ? "" : bare(html), createScript: (code) => code, createScriptURL: (address) => address,
  });
  const ahead = /pre|dns/i, isLink = (element) => element instanceof HTMLLinkElement;
  const wrap = (proto, name, around) => {
    const old = Object.getOwnPropertyDescriptor(proto, name), key = old.set ? "set" : "value", inner = old[key];
    Object.defineProperty(proto, name, { ...old, [key]: { [name](...given) { return around.call(this, (...now) => Reflect.apply(inner, this, now), ...given); } }[name] });
  };
  wrap(Document.prototype, "createElement", (make, name, ...more) => make(/^link$/i.test(name) ? "kept-link" : name, ...more));
  wrap(Document.prototype, "createElementNS", (make, space, name, ...more) => make(space, /(^|:)link$/i.test(name) ? "kept-link" : name, ...more));
  for (const name of ["setAttribute", "setAttributeNS"]) {
    wrap(Element.prototype, name, function (set, ...given) { if (!isLink(this) || !ahead.test(given.at(-1))) set(...given); });
  }
  for (const name of ["setAttributeNode", "setAttributeNodeNS"]) wrap(Element.prototype, name, function (set, attr) { return isLink(this) ? null : set(attr); });
  wrap(NamedNodeMap.prototype, "setNamedItem", (set, attr) => /^rel$/i.test(attr.name) ? null : set(attr));
  wrap(HTMLLinkElement.prototype, "rel", (set, value) => { if (!ahead.test(value)) set(value); });
  wrap(HTMLLinkElement.prototype, "relList", () => {});
  Object.defineProperty(HTMLLinkElement.prototype, "relList", { get() { return document.createElement("i").classList; } });
  wrap(Attr.prototype, "value", function (set, value) { if (!isLink(this.ownerElement)) set(value); });
  for (const name of ["nodeValue", "textContent"]) wrap(Node.prototype, name, function (set, value) { if (!(this instanceof Attr)) set(value); });

  // Sounds and films from elsewhere do not come. They behave as if they played, without a sound, so that a page's buttons
  // can be tried.
  const media = HTMLMediaElement.prototype, playing = new WeakSet();
  const { get: paused } = Object.getOwnPropertyDescriptor(media, "paused");
  const tell = (element, ...names) => { for (const name of names) later(() => element.dispatchEvent(new Event(name)), 0); };
  const pretend = (element) => { playing.add(element); tell(element, "playing"); };
  wrap(media, "play", async function (play) {
    const stood = this.paused;
    if (this.networkState !== HTMLMediaElement.NETWORK_NO_SOURCE) {
      try { return await play(); } catch (error) { if (error.name !== "NotSupportedError" || Reflect.apply(paused, this, [])) throw error; }
    } else if (!this.getAttribute("src") && !this.querySelector("source[src]")) return play();
    else if (stood) tell(this, "play");
    pretend(this);
  });
  wrap(media, "pause", function (pause) {
    if (playing.delete(this)) tell(this, "pause");
    pause();
  });
  wrap(media, "load", function (load) {
    playing.delete(this);
    load();
  });
  Object.defineProperty(media, "paused", { get() { return !playing.has(this) && Reflect.apply(paused, this, []); } });

  document.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link) return;
    const address = link.getAttribute("href");
    if (!address.startsWith("#")) event.preventDefault();
  });
  // Loops look at the clock here; see guard in page.js.
  let turns = 0, since = 0;
  Object.defineProperty(window, "__turn", { value: () => {
    if (++turns % 1000) return;
    if (turns === 1000) { since = now(); later(() => { turns = 0; }, 0); }
    if (now() - since > 1500) throw new RangeError("A loop ran for more than a second, so it was ended.");
  } });
})();
