package certificate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"

	"kept/internal/credential"
	"kept/internal/page"
	"kept/vault"
)

// Order is what is to be signed.
type Order struct {
	Title       string
	Description string
	Criteria    string
	Page        string // address of what it is for
	Role        string
	Template    string
	Language    string
	Holder      credential.Holder
	Evidence    []credential.Evidence
	Day         time.Time // of which it is; zero: today
}

// Signed is a certificate in its two signed forms.
type Signed struct {
	Number   string
	JWT      string
	Embedded string
	Badge    credential.Badge
}

// newNumber is a certificate's part of an address: 80 random bits, so that none
// can be guessed from another.
func newNumber() string {
	var b [10]byte
	rand.Read(b[:])
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

// sign takes a place in a list and signs an order in both forms.
func (f *Feature) sign(ctx context.Context, tx *sql.Tx, o Order) (Signed, error) {
	place, err := f.takePlace(ctx, tx)
	if err != nil {
		return Signed{}, fmt.Errorf("take a place: %w", err)
	}
	return f.signAt(o, newNumber(), place)
}

// signAt signs an order with the place it is given.
func (f *Feature) signAt(o Order, number string, place credential.Entry) (Signed, error) {
	_, key, err := f.issuer.current()
	if err != nil {
		return Signed{}, err
	}
	now := f.Now().UTC()
	s := Signed{Number: number, Badge: f.badge(o, number, place, now)}
	doc := s.Badge.Document()
	if s.JWT, err = key.Sign(doc, now); err != nil {
		return s, fmt.Errorf("sign: %w", err)
	}
	embedded, err := key.Embed(doc, now)
	if err != nil {
		return s, fmt.Errorf("sign: %w", err)
	}
	s.Embedded = string(embedded)
	return s, nil
}

func (f *Feature) badge(o Order, number string, place credential.Entry, now time.Time) credential.Badge {
	if o.Day.IsZero() || o.Day.After(now) {
		o.Day = now
	}
	return credential.Badge{
		ID:     f.c.Base + "/c/" + number,
		Issuer: credential.Profile{ID: f.issuer.id, Name: f.c.Community, Address: f.c.Base},
		Achievement: credential.Achievement{ID: o.Page, Name: o.Title, Description: orElse(o.Description, o.Title),
			Criteria: orElse(o.Criteria, orElse(o.Description, o.Title)), Language: orElse(o.Language, f.c.Language)},
		Holder: o.Holder, Role: o.Role, Evidence: o.Evidence, From: o.Day.UTC().Truncate(time.Second), Status: place,
	}
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// verifier believes this site's own issuer and lists alone. The files of others
// would have to be asked for elsewhere, and nobody is asked. It is for one
// request: each list is read once.
func (f *Feature) verifier(ctx context.Context) (credential.Verifier, error) {
	issuer, _, err := f.issuer.current()
	if err != nil {
		return credential.Verifier{}, err
	}
	seen := map[string]*credential.List{}
	return credential.Verifier{Now: f.Now(),
		Issuer: func(id string) (*credential.Issuer, bool) { return issuer, id == issuer.ID },
		List: func(address string) (*credential.List, error) {
			id, ok := f.listID(address)
			if !ok {
				return nil, credential.ErrNoList
			}
			if list, ok := seen[id]; ok {
				return list, nil
			}
			row, err := f.list(ctx, f.DB.Read, id)
			if err != nil {
				return nil, err
			}
			seen[id] = &credential.List{Address: address, Issuer: issuer.ID, At: f.Now(), Bits: row.gone}
			return seen[id], nil
		}}, nil
}

// Certification is something that can be claimed, with the words of one language.
type certification struct {
	ID, Slug, Title, Summary string
	AbleTo                   []string
	Lessons                  []string
}

func (f *Feature) certifications(lang *page.Language) []certification {
	var all []certification
	for _, c := range f.c.Catalogue().Certifications {
		one := certification{ID: c.ID, Slug: c.Slug, Lessons: c.Lessons, Title: c.ID}
		if len(c.Words) > 0 {
			words := c.Words[0]
			for _, w := range c.Words {
				if w.Lang == lang.Tag {
					words = w
				}
			}
			one.Title, one.Summary, one.AbleTo = words.Title, words.Summary, words.AbleTo
		}
		all = append(all, one)
	}
	return all
}

func (f *Feature) certification(lang *page.Language, slug string) (certification, bool) {
	for _, c := range f.certifications(lang) {
		if c.Slug == slug && slug != "" {
			return c, true
		}
	}
	return certification{}, false
}

// mine are the certificates that a member keeps here, newest first.
func (f *Feature) mine(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]vault.Record[Held], error) {
	all, err := f.kinds.held.All(ctx, q, who, owner)
	if err != nil {
		return nil, err
	}
	sortHeld(all)
	return all, nil
}

// errNotEarned says that lessons are missing.
var errNotEarned = errors.New("certificate: not all lessons are checked")
