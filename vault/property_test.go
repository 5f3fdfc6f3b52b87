package vault_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"pgregory.net/rapid"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/vaulttest"
	"kept/vault/vaulttest/crashfs"
)

// TestMain makes 200 sequences the usual number; -rapid.checks=10000 asks for more.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		flag.Set("rapid.checks", "200")
	}
	os.Exit(m.Run())
}

// TestProperty runs random lives of a vault, with crashes between any two calls
// to the file system and any two statements, and holds them against a model.
func TestProperty(t *testing.T) {
	lives(t, machine{driver: "sqlite", dsn: vaulttest.SQLiteDSN(t, "off"), dialect: vault.SQLite})
}

// TestPostgreSQLProperty is TestProperty with fewer lives.
func TestPostgreSQLProperty(t *testing.T) {
	if vaulttest.SQLiteOnly() {
		return
	}
	all := flag.Lookup("rapid.checks").Value
	was := all.String()
	all.Set("20")
	defer all.Set(was)
	lives(t, machine{driver: "pgx", dsn: vaulttest.PostgreSQLDSN(t), dialect: vault.PostgreSQL})
}

func lives(t *testing.T, m machine) {
	var err error
	if m.plain, err = sql.Open(m.driver, m.dsn); err != nil {
		t.Fatal(err)
	}
	defer m.plain.Close()
	if err := vault.Migrate(t.Context(), m.plain, m.dialect); err != nil {
		t.Fatal(err)
	}
	empty, err := vaulttest.Take(t.Context(), m.plain)
	if err != nil {
		t.Fatal(err)
	}
	if m.identity, err = age.GenerateX25519Identity(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		if err := empty.Restore(context.Background(), m.plain); err != nil {
			t.Fatal(err)
		}
		again := m
		again.live(t)
	})
}

const (
	ringPath    = "/data/ring"
	journalPath = "/data/journal"
	epochDir    = "/epoch"
	copyDir     = "/copy"
)

// machine is a vault that can crash, and the model beside it.
type machine struct {
	driver, dsn string
	dialect     vault.Dialect
	plain       *sql.DB // what does not crash: backups, looking
	identity    *age.X25519Identity

	t     *rapid.T
	disk  *crashfs.Disk
	fuse  *vaulttest.Fuse
	db    *sql.DB
	ring  *keyring.Ring
	log   *journal.File
	v     *vault.Vault
	kinds *vaulttest.Kinds
	now   time.Time

	model    model
	events   []event // what the journal should tell
	flushed  int     // how many of them the file should hold
	backups  []backup
	copied   vault.Day // of the newest ring copy
	copyKeys map[vault.OwnerID]vault.Day
	copies   uint64
	restored vault.Day
	erased   map[vault.OwnerID]bool
	made     int
}

type backup struct {
	rows  vaulttest.Snapshot
	model model
	known []event
	day   vault.Day
}

func (m *machine) live(t *rapid.T) {
	m.t, m.disk, m.fuse = t, crashfs.New(), &vaulttest.Fuse{}
	m.fuse.Also = func() error {
		if m.disk.Crashed() {
			return crashfs.ErrCrashed
		}
		return nil
	}
	m.fuse.Blow = func() { m.disk.CrashAt(1) }
	m.now = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	m.model, m.erased = newModel(), map[vault.OwnerID]bool{}
	ring, err := keyring.Options{FS: m.disk}.Create(ringPath, epochDir)
	if err != nil {
		t.Fatal(err)
	}
	ring.Close()
	m.open()
	defer func() { m.db.Close() }()
	for range rapid.IntRange(3, 40).Draw(t, "steps") {
		m.step()
	}
	m.crash()
	m.compare("at the end")
}

// open starts the program.
func (m *machine) open() {
	if err := m.start(false); err != nil {
		m.t.Fatalf("open: %v", err)
	}
}

