// Runs Python in the frame: one worker with Pyodide is kept for as long as the frame lives, and put back to what it was
// after each test (see python-worker.js). Tests are JavaScript that calls runPython, or Python.
"use strict";

const KeptPython = (() => {
  let worker = null, names = null, used = 0;

  async function boot(run, tools) {
    const files = ["pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", "py_helpers.py"];
    const [assertText] = await tools.texted("the tools for tests", ["assert.js"]);
    const bytes = await tools.need("Python", files);
    names = run.names;
    const realm = tools.sources.realm.replace(/\bKEPT_(ASSERT|HELPERS|GUARD|DONE)\b/g, (_, name) => names[name.toLowerCase()]);
    const text = `${tools.sources.pythonWorker.replaceAll("KEPT_PYTHON", names.code)}\n;${assertText}\n;${realm}`;
    const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
    worker = new Worker(url);
    const booting = worker;
    const { port1, port2 } = new MessageChannel();
    const ready = new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data.error);
      run.over.then(() => resolve("ended"));
    });
    worker.postMessage({ python: files.map((name, i) => [name, bytes[i]]), port: port2 }, [port2]);
    const error = await ready;
    URL.revokeObjectURL(url);
    if (error) {
      booting.terminate();
      if (worker === booting) worker = null;
      throw new Error("Python did not start: " + error);
    }
    used = 0;
    const channel = new MessageChannel();
    run.port = channel.port1;
    worker.kept = channel.port1;
    worker.postMessage(null, [channel.port2]);
    channel.port1.start();
  }

  // test makes the text of one test. Hooks stand in its scope.
  function test(run, one, index, { script, expressionOf, editableOf, replaced }) {
    const { exercise } = run, n = names, ticket = "t" + crypto.getRandomValues(new Uint32Array(2)).join("-"), code = one.code ?? "";
    const python = exercise.files.filter((file) => /^(py|python|)$/.test(file.lang ?? ""));
    const source = python.map((file) => [file.before, file.text, file.after].filter((part) => part).join("\n")).join("\n");
    const text = python.map((file) => file.text).join("\n"), editable = editableOf(python);
    let body = `{\n${code}\n}`;
    if (one.lang === "py" || one.lang === "python") body = `runPython(source); runPython(${script(code)});`;
    else if (expressionOf(code)) {
      body = `let it = (${expressionOf(code)}\n); if (typeof it === "object" && it && !(it instanceof Promise) && typeof it.test === "function") { runPython(source); await it.test(); } else await it;`;
    }
    const own = "assert, __helpers, code, editableContents, source, runPython, pyodide, __userGlobals";
    const all = `(async (${own}) => { ${exercise.beforeEach}\n; try { ${body} ${exercise.afterEach ? `\n;${exercise.afterEach}\n;` : ""} ${n.guard}.refuse(${n.code}.look()); } finally { ${n.code}.reset(); ${n.guard}.guard(null); } ${n.done}(${script(ticket)}); })`
      + `(${n.assert}, ${n.helpers}, ${script(text)}, ${script(editable)}, ${script(source)}, ...${n.code}.fresh(${script(text)}))`;
    return { type: "test", index, ticket, open: replaced(code), catches: /\bcatch\b|throws?\(/.test(code), text: all, alone: "" };
  }

  function stop() {
    worker?.terminate();
    worker = null;
  }

  async function run(one, tools) {
    one.close = (why) => { if (why) stop(); };
    if (worker && used > 300) stop();
    if (!worker) {
      await boot(one, tools);
      one.port.onmessage = (event) => one.hear(event.data);
      await Promise.race([one.ask(null, "realm", one.limits.ms), one.over]);
      one.began = performance.now();
    } else {
      one.port = worker.kept;
      one.port.onmessage = (event) => one.hear(event.data);
    }
    used++;
    one.test = (each, index) => test(one, each, index, tools);
    one.exercise.afterEach = one.exercise.afterEach ?? "";
    const { before } = one.exercise, after = one.exercise.afterEach;
    if (before) await Promise.race([one.ask({ type: "code", text: before }, "ran", one.limits.perTestMs), one.over]);
    one.exercise = { ...one.exercise, afterEach: "" };
    const inner = { ...one.exercise, afterEach: after };
    one.test = (each, index) => test({ ...one, exercise: inner }, each, index, tools);
    await one.tests();
    if (one.why === "cheat" || before) stop(); // what it did to the worker is not looked into further
    one.end(one.why);
  }

  return { run };
})();
