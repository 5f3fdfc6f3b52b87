package forget

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filippo.io/age"

	"kept/internal/app"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/prove"
	"kept/internal/scan"
	"kept/vault/keyring"
)

// served is a running site, and another process that has its key ring open.
type served struct {
	*app.Scratch
	b        *testing.B
	site     *prove.Site
	folder   string
	identity *age.X25519Identity
	other    *keyring.Ring
}

func eachServed(b *testing.B, do func(s *served)) {
	for _, engine := range []db.Engine{db.SQLite, db.PostgreSQL} {
		b.Run(string(engine), func(b *testing.B) { do(serve(b, engine)) })
	}
}

func serve(b *testing.B, engine db.Engine) *served {
	b.Helper()
	s := &served{b: b, folder: b.TempDir()}
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	var err error
	s.identity, err = age.GenerateX25519Identity()
	must(err)
	o := app.ScratchOptions{Folder: s.folder, Config: func(c *app.Config) { c.Backup.Recipients = []string{s.identity.Recipient().String()} }}
	if engine == db.PostgreSQL {
		o.Database = dbtest.Fresh(b, engine)
	}
	s.Scratch, err = app.OpenScratch(b.Context(), o)
	must(err)
	s.site = s.ForChecks(b.Context())
	s.other, err = keyring.Open(filepath.Join(s.Config.Data, "ring"), s.Config.Keys)
	must(err)
	b.Cleanup(func() {
		if err := errors.Join(s.other.Close(), s.Close()); err != nil {
			b.Error(err)
		}
	})
	return s
}

// run makes a backup and lets the program do what it does by itself, until the
// measurement ends.
func (s *served) run() {
	s.b.Helper()
	if _, err := s.Backups().Backup(s.b.Context(), false, nil); err != nil {
		s.b.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Run(ctx) }()
	s.b.Cleanup(func() { end(); <-ended })
}

// person is a member, and the keys that the ring has of them.
type person struct {
	*prove.Member
	keys []key
}

