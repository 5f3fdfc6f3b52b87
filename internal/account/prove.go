package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"kept/internal/prove"
	"kept/vault"
)

// Checks try what this package promises. They belong to the scratch program on
// which they are tried: its kinds are those of its vault.
func (a *Account) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F1", How: "A stranger opens the pages of signing in, and a link that nobody sent. No answer may set a cookie.", Try: a.tryNoCookie},
		{Promise: "F4", How: "A stranger asks for the pages of an account, then a member does. Only the member may get them.", Try: a.tryDoor},
		{Promise: "F5", How: "A new member changes settings, says yes to announcements, then no. Announcements may reach them in between alone.", Try: a.tryTwoPurposes},
		{Promise: "F18", How: "A link is asked for a member's address and for one that nobody has. The answers must be the same.", Try: a.trySameAnswer},
		{Promise: "F18", How: "A link is opened as scanners of mail do, and a wrong code is typed. Neither may sign in or use up the link.", Try: a.tryProofNeeded},
		{Promise: "C10", How: "A member gets a role until today. Two days later it may open nothing.", Try: a.tryRoleEnds},
		{Promise: "C22", How: "A role of more than a year is asked for, and one until today is looked for two days later. Neither may exist.", Try: a.tryRoleRenewed},
	}
}

// seen is an answer as a stranger's program sees it.
type seen struct {
	status  int
	body    string
	cookies []*http.Cookie
	to      string // of a redirect
}

