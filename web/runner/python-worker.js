// The worker that runs Python. Pyodide is made once; then everything that Python holds, all of it in the memory of the
// WebAssembly machine, is copied, and the copy put back after each test, so that nothing of one answer is left for the
// next, not even a changed built-in. Before that, Python is cut off from JavaScript: no module js, no function of the
// browser's in any module. So Python code cannot reach the realm in which tests are judged, but by what tests hand to it.
const KEPT_PYTHON = (() => {
  delete globalThis.FinalizationRegistry; // it would free what the copy has again
  const realm = globalThis;
  let py = null, copy = null, baseline = null, look = null, files = null;

  // Python's own loader asks for files by name; they are here already.
  async function load(given) {
    const byName = new Map(given), decoder = new TextDecoder();
    const asm = decoder.decode(byName.get("pyodide.asm.js")).replace("function getHeapMax(){return 2147483648}", "function getHeapMax(){return 536870912}");
    const own = { fetch: realm.fetch, importScripts: realm.importScripts };
    const at = "https://kept.invalid/";
    const nameOf = (address) => String(address?.url ?? address).split("/").pop();
    realm.importScripts = (...all) => all.forEach((one) => { if (nameOf(one) === "pyodide.asm.js") (0, eval)(asm); });
    realm.fetch = async (address) => {
      const name = nameOf(address);
      if (name === "repodata.json") return new Response('{"info":{"arch":"wasm32","platform":"emscripten_3_1_32","version":"0.23.3","python":"3.11.2"},"packages":{}}');
      const bytes = byName.get(name);
      return new Response(bytes ?? "", { status: bytes ? 200 : 404, headers: { "content-type": name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream" } });
    };
    (0, eval)(decoder.decode(byName.get("pyodide.js")));
    py = await realm.loadPyodide({ indexURL: at, stdout: (text) => console.log(text), stderr: (text) => console.log(text), stdin: () => "", lockFileURL: at + "repodata.json" });
    realm.fetch = own.fetch;
    realm.importScripts = () => {};
    delete realm.loadPyodide;
    py.FS.writeFile("/home/pyodide/ast_helpers.py", decoder.decode(byName.get("py_helpers.py")));
    for (const text of [imports, harden, prepare]) py.runPython(text);
    look = py.globals.get("__kept_look");
    py.runPython("del __kept_look");
    guardFiles();
    baseline = listing();
    copy = py._module.HEAPU8.slice();
  }

  const imports = `
import ast, json, re, random, math, unittest, unittest.mock, io, sys, gc, importlib, operator, functools, itertools, collections, string, datetime
import traceback, linecache, inspect, typing, dataclasses, copy, time, asyncio, textwrap, contextlib
import ast_helpers
from ast_helpers import Node as _Node
`;

  // prepare makes the function that looks whether what judges is what it was. It works with copies of the built-ins that
  // only it has.
  const prepare = `
def __kept_make():
    import builtins, sys, types
    b = dict(builtins.__dict__)
    code = '''
def make(modules, builtins, sys, types, own):
    keep = []
    skip = {"last_type", "last_value", "last_traceback", "modules", "path_importer_cache", "stdout", "stderr", "stdin", "displayhook",
            "_", "__loader__", "__spec__", "cache", "argv", "_cache", "warnoptions", "_current_loader", "_results", "__cached__", "__file__",
            "_shared_seen"}
    def functions(label, f):
        keep.append((label, f, f.__code__, f.__defaults__, f.__kwdefaults__))
    def attributes(label, thing):
        items = dict(thing.__dict__)
        for k in skip: items.pop(k, None)
        for k in [k for k in items if k.startswith("__abstract") or k.startswith("_abc")]: items.pop(k)
        keep.append((label, thing, items, None, None))
        for k, v in items.items():
            if type(v) is types.FunctionType: functions(label + "." + k, v)
            if type(v) is types.MethodType and type(v.__func__) is types.FunctionType: functions(label + "." + k, v.__func__)
    for m in modules:
        attributes(m.__name__, m)
        for k, v in list(m.__dict__.items()):
            if type(v) is type and v.__module__ == m.__name__: attributes(m.__name__ + "." + k, v)
    names = {m.__name__: m for m in modules}
    meta, hooks = list(sys.meta_path), list(sys.path_hooks)
    gettrace, getprofile, sysmodules, missing = sys.gettrace, sys.getprofile, sys.modules, object()
    def look():
        if gettrace() is not None or getprofile() is not None: return "sys.settrace"
        if sys.meta_path[:] != meta or sys.path_hooks[:] != hooks: return "sys.meta_path"
        for name, m in names.items():
            if sysmodules.get(name) is not m: return "sys.modules." + name
        for label, thing, was, defaults, kwdefaults in keep:
            if type(was) is dict:
                now = thing.__dict__
                for k, v in was.items():
                    if now.get(k, missing) is not v: return label + "." + k
            elif thing.__code__ is not was or thing.__defaults__ != defaults or thing.__kwdefaults__ != kwdefaults: return label
        return ""
    return look
'''
    scope = {"__builtins__": b}
    exec(code, scope)
    names = ["builtins", "unittest", "unittest.case", "unittest.main", "unittest.suite", "unittest.result", "unittest.runner", "unittest.loader",
             "unittest.util", "importlib", "ast", "ast_helpers", "re", "json", "json.decoder", "json.encoder", "io", "operator", "inspect", "contextlib",
             "traceback", "functools", "collections", "random", "math", "string", "copy", "difflib", "pprint", "types", "sys"]
    return scope["make"]([sys.modules[n] for n in names], b, sys, types, None)

__kept_look = __kept_make()
del __kept_make
`;

  // harden gives unittest an equality that an answer cannot define for itself, and asyncio a loop without a browser.
  const harden = `
def __kept_harden():
    import unittest, asyncio, types, time, sys
    case = unittest.TestCase
    base = case._baseAssertEqual
    plain = (int, float, str, bytes, bool, list, tuple, dict, set, frozenset, complex, type(None))
    function = types.FunctionType
    def own(thing):
        for part in type(thing).__mro__:
            if "__eq__" in part.__dict__ or "__ne__" in part.__dict__:
                return type(part.__dict__.get("__eq__")) is function or type(part.__dict__.get("__ne__")) is function
        return False
    def _baseAssertEqual(self, first, second, msg=None):
        if type(second) in plain and own(first) or type(first) in plain and own(second):
            raise self.failureException(msg or "An object that says what it is equal to is not a value.")
        return base(self, first, second, msg)
    case._baseAssertEqual = _baseAssertEqual
    class Nothing:
        def select(self, timeout=None):
            if timeout: time.sleep(timeout)
            return []
        def close(self): pass
    class Loop(asyncio.BaseEventLoop):
        def __init__(self):
            super().__init__()
            self._selector = Nothing()
        def _process_events(self, events): pass
        def _write_to_self(self): pass
    class Policy(asyncio.events.BaseDefaultEventLoopPolicy):
        _loop_factory = Loop
    asyncio.events._set_running_loop(None)
    asyncio.set_event_loop_policy(Policy())
    from asyncio import runners, tasks
    asyncio.run = runners.run
    asyncio.sleep = tasks.sleep
    import types as t
    none = None
    from pyodide.ffi import JsProxy
    for name, m in list(sys.modules.items()):
        for k, v in list(getattr(m, "__dict__", {}).items()):
            if isinstance(v, JsProxy) and name not in ("js", "pyodide_js"): m.__dict__[k] = none
    from _pyodide._importhook import jsfinder
    jsfinder.jsproxies.clear()
    for name in [n for n in sys.modules if n.split(".")[0] in ("js", "pyodide_js")]:
        module = sys.modules.pop(name)
        spec = getattr(module, "__spec__", None)
        for thing in (getattr(spec, "loader", None), module):
            if hasattr(type(thing), "__dict__") and isinstance(getattr(thing, "__dict__", None), dict) and not isinstance(thing, JsProxy): thing.__dict__.clear()
    import gc
    gc.collect()
__kept_harden()
del __kept_harden
`;

  // guardFiles keeps the file that holds the standard library as it is.
  function guardFiles() {
    const { FS } = py, refuse = () => { throw new FS.ErrnoError(63); };
    const library = FS.lookupPath("/lib/python311.zip").node, folder = FS.lookupPath("/lib").node;
    library.stream_ops = { ...library.stream_ops, write: refuse, allocate: refuse, mmap: refuse };
    library.node_ops = { ...library.node_ops, setattr: refuse };
    folder.node_ops = { ...folder.node_ops, unlink: refuse, rename: refuse, mknod: refuse, symlink: refuse, rmdir: refuse };
  }

  function walk(path, visit) {
    for (const name of py.FS.readdir(path)) {
      if (name === "." || name === "..") continue;
      const full = path === "/" ? "/" + name : path + "/" + name;
      if (full === "/dev" || full === "/proc") continue;
      const { mode } = py.FS.lstat(full);
      if (py.FS.isDir(mode)) walk(full, visit);
      visit(full, mode);
    }
  }
  function listing() {
    const seen = new Map();
    walk("/", (path, mode) => seen.set(path, py.FS.isFile(mode) && path !== "/lib/python311.zip" ? py.FS.readFile(path) : null));
    return seen;
  }
  function resetFiles() {
    const { FS } = py;
    for (const stream of FS.streams) if (stream && stream.fd > 2) FS.close(stream);
    FS.chdir("/home/pyodide");
    const there = new Set();
    walk("/", (path, mode) => {
      there.add(path);
      if (baseline.has(path)) {
        const was = baseline.get(path);
        if (was) { const now = FS.readFile(path); if (now.length !== was.length || now.some((byte, i) => byte !== was[i])) FS.writeFile(path, was); }
      } else if (FS.isDir(mode)) FS.rmdir(path);
      else FS.unlink(path);
    });
    for (const [path, was] of baseline) if (was && !there.has(path)) FS.writeFile(path, was);
  }

  // reset puts back what Python was. It throws where that cannot be done, and the worker is then of no more use.
  function reset() {
    const heap = py._module.HEAPU8;
    heap.set(copy);
    heap.fill(0, copy.length);
    resetFiles();
  }

  // fresh is what a test is given: runPython, pyodide, and the globals of its own module.
  function fresh(code) {
    const globals = py.globals.get("dict")();
    globals.set("__name__", "__main__");
    const runPython = (text) => py.runPython(text, { globals });
    py.FS.writeFile("/user_code.py", code);
    runPython("from ast_helpers import Node as _Node\nwith open('/user_code.py') as __file:\n    _code = __file.read()\ndel __file\ndef input(arg=None):\n    return ''\n");
    py.FS.unlink("/user_code.py");
    return [runPython, py, globals];
  }

  const first = (event) => {
    event.stopImmediatePropagation();
    realm.removeEventListener("message", first);
    const { python, port } = event.data;
    load(python).then(() => port.postMessage({ error: "" }), (error) => port.postMessage({ error: String(error?.stack ?? error) }));
  };
  realm.addEventListener("message", first);
  return { fresh, reset, look: () => look() };
})();