func (m *machine) start(restored bool) (err error) {
	if m.db != nil {
		m.db.Close()
	}
	m.fuse.Reset()
	if m.db, err = vaulttest.Fused(m.driver, m.dsn, m.fuse); err != nil {
		return err
	}
	if m.ring, err = (keyring.Options{FS: m.disk}).Open(ringPath, epochDir); err != nil {
		return err
	}
	if m.log, err = journal.Open(journalPath, m.disk); err != nil {
		return err
	}
	return m.build(restored)
}

func (m *machine) build(restored bool) (err error) {
	reg, kinds := vaulttest.Declare()
	o := vault.Options{DB: m.db, Dialect: m.dialect, Ring: m.ring, Journal: m.log,
		LookupKey: []byte("0123456789abcdef0123456789abcdef"), Now: func() time.Time { return m.now }}
	m.kinds = kinds
	if restored {
		m.v, err = vault.OpenRestored(context.Background(), reg, o, m.copies)
	} else {
		m.v, err = vault.Open(context.Background(), reg, o)
	}
	return err
}

func (m *machine) today() vault.Day { return vault.DayOf(m.now) }

func (m *machine) dead() bool { return m.fuse.Blown() || m.disk.Crashed() }

// arm decides where the program will die, if at all.
func (m *machine) arm() {
	switch rapid.IntRange(0, 5).Draw(m.t, "death") {
	case 0:
		m.fuse.Light(rapid.IntRange(1, 25).Draw(m.t, "statement"))
	case 1:
		m.disk.CrashAt(rapid.IntRange(1, 14).Draw(m.t, "call"))
	}
}

func (m *machine) disarm() {
	if !m.dead() {
		m.fuse.Light(0)
		m.disk.CrashAt(1 << 40)
	}
}

// crash ends the program and starts it again, which may crash, too.
func (m *machine) crash() {
	for {
		m.powerCut()
		m.arm()
		err := m.start(false)
		m.disarm()
		if err == nil && !m.dead() {
			m.flushed = len(m.events)
			return
		}
		if !m.dead() {
			m.t.Fatalf("start after a crash: %v", err)
		}
	}
}

func (m *machine) powerCut() {
	switch rapid.IntRange(0, 3).Draw(m.t, "fate") {
	case 0:
		m.disk.Restart(crashfs.Lost)
	case 1:
		m.disk.Restart(crashfs.Kept)
	case 2:
		m.disk.Restart(crashfs.Chance(rapid.Uint64().Draw(m.t, "seed")))
	default:
		m.disk.Kill()
	}
}

// do runs one call, which may crash. apply does the same to the model, and is
// called if the call succeeded, or if after a crash it turns out to be done.
func (m *machine) do(name string, run call, apply func()) {
	m.arm()
	err := run(context.Background())
	m.disarm()
	if !m.dead() {
		if err != nil {
			m.t.Fatalf("%s: %v", name, err)
		}
		apply()
		return
	}
	m.crash()
	if m.see() == m.want() {
		return
	}
	apply()
	m.flushed = len(m.events)
	m.compare(name + ", after a crash")
}

func (m *machine) tx(fn func(context.Context, *sql.Tx) error) call {
	return func(ctx context.Context) error { return vaulttest.InTx(ctx, m.db, fn) }
}

// want is what see should give.
func (m *machine) want() string {
	lines := m.model.lines(m.today())
	for _, name := range slices.Sorted(maps.Keys(m.model.anchors)) {
		lines = append(lines, fmt.Sprintf("%s %d", name, m.model.anchors[name]))
	}
	return strings.Join(lines, "\n")
}

// compare holds everything that can be seen against the model.
func (m *machine) compare(when string) {
	if got, want := m.see(), m.want(); got != want {
		m.t.Fatalf("%s:\ngot\n%s\nwant\n%s", when, got, want)
	}
	m.compareHandles(when)
	m.compareWords(when)
	for id := range m.erased {
		if m.ring.Has(slotOf(id), keyring.Ordinary) {
			m.t.Fatalf("%s: the key of an erased owner is there", when)
		}
	}
	for _, table := range []string{"vault_record", "vault_find"} {
		m.noStrangers(when, table)
	}
}

