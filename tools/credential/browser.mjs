// What the verifier in the browser takes from packages: see web/verify.js.
import jsonld from 'jsonld';
import {hashes, verify, verifyAsync} from '@noble/ed25519';
import ob1 from '../../internal/credential/contexts/open-badges-3.0.1.json';
import ob2 from '../../internal/credential/contexts/open-badges-3.0.2.json';
import ob3 from '../../internal/credential/contexts/open-badges-3.0.3.json';
import vc2 from '../../internal/credential/contexts/credentials-v2.json';
import di2 from '../../internal/credential/contexts/data-integrity-v2.json';

const contexts = new Map([
  ['https://www.w3.org/ns/credentials/v2', vc2],
  ['https://w3id.org/security/data-integrity/v2', di2],
  ['https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json', ob1],
  ['https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json', ob2],
  ['https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json', ob3],
]);

async function documentLoader(url) {
  const document = contexts.get(url);
  if (!document) throw new Error('context');
  return {contextUrl: null, documentUrl: url, document};
}

// canonize is RDF Dataset Canonicalization (RDFC-1.0); what the contexts do not define is an error.
export const canonize = document => jsonld.canonize(document, {algorithm: 'RDFC-1.0', format: 'application/n-quads', base: null, safe: true, documentLoader});

// ed25519 verifies a signature where the browser itself cannot.
export const ed25519 = (signature, message, key) => verifyAsync(signature, message, key, {zip215: false});
