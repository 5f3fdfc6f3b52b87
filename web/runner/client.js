// Speaks with the frame in which learners' code runs (see frame.js), and watches over it: brings it the large files that it
// may not fetch itself, ends a run that blocks the frame, and makes a new frame in its place. The server writes the line
// before this one: const addresses = {"frame": "/runner/frame-…", …}.
//
//	const runner = new Runner(element);                       // the frame fills the element
//	const verdict = await runner.run(exercise, { onTest, onLog, onLoading, limits });
//	                                                           // {passed, why, ms, tests: [{passed, message}], console: [{level, text}]}
//	await runner.preview(exercise, { onLog });                // {errors}
//	runner.stop(); runner.close();
//
// A sandboxed iframe that is loaded from an address passes by the worker that keeps pages for the time without a
// connection. So its text is fetched here, and put into an iframe in a room: an empty page of this site, whose content
// policy the frame inherits. What the frame may do is the same with and without a connection.

export class Runner {
  #element; #frame = null; #port = null; #ready = null; #id = 0; #waits = new Map(); #alive = 0;

  constructor(element) { this.#element = element; }

  // ready makes the frame if there is none.
  ready() {
    this.#ready ??= this.#make().catch((error) => {
      this.#renew();
      throw error;
    });
    return this.#ready;
  }

  async #make() {
    const room = this.#frame = document.createElement("iframe"), text = frameText();
    room.title = "Preview";
    room.src = addresses.room;
    const here = loaded(room);
    this.#element.append(room);
    const [html] = await Promise.all([text, here]);
    const inside = room.contentDocument;
    if (!inside?.body || inside.location.pathname !== addresses.room) throw new Error("the room did not come");
    const frame = inside.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    frame.allow = "autoplay"; // sounds of an exercise, which its tests start without a click of the learner's in the frame
    frame.title = "Preview";
    frame.srcdoc = html;
    const there = loaded(frame);
    inside.body.append(frame);
    await there;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    return new Promise((resolve) => {
      port1.onmessage = ({ data }) => this.#hear(data, resolve);
      frame.contentWindow.postMessage({ type: "port" }, "*", [port2]);
    });
  }

  async run(exercise, { onTest, onLog, onLoading, limits = {} } = {}) {
    await this.ready();
    const id = ++this.#id, bounds = { ms: 20000, perTestMs: 5000, ...limits };
    const verdict = { passed: false, why: "crash", ms: 0, tests: exercise.tests.map(() => ({ passed: false, message: "" })), console: [] };
    const began = performance.now();
    return new Promise((resolve) => {
      const end = (last) => {
        clearInterval(watch);
        this.#waits.delete(id);
        resolve({ ...verdict, ms: Math.round(performance.now() - began), ...last });
      };
      // The frame answers pings as long as nothing blocks it. Loading does not count.
      this.#alive = performance.now();
      const watch = setInterval(() => {
        this.#port?.postMessage({ type: "ping", id });
        if (performance.now() - this.#alive < bounds.perTestMs + 1500) return;
        this.#renew();
        end({ passed: false, why: "timeout" });
      }, 500);
      this.#waits.set(id, (message) => {
        if (message.type === "test") {
          verdict.tests[message.index] = { passed: message.passed, message: message.message };
          onTest?.(message.index, message.passed, message.message);
        } else if (message.type === "log") {
          verdict.console.push({ level: message.level, text: message.text });
          onLog?.(message.level, message.text);
        } else if (message.type === "loading") onLoading?.(message.what, message.bytes, message.of);
        else if (message.type === "done") end({ passed: message.passed === true, why: message.why });
        else if (message.type === "gone") end({ passed: false, why: "timeout" });
      });
      this.#port.postMessage({ type: "run", id, exercise, limits: bounds });
    });
  }

  async preview(exercise, { onLog } = {}) {
    await this.ready();
    const id = ++this.#id;
    for (const [old, tell] of this.#waits) if (tell.preview) { tell({ type: "shown", errors: [] }); this.#waits.delete(old); }
    return new Promise((resolve) => {
      const tell = (message) => {
        if (message.type === "log") onLog?.(message.level, message.text);
        else if (message.type === "shown") resolve({ errors: message.errors ?? [] });
      };
      tell.preview = true;
      this.#waits.set(id, tell);
      this.#port.postMessage({ type: "preview", id, exercise });
    });
  }

  stop() {
    for (const tell of [...this.#waits.values()]) tell({ type: "gone" });
    this.#port?.postMessage({ type: "stop" });
  }

  close() {
    this.#renew();
  }

  #renew() {
    this.#frame?.remove();
    this.#port?.close();
    this.#frame = this.#port = this.#ready = null;
    for (const tell of [...this.#waits.values()]) tell({ type: "gone" });
  }

  #hear(message, resolve) {
    this.#alive = performance.now();
    if (message.type === "ready") resolve();
    else if (message.type === "need") this.#bring(message);
    else if (message.type === "loading") for (const tell of [...this.#waits.values()]) tell(message);
    else this.#waits.get(message.id)?.(message);
  }

  async #bring({ turn, what, names, sizes, of }) {
    const port = this.#port, files = {};
    let bytes = 0;
    for (const [i, name] of names.entries()) {
      if (!/^[\w.-]+$/.test(name)) continue;
      files[name] = await this.#fetch(name);
      bytes += sizes[i];
      for (const tell of [...this.#waits.values()]) tell({ type: "loading", what, bytes, of });
    }
    port.postMessage({ type: "files", turn, files });
  }

  async #fetch(name) {
    try {
      const answer = await fetch(addresses["vendor/" + name]);
      return answer.ok ? await answer.arrayBuffer() : null;
    } catch {
      return null;
    }
  }
}

const loaded = (frame) => new Promise((done) => frame.addEventListener("load", done, { once: true }));

async function frameText() {
  const answer = await fetch(addresses.frame);
  if (!answer.ok) throw new Error("the frame did not come");
  return answer.text();
}
