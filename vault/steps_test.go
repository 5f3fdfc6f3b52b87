package vault_test

import (
	"context"
	"database/sql"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"filippo.io/age"
	"pgregory.net/rapid"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
	"kept/vault/vaulttest"
)

var (
	slotEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	handles      = []string{"ada", "bob", "eve"}
	words        = []string{"one", "two"}
	anchorNames  = []string{"w1", "w2"}
)

// step does one thing, more often such as make something.
func (m *machine) step() {
	steps := []func(){
		m.newOwner, m.newOwner, m.putNote, m.putNote, m.putNote, m.putName, m.putGift, m.putSignUp, m.changeNote,
		m.setAudience, m.deleteRecord, m.erase, m.merge, m.setOpen, m.restrict, m.moveAnchor, m.days, m.rotate,
		m.backUp, m.backUp, m.restore, m.crash, m.disaster, m.disaster,
	}
	steps[rapid.IntRange(0, len(steps)-1).Draw(m.t, "step")]()
}

// disaster is a backup, a few things that a restore must know, and the restore.
func (m *machine) disaster() {
	steps := []func(){m.newOwner, m.putNote, m.changeNote, m.setAudience, m.deleteRecord, m.deleteRecord, m.erase,
		m.merge, m.merge, m.setOpen, m.putGift, m.putSignUp, m.moveAnchor, m.days, m.backUp}
	m.backUp()
	for range rapid.IntRange(1, 6).Draw(m.t, "steps") {
		steps[rapid.IntRange(0, len(steps)-1).Draw(m.t, "step")]()
	}
	m.restore()
}

// happened notes what a restore must do again.
func (m *machine) happened(events ...event) {
	for _, e := range events {
		m.made++
		e.id = m.made
		m.events = append(m.events, e)
	}
}

// someone picks an owner that lives; none if there is none.
func (m *machine) someone(label string) (vault.OwnerID, bool) {
	all := m.model.live()
	if len(all) == 0 {
		return "", false
	}
	return all[rapid.IntRange(0, len(all)-1).Draw(m.t, label)], true
}

// something picks a living record of a living owner.
func (m *machine) something(kinds ...string) (owner vault.OwnerID, at ref, ok bool) {
	if owner, ok = m.someone("owner"); !ok {
		return
	}
	var all []ref
	for r, rec := range m.model.owners[owner].records {
		for _, kind := range kinds {
			if r.kind == kind && rec.expires >= m.today() {
				all = append(all, r)
			}
		}
	}
	if len(all) == 0 {
		return owner, at, false
	}
	records := m.model.owners[owner].records
	slices.SortFunc(all, func(a, b ref) int { return records[a].made - records[b].made })
	return owner, all[rapid.IntRange(0, len(all)-1).Draw(m.t, "record")], true
}

func (m *machine) newOwner() {
	m.made++
	var id vault.OwnerID
	kind, until := vault.Person, vault.Never
	if rapid.IntRange(0, 3).Draw(m.t, "errand") == 0 {
		kind, until = vault.Errand, m.today()+vault.Day(rapid.IntRange(0, 30).Draw(m.t, "until"))
	}
	m.do("new owner", m.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		id, err = m.v.NewOwner(ctx, tx, kind, until)
		return err
	}), func() {
		m.model.owners[id] = &modelOwner{made: m.made, state: "live", expires: until, records: map[ref]modelRecord{}}
		m.model.keys[id] = m.today()
	})
}

func (m *machine) note() vaulttest.Note {
	m.made++
	n := vaulttest.Note{Text: rapid.SampledFrom(words).Draw(m.t, "word"), Place: int64(m.made)}
	if rapid.Bool().Draw(m.t, "named") {
		n.Handle = rapid.SampledFrom(handles).Draw(m.t, "handle")
	}
	return n
}

func (m *machine) putNote() {
	if owner, ok := m.someone("owner"); ok {
		seen := rapid.SampledFrom([]vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}).Draw(m.t, "seen")
		m.write(vault.Record[vaulttest.Note]{Owner: owner, Audience: seen, Value: m.note()})
	}
}

