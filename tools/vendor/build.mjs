// Makes web/runner/vendor: everything by others that the frame for learners' code needs, bundled, minified, compressed
// where it is large, with licences and a manifest of sources and SHA-256 sums. Run it by hand, in this folder:
//
//	npm ci
//	git clone https://github.com/freeCodeCamp/curriculum-helpers && git -C curriculum-helpers checkout 54facc2
//	node build.mjs
//
// Nothing else in the repository needs npm: the result is committed, and a test compares it with the manifest.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const out = "../../web/runner/vendor/";
const pack = (name) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
const lines = [], licences = new Map();

// texts are for packages that name a licence and bring no file of it.
const permission = (rest) => "Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the \"Software\"), " + rest;
const texts = {
  MIT: permission("to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:\n\nThe above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE."),
  ISC: "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.\n\nTHE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.",
  "Apache-2.0": readFileSync("node_modules/typescript/LICENSE.txt", "utf8"),
};

function licence(name) {
  const { license, version, name: real } = pack(name);
  for (const file of ["LICENSE", "LICENSE.md", "LICENSE.txt", "license", "COPYING"]) {
    try {
      licences.set(`${real} ${version} (${license})`, readFileSync(`node_modules/${name}/${file}`, "utf8"));
      return;
    } catch { /* the next name */ }
  }
  const { author } = pack(name), who = typeof author === "string" ? author : author?.name ?? real;
  licences.set(`${real} ${version} (${license})`, `Copyright ${who}\n\n${texts[license] ?? missing(real)}`);
}

function missing(name) {
  throw new Error(name + " holds no file with its licence; add its text to texts");
}

function write(file, bytes, from) {
  const compress = bytes.length > 50_000 && file !== "LICENCES.txt";
  const data = compress ? gzipSync(bytes, { level: 9 }) : Buffer.from(bytes);
  const name = compress ? file + ".gz" : file;
  writeFileSync(out + name, data);
  lines.push([name, data.length, bytes.length, createHash("sha256").update(data).digest("hex"), from].join("\t"));
}

const globals = {
  react: "React", "react-dom": "ReactDOM", "react-dom/server": "ReactDOMServer", "react-dom/test-utils": "ReactTestUtils",
};

// reactIsGlobal lets a bundle use the React that the page has.
const reactIsGlobal = {
  name: "react is global",
  setup(b) {
    b.onResolve({ filter: /^react(-dom(\/(server|test-utils))?)?$/ }, (a) => ({ path: a.path, namespace: "global" }));
    b.onLoad({ filter: /.*/, namespace: "global" }, (a) => ({ contents: `module.exports = globalThis.${globals[a.path]}`, loader: "js" }));
  },
};

const nothing = "exports.inherits = (sub, base) => { Object.setPrototypeOf(sub.prototype, base.prototype); }";

// empty stands for the modules of Node that libraries ask for and do without.
const empty = {
  name: "empty",
  setup(b) {
    b.onResolve({ filter: /^(perf_hooks|fs|path|os|inspector|module|url|util|timers|timers\/promises)$/ }, (a) => ({ path: a.path, namespace: "empty" }));
    b.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: nothing, loader: "js" }));
  },
};

