// Package credential reads, signs and verifies the formats in which a
// certificate leaves the house: Open Badges 3.0 as a JWT and with an embedded
// eddsa-rdfc-2022 proof, Bitstring status lists, did:web issuer documents, key
// sets, and pictures that carry a badge inside.
//
// It knows no HTTP, no database and no members, and it opens no connection:
// contexts are bundled and any other is refused, and whoever verifies hands in
// the issuers and lists that are to be believed. It refuses what it would have
// to guess: doubled names, terms that no context defines, algorithms beside
// Ed25519, encodings that are not the only one for their bytes.
//
// Start at Badge for what a certificate says, Key.Sign and Key.Embed to sign it,
// and Verifier.Verify for the way back.
package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// The contexts of what is made here, in the order that the specification asks for.
const (
	ContextVC = "https://www.w3.org/ns/credentials/v2"
	ContextOB = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
)

// Badge is what a certificate says.
type Badge struct {
	ID          string // address of the certificate, which never changes
	Issuer      Profile
	Achievement Achievement
	Holder      Holder
	Role        string // learner, helper …; may be empty
	Evidence    []Evidence
	From        time.Time
	Until       time.Time // zero: no end
	Status      Entry     // zero: cannot be withdrawn
}

// Profile is who issued it.
type Profile struct{ ID, Name, Address string }

// Achievement is what it is for.
type Achievement struct {
	ID          string // address
	Name        string
	Description string
	Criteria    string
	Language    string
}

// Holder is whom it is for. Name stands in clear; the others are there if the
// holder wants them.
type Holder struct {
	Name    string
	Address Hashed // of an e-mail address
	DID     string // did:key, by which the holder can prove to be who is meant
}

// Hashed is an identity that can be confirmed by who knows it, and not read.
type Hashed struct{ Salt, Hash string }

// IsZero tells that there is none.
func (h Hashed) IsZero() bool { return h.Hash == "" }

// HashOf hashes an identity with a new salt, as Open Badges asks for.
func HashOf(identity string) Hashed {
	salt := rand.Text()
	return Hashed{Salt: salt, Hash: hashWith(identity, salt)}
}

// Fits tells whether an identity is the one that was hashed.
func (h Hashed) Fits(identity string) bool {
	return !h.IsZero() && hashWith(identity, h.Salt) == strings.ToLower(h.Hash)
}

func hashWith(identity, salt string) string {
	sum := sha256.Sum256([]byte(identity + salt))
	return "sha256$" + hex.EncodeToString(sum[:])
}

// Evidence is something that the holder wants to be looked at.
type Evidence struct{ Address, Name, Narrative string }

// Entry is a certificate's place in a status list.
type Entry struct {
	List  string // address of the list
	Index int
}

// object is a JSON object.
type object = map[string]any

// Document is the badge as an Open Badges 3.0 credential, without a proof.
func (b Badge) Document() map[string]any {
	doc := object{
		"@context":          []any{ContextVC, ContextOB},
		"id":                b.ID,
		"type":              []any{"VerifiableCredential", "OpenBadgeCredential"},
		"name":              b.Achievement.Name,
		"issuer":            b.Issuer.document(),
		"validFrom":         timeText(b.From),
		"awardedDate":       timeText(b.From),
		"credentialSubject": b.subject(),
	}
	if !b.Until.IsZero() {
		doc["validUntil"] = timeText(b.Until)
	}
	if b.Status.List != "" {
		doc["credentialStatus"] = b.Status.document()
	}
	if len(b.Evidence) > 0 {
		doc["evidence"] = evidenceList(b.Evidence)
	}
	return doc
}

func (p Profile) document() object {
	doc := object{"id": p.ID, "type": []any{"Profile"}, "name": p.Name}
	put(doc, "url", p.Address)
	return doc
}

func (b Badge) subject() object {
	doc := object{"type": []any{"AchievementSubject"}, "achievement": b.Achievement.document()}
	put(doc, "id", b.Holder.DID)
	put(doc, "role", b.Role)
	identities := []any{object{"type": "IdentityObject", "hashed": false, "identityHash": b.Holder.Name, "identityType": "name"}}
	if h := b.Holder.Address; !h.IsZero() {
		identities = append(identities, object{"type": "IdentityObject", "hashed": true, "identityHash": h.Hash, "identityType": "emailAddress", "salt": h.Salt})
	}
	doc["identifier"] = identities
	return doc
}

func (a Achievement) document() object {
	doc := object{"id": a.ID, "type": []any{"Achievement"}, "achievementType": "Certificate", "name": a.Name,
		"description": a.Description, "criteria": object{"narrative": a.Criteria}}
	put(doc, "inLanguage", a.Language)
	return doc
}

func evidenceList(all []Evidence) []any {
	list := []any{}
	for _, e := range all {
		doc := object{"type": []any{"Evidence"}}
		put(doc, "id", e.Address)
		put(doc, "name", e.Name)
		put(doc, "narrative", e.Narrative)
		list = append(list, doc)
	}
	return list
}

func put(doc object, name, value string) {
	if value != "" {
		doc[name] = value
	}
}

// timeText has whole seconds: one spelling for one moment.
func timeText(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
