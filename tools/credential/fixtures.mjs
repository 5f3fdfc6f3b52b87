// Credentials by other hands, for tests without a browser.
import {build} from 'esbuild';
import {dirname, join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

export const sample = {
  '@context': ['https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'],
  id: 'urn:uuid:0b5d6a04-8f6e-4e0b-9a0b-4c2b4d1f7a10',
  type: ['VerifiableCredential', 'OpenBadgeCredential'],
  name: 'Knots for beginners',
  issuer: {type: ['Profile'], name: 'Another School'},
  validFrom: '2026-11-01T09:00:00Z',
  credentialSubject: {
    id: 'did:example:holder', type: ['AchievementSubject'],
    identifier: [{type: 'IdentityObject', hashed: false, identityHash: 'Ida Marchetti', identityType: 'name'}],
    achievement: {id: 'https://other.example/knots', type: ['Achievement'], achievementType: 'Certificate', name: 'Knots for beginners',
      description: 'Three knots that hold.', criteria: {narrative: 'Tied all three.'}},
  },
};

export async function fixtures() {
  const here = dirname(fileURLToPath(import.meta.url)), out = join(here, 'node_modules', '.peers.mjs');
  await build({entryPoints: [join(here, 'peers.mjs')], bundle: true, format: 'esm', platform: 'node', outfile: out,
    banner: {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);"}, logLevel: 'error'});
  const peers = await import(pathToFileURL(out));
  return peers.issue(sample, 'did:web:other.example');
}
