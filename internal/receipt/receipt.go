// Package receipt is what the erased keep: a signed statement of what went, when,
// and what is still held by which law. It names nobody.
//
// Start at Sign and Open.
package receipt

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"kept/vault"
)

// Format names the form of a receipt.
const Format = "kept-receipt-1"

// Receipt says what an erasure did. Days are UTC, as 2027-01-31.
type Receipt struct {
	Format string         `json:"format"`
	Site   string         `json:"site"`
	Day    string         `json:"day"`
	Erased map[string]int `json:"erased"` // records by kind
	Held   []Held         `json:"held"`
	// RingCopiesGone is the day by which no copy of the key ring holds the
	// erased key any more, BackupsGone the day by which no backup holds a record.
	RingCopiesGone string `json:"ring_copies_gone_by,omitempty"`
	BackupsGone    string `json:"backups_gone_by"`
	// Salt makes the receipt's entry in the public log say nothing without it.
	Salt string `json:"salt"`
}

// Held is what stays by law.
type Held struct {
	Kind  string `json:"kind"`
	Law   string `json:"law"`
	Count int    `json:"count"`
	Until string `json:"until"`
}

// New makes a receipt of an erasure.
func New(site string, r vault.Receipt) Receipt {
	salt := make([]byte, 16)
	rand.Read(salt)
	out := Receipt{Format: Format, Site: site, Day: r.Day.String(), Erased: r.Erased, Held: []Held{},
		Salt: base64.RawURLEncoding.EncodeToString(salt)}
	for _, h := range r.Held {
		out.Held = append(out.Held, Held{h.Kind, h.Law, h.Count, h.Until.String()})
	}
	return out
}

// signed is the document that is handed out. The signature covers the bytes of
// its member "receipt" as they stand.
type signed struct {
	Receipt   json.RawMessage `json:"receipt"`
	Signature []byte          `json:"signature"`
}

// Sign makes the document to hand out, and returns the bytes that were signed.
func (r Receipt) Sign(key ed25519.PrivateKey) (document, body []byte, err error) {
	if body, err = json.Marshal(r); err != nil {
		return nil, nil, err
	}
	document, err = json.Marshal(signed{body, ed25519.Sign(key, body)})
	return document, body, err
}

// Errors of Open.
var (
	ErrNoReceipt = errors.New("this is no receipt")
	ErrSignature = errors.New("the signature does not fit: the receipt is not from here, or was changed")
)

// Body returns the bytes of a receipt that are signed, without checking it.
func Body(document []byte) ([]byte, error) {
	var s signed
	if err := json.Unmarshal(document, &s); err != nil || s.Receipt == nil {
		return nil, ErrNoReceipt
	}
	return s.Receipt, nil
}

// Open checks a receipt and returns it with the bytes that were signed.
func Open(document []byte, key ed25519.PublicKey) (r Receipt, body []byte, err error) {
	var s signed
	if err := json.Unmarshal(document, &s); err != nil || s.Receipt == nil {
		return r, nil, ErrNoReceipt
	}
	if !ed25519.Verify(key, s.Receipt, s.Signature) {
		return r, nil, ErrSignature
	}
	if err := json.Unmarshal(s.Receipt, &r); err != nil {
		return r, nil, fmt.Errorf("%w: %v", ErrNoReceipt, err)
	}
	return r, s.Receipt, nil
}