func (m *machine) changeNote() {
	if owner, at, ok := m.something("note"); ok {
		old := m.model.owners[owner].records[at]
		seen := rapid.SampledFrom([]vault.Audience{0, vault.OnlyMe, vault.AnyoneMaySee}).Draw(m.t, "seen")
		m.write(vault.Record[vaulttest.Note]{Owner: owner, ID: at.id, Rev: old.rev, Audience: seen, Value: m.note()})
	}
}

// write puts a note, whose handle may be taken.
func (m *machine) write(r vault.Record[vaulttest.Note]) {
	put, refused := r, false
	m.do("put a note", m.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		put, err = m.kinds.Notes.Put(ctx, tx, vault.Self(r.Owner), r)
		if _, taken := errors.AsType[*vault.TakenError](err); taken {
			refused = true
		}
		return err
	}).unless(&refused), func() {
		h := r.Value.Handle
		holder := m.model.holder(h)
		another := h != "" && (holder != "" && holder != r.Owner || m.model.taken[h] >= m.today())
		if refused && h == "" || !refused && another {
			m.t.Fatalf("handle %q, held by %q, reserved until %d: refused is %t", h, holder, m.model.taken[h], refused)
		}
		if !refused {
			m.put("note", put.ID, recordOf(put, h), put.Owner)
		}
	})
}

// unless makes a refusal no error.
func (c call) unless(refused *bool) call {
	return func(ctx context.Context) error {
		if err := c(ctx); err != nil && !*refused {
			return err
		}
		return nil
	}
}

type call func(context.Context) error

func recordOf[T any](r vault.Record[T], handle string) modelRecord {
	raw, _ := json.Marshal(r.Value)
	var fields map[string]json.RawMessage
	json.Unmarshal(raw, &fields)
	if _, secret := fields["secret"]; secret {
		delete(fields, "secret")
		raw, _ = json.Marshal(fields)
	}
	return modelRecord{value: string(raw), handle: handle, seen: r.Audience, rev: r.Rev, anchor: r.Anchor, told: r.Expires, expires: r.Expires}
}

func (m *machine) put(kind, id string, r modelRecord, owner vault.OwnerID) {
	r.made = m.made
	m.happened(m.model.put(owner, ref{kind, id}, r, m.today())...)
}

// putName writes the one name, new or changed.
func (m *machine) putName() {
	owner, ok := m.someone("owner")
	if !ok {
		return
	}
	m.made++
	r := vault.Record[vaulttest.Name]{Owner: owner, Value: vaulttest.Name{Name: strconv.Itoa(m.made)}}
	if old, ok := m.model.owners[owner].records[ref{"name", vault.SingleID}]; ok && old.expires >= m.today() {
		r.ID, r.Rev = vault.SingleID, old.rev
	} else {
		delete(m.model.owners[owner].records, ref{"name", vault.SingleID}) // over, and not swept
	}
	m.do("put a name", m.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		r, err = m.kinds.Names.Put(ctx, tx, vault.Self(owner), r)
		return err
	}), func() {
		m.expect(r.Expires, m.today()+10)
		m.put("name", r.ID, recordOf(r, ""), owner)
	})
}

func (m *machine) expect(got, want vault.Day) {
	if got != want {
		m.t.Fatalf("the last day is %d, want %d", got, want)
	}
}

// putGift writes a gift, or moves the day of one.
func (m *machine) putGift() {
	owner, at, change := m.something("gift")
	if owner == "" {
		return
	}
	m.made++
	r := vault.Record[vaulttest.Gift]{Owner: owner, Value: vaulttest.Gift{Amount: m.made,
		Until: m.today() + vault.Day(rapid.IntRange(0, 60).Draw(m.t, "until"))}}
	if change && rapid.Bool().Draw(m.t, "change") {
		r.ID, r.Rev = at.id, m.model.owners[owner].records[at].rev
	}
	m.do("put a gift", m.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		r, err = m.kinds.Gifts.Put(ctx, tx, vault.Work("books"), r)
		return err
	}), func() {
		m.expect(r.Expires, r.Value.Until)
		m.put("gift", r.ID, recordOf(r, ""), owner)
	})
}

