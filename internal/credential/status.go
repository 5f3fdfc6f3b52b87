package credential

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// The words of Bitstring Status List v1.0.
const (
	statusEntry = "BitstringStatusListEntry"
	revocation  = "revocation"
)

// ListSize is how many certificates a list has room for: the least that the
// specification allows, so that a place in it tells nothing.
const ListSize = 131_072

// maxList is the longest list that is read, in bytes.
const maxList = 1 << 20

var (
	errList  = errors.New("credential: not a list of withdrawn certificates that we read")
	errIndex = errors.New("credential: the list has no such place")
)

func (e Entry) document() object {
	index := strconv.Itoa(e.Index)
	return object{"id": e.List + "#" + index, "type": statusEntry, "statusPurpose": revocation, "statusListIndex": index, "statusListCredential": e.List}
}

// Bits is a list of yes and no.
type Bits []byte

// NewBits are ListSize times no.
func NewBits() Bits { return make(Bits, ListSize/8) }

// Get reads a place.
func (b Bits) Get(index int) (bool, error) {
	if index < 0 || index >= 8*len(b) {
		return false, errIndex
	}
	return b[index/8]&(0x80>>(index%8)) != 0, nil
}

// Set writes a yes.
func (b Bits) Set(index int) error {
	if index < 0 || index >= 8*len(b) {
		return errIndex
	}
	b[index/8] |= 0x80 >> (index % 8)
	return nil
}

// List is a list of withdrawn certificates as it is published.
type List struct {
	Address string
	Issuer  string
	At      time.Time
	Bits    Bits
}

// Document is the list as a credential, without a proof.
func (l List) Document() (map[string]any, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(l.Bits); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return object{
		"@context": []any{ContextVC}, "id": l.Address, "type": []any{"VerifiableCredential", "BitstringStatusListCredential"},
		"issuer": l.Issuer, "validFrom": timeText(l.At),
		"credentialSubject": object{"id": l.Address + "#list", "type": "BitstringStatusList", "statusPurpose": revocation,
			"encodedList": "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes())},
	}, nil
}

// ParseList reads a published list, signed by the issuer with an embedded proof.
func ParseList(file []byte, issuer *Issuer) (*List, error) {
	doc, err := parse(file)
	if err != nil {
		return nil, err
	}
	proof, err := proofOf(doc)
	if err != nil {
		return nil, err
	}
	key, ok := issuer.Key(text(proof, "verificationMethod"))
	if !ok || issuerID(doc) != issuer.ID || !key.Revoked.IsZero() {
		return nil, errList
	}
	if err := checkProof(doc, key.Key, contexts()); err != nil {
		return nil, err
	}
	subject := part(doc, "credentialSubject")
	if text(subject, "type") != "BitstringStatusList" || text(subject, "statusPurpose") != revocation {
		return nil, errList
	}
	bits, err := unpack(text(subject, "encodedList"))
	return &List{Address: text(doc, "id"), Issuer: issuer.ID, At: moment(doc, "validFrom"), Bits: bits}, err
}

func unpack(encoded string) (Bits, error) {
	packed, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(encoded, "u"))
	if err != nil {
		return nil, errList
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errList
	}
	bits, err := io.ReadAll(io.LimitReader(r, maxList+1))
	if err != nil || len(bits) > maxList || len(bits) < ListSize/8 {
		return nil, errList
	}
	return bits, nil
}
