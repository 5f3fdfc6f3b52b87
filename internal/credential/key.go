package credential

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Key signs.
type Key struct {
	ID      string // DID URL
	private ed25519.PrivateKey
}

// NewKey makes the key of an issuer from 32 random bytes. Its id says which key
// it is: the issuer's id, and the public key.
func NewKey(issuer string, seed []byte) Key {
	private := ed25519.NewKeyFromSeed(seed)
	return Key{ID: KeyID(issuer, private.Public().(ed25519.PublicKey)), private: private}
}

// KeyID names a key of an issuer.
func KeyID(issuer string, key ed25519.PublicKey) string { return issuer + "#" + Multikey(key) }

// Public returns the half that is published.
func (k Key) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// PublicKey is a key of an issuer as it is published.
type PublicKey struct {
	ID      string
	Key     ed25519.PublicKey
	From    time.Time // zero: not known
	Until   time.Time // zero: in use. What was signed until then holds
	Revoked time.Time // zero: no. From then on nothing holds that it signed
}

// inUse tells whether the key signed at a moment at which it was in use.
func (k PublicKey) inUse(at time.Time) bool {
	return !at.Before(k.From.Truncate(time.Second)) && (k.Until.IsZero() || !at.After(k.Until))
}

// Issuer is who signs: its id and all its keys, those of the past too.
type Issuer struct {
	ID   string
	Keys []PublicKey
}

// Key finds one of the issuer's keys.
func (i *Issuer) Key(id string) (PublicKey, bool) {
	at := slices.IndexFunc(i.Keys, func(k PublicKey) bool { return k.ID == id })
	if at < 0 {
		return PublicKey{}, false
	}
	return i.Keys[at], true
}

// WebID is the did:web of a site's address.
func WebID(base string) (string, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") != "" {
		return "", errors.New("credential: not the address of a site")
	}
	return "did:web:" + strings.ReplaceAll(u.Host, ":", "%3A"), nil
}

// Document is the issuer's DID document, as it stands at /.well-known/did.json.
func (i *Issuer) Document() map[string]any {
	methods, assertions := []any{}, []any{}
	for _, k := range i.Keys {
		method := object{"id": k.ID, "type": "Multikey", "controller": i.ID, "publicKeyMultibase": Multikey(k.Key)}
		if !k.Until.IsZero() {
			method["expires"] = timeText(k.Until)
		}
		if !k.Revoked.IsZero() {
			method["revoked"] = timeText(k.Revoked)
		}
		methods = append(methods, method)
		if k.Revoked.IsZero() {
			assertions = append(assertions, k.ID)
		}
	}
	return object{"@context": []any{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		"id": i.ID, "verificationMethod": methods, "assertionMethod": assertions}
}

// KeySet is the issuer's keys as a JWK set, for those who read JWTs alone.
func (i *Issuer) KeySet() map[string]any {
	keys := []any{}
	for _, k := range i.Keys {
		if !k.Revoked.IsZero() {
			continue
		}
		jwk := object{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": k.ID, "x": base64.RawURLEncoding.EncodeToString(k.Key)}
		if !k.From.IsZero() {
			jwk["nbf"] = k.From.Unix()
		}
		if !k.Until.IsZero() {
			jwk["exp"] = k.Until.Unix()
		}
		keys = append(keys, jwk)
	}
	return object{"keys": keys}
}

var errIssuer = errors.New("credential: not an issuer document that we read")

// ParseIssuer reads a DID document. Keys of other kinds than Ed25519 are left out.
func ParseIssuer(file []byte) (*Issuer, error) {
	doc, err := parse(file)
	if err != nil {
		return nil, err
	}
	issuer := &Issuer{ID: text(doc, "id")}
	asserts := texts(doc["assertionMethod"])
	for _, m := range parts(doc["verificationMethod"]) {
		key, err := ParseMultikey(text(m, "publicKeyMultibase"))
		id := text(m, "id")
		if err != nil || text(m, "controller") != issuer.ID || !strings.HasPrefix(id, issuer.ID+"#") || !timed(m, "expires") || !timed(m, "revoked") {
			continue
		}
		k := PublicKey{ID: id, Key: key, Until: moment(m, "expires"), Revoked: moment(m, "revoked")}
		if slices.Contains(asserts, id) || !k.Revoked.IsZero() {
			issuer.Keys = append(issuer.Keys, k)
		}
	}
	if issuer.ID == "" || len(issuer.Keys) == 0 {
		return nil, errIssuer
	}
	return issuer, nil
}