func (m *machine) noStrangers(when, table string) {
	var n int
	err := m.plain.QueryRow(`SELECT COUNT(*) FROM ` + table + ` WHERE owner NOT IN (SELECT id FROM vault_owner)`).Scan(&n)
	if err != nil || n > 0 {
		m.t.Fatalf("%s: %s has %d rows of nobody, %v", when, table, n, err)
	}
}

func slotOf(id vault.OwnerID) (raw keyring.ID) {
	if _, err := slotEncoding.Decode(raw[:], []byte(id)); err != nil {
		panic(err)
	}
	return raw
}

func (m *machine) compareHandles(when string) {
	ctx := context.Background()
	for _, h := range handles {
		got, err := m.kinds.Notes.OwnerOf(ctx, m.plain, vault.Work("page"), "handle", h)
		if err != nil && !errors.Is(err, vault.ErrNotFound) {
			m.t.Fatal(err)
		}
		if want := m.model.holder(h); got != want {
			m.t.Fatalf("%s: handle %s is %q's, want %q", when, h, got, want)
		}
		free, err := m.kinds.Notes.Free(ctx, m.plain, "handle", h, "")
		if err != nil {
			m.t.Fatal(err)
		}
		if free && m.model.taken[h] >= m.today() {
			m.t.Fatalf("%s: handle %s is free, though reserved until %s", when, h, m.model.taken[h])
		}
	}
}

func (m *machine) compareWords(when string) {
	for _, word := range words {
		found, err := m.kinds.Notes.Find(context.Background(), m.plain, vault.Self("x"), vault.Query{Name: "word", Value: word})
		if err != nil || len(found) > 0 {
			m.t.Fatalf("%s: a stranger finds %d, %v", when, len(found), err)
		}
		found, err = m.kinds.Notes.Find(context.Background(), m.plain, vault.Work("page"), vault.Query{Name: "word", Value: word})
		if want := m.model.written(word); err != nil || len(found) != want {
			m.t.Fatalf("%s: %d notes are found by %s, want %d, %v", when, len(found), word, want, err)
		}
	}
}

// see lists all that can be seen, as want does.
func (m *machine) see() string {
	ctx := context.Background()
	ids, err := m.ids(`SELECT id FROM vault_owner WHERE state <> 'joined'`)
	if err != nil {
		m.t.Fatal(err)
	}
	var lines []string
	for _, id := range ids {
		o, err := m.v.Owner(ctx, m.plain, vault.OwnerID(id))
		if err != nil {
			m.t.Fatal(err)
		}
		if m.model.owners[o.ID] == nil && m.nothingOf(o) {
			continue // made just before a crash, and nobody was told
		}
		lines = append(lines, fmt.Sprintf("%s %s open=%t restricted=%t", o.ID, o.State, o.Open, o.Restricted))
		lines = append(lines, m.records(o)...)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, m.anchorLines()...), "\n")
}

func (m *machine) nothingOf(o vault.Owner) bool { return o.Version == 1 && !m.erased[o.ID] }

func (m *machine) records(o vault.Owner) (lines []string) {
	ctx := context.Background()
	err := m.v.Subject(o.ID).Each(ctx, m.plain, func(i vault.Item) error {
		lines = append(lines, fmt.Sprintf("%s %s/%s %s seen=%d rev=%d expires=%d", o.ID, i.Info.Name, i.ID, i.Value, i.Audience, i.Rev, i.Expires))
		return nil
	})
	if err != nil {
		m.t.Fatalf("records of an owner: %v", err)
	}
	public, err := m.kinds.Notes.All(ctx, m.plain, vault.Anyone(), o.ID)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, r := range public {
		lines = append(lines, fmt.Sprintf("%s note/%s public", o.ID, r.ID))
	}
	return lines
}

func (m *machine) anchorLines() (lines []string) {
	for _, name := range anchorNames {
		day, err := m.v.Anchor(context.Background(), m.plain, name)
		if errors.Is(err, vault.ErrNotFound) {
			continue
		}
		if err != nil {
			m.t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s %d", name, day))
	}
	return lines
}

func (m *machine) ids(query string) (ids []string, err error) {
	rows, err := m.plain.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