func (m *machine) putSignUp() {
	owner, ok := m.someone("owner")
	if !ok {
		return
	}
	m.made++
	r := vault.Record[vaulttest.SignUp]{Owner: owner, Anchor: rapid.SampledFrom(anchorNames).Draw(m.t, "anchor")}
	m.do("put a sign-up", m.tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		r, err = m.kinds.SignUps.Put(ctx, tx, vault.Self(owner), r)
		return err
	}), func() {
		want := m.today() + 365
		if day, ok := m.model.anchors[r.Anchor]; ok {
			want = max(day+30, m.today())
		}
		m.expect(r.Expires, want)
		m.put("sign-up", r.ID, recordOf(r, ""), owner)
	})
}

func (m *machine) setAudience() {
	owner, at, ok := m.something("note")
	if !ok {
		return
	}
	seen := rapid.SampledFrom([]vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}).Draw(m.t, "seen")
	m.do("set audience", m.tx(func(ctx context.Context, tx *sql.Tx) error {
		return m.kinds.Notes.SetAudience(ctx, tx, vault.Self(owner), owner, at.id, seen)
	}), func() {
		r := m.model.owners[owner].records[at]
		if r.seen != seen {
			r.seen, r.rev = seen, r.rev+1
			m.put(at.kind, at.id, r, owner)
		}
	})
}

func (m *machine) deleteRecord() {
	owner, at, ok := m.something("note", "name", "sign-up")
	if !ok {
		return
	}
	m.do("delete", m.tx(func(ctx context.Context, tx *sql.Tx) error {
		return m.v.Subject(owner).Delete(ctx, tx, at.kind, at.id)
	}), func() {
		m.model.remove(owner, at, m.today())
		m.happened(event{op: "deleted", owner: owner, record: at})
	})
}

func (m *machine) erase() {
	owner, ok := m.someone("owner")
	if !ok {
		return
	}
	m.do("erase", func(ctx context.Context) error {
		_, err := m.v.EraseOwner(ctx, owner)
		return err
	}, func() {
		for _, id := range m.model.parts(owner) {
			m.model.erase(id, m.today())
			m.happened(event{op: "erased", owner: id})
			m.erased[id] = true
		}
		m.flushed = len(m.events) // an erasure waits for that
	})
}

func (m *machine) merge() {
	from, ok := m.someone("from")
	into, _ := m.someone("into")
	if !ok || from == into || m.model.owners[into].expires < m.model.owners[from].expires {
		return
	}
	m.do("merge", m.tx(func(ctx context.Context, tx *sql.Tx) error { return m.v.Merge(ctx, tx, from, into) }), func() {
		m.model.merge(from, into, m.today())
		m.happened(event{op: "merged", owner: from, into: into})
	})
}

func (m *machine) setOpen() {
	owner, ok := m.someone("owner")
	if !ok {
		return
	}
	on := rapid.Bool().Draw(m.t, "on")
	m.do("set open", m.tx(func(ctx context.Context, tx *sql.Tx) error { return m.v.SetOpen(ctx, tx, owner, on) }), func() {
		m.model.owners[owner].open = on
		if !on {
			m.happened(event{op: "closed", owner: owner})
		}
	})
}

func (m *machine) restrict() {
	owner, ok := m.someone("owner")
	if !ok {
		return
	}
	on := rapid.Bool().Draw(m.t, "on")
	m.do("restrict", m.tx(func(ctx context.Context, tx *sql.Tx) error { return m.v.Restrict(ctx, tx, owner, on) }), func() {
		m.model.owners[owner].restricted = on
		if on {
			m.happened(event{op: "restricted", owner: owner})
		}
	})
}

func (m *machine) moveAnchor() {
	name := rapid.SampledFrom(anchorNames).Draw(m.t, "anchor")
	day := m.today() + vault.Day(rapid.IntRange(-40, 60).Draw(m.t, "to"))
	m.do("move an anchor", m.tx(func(ctx context.Context, tx *sql.Tx) error { return m.v.MoveAnchor(ctx, tx, name, day) }), func() {
		m.model.moveAnchor(name, day, m.today())
		m.happened(event{op: "moved", record: ref{"", name}, day: day, on: m.today()})
	})
}

