package certificate

import (
	"context"
	"database/sql"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kept/internal/credential"
	"kept/internal/mail"
	"kept/internal/prove"
	"kept/vault"
)

// Checks are how the promises of this package are tried: as the member, as a
// stranger with the file, and as somebody whose name is long gone.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F4", How: "A stranger and a member with no lesson done ask for a certificate; neither may get one.", Try: f.tryUnearned},
		{Promise: "F6", How: "A member holds a certificate and makes the page public; it must stand there and at its own address, and neither once it is hidden.", Try: f.tryOnPage},
		{Promise: "F12", How: "A member is refused a certificate by a machine; the page must offer a person instead, and the request must be noted with its date.", Try: f.tryPerson},
		{Promise: "C12", How: "A bulk issue is made from a list; after its mails have run out nothing of the list may be left.", Try: f.tryListGone},
		{Promise: "C15", How: "Somebody qualifies; all that is kept is looked at for their address, then they claim by mail, check the file, and erase even the claim.", Try: f.tryLate},
		{Promise: "B2", How: "A member gets a certificate and erases the account; the file must still verify, in both forms, and stop to when it is withdrawn by presenting it.", Try: f.tryOutlives},
	}
}

// Plants put a record of each kind with a marker.
func (f *Feature) Plants() []prove.Plant {
	return []prove.Plant{
		{Kind: kindHeld, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			signed, err := f.signAt(Order{Title: "Planted", Page: f.c.Base, Holder: credential.Holder{Name: "Planted " + marker}}, newNumber(), credential.Entry{})
			if err != nil {
				return "", err
			}
			r, err := f.kinds.held.Put(ctx, tx, vault.Self(owner), vault.Record[Held]{Owner: owner, Value: Held{Number: signed.Number, Title: "Planted " + marker,
				Name: "Planted " + marker, At: f.Now().UTC().Truncate(time.Second), JWT: signed.JWT, Embedded: signed.Embedded}})
			return r.ID, err
		}},
		{Kind: kindSet, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := f.kinds.sets.Put(ctx, tx, vault.Work(toCertify), vault.Record[Set]{Owner: owner, Value: Set{Title: marker, Salt: []byte("planted"), Day: "2027-03-14"}})
			return r.ID, err
		}},
		{Kind: kindClaim, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := f.kinds.claims.Put(ctx, tx, vault.Work(toCertify), vault.Record[Claim]{Owner: owner, Value: Claim{Hash: "planted", Role: marker}})
			return r.ID, err
		}},
		{Kind: kindErrand, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := f.kinds.errands.Put(ctx, tx, vault.Work(toCertify), vault.Record[Errand]{Owner: owner, Value: Errand{Address: marker + "@example.org", Title: "planted"}})
			return r.ID, err
		}},
	}
}

// claimForm is what a member sends to sign.
func claimForm(name string) url.Values {
	return url.Values{"name": {name}, "whom": {"name"}, "seen": {"anyone"}, "honest": {"1"}, "do": {"sign"}}
}

func (f *Feature) someCertification() (certification, bool) {
	all := f.certifications(f.Site.Catalogue().Default())
	if len(all) == 0 {
		return certification{}, false
	}
	return all[0], true
}

func (f *Feature) tryUnearned(ctx context.Context, s *prove.Site) (string, error) {
	c, ok := f.someCertification()
	if !ok {
		return "no certification is offered here, so none can be had", nil
	}
	m, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	for who, browser := range map[string]*prove.Member{"a member without lessons": m, "a stranger": {Browser: s.Browser()}} {
		// A refusal is an error of the request; whether it was one is looked for in the records.
		_, _ = prove.Post(ctx, browser.Browser, s.URL+"/you/certificates/claim/"+c.Slug, claimForm("Nobody Inparticular"))
		held, err := f.mine(ctx, s.DB.Read, vault.Self(m.Owner), m.Owner)
		if err != nil {
			return "", err
		}
		if len(held) > 0 {
			return "", prove.Failed("%s got a certificate", who)
		}
	}
	return "neither a stranger nor a member without the lessons got a certificate", nil
}

// grant signs a certificate and puts it with a member's records.
func (f *Feature) grant(ctx context.Context, s *prove.Site, owner vault.OwnerID, name string) (signed Signed, id string, err error) {
	err = s.DB.Transact(ctx, func(tx *sql.Tx) (err error) {
		if signed, err = f.sign(ctx, tx, Order{Title: "Tried", Page: f.c.Base, Holder: credential.Holder{Name: name}}); err != nil {
			return err
		}
		r, err := f.kinds.held.Put(ctx, tx, vault.Self(owner), vault.Record[Held]{Owner: owner, Audience: vault.AnyoneMaySee, Value: Held{Number: signed.Number, Title: "Tried " + name, Name: name,
			At: f.Now().UTC(), JWT: signed.JWT, Embedded: signed.Embedded}})
		id = r.ID
		return err
	})
	return signed, id, err
}

