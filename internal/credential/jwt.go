package credential

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"maps"
	"strings"
	"time"
)

// jwtType is the media type of what we sign, in a JWT's own short form.
const jwtType = "vc+jwt"

var errJWT = errors.New("credential: not a JWT of the kind that we read")

// Sign signs a document as a JWT: the credential itself, with the claims that
// readers of JWTs expect beside it.
func (k Key) Sign(doc map[string]any, at time.Time) (string, error) {
	head, err := Encode(object{"alg": "EdDSA", "kid": k.ID, "typ": jwtType})
	if err != nil {
		return "", err
	}
	payload, err := Encode(withClaims(doc, at))
	if err != nil {
		return "", err
	}
	message := strictBase64.EncodeToString(head) + "." + strictBase64.EncodeToString(payload)
	return message + "." + strictBase64.EncodeToString(ed25519.Sign(k.private, []byte(message))), nil
}

func withClaims(doc object, at time.Time) object {
	payload := maps.Clone(doc)
	payload["iss"], payload["jti"] = issuerID(doc), text(doc, "id")
	payload["iat"], payload["nbf"] = at.Unix(), moment(doc, "validFrom").Unix()
	if until := moment(doc, "validUntil"); !until.IsZero() {
		payload["exp"] = until.Unix()
	}
	put(payload, "sub", text(part(doc, "credentialSubject"), "id"))
	return payload
}

func issuerID(doc object) string { return profileOf(doc["issuer"]).ID }

// token is a JWT taken apart and not yet believed.
type token struct {
	kid       string
	at        time.Time
	payload   object
	message   string // what the signature is over
	signature []byte
}

// parseJWT reads a JWT itself rather than by a module: it has to refuse what
// such modules let pass, doubled names and bits that mean nothing.
func parseJWT(file string) (*token, error) {
	parts := strings.Split(file, ".")
	if len(parts) != 3 || len(file) > MaxFile {
		return nil, errJWT
	}
	decoded, err := onlySpelling(parts)
	if err != nil {
		return nil, err
	}
	head, err := parse(decoded[0])
	if err != nil {
		return nil, err
	}
	if alg := text(head, "alg"); alg != "EdDSA" && alg != "Ed25519" || head["crit"] != nil || head["b64"] != nil {
		return nil, errJWT
	}
	payload, err := parse(decoded[1])
	if err != nil {
		return nil, err
	}
	t := &token{kid: text(head, "kid"), payload: payload, message: file[:len(parts[0])+1+len(parts[1])], signature: decoded[2]}
	return t, t.claims()
}

// onlySpelling decodes base64url and refuses what another text would decode to
// as well: its last letters can hold bits that mean nothing.
func onlySpelling(parts []string) (decoded [3][]byte, err error) {
	for i, part := range parts {
		if decoded[i], err = strictBase64.DecodeString(part); err != nil || strings.ContainsAny(part, "\r\n") {
			return decoded, errJWT
		}
	}
	return decoded, nil
}

var strictBase64 = base64.RawURLEncoding.Strict()

// claims checks that the JWT's own claims say what the credential says.
func (t *token) claims() error {
	t.at = t.number("iat")
	if t.at.IsZero() {
		t.at = t.number("nbf")
	}
	from, until := moment(t.payload, "validFrom"), moment(t.payload, "validUntil")
	switch {
	case t.at.IsZero(), text(t.payload, "iss") != issuerID(t.payload), text(t.payload, "jti") != text(t.payload, "id"):
		return errJWT
	case !t.number("nbf").Equal(from) && t.has("nbf"), !t.number("exp").Equal(until) && t.has("exp"):
		return errJWT
	case t.has("sub") && text(t.payload, "sub") != text(part(t.payload, "credentialSubject"), "id"):
		return errJWT
	}
	return nil
}

func (t *token) has(claim string) bool { return t.payload[claim] != nil }

func (t *token) number(claim string) time.Time {
	seconds, ok := t.payload[claim].(float64)
	if !ok {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}

func (t *token) check(key ed25519.PublicKey) error {
	if !ed25519.Verify(key, []byte(t.message), t.signature) {
		return errSignature
	}
	return nil
}
