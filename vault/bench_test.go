package vault_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"kept/vault"
	"kept/vault/vaulttest"
)

// -owners says how many owners lie in the tables of BenchmarkVault.
var benchOwners = flag.Int("owners", 1000, "owners in the tables of the benchmarks")

// page is a record as features have them: a few hundred bytes of JSON.
type page struct {
	Title string   `json:"title"`
	Text  string   `json:"text"`
	Tags  []string `json:"tags"`
	Count int      `json:"count"`
}

func newPage(n int) page {
	return page{"A page about something", strings.Repeat("some words that were written down ", 6), []string{"go", "learning"}, n}
}

// bench is a vault and, in the same database, the same rows as they are.
type bench struct {
	b       *testing.B
	db      *sql.DB
	dialect vault.Dialect
	v       *vault.Vault
	pages   vault.Kind[page]
	owners  []vault.OwnerID
	first   string // a record that every owner has
	n       int
}

func declarePages() (*vault.Registry, vault.Kind[page]) {
	r := vault.NewRegistry()
	return r, vault.Declare(r, vault.Spec[page]{Name: "page", Sentence: "What you wrote.", Purposes: []string{"page"},
		Basis: vault.Contract, Retention: vault.UntilErased(), Audience: vault.OnlyMe, Portable: true})
}

// BenchmarkVault holds each call against the same work on the same rows without
// sealing, through database/sql alone, in turns within one run, and reports the
// ratio of the two. Run it on one core:
//
//	go test ./vault -run '^$' -bench Vault -cpu 1
func BenchmarkVault(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { runBench(b, vaulttest.SQLite(b), vault.SQLite) })
	if !vaulttest.SQLiteOnly() {
		b.Run("postgresql", func(b *testing.B) { runBench(b, vaulttest.PostgreSQL(b), vault.PostgreSQL) })
	}
}

func runBench(b *testing.B, db *sql.DB, dialect vault.Dialect) {
	db.SetMaxOpenConns(1)
	reg, pages := declarePages()
	m := &bench{b: b, db: db, dialect: dialect, pages: pages, first: vault.NewID()}
	m.v = vaulttest.New(b, reg, db, dialect, time.Now)
	m.fill(*benchOwners)
	for _, c := range []struct {
		name string
		run  func(*bench)
	}{{"get", (*bench).get}, {"put", (*bench).put}, {"scan", (*bench).scan}, {"export", (*bench).export}, {"erase", (*bench).erase}} {
		b.Run(c.name, func(b *testing.B) {
			m.b = b
			c.run(m)
		})
	}
}

const plainColumns = `owner, kind, id, schema, rev, seen, scope, policy, made_day, anchor, told_day, expires_day, body`

// fill makes owners with one record each, and copies them into a table without
// seals.
func (m *bench) fill(owners int) {
	for len(m.owners) < owners {
		vaulttest.Tx(m.b, m.db, func(ctx context.Context, tx *sql.Tx) error {
			ids, err := m.v.NewOwners(ctx, tx, vault.Person, vault.Never, min(1000, owners-len(m.owners)))
			for _, id := range ids {
				if _, err := m.pages.Put(ctx, tx, vault.Self(id), vault.Record[page]{Owner: id, ID: m.first, Value: newPage(1)}); err != nil {
					return err
				}
			}
			m.owners = append(m.owners, ids...)
			return err
		})
	}
	m.copyPlain()
}

// copyPlain makes plain_record and plain_owner: the vault's own tables with the
// values as they are.
func (m *bench) copyPlain() {
	clustered, blob := "", "BYTEA"
	if m.dialect == vault.SQLite {
		clustered, blob = "WITHOUT ROWID", "BLOB"
	}
	m.exec(`CREATE TABLE plain_record (owner TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, schema BIGINT NOT NULL, rev BIGINT NOT NULL,
		seen BIGINT NOT NULL, scope TEXT NOT NULL, policy BIGINT NOT NULL, made_day BIGINT NOT NULL, anchor TEXT NOT NULL,
		told_day BIGINT NOT NULL, expires_day BIGINT NOT NULL, body ` + blob + ` NOT NULL, PRIMARY KEY (owner, kind, id)) ` + clustered)
	m.exec(`CREATE INDEX plain_ends ON plain_record (expires_day, kind) WHERE expires_day < 2932896`)
	m.exec(`CREATE INDEX plain_anchor ON plain_record (anchor, kind) WHERE anchor <> ''`)
	m.exec(`CREATE TABLE plain_owner (id TEXT NOT NULL PRIMARY KEY, type TEXT NOT NULL, state TEXT NOT NULL, open BOOLEAN NOT NULL,
		restricted BOOLEAN NOT NULL, private BOOLEAN NOT NULL, objects TEXT NOT NULL, joined TEXT NOT NULL, version BIGINT NOT NULL,
		expires_day BIGINT NOT NULL) ` + clustered)
	m.exec(`INSERT INTO plain_owner SELECT * FROM vault_owner`)
	m.exec(`INSERT INTO plain_record SELECT * FROM vault_record`)
	raw, _ := json.Marshal(newPage(1))
	m.exec(`UPDATE plain_record SET body = $1`, raw)
	if m.dialect == vault.PostgreSQL {
		m.exec(`VACUUM ANALYZE`)
	}
}