// visit sends a request as a browser does, without following redirects. A form
// makes it a POST.
func visit(ctx context.Context, client *http.Client, address string, form url.Values) (seen, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return seen{}, err
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	still := *client
	still.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := still.Do(r)
	if err != nil {
		return seen{}, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return seen{answer.StatusCode, string(text), answer.Cookies(), answer.Header.Get("Location")}, err
}

func (a *Account) tryNoCookie(ctx context.Context, s *prove.Site) (string, error) {
	pages := []string{pathSignIn, pathSignIn + "?next=/you", pathSent, pathLink + "/" + newToken(), pathYou, pathAddress + "/" + newToken()}
	for _, path := range pages {
		got, err := visit(ctx, s.Browser(), s.URL+path, nil)
		if err != nil {
			return "", err
		}
		if len(got.cookies) > 0 {
			return "", prove.Failed("opening %s set %d cookies", strings.SplitAfter(path, "/")[1], len(got.cookies))
		}
	}
	return fmt.Sprintf("%d pages opened, no cookie", len(pages)), nil
}

func (a *Account) tryDoor(ctx context.Context, s *prove.Site) (string, error) {
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	pages := []string{pathYou, pathSessions, pathHandle, pathAddress}
	for _, path := range pages {
		got, err := visit(ctx, s.Browser(), s.URL+path, nil)
		if err != nil {
			return "", err
		}
		if got.status != http.StatusSeeOther || !strings.HasPrefix(got.to, pathSignIn) {
			return "", prove.Failed("a stranger at %s got %d", path, got.status)
		}
		if got, err = visit(ctx, member.Browser, s.URL+path, nil); err != nil {
			return "", err
		}
		if got.status != http.StatusOK {
			return "", prove.Failed("a member at %s got %d", path, got.status)
		}
	}
	return fmt.Sprintf("%d pages sent a stranger to sign in and opened for a member", len(pages)), nil
}

func (a *Account) tryTwoPurposes(ctx context.Context, s *prove.Site) (string, error) {
	if slices.Contains(a.kinds.addresses.Info().Purposes, toAnnounce) {
		return "", prove.Failed("an address is kept for announcements, whoever said yes")
	}
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	steps := []struct {
		form url.Values
		may  bool
		when string
	}{
		{nil, false, "a new member"},
		{url.Values{"zone": {utc}, "theme": {"dark"}, "yes": {"1"}}, false, "a member who saved settings"},
		{url.Values{"what": {"announcements"}, "yes": {"1"}}, true, "a member who said yes"},
		{url.Values{"what": {"announcements"}}, false, "a member who said no again"},
	}
	for _, step := range steps {
		if step.form != nil {
			if _, err := visit(ctx, member.Browser, s.URL+pathYou, step.form); err != nil {
				return "", err
			}
		}
		_, err := a.Receiver(ctx, s.DB.Read, member.Owner, toAnnounce)
		if err != nil && !errors.Is(err, ErrNoMail) {
			return "", err
		}
		if may := err == nil; may != step.may {
			return "", prove.Failed("announcements may reach %s: %t", step.when, may)
		}
	}
	return "announcements reached a member only between a yes and a no; links to sign in go without it", nil
}

// asked is the answer to somebody who asks for a link.
func asked(ctx context.Context, s *prove.Site, address string) (string, *http.Client, error) {
	browser := s.Browser()
	first, err := visit(ctx, browser, s.URL+pathSignIn, url.Values{"email": {address}})
	if err != nil {
		return "", nil, err
	}
	var names []string
	for _, c := range first.cookies {
		names = append(names, fmt.Sprint(c.Name, len(c.Value), c.MaxAge, c.HttpOnly, c.Secure, c.SameSite))
	}
	then, err := visit(ctx, browser, s.URL+pathSent, nil)
	if err != nil {
		return "", nil, err
	}
	if err := s.Work(ctx); err != nil {
		return "", nil, err
	}
	mail := lastMail(s, address)
	all := fmt.Sprint(first.status, first.to, first.body, names, then.status, then.body, mail.Subject, mail.Text)
	return secrets.ReplaceAllString(strings.ReplaceAll(all, address, "ADDRESS"), "SECRET"), browser, nil
}

// secrets are what differs from one mail to the next.
var secrets = regexp.MustCompile(`[0-9a-z]{26}|\d{3} \d{3}`)

func lastMail(s *prove.Site, to string) prove.Mail {
	for _, m := range slices.Backward(s.Mails()) {
		if strings.EqualFold(m.To, to) {
			return m
		}
	}
	return prove.Mail{}
}

func (a *Account) trySameAnswer(ctx context.Context, s *prove.Site) (string, error) {
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	known, _, err := asked(ctx, s, member.Address)
	if err != nil {
		return "", err
	}
	unknown, _, err := asked(ctx, s, prove.Marker()+"@example.org")
	if err != nil {
		return "", err
	}
	if known != unknown {
		return "", prove.Failed("the answer for a member's address is another one than for an unknown address")
	}
	return fmt.Sprintf("status, page, cookie and mail were the same, %d characters", len(known)), nil
}

var linkInMail = regexp.MustCompile(pathLink + `/[0-9a-z]{26}`)

func (a *Account) tryProofNeeded(ctx context.Context, s *prove.Site) (string, error) {
	address := prove.Marker() + "@example.org"
	_, browser, err := asked(ctx, s, address)
	if err != nil {
		return "", err
	}
	text := lastMail(s, address).Text
	link := s.URL + linkInMail.FindString(text)
	code := wrongCode(figures(codeInMail.FindString(text)))
	steps := []struct {
		client  *http.Client
		address string
		form    url.Values
		in      bool
		what    string
	}{
		{browser, s.URL + pathCode, url.Values{"code": {code}}, false, "a wrong code"},
		{s.Browser(), link, nil, false, "a look at the link"},
		{s.Browser(), link, nil, false, "a second look at the link"},
		{s.Browser(), link, url.Values{}, true, "the link's button"},
		{s.Browser(), link, url.Values{}, false, "the button pressed again"},
	}
	for _, step := range steps {
		got, err := visit(ctx, step.client, step.address, step.form)
		if err != nil {
			return "", err
		}
		if signedIn(got) != step.in {
			return "", prove.Failed("%s signed in: %t", step.what, !step.in)
		}
	}
	return "looking at the link did nothing, a wrong code neither; the button signed in once", nil
}

var codeInMail = regexp.MustCompile(`\d{3} \d{3}`)

// wrongCode is another code than the one given.
func wrongCode(code string) string {
	if strings.HasPrefix(code, "1") {
		return "2" + code[1:]
	}
	return "1" + strings.Repeat("0", codeFigures-1)
}

// signedIn reports whether an answer began a session.
func signedIn(s seen) bool {
	return slices.ContainsFunc(s.cookies, func(c *http.Cookie) bool {
		return strings.TrimPrefix(c.Name, "__Host-") == sessionCookie && c.Value != ""
	})
}

// endedRole gives a new member a role until today, moves the clock by two days
// and returns what is left of it.
func (a *Account) endedRole(ctx context.Context, s *prove.Site) (*Member, error) {
	member, err := s.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error {
		return a.putRole(ctx, tx, member.Owner, role{Role: Helper, Scope: "workshop-1", Until: s.Vault.Today()})
	})
	if err != nil {
		return nil, err
	}
	left := &Member{Owner: member.Owner}
	if left.Roles, err = a.rolesOf(ctx, s.DB.Read, member.Owner); err != nil {
		return nil, err
	}
	if !left.Has(Helper, "workshop-1") {
		return nil, prove.Failed("a role did not open its door on its last day")
	}
	if err := s.Advance(ctx, 48*time.Hour); err != nil {
		return nil, err
	}
	left.Roles, err = a.rolesOf(ctx, s.DB.Read, member.Owner)
	return left, err
}