func (f *Feature) tryOnPage(ctx context.Context, s *prove.Site) (string, error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	name := "Name " + prove.Marker()
	signed, id, err := f.grant(ctx, s, m.Owner, name)
	if err != nil {
		return "", err
	}
	if err := s.DB.Transact(ctx, func(tx *sql.Tx) error { return s.Vault.SetOpen(ctx, tx, m.Owner, true) }); err != nil {
		return "", err
	}
	for _, shown := range []bool{true, false} {
		for _, path := range []string{"/@" + m.Handle, "/c/" + signed.Number} {
			_, body, err := prove.Page(ctx, s.Browser(), s.URL+path)
			if err != nil {
				return "", err
			}
			if strings.Contains(body, name) != shown {
				return "", prove.Failed("a certificate that is public (%t) is not shown accordingly on %s", shown, strings.Trim(path, "/")[:1])
			}
		}
		if _, err := prove.Post(ctx, m.Browser, s.URL+"/you/certificates/audience", url.Values{"id": {id}, "seen": {"you"}}); err != nil {
			return "", err
		}
	}
	return "a certificate stood on the member's page and at its own address while it was public, and on neither once it was hidden", nil
}

func (f *Feature) tryPerson(ctx context.Context, s *prove.Site) (string, error) {
	c, ok := f.someCertification()
	if !ok {
		return "no certification is offered here, so no machine refuses one", nil
	}
	m, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	address := s.URL + "/you/certificates/claim/" + c.Slug
	_, body, err := prove.Page(ctx, m.Browser, address)
	if err != nil {
		return "", err
	}
	if !strings.Contains(body, `name="about" value="review"`) {
		return "", prove.Failed("who is refused a certificate is not offered a person")
	}
	if _, err := prove.Submit(ctx, m.Browser, address, "/you/data/request", nil); err != nil {
		return "", err
	}
	items, err := s.Vault.Subject(m.Owner).Page(ctx, s.DB.Read, "request", "", "", 5)
	if err != nil {
		return "", err
	}
	if len(items) == 0 {
		return "", prove.Failed("a request for a person was not noted")
	}
	return "a member who was refused asked for a person with one button; the request stands with its date", nil
}

// bulkLine is a list of one.
func bulkLine(address string) []Row {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return nil
	}
	return []Row{{Line: 2, Address: to, Name: "Listed Person", Role: "helper"}}
}

func (f *Feature) tryListGone(ctx context.Context, s *prove.Site) (string, error) {
	address := strings.ToLower(prove.Marker()) + "@example.org"
	set := NewSet{Title: "A workshop", Day: f.Now(), Until: UntilLate(f.Now())}
	if _, err := f.IssueAll(ctx, set, bulkLine(address)); err != nil {
		return "", err
	}
	if err := s.Work(ctx); err != nil {
		return "", err
	}
	link := linkTo(s, address)
	if link == "" {
		return "", prove.Failed("nobody was written to")
	}
	if err := s.Advance(ctx, 31*24*time.Hour); err != nil {
		return "", err
	}
	left, err := f.errandsLeft(ctx, s)
	if err != nil {
		return "", err
	}
	if left > 0 {
		return "", prove.Failed("%d lines of a list are still there after a month", left)
	}
	batches, err := f.batches(ctx, s.DB.Read, shownBatches)
	if err != nil {
		return "", err
	}
	for _, b := range batches {
		if strings.Contains(b.Title, address) {
			return "", prove.Failed("an address of a list is still there after a month")
		}
	}
	return "a list of one was taken, a mail sent; a month later no line of it was left, and the claim is a slow hash", nil
}