func (m *bench) exec(text string, args ...any) {
	m.b.Helper()
	if _, err := m.db.Exec(text, args...); err != nil {
		m.b.Fatal(err)
	}
}

// must ends the benchmark at an error.
func (m *bench) must(err error) {
	if err != nil {
		m.b.Helper()
		m.b.Fatal(err)
	}
}

// next picks another owner each time, so that no row is always at hand, out of
// a thousand, so that keys are warm.
func (m *bench) next() vault.OwnerID {
	m.n++
	return m.owners[m.n*7919%min(len(m.owners), 1000)]
}

// versus runs the two in turns and reports the median of each: what the machine
// does beside must not fall to one side.
func (m *bench) versus(sealed, plain func()) {
	for range 20 { // warm keys, prepared statements
		sealed()
		plain()
	}
	runtime.GC()
	var took [2][]float64
	for m.b.Loop() {
		for i, fn := range []func(){sealed, plain} {
			start := time.Now()
			fn()
			took[i] = append(took[i], float64(time.Since(start).Nanoseconds())/1e3)
		}
	}
	s, p := median(took[0]), median(took[1])
	m.b.ReportMetric(s, "sealed-µs")
	m.b.ReportMetric(p, "plain-µs")
	m.b.ReportMetric(s/p, "sealed/plain")
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// plainRow is what a program without a vault would scan.
type plainRow struct {
	owner, kind, id, scope, anchor string
	schema, rev, seen, policy      int64
	made, told, expires            int64
	body                           []byte
}

func (r *plainRow) fields() []any {
	return []any{&r.owner, &r.kind, &r.id, &r.schema, &r.rev, &r.seen, &r.scope, &r.policy, &r.made, &r.anchor, &r.told, &r.expires, &r.body}
}

// get: at most 1.15 times.
func (m *bench) get() {
	ctx := context.Background()
	m.versus(func() {
		owner := m.next()
		_, err := m.pages.Get(ctx, m.db, vault.Self(owner), owner, m.first)
		m.must(err)
	}, func() {
		var r plainRow
		var p page
		m.must(m.db.QueryRowContext(ctx, `SELECT `+plainColumns+` FROM plain_record WHERE owner = $1 AND kind = $2 AND id = $3
			AND expires_day >= $4`, string(m.next()), "page", m.first, int64(20000)).Scan(r.fields()...))
		m.must(json.Unmarshal(r.body, &p))
	})
}

// put writes one new record in a transaction: at most 1.3 times. The
// plain side, too, counts the owner's version up.
func (m *bench) put() {
	m.versus(func() {
		owner := m.next()
		m.must(vaulttest.InTx(context.Background(), m.db, func(ctx context.Context, tx *sql.Tx) error {
			_, err := m.pages.Put(ctx, tx, vault.Self(owner), vault.Record[page]{Owner: owner, Value: newPage(m.n)})
			return err
		}))
	}, func() { m.must(vaulttest.InTx(context.Background(), m.db, m.putPlain)) })
}

// putPlain does to the plain tables what Put does to the vault's.
func (m *bench) putPlain(ctx context.Context, tx *sql.Tx) error {
	owner := string(m.next())
	var state string
	if err := tx.QueryRowContext(ctx, `UPDATE plain_owner SET version = version + 1 WHERE id = $1 AND state = 'live'
		RETURNING state`, owner).Scan(&state); err != nil {
		return err
	}
	raw, err := json.Marshal(newPage(m.n))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO plain_record (`+plainColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		owner, "page", vault.NewID(), 1, 1, 1, "", 1, int64(20000), "", int64(vault.Never), int64(vault.Never), raw)
	return err
}

// many makes an owner of n records, sealed and plain.
func (m *bench) many(n int) (owner vault.OwnerID) {
	raw, err := json.Marshal(newPage(1))
	m.must(err)
	vaulttest.Tx(m.b, m.db, func(ctx context.Context, tx *sql.Tx) (err error) {
		if owner, err = m.v.NewOwner(ctx, tx, vault.Person, vault.Never); err != nil {
			return err
		}
		for i := range n {
			r, err := m.pages.Put(ctx, tx, vault.Self(owner), vault.Record[page]{Owner: owner, Value: newPage(i)})
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `INSERT INTO plain_record (`+plainColumns+`)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, string(owner), "page", r.ID, 1, 1, 1, "", 1,
				int64(20000), "", int64(vault.Never), int64(vault.Never), raw); err != nil {
				return err
			}
		}
		return nil
	})
	return owner
}