// reached collects the packages whose files a bundle holds.
function reached(meta) {
  const names = new Set();
  for (const input of Object.keys(meta.inputs)) {
    if (input.startsWith("(disabled)")) continue;
    const all = [...input.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)];
    if (all.length > 0) names.add(input.slice(0, all.at(-1).index) + "node_modules/" + all.at(-1)[1]);
  }
  return [...names].map((path) => path.replace(/^node_modules\//, ""));
}

async function bundle(entry, file, from, plugins = []) {
  const result = await build({
    entryPoints: [entry], bundle: true, minify: true, write: false, metafile: true, format: "iife", target: "es2022",
    plugins: [...plugins, empty], loader: { ".py": "text" }, alias: { stream: "./entry-stream.js" }, define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    external: ["./class/explorer"], legalComments: "none", logLevel: "error",
  });
  reached(result.metafile).forEach(licence);
  write(file, result.outputFiles[0].contents, from);
}

async function take(name, path, file) {
  licence(name);
  const { name: real, version } = pack(name);
  let bytes = readFileSync(`node_modules/${name}/${path}`);
  if (path.includes("development")) bytes = Buffer.from((await transform(bytes.toString(), { minify: true, legalComments: "none" })).code);
  write(file, bytes, `npm ${real}@${version} ${path}`);
}

// compiled is Python's library with the modules that each start imports as byte code, which halves the time of a start.
async function compiled() {
  const { loadPyodide } = createRequire(import.meta.url)("pyodide");
  const python = await loadPyodide();
  const imports = readFileSync("../../web/runner/python-worker.js", "utf8").match(/const imports = `([^`]*)`/)[1].replace(/^.*ast_helpers.*$/gm, "");
  python.runPython(imports + `
import importlib, importlib.util, importlib._bootstrap_external, sys, zipfile
start = {m.__spec__.origin for m in list(sys.modules.values()) if getattr(m, "__spec__", None) and m.__spec__.origin}
with zipfile.ZipFile("/lib/python311.zip") as old, zipfile.ZipFile("/tmp/new.zip", "w", zipfile.ZIP_STORED) as new:
    for name in sorted(old.namelist()):
        data, origin = old.read(name), "/lib/python311.zip/" + name
        if name.endswith(".py") and origin in start:
            code = compile(data, origin, "exec", dont_inherit=True, optimize=0)
            data = importlib._bootstrap_external._code_to_hash_pyc(code, importlib.util.source_hash(data), False)
            name += "c"
        new.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
`);
  return Buffer.from(python.FS.readFile("/tmp/new.zip"));
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const helpers = "freeCodeCamp/curriculum-helpers 54facc2 (BSD-3-Clause)";
licences.set("Pyodide 0.23.3, its sources (MPL-2.0), https://github.com/pyodide/pyodide", readFileSync("licence-pyodide.txt", "utf8"));
licences.set("Python 3.11 in Pyodide (PSF-2.0)", readFileSync("licence-python.txt", "utf8"));
licences.set("@freecodecamp/curriculum-helpers 9.0.1 (BSD-3-Clause)", readFileSync("curriculum-helpers/LICENSE", "utf8"));
await bundle("entry-assert.js", "assert.js", `npm chai@4.5.0, @sinonjs/fake-timers@14.0.0; ${helpers}`);
await bundle("entry-explorer.js", "explorer.js", `npm typescript@5.8.3; ${helpers}`);
await bundle("entry-compile.js", "compile.js", "npm sucrase@3.35.1, acorn@8.19.0, acorn-walk@8.3.5");
await bundle("entry-enzyme.js", "enzyme.js", "npm enzyme@3.11.0, enzyme-adapter-react-16@1.15.6", [reactIsGlobal]);
for (const [major, react, dom] of [["16", "react", "react-dom"], ["18", "react-18", "react-dom-18"]]) {
  // Helpers of today call act, which the production build of React 18 leaves out.
  const kind = major === "16" ? "production.min" : "development";
  await take(react, `umd/react.${kind}.js`, `react-${major}.js`);
  await take(dom, `umd/react-dom.${kind}.js`, `react-dom-${major}.js`);
}
await take("react-dom", "umd/react-dom-test-utils.production.min.js", "react-dom-test-utils-16.js");
await take("react-dom", "umd/react-dom-server.browser.production.min.js", "react-dom-server-16.js");
await take("redux", "dist/redux.min.js", "redux.js");
await take("react-redux", "dist/react-redux.min.js", "react-redux.js");
await take("redux-thunk", "dist/redux-thunk.min.js", "redux-thunk.js");
await take("jquery", "dist/jquery.min.js", "jquery.js");
await take("d3", "dist/d3.min.js", "d3.js");
await take("pyodide", "pyodide.js", "pyodide.js");
await take("pyodide", "pyodide.asm.js", "pyodide.asm.js");
await take("pyodide", "pyodide.asm.wasm", "pyodide.asm.wasm");
write("python_stdlib.zip", await compiled(), "npm pyodide@0.23.3 python_stdlib.zip; what a start imports is compiled by it");

write("py_helpers.py", readFileSync("curriculum-helpers/packages/helpers/python/py_helpers.py"), helpers);
write("LICENCES.txt", Buffer.from([...licences].sort().map(([who, text]) => `${who}\n\n${text.trim()}\n`).join("\n----\n\n")), "the packages named here");
writeFileSync(out + "MANIFEST.tsv", "# file\tbytes\tbytes unpacked\tsha256\tsource\n" + lines.join("\n") + "\n");