// errandsLeft counts what waits of bulk issues and claims.
func (f *Feature) errandsLeft(ctx context.Context, s *prove.Site) (n int, err error) {
	err = s.DB.Read.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_record WHERE kind = $1`, kindErrand).Scan(&n)
	return n, err
}

// linkTo is the link in the last mail to an address.
func linkTo(s *prove.Site, address string) string {
	all := s.Mails()
	for i := len(all) - 1; i >= 0; i-- {
		if at := strings.Index(all[i].Text, s.URL+"/claimed/"); all[i].To == address && at >= 0 {
			return strings.Fields(strings.TrimRight(all[i].Text[at:], "\n"))[0]
		}
	}
	return ""
}

// late makes a set and somebody who qualified for it.
func (f *Feature) lateSet(ctx context.Context, s *prove.Site, address string) (set string, err error) {
	err = s.DB.Transact(ctx, func(tx *sql.Tx) (err error) {
		set, err = f.OpenSet(ctx, tx, NewSet{Title: "A workshop", Day: f.Now(), Until: UntilLate(f.Now())})
		return err
	})
	if err != nil {
		return "", err
	}
	return set, f.AddClaims(ctx, set, Qualified{Address: bulkLine(address)[0].Address, Role: "learner"})
}

func (f *Feature) tryLate(ctx context.Context, s *prove.Site) (string, error) {
	address := strings.ToLower(prove.Marker()) + "@example.org"
	set, err := f.lateSet(ctx, s, address)
	if err != nil {
		return "", err
	}
	if err := f.namesNobody(ctx, s, set, address); err != nil {
		return "", err
	}
	browser := s.Browser()
	if _, err := prove.Submit(ctx, browser, s.URL+"/claim/"+set, "/claim/"+set, url.Values{"email": {address}}); err != nil {
		return "", err
	}
	if err := s.Work(ctx); err != nil {
		return "", err
	}
	link := linkTo(s, address)
	if _, err := prove.Submit(ctx, browser, link, link[len(s.URL):], url.Values{"name": {"Late Claimant"}}); err != nil {
		return "", err
	}
	_, jwt, err := prove.Page(ctx, browser, link+"/certificate.jwt")
	if err != nil {
		return "", err
	}
	if err := f.verifies(ctx, s, jwt, "Genuine."); err != nil {
		return "", err
	}
	if _, err := prove.Submit(ctx, browser, link, "/erase", nil); err != nil {
		return "", err
	}
	row, err := f.set(ctx, s.DB.Read, set)
	if err != nil {
		return "", err
	}
	left, err := f.kinds.claims.All(ctx, s.DB.Read, vault.Work(toCertify), row.owner)
	if err != nil {
		return "", err
	}
	if len(left) > 0 {
		return "", prove.Failed("an erased claim is still there")
	}
	return "what is kept of who qualified holds no address; they claimed by mail, the file verifies, and the claim itself could be erased", f.verifies(ctx, s, jwt, "Genuine.")
}

// namesNobody looks at all that a set holds, opened.
func (f *Feature) namesNobody(ctx context.Context, s *prove.Site, set, address string) error {
	row, err := f.set(ctx, s.DB.Read, set)
	if err != nil {
		return err
	}
	claims, err := f.kinds.claims.All(ctx, s.DB.Read, vault.Work(toCertify), row.owner)
	if err != nil {
		return err
	}
	for _, c := range claims {
		if strings.Contains(c.Value.Hash+c.Value.Role, address) {
			return prove.Failed("a claim holds the address of who qualified")
		}
	}
	return nil
}

// verifies sends a file to the page that checks, as a stranger.
func (f *Feature) verifies(ctx context.Context, s *prove.Site, file, want string) error {
	ask, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/verify", strings.NewReader(url.Values{"text": {file}}.Encode()))
	if err != nil {
		return err
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r, err := s.Browser().Do(ask)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxFile))
	if err != nil {
		return err
	}
	if !strings.Contains(string(body), "<b>"+want+"</b>") {
		return prove.Failed("a file that should be called %q is not", strings.ToLower(strings.TrimSuffix(want, ".")))
	}
	return nil
}

func (f *Feature) tryOutlives(ctx context.Context, s *prove.Site) (string, error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	name := "Name " + prove.Marker()
	signed, _, err := f.grant(ctx, s, m.Owner, name)
	if err != nil {
		return "", err
	}
	if _, err := s.Vault.EraseOwner(ctx, m.Owner); err != nil {
		return "", err
	}
	for _, file := range []string{signed.JWT, signed.Embedded} {
		if err := f.verifies(ctx, s, file, "Genuine."); err != nil {
			return "", err
		}
	}
	if status, body, err := prove.Page(ctx, s.Browser(), s.URL+"/c/"+signed.Number); err != nil || status == 200 || strings.Contains(body, name) {
		return "", prove.Failed("the page of a certificate outlives its account")
	}
	if err := f.verifies(ctx, s, strings.Replace(signed.Embedded, name, "Somebody Else", 1), "Changed."); err != nil {
		return "", err
	}
	if _, err := f.Withdraw(ctx, []byte(signed.JWT)); err != nil {
		return "", err
	}
	return "the file verified in both forms after the account was erased; a changed name was refused; presented, it could be withdrawn", f.verifies(ctx, s, signed.JWT, "Withdrawn.")
}