// scan reads 1,000 records of one owner without decoding their JSON: at
// least 0.75 of the speed.
func (m *bench) scan() {
	owner := m.many(1000)
	ctx := context.Background()
	m.versus(func() {
		n := 0
		m.must(m.v.Subject(owner).Each(ctx, m.db, func(vault.Item) error { n++; return nil }))
		m.count(n, 1000)
	}, func() { m.count(m.scanPlain(owner, io.Discard), 1000) })
}

func (m *bench) count(got, want int) {
	if got != want {
		m.b.Fatalf("%d records, want %d", got, want)
	}
}

func (m *bench) scanPlain(owner vault.OwnerID, w io.Writer) (n int) {
	rows, err := m.db.QueryContext(context.Background(), `SELECT `+plainColumns+` FROM plain_record WHERE owner = $1 AND expires_day >= $2
		ORDER BY owner, kind, id`, string(owner), int64(20000))
	m.must(err)
	defer rows.Close()
	var r plainRow
	var body sql.RawBytes
	fields := r.fields()
	fields[len(fields)-1] = &body
	for rows.Next() {
		m.must(rows.Scan(fields...))
		w.Write(body)
		n++
	}
	m.must(rows.Err())
	return n
}

// export writes 10,000 records of one owner: at least 0.5 of the bytes
// per second of the raw scan.
func (m *bench) export() {
	owner := m.many(10000)
	var out, raw counter
	m.must(forgetPeak())
	before := memory("VmRSS")
	m.versus(func() { m.must(m.v.Export(context.Background(), m.db, owner, &out)) },
		func() { m.scanPlain(owner, &raw) })
	m.b.ReportMetric(float64(out)/float64(raw), "bytes/plain")
	m.b.ReportMetric(memory("VmHWM"), "peak-MB")
	m.b.ReportMetric(before, "before-MB")
}

type counter int64

func (c *counter) Write(b []byte) (int, error) { *c += counter(len(b)); return len(b), nil }

// forgetPeak lets the peak begin anew, without what making the owners took.
func forgetPeak() error {
	debug.FreeOSMemory()
	return os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// memory is what the process has now ("VmRSS") or had at most since forgetPeak
// ("VmHWM"), in MB; 0 if the system does not say.
func memory(which string) float64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kb int64
		if n, _ := fmt.Sscanf(line, which+": %d kB", &kb); n == 1 {
			return float64(kb) / 1024
		}
	}
	return 0
}

// erase erases an owner of 10,000 records: under a second.
func (m *bench) erase() {
	var took time.Duration
	n := 0
	for m.b.Loop() {
		m.b.StopTimer()
		owner := m.crowd(10000)
		m.b.StartTimer()
		start := time.Now()
		_, err := m.v.EraseOwner(context.Background(), owner)
		m.must(err)
		took += time.Since(start)
		n++
	}
	m.b.ReportMetric(float64(took.Milliseconds())/float64(n), "erase-ms")
}

// crowd makes an owner of n records.
func (m *bench) crowd(n int) (owner vault.OwnerID) {
	vaulttest.Tx(m.b, m.db, func(ctx context.Context, tx *sql.Tx) (err error) {
		if owner, err = m.v.NewOwner(ctx, tx, vault.Person, vault.Never); err != nil {
			return err
		}
		for range n {
			if _, err := m.pages.Put(ctx, tx, vault.Self(owner), vault.Record[page]{Owner: owner, Value: newPage(1)}); err != nil {
				return err
			}
		}
		return nil
	})
	return owner
}