func (a *Account) tryRoleEnds(ctx context.Context, s *prove.Site) (string, error) {
	left, err := a.endedRole(ctx, s)
	if err != nil {
		return "", err
	}
	if left.Has(Helper, "workshop-1") {
		return "", prove.Failed("a role opened doors two days after its last day")
	}
	return "a role opened its door on its last day and none two days later", nil
}

func (a *Account) tryRoleRenewed(ctx context.Context, s *prove.Site) (string, error) {
	if err := a.checkRole(Staff, "", s.Vault.Today()+vault.Day(MaxRole)+1); err == nil {
		return "", prove.Failed("a role of more than a year was given")
	}
	left, err := a.endedRole(ctx, s)
	if err != nil {
		return "", err
	}
	if len(left.Roles) > 0 {
		return "", prove.Failed("a role that nobody renewed went on")
	}
	return "no role is given for more than a year, and one that nobody renewed ended", nil
}

// Plants put a record with a marker for each kind of this package.
func (a *Account) Plants() []prove.Plant {
	later := func() time.Time { return a.now().UTC().Add(time.Hour) }
	k := a.kinds
	plants := map[string]func(context.Context, *sql.Tx, vault.OwnerID, string) (string, error){
		"address":  plant(k.addresses, func(m string) address { return address{Address: m + "@example.org", Proven: a.vault.Today()} }),
		"handle":   plant(k.handles, func(m string) handle { return handle{Handle: m, Former: true, Until: a.vault.Today() + 60} }),
		"settings": plant(k.settings, func(m string) settings { return settings{Zone: m} }),
		"announcements": plant(k.announcements, func(m string) announcements {
			return announcements{Since: a.vault.Today(), Words: m}
		}),
		"session": plant(k.sessions, func(m string) session {
			return session{Token: hash(newToken()), Browser: m, System: "marker", Used: a.vault.Today()}
		}),
		"sign-in": plant(k.signIns, func(m string) signIn {
			return signIn{Address: m + "@example.org", Ends: later(), Link: hash(newToken()), Device: hash(newToken())}
		}),
		"address-change": plant(k.changes, func(m string) addressChange {
			return addressChange{New: m + "@example.org", Ends: later(), NewLink: hash(newToken()), OldLink: hash(newToken())}
		}),
		"role": plant(k.roles, func(m string) role {
			return role{Role: TeamMember, Scope: m, Until: a.vault.Today() + 30, Key: newToken()}
		}),
		"role-link": plant(k.roleLinks, func(m string) roleLink { return roleLink{Role: m, Ends: later(), Link: hash(newToken())} }),
	}
	var list []prove.Plant
	for _, kind := range slices.Sorted(maps.Keys(plants)) {
		list = append(list, prove.Plant{Kind: kind, Put: plants[kind]})
	}
	return list
}

// plant writes a record, or changes the one that an owner has once already.
func plant[T any](k vault.Kind[T], value func(marker string) T) func(context.Context, *sql.Tx, vault.OwnerID, string) (string, error) {
	return func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
		rec := vault.Record[T]{Owner: owner}
		if k.Info().Single {
			have, err := k.Get(ctx, tx, vault.Self(owner), owner, vault.SingleID)
			if err == nil {
				rec = have
			} else if !errors.Is(err, vault.ErrNotFound) {
				return "", err
			}
			rec.Owner = owner
		}
		rec.Value = value(marker)
		rec, err := k.Put(ctx, tx, vault.Self(owner), rec)
		return rec.ID, err
	}
}
