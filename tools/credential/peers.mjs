// Digital Bazaar's libraries and jose as the tests call them.
import * as vc from '@digitalbazaar/vc';
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import {cryptosuite} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as jose from 'jose';
import ob3 from '../../internal/credential/contexts/open-badges-3.0.3.json';
import vc2 from '../../internal/credential/contexts/credentials-v2.json';

const fixed = new Map([
  ['https://www.w3.org/ns/credentials/v2', vc2],
  ['https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json', ob3],
]);

// loader knows the contexts and the documents of one issuer, nothing else.
const loader = issuer => async url => {
  const found = fixed.get(url) ?? (url === issuer?.id ? issuer : undefined) ?? methodOf(issuer, url);
  if (!found) throw new Error('not bundled: ' + url);
  return {contextUrl: null, documentUrl: url, document: found};
};

const methodOf = (issuer, url) => {
  const method = issuer?.verificationMethod?.find(m => m.id === url);
  return method && {'@context': 'https://w3id.org/security/multikey/v1', ...method};
};

const text = error => [error?.message, ...(error?.errors ?? []).map(e => e.message), error?.cause?.message].filter(Boolean).join('; ');

// verifyEmbedded checks a credential with an embedded proof; "" is a yes.
export async function verifyEmbedded(credential, issuer, status) {
  const checkStatus = async ({credential}) => ({verified: status === undefined || status(credential)});
  const result = await vc.verifyCredential({credential, suite: new DataIntegrityProof({cryptosuite}), documentLoader: loader(issuer), checkStatus});
  return result.verified ? '' : text(result.error) || 'refused';
}

// verifyJWT checks a credential as a JWT against a key set; "" is a yes.
export async function verifyJWT(jwt, jwks) {
  try {
    await jose.jwtVerify(jwt, jose.createLocalJWKSet(jwks), {algorithms: ['EdDSA', 'Ed25519']});
    return '';
  } catch (error) {
    return text(error) || 'refused';
  }
}

// issue makes an issuer, and a credential in both forms.
export async function issue(credential, id) {
  const key = await Ed25519Multikey.generate({controller: id});
  key.id = id + '#' + key.publicKeyMultibase;
  const pub = await key.export({publicKey: true, includeContext: false});
  const issuer = {'@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'], id, verificationMethod: [pub], assertionMethod: [key.id]};
  const unsigned = {...credential, issuer: {...credential.issuer, id}};
  const suite = new DataIntegrityProof({signer: key.signer(), cryptosuite, date: credential.validFrom});
  const embedded = await vc.issue({credential: structuredClone(unsigned), suite, documentLoader: loader(issuer), now: new Date(credential.validFrom)});
  const raw = await key.export({publicKey: true, secretKey: true, raw: true});
  const jwk = {kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', x: jose.base64url.encode(raw.publicKey), d: jose.base64url.encode(raw.secretKey.slice(0, 32))};
  const {iss, jti, nbf} = {iss: id, jti: unsigned.id, nbf: Math.floor(Date.parse(unsigned.validFrom) / 1000)};
  const jwt = await new jose.SignJWT({...unsigned, iss, jti, nbf, sub: unsigned.credentialSubject.id}).setProtectedHeader({alg: 'EdDSA', typ: 'vc+jwt', kid: key.id})
    .sign(await jose.importJWK(jwk));
  return {issuer, embedded, jwt};
}
