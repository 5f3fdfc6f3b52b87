package certificate

import (
	"errors"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// Held is a certificate that its holder keeps here, too.
type Held struct {
	Number        string    `json:"number" doc:"stands in its address"`
	Title         string    `json:"title" doc:"what it is for"`
	Certification string    `json:"certification" doc:"id of what was finished"`
	Name          string    `json:"name" doc:"the name on it"`
	Template      string    `json:"template" doc:"the look of page and print"`
	At            time.Time `json:"at" doc:"when it was signed"`
	Honesty       int       `json:"honesty" doc:"version of the statement that you agreed to"`
	JWT           string    `json:"jwt" doc:"the signed file as a JWT (Open Badges 3.0)"`
	Embedded      string    `json:"embedded" doc:"the signed file as JSON with its proof inside (Open Badges 3.0)"`
	Withdrawn     bool      `json:"withdrawn,omitempty" doc:"whether you withdrew it"`
}

// Set is something of which certificates can be claimed later.
type Set struct {
	Salt        []byte `json:"salt" vault:"secret" doc:"32 random bytes; with them gone nothing can be claimed, or guessed, any more"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Address     string `json:"address" doc:"page of the workshop"`
	Template    string `json:"template"`
	Day         string `json:"day" doc:"day that stands on the certificate"`
}

// Claim is what is kept of somebody who qualified: no name, no address.
type Claim struct {
	Hash string `json:"hash" vault:"secret" doc:"Argon2id of the proven address under the set's salt"`
	Role string `json:"role" doc:"as what they qualified"`
}

// Errand is a certificate on its way to somebody who has no account.
type Errand struct {
	Address  string    `json:"address" doc:"to whom the mail went"`
	Set      string    `json:"set" doc:"of which it is"`
	Link     []byte    `json:"link" vault:"secret" doc:"hash of the link in the mail"`
	Ends     time.Time `json:"ends" doc:"until when the link works"`
	Name     string    `json:"name,omitempty"`
	Title    string    `json:"title,omitempty"`
	Template string    `json:"template,omitempty"`
	Role     string    `json:"role,omitempty"`
	Batch    string    `json:"batch,omitempty"`
	JWT      string    `json:"jwt,omitempty"`
	Embedded string    `json:"embedded,omitempty"`
}

const (
	kindHeld   = "certificate"
	kindSet    = "late-set"
	kindClaim  = "late-claim"
	kindErrand = "certificate-errand"
)

// The purposes.
const (
	toCertify = "certificates"
	toShow    = "your page"
)

// The look-ups.
const (
	byNumber = "certificate"
	byClaim  = "late-claim"
	byLink   = "certificate-link"
)

// Bounds, in characters and bytes.
const (
	maxTitle  = 200
	maxSigned = 64 << 10
)

type kinds struct {
	held    vault.Kind[Held]
	sets    vault.Kind[Set]
	claims  vault.Kind[Claim]
	errands vault.Kind[Errand]
}

func declare(reg *vault.Registry) kinds {
	return kinds{held: declareHeld(reg), sets: declareSet(reg), claims: declareClaim(reg), errands: declareErrand(reg)}
}

func declareHeld(reg *vault.Registry) vault.Kind[Held] {
	return vault.Declare(reg, vault.Spec[Held]{
		Name: kindHeld, Title: page.Key("Certificate"),
		Sentence:  page.Key("A certificate that you claimed, with the name you wrote on it, as it was signed. If you erase it, the file that you saved stays valid."),
		Purposes:  []string{toCertify, toShow},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(),
		Audience:  vault.AnyoneMaySee,
		Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee},
		ByProgram: true,
		Indexes:   []vault.Index[Held]{{Name: byNumber, Unique: true, Of: func(h Held) []vault.Key { return []vault.Key{{Value: h.Number}} }}},
		Check:     checkHeld,
		Describe:  func(h Held) string { return h.Title + ", " + h.Name },
	})
}

var errHeld = errors.New("a certificate has a number, a title, a name and its signed files")

func checkHeld(h Held) error {
	if h.Number == "" || h.Title == "" || h.Name == "" || h.JWT == "" || len(h.Title) > 4*maxTitle || len(h.JWT)+len(h.Embedded) > 2*maxSigned {
		return errHeld
	}
	return nil
}

func declareSet(reg *vault.Registry) vault.Kind[Set] {
	return vault.Declare(reg, vault.Spec[Set]{
		Name: kindSet, Title: page.Key("Certificates to be claimed later"),
		Sentence:  page.Key("What those who qualified can claim later, and the salt of their hashes. It belongs to nobody; it ends with its date."),
		Purposes:  []string{toCertify},
		Basis:     vault.LegitimateInterest,
		Retention: vault.UntilErased(), // or the end of the thing that owns it
		Audience:  vault.OnlyMe,
		Single:    true, ByProgram: true,
		Describe: func(s Set) string { return s.Title },
	})
}

func declareClaim(reg *vault.Registry) vault.Kind[Claim] {
	return vault.Declare(reg, vault.Spec[Claim]{
		Name: kindClaim, Title: page.Key("Claim to a certificate"),
		Sentence:  page.Key("That somebody qualified for a certificate, and as what. Who it is, only the reader of their mail can show: we keep a slow hash of the address under a key that ends with its date."),
		Purposes:  []string{toCertify},
		Basis:     vault.LegitimateInterest,
		Retention: vault.UntilErased(), // or the end of the thing that owns it
		Audience:  vault.OnlyMe,
		ByProgram: true,
		Indexes:   []vault.Index[Claim]{{Name: byClaim, Of: func(c Claim) []vault.Key { return []vault.Key{{Value: c.Hash}} }}},
		Describe:  func(c Claim) string { return c.Role },
	})
}

func declareErrand(reg *vault.Registry) vault.Kind[Errand] {
	return vault.Declare(reg, vault.Spec[Errand]{
		Name: kindErrand, Title: page.Key("Certificate on its way"),
		Sentence:  page.Key("The address to which a link to a certificate was sent, and the certificate itself until you have it."),
		Purposes:  []string{toCertify},
		Basis:     vault.Contract,
		Retention: vault.For(vault.ErrandDays),
		Audience:  vault.OnlyMe,
		ByProgram: true,
		Indexes:   []vault.Index[Errand]{{Name: byLink, Unique: true, Of: linkKey}},
		Describe:  func(e Errand) string { return e.Address },
	})
}