// days moves the clock and sweeps; after a crash once more, as a program would
// within the hour.
func (m *machine) days() {
	days := rapid.SampledFrom([]int{0, 1, 1, 2, 3, 12, 40}).Draw(m.t, "days")
	m.now = m.now.AddDate(0, 0, days)
	sweep := func(ctx context.Context) error { _, err := m.v.Sweep(ctx); return err }
	m.arm()
	err := sweep(context.Background())
	m.disarm()
	if m.dead() {
		m.crash()
		err = sweep(context.Background())
	}
	if err != nil {
		m.t.Fatalf("sweep: %v", err)
	}
	m.model.sweep(m.today(), m.restored)
	m.flushed = len(m.events)
	m.compare("after a sweep")
}

func (m *machine) rotate() {
	m.do("rotate", func(context.Context) error { return m.ring.Rotate() }, func() {})
}

// backUp takes a snapshot and, after it, a copy of the ring.
func (m *machine) backUp() {
	rows, err := vaulttest.Take(context.Background(), m.plain)
	if err != nil {
		m.t.Fatal(err)
	}
	manifest, err := m.ring.WriteCopy(context.Background(), keyring.Folder{FS: m.disk, Dir: copyDir},
		[]age.Recipient{m.identity.Recipient()}, int32(m.today()), nil)
	if err == nil {
		err = m.log.Append([]journal.Entry{{Day: int32(m.today()), Op: vault.OpCopied, Arg: fmt.Sprint(manifest.Sequence)}})
	}
	if err != nil {
		m.t.Fatalf("ring copy: %v", err)
	}
	m.copies, m.copied, m.copyKeys = manifest.Sequence, m.today(), maps.Clone(m.model.keys)
	m.backups = append(m.backups, backup{rows: rows, model: m.model.clone(), known: slices.Clone(m.events), day: m.today()})
}

// restore goes back to a backup of the last days, with the ring that is there or
// with its newest copy.
func (m *machine) restore() {
	if len(m.backups) == 0 {
		return
	}
	n := rapid.IntRange(0, len(m.backups)-1).Draw(m.t, "backup")
	b := m.backups[n]
	if b.day < m.today()-7 {
		return
	}
	m.backups = m.backups[:n+1] // later ones are of a life that did not happen
	m.loseDatabase()
	keys := m.model.keys
	if m.copied >= m.today()-7 && rapid.Bool().Draw(m.t, "ring lost") {
		m.loseRing()
		keys = m.copyKeys
	}
	if err := b.rows.Restore(context.Background(), m.plain); err != nil {
		m.t.Fatal(err)
	}
	if err := vault.MarkRestored(context.Background(), m.plain); err != nil {
		m.t.Fatal(err)
	}
	m.replay()
	m.model = b.model.clone()
	m.model.keys = maps.Clone(keys)
	unknown := slices.DeleteFunc(slices.Clone(m.events), b.knows)
	m.model.replay(unknown, m.today())
	m.restored = m.today()
	m.events = slices.Concat(b.known, unknown)
	m.flushed = len(m.events)
	m.compare("after a restore")
}

func (b backup) knows(e event) bool {
	return slices.ContainsFunc(b.known, func(k event) bool { return k.id == e.id })
}

// loseDatabase forgets, sometimes, what was not written to the journal file yet.
func (m *machine) loseDatabase() {
	if rapid.Bool().Draw(m.t, "flush") {
		if err := m.v.Flush(context.Background()); err != nil {
			m.t.Fatal(err)
		}
		m.flushed = len(m.events)
	}
	m.events = m.events[:m.flushed]
}

func (m *machine) loseRing() {
	m.ring.Close()
	if err := m.disk.Remove(ringPath); err != nil {
		m.t.Fatal(err)
	}
	ring, err := keyring.Options{FS: m.disk}.RestoreCopy(context.Background(), keyring.Folder{FS: m.disk, Dir: copyDir},
		[]age.Identity{m.identity}, ringPath, epochDir)
	if err != nil {
		m.t.Fatalf("restore the ring: %v", err)
	}
	ring.Close()
}

// replay opens what was restored, as often as it takes.
func (m *machine) replay() {
	for {
		m.arm()
		err := m.start(true)
		m.disarm()
		if !m.dead() {
			if err != nil {
				m.t.Fatalf("open what was restored: %v", err)
			}
			return
		}
		m.powerCut()
	}
}
