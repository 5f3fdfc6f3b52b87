package promise

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/db"
	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/mail"
	"kept/internal/outbound"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/policy"
	"kept/vault"
	"kept/vault/vaulttest"
)

// address stands for account's kind of a proven address.
type address struct {
	Address string `json:"address"`
}

// place is a site with the promises alone, and members that have nothing but an
// address.
type place struct {
	*Feature
	db      *db.DB
	members vault.Kind[address]
	outbox  *mail.Outbox
	server  *httptest.Server

	mu  sync.Mutex
	now time.Time
}

var someOperator = Operator{Controller: "Harbour Code School e.V.", Address: "Quay 1, 20457 Hamburg", Contact: "privacy@harbour.example",
	Storage: "Germany", Authority: "the data protection office of Hamburg", Age: 16, LogHours: 24, BackupDays: 7}

// styles are the two files that every page asks for; how it looks is not tried here.
var styles = fstest.MapFS{"kept.css": {Data: []byte("body {}")}, "kept.svg": {Data: []byte("<svg/>")}}

const relay = "mail relay"

func (p *place) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *place) move(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

func newPlace(t testing.TB, d *db.DB, change ...func(*Config)) *place {
	t.Helper()
	p := &place{db: d, outbox: mail.NewOutbox(10_000, nil), now: time.Date(2027, 3, 14, 16, 4, 0, 0, time.UTC)}
	reg := vault.NewRegistry()
	letters := mail.Declare(reg, relay)
	p.members = vault.Declare(reg, vault.Spec[address]{Name: "address", Title: "Email address", Sentence: "Your address.",
		Purposes: []string{"service mail"}, Basis: vault.Contract, Retention: vault.UntilErased(), Audience: vault.OnlyMe, Essential: true})
	all, err := Load(policy.Files)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Now: p.Now, Versions: Rehearse(all, vault.DayOf(p.now)), Community: "Harbour Code School", Operator: someOperator,
		Relay: relay, Members: p.list, Receiver: p.receiver,
		Knows:  func(l *page.Language) string { return l.Text("that you opened it today.") },
		Checks: func() []prove.Check { return (*Feature)(nil).Checks() }}
	for _, f := range change {
		f(&c)
	}
	if p.Feature, err = New(reg, c); err != nil {
		t.Fatal(err)
	}
	p.open(t, reg, letters)
	return p
}

func (p *place) open(t testing.TB, reg *vault.Registry, letters mail.Kind) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	must(vault.Migrate(ctx, p.db.Write, p.db.VaultDialect()))
	options := vaulttest.Options(t, p.db.Write, p.db.VaultDialect(), p.Now)
	options.Policy = p.PolicyVersion
	v, err := vault.Open(ctx, reg, options)
	must(err)
	gate, err := outbound.New(outbound.Config{Now: p.Now, Processors: []outbound.Processor{{Name: relay, Country: "Finland",
		Purpose: "Sends the mails of this site.", PolicyURL: "https://relay.example/privacy", Hosts: []string{"relay.example:587"}, Kinds: []string{"mail"}, Since: "2026-11-21"}}})
	must(err)
	jobs := job.New(job.Config{DB: p.db, Now: p.Now, Log: log})
	site, err := page.New(page.Config{Community: "Harbour Code School", Hue: 150, Base: "https://harbour.example", Static: styles,
		Sources: []page.Source{p.Source()}, Paths: page.Paths{SignIn: "/sign-in", YourData: "/you/data"},
		Foot: []page.Link{{Path: "/privacy", Text: "Privacy"}}, Log: log, Now: p.Now, Count: true})
	must(err)
	must(site.Add(p.Routes()...))
	from, err := mail.ParseAddress("kept@harbour.example")
	must(err)
	sender, err := mail.New(mail.Config{DB: p.db, Vault: v, Kind: letters, Queue: jobs, Sender: p.outbox, Now: p.Now,
		Site: mail.Site{Name: "Harbour Code School", URL: "https://harbour.example", From: from, Lang: "en"}})
	must(err)
	must(p.Start(feature.Services{DB: p.db, Vault: v, Jobs: jobs, Post: sender, Site: site, Gate: gate, Now: p.Now, Log: log}))
	p.server = httptest.NewServer(site.Handler(asMember))
	t.Cleanup(p.server.Close)
	must(p.work(ctx)) // from here on the timetable runs
}

