// Makes web/editor from editor.mjs: `npm ci && npm run build` in this folder.
// What it makes is committed, so that neither a build nor a test of the program
// needs npm or a network.

import {build} from "esbuild";
import {createHash} from "node:crypto";
import {mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from "node:fs";
import {dirname, join, relative} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url)), out = join(here, "../../web/editor");

// style-mod writes into a <style> element when it is given a document, which
// the site's content policy refuses. A constructed sheet is allowed, and
// style-mod makes one for shadow roots: with this it does so for documents.
const sheets = {
  name: "sheets",
  setup(b) {
    b.onLoad({filter: /style-mod\.js$/}, ({path}) => {
      const text = readFileSync(path, "utf8"), old = "!root.head && root.adoptedStyleSheets";
      if (!text.includes(old)) throw new Error("style-mod has changed: look at how it mounts");
      return {contents: text.replace(old, "root.adoptedStyleSheets")};
    });
  },
};

rmSync(out, {recursive: true, force: true});
mkdirSync(out, {recursive: true});
const result = await build({
  absWorkingDir: here, entryPoints: {editor: "editor.mjs"}, outdir: out, bundle: true, splitting: true, format: "esm", minify: true,
  target: "es2022", legalComments: "none", metafile: true, chunkNames: "part-[hash]", plugins: [sheets],
});

// The licences of everything that went in, once each.
const packages = new Map();
for (const input of Object.keys(result.metafile.inputs)) {
  const at = input.lastIndexOf("node_modules/");
  if (at < 0) continue;
  const parts = input.slice(at + 13).split("/"), name = parts[0].startsWith("@") ? parts.slice(0, 2).join("/") : parts[0];
  const folder = join(here, input.slice(0, at + 13), name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  packages.set(name, {version: about.version, licence: about.license, text: readFileSync(join(folder, file), "utf8").trim()});
}
const names = [...packages.keys()].sort();
const texts = names.map((name) => `${name} ${packages.get(name).version} (${packages.get(name).licence}), from npm\n\n${packages.get(name).text}\n`);
writeFileSync(join(out, "LICENCES.txt"), "What web/editor is made of, by tools/editor.\n\n" + texts.join("\n" + "-".repeat(72) + "\n\n"));

// What is in the folder, so that a test can tell whether it was changed by hand.
const lines = [...names.map((name) => `from\t${name}\t${packages.get(name).version}\t${packages.get(name).licence}\tnpm`),
  ...readdirSync(out).sort().map((file) => `file\t${file}\t${createHash("sha256").update(readFileSync(join(out, file))).digest("hex")}`)];
writeFileSync(join(out, "MANIFEST.tsv"), lines.join("\n") + "\n");

for (const file of readdirSync(out).sort()) {
  const body = readFileSync(join(out, file));
  console.log(`${relative(process.cwd(), join(out, file))}  ${statSync(join(out, file)).size} B, ${gzipSync(body, {level: 9}).length} B packed, sha256 ${createHash("sha256").update(body).digest("hex").slice(0, 16)}`);
}