// join makes a member with a public page, a record of every kind and n links,
// whom both processes know.
func (s *served) join(n int) person {
	s.b.Helper()
	ctx := s.b.Context()
	m, err := s.SignIn(ctx)
	if err != nil {
		s.b.Fatal(err)
	}
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error {
		if err := s.Vault.SetOpen(ctx, tx, m.Owner, true); err != nil {
			return err
		}
		for _, p := range s.site.Plants {
			if _, err := p.Put(ctx, tx, m.Owner, prove.Marker()); err != nil {
				return err
			}
			for i := 1; i < n && p.Kind == "link"; i++ {
				if _, err := p.Put(ctx, tx, m.Owner, prove.Marker()); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		s.b.Fatal(err)
	}
	return person{Member: m}
}

// meet reads the keys of members and sees that all ways to them are open.
func (s *served) meet(all ...person) {
	s.b.Helper()
	ring, _, err := readRing(filepath.Join(s.Config.Data, "ring"), s.Config.Keys)
	if err != nil {
		s.b.Fatal(err)
	}
	for i := range all {
		m := &all[i]
		for _, k := range ring {
			if k.owner == m.Owner {
				m.keys = append(m.keys, k)
			}
		}
		for _, way := range s.ways(*m) {
			if open, err := way(); !open || err != nil {
				s.b.Fatal("a member who is there cannot be read", err)
			}
		}
	}
}

// leave presses the button and waits for the answer.
func (s *served) leave(m person) time.Duration {
	s.b.Helper()
	start := time.Now()
	if _, err := prove.Submit(s.b.Context(), m.Browser, s.URL+"/you/data", "/you/data/everything", url.Values{"handle": {m.Handle}}); err != nil {
		s.b.Fatal(err)
	}
	return time.Since(start)
}

// ways are, by name, the ways to a member's records: the key in this process and in
// another one, the rows, the public page with its cache, the member's own pages.
func (s *served) ways(m person) map[string]func() (open bool, err error) {
	key := func(ring *keyring.Ring) func() (bool, error) {
		return func() (bool, error) {
			_, err := ring.Key(m.keys[0].slot, keyring.Ordinary)
			if errors.Is(err, keyring.ErrNoKey) {
				return false, nil
			}
			return true, err
		}
	}
	rows := func() (bool, error) {
		var n int
		err := s.DB.Read.QueryRowContext(s.b.Context(), `SELECT (SELECT COUNT(*) FROM vault_record WHERE owner = $1) +
			(SELECT COUNT(*) FROM vault_owner WHERE id = $1)`, string(m.Owner)).Scan(&n)
		return n > 0, err
	}
	page := func(browser *http.Client, path string) func() (bool, error) {
		return func() (bool, error) {
			answer, err := prove.Get(s.b.Context(), browser, s.URL+path)
			if err != nil {
				return true, err
			}
			answer.Body.Close()
			return answer.StatusCode == http.StatusOK && answer.Request.URL.Path == path, nil
		}
	}
	return map[string]func() (bool, error){"the key": key(s.Ring), "the key in another process": key(s.other), "the rows": rows,
		"the public page": page(s.Browser(), "/@"+m.Handle), "the download": page(m.Browser, "/you/data/export")}
}

// readable tries all ways and names one that is open.
func (s *served) readable(m person) string {
	s.b.Helper()
	for name, way := range s.ways(m) {
		open, err := way()
		if err != nil {
			s.b.Fatal(err)
		}
		if open {
			return name
		}
	}
	return ""
}

// until asks again and again, and says how long it took until nothing was open.
func (s *served) until(since time.Time, open func() (where string)) time.Duration {
	s.b.Helper()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for where := open(); where != ""; where = open() {
		if time.Since(since) > time.Minute {
			s.b.Fatalf("after %s: %s", time.Since(since), where)
		}
		<-again.C
	}
	return time.Since(since)
}

// keysIn looks for keys, raw and wrapped, in every file and inside the copy.
func (s *served) keysIn(keys []key) (where string) {
	s.b.Helper()
	var words [][]byte
	for _, k := range keys {
		words = append(words, k.raw, k.wrapped)
	}
	look, err := scan.New(words...)
	if err != nil {
		s.b.Fatal(err)
	}
	found, err := lookInCopies(look, s.folder, s.identity)
	if err != nil {
		s.b.Fatal(err)
	}
	more, err := look.Folder(s.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // files come and go
		s.b.Fatal(err)
	}
	for _, h := range append(found, more...) {
		where += h.String() + "\n"
	}
	return where
}

// BenchmarkUnreadable measures how long after the answer the last way to the
// records closes, and how long a key can still be found in a file or in the copy
// of the keys: of some among many that leave, and of the last fifth, who leave one
// at a time.
func BenchmarkUnreadable(b *testing.B) {
	const people = 200
	eachServed(b, func(s *served) {
		var answers, closed, keys, alone []time.Duration
		all := make([]person, people)
		for i := range all {
			all[i] = s.join(1)
			if i%10 == 9 {
				s.Clock.Add(time.Hour) // a machine may ask for so many links in an hour
			}
		}
		s.meet(all...)
		s.run()
		for i, m := range all {
			answers = append(answers, s.leave(m))
			confirmed := time.Now()
			closed = append(closed, s.until(confirmed, func() string { return s.readable(m) }))
			switch {
			case i >= people*4/5:
				alone = append(alone, s.until(confirmed, func() string { return s.keysIn(m.keys) }))
			case i%8 == 0:
				keys = append(keys, s.until(confirmed, func() string { return s.keysIn(m.keys) }))
			}
		}
		tell(s.b, answers, "answer")
		tell(s.b, closed, "unreadable")
		tell(s.b, keys, "keys-gone")
		tell(s.b, alone, "keys-gone-alone")
	})
}

// BenchmarkManyRecords erases somebody with 10,000 records.
func BenchmarkManyRecords(b *testing.B) {
	eachServed(b, func(s *served) {
		all := []person{s.join(10000)}
		s.meet(all...)
		s.run()
		answer := s.leave(all[0])
		if way := s.readable(all[0]); way != "" {
			s.b.Fatal("after the answer there is a way to the records: " + way)
		}
		tell(s.b, []time.Duration{answer}, "answer")
	})
}

// tell reports the middle, the 99th percentile and the longest.
func tell(b *testing.B, all []time.Duration, what string) {
	slices.Sort(all)
	b.ReportMetric(0, "ns/op")
	for name, at := range map[string]int{"p50": len(all) / 2, "p99": len(all) * 99 / 100, "max": len(all) - 1} {
		b.ReportMetric(float64(all[at].Microseconds())/1000, fmt.Sprintf("%s-%s-ms", what, name))
	}
}