// asMember stands for account's middleware.
func asMember(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Test-Member") != "" {
			r = r.WithContext(page.WithViewer(r.Context(), page.Viewer{SignedIn: true, Handle: "noor"}))
		}
		next.ServeHTTP(w, r)
	})
}

func (p *place) list(ctx context.Context, q vault.Querier, after vault.OwnerID, limit int) ([]vault.OwnerID, error) {
	rows, err := q.QueryContext(ctx, `SELECT owner FROM vault_record WHERE kind = 'address' AND owner > $1 ORDER BY owner LIMIT $2`, string(after), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []vault.OwnerID
	for rows.Next() {
		var owner vault.OwnerID
		if err := rows.Scan(&owner); err != nil {
			return nil, err
		}
		all = append(all, owner)
	}
	return all, rows.Err()
}

func (p *place) receiver(ctx context.Context, q vault.Querier, owner vault.OwnerID) (mail.Receiver, string, error) {
	records, err := p.members.All(ctx, q, vault.Work("service mail"), owner)
	if err != nil || len(records) == 0 || records[0].Value.Address == "" {
		return mail.Receiver{Owner: owner}, "", err
	}
	to, err := mail.ParseAddress(records[0].Value.Address)
	return mail.Receiver{Owner: owner, Address: to}, "", err
}

// join makes members; one without an address gets no mail.
func (p *place) join(t testing.TB, addresses ...string) []vault.OwnerID {
	t.Helper()
	var owners []vault.OwnerID
	err := p.db.Transact(context.Background(), func(tx *sql.Tx) (err error) {
		ctx := context.Background()
		if owners, err = p.Vault.NewOwners(ctx, tx, vault.Person, vault.Never, len(addresses)); err != nil {
			return err
		}
		records := make([]vault.Record[address], len(owners))
		for i, owner := range owners {
			records[i] = vault.Record[address]{Owner: owner, Value: address{addresses[i]}}
		}
		return p.members.PutAll(ctx, tx, vault.Work("service mail"), records)
	})
	if err != nil {
		t.Fatal(err)
	}
	return owners
}

func (p *place) work(ctx context.Context) error {
	_, err := p.Jobs.RunDue(ctx)
	return err
}

// advance moves the clock a day at a time and does what falls due.
func (p *place) advance(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(d, 24*time.Hour)
		p.move(step)
		d -= step
		if err := p.work(ctx); err != nil {
			return err
		}
		if _, err := p.Vault.Sweep(ctx); err != nil {
			return err
		}
	}
	return nil
}

// scratch is the place as checks see it.
func (p *place) scratch(t testing.TB) *prove.Site {
	return &prove.Site{URL: p.server.URL, Vault: p.Vault, DB: p.db, Plants: p.Plants(), Browser: p.stranger,
		SignIn: func(context.Context) (*prove.Member, error) {
			to := prove.Marker() + "@example.org"
			return &prove.Member{Owner: p.join(t, to)[0], Address: to, Browser: p.stranger()}, nil
		},
		Mails: p.mails, Advance: p.advance, Work: p.work}
}

func (p *place) stranger() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no options that could be wrong
	}
	return &http.Client{Jar: jar}
}

func (p *place) mails() []prove.Mail {
	var all []prove.Mail
	for _, m := range p.outbox.Sent() {
		all = append(all, prove.Mail{To: m.To.String(), Subject: m.Subject, Text: m.Text, HTML: m.HTML})
	}
	return all
}

func (p *place) get(t testing.TB, path string, headers ...string) visit {
	t.Helper()
	v, err := get(t.Context(), p.stranger(), p.server.URL+path, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// mailsTo counts the mails to an address whose text has a word.
func (p *place) mailsTo(address, word string) int {
	n := 0
	for _, m := range p.mails() {
		if m.To == address && strings.Contains(m.Text, word) {
			n++
		}
	}
	return n
}
