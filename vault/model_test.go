package vault_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"kept/vault"
)

// model is what a vault should hold, kept in maps. It knows nothing of rows,
// bodies or files.
type model struct {
	owners  map[vault.OwnerID]*modelOwner
	keys    map[vault.OwnerID]vault.Day // whose records can be opened, and since when
	anchors map[string]vault.Day
	taken   map[string]vault.Day // handles of erased records, and until when they are reserved at least
}

type modelOwner struct {
	made       int    // ids are random, and choices must not be
	state      string // live, joined or held
	open       bool
	restricted bool
	expires    vault.Day
	into       vault.OwnerID
	records    map[ref]modelRecord
}

type ref struct{ kind, id string }

type modelRecord struct {
	made    int
	value   string // as JSON
	handle  string
	seen    vault.Audience
	rev     int64
	anchor  string
	told    vault.Day
	expires vault.Day
}

// event is what a restore must do again.
type event struct {
	id      int
	op      string
	owner   vault.OwnerID
	record  ref
	seen    vault.Audience
	day, on vault.Day
	into    vault.OwnerID
}

func newModel() model {
	return model{map[vault.OwnerID]*modelOwner{}, map[vault.OwnerID]vault.Day{}, map[string]vault.Day{}, map[string]vault.Day{}}
}

func (m model) clone() model {
	c := model{make(map[vault.OwnerID]*modelOwner, len(m.owners)), maps.Clone(m.keys), maps.Clone(m.anchors), maps.Clone(m.taken)}
	for id, o := range m.owners {
		again := *o
		again.records = maps.Clone(o.records)
		c.owners[id] = &again
	}
	return c
}

// live lists the owners that can be written to, in one order.
func (m model) live() []vault.OwnerID {
	var all []vault.OwnerID
	for id, o := range m.owners {
		if o.state == "live" {
			all = append(all, id)
		}
	}
	slices.SortFunc(all, func(a, b vault.OwnerID) int { return m.owners[a].made - m.owners[b].made })
	return all
}

// holder is who has a handle.
func (m model) holder(handle string) vault.OwnerID {
	for id, o := range m.owners {
		for _, r := range o.records {
			if r.handle == handle {
				return id
			}
		}
	}
	return ""
}

func (m model) reserve(handle string, today vault.Day) {
	if handle != "" && m.holder(handle) == "" {
		m.taken[handle] = today + 90
	}
}

// put writes a record; change tells whether it was there before.
func (m model) put(id vault.OwnerID, at ref, r modelRecord, today vault.Day) (events []event) {
	old, change := m.owners[id].records[at]
	if change {
		r.made = old.made
	}
	m.owners[id].records[at] = r
	delete(m.taken, r.handle)
	if !change {
		return nil
	}
	if old.handle != r.handle {
		m.reserve(old.handle, today)
	}
	if r.seen < old.seen {
		events = append(events, event{op: "lowered", owner: id, record: at, seen: r.seen})
	}
	if r.expires < old.expires {
		events = append(events, event{op: "shortened", owner: id, record: at, day: r.expires})
	}
	return events
}

func (m model) remove(id vault.OwnerID, at ref, today vault.Day) {
	if o := m.owners[id]; o != nil {
		handle := o.records[at].handle
		delete(o.records, at)
		m.reserve(handle, today)
	}
}

// erase leaves what the law holds.
func (m model) erase(id vault.OwnerID, today vault.Day) {
	o := m.owners[id]
	delete(m.keys, id)
	if o == nil {
		return
	}
	for at, r := range o.records {
		if at.kind != "gift" {
			delete(o.records, at)
			m.reserve(r.handle, today)
		}
	}
	o.state, o.open = "held", false
	if len(o.records) == 0 {
		delete(m.owners, id)
	}
}

// parts are an owner and all that were merged into it.
func (m model) parts(id vault.OwnerID) []vault.OwnerID {
	all := []vault.OwnerID{id}
	for i := 0; i < len(all); i++ {
		for other, o := range m.owners {
			if o.into == all[i] {
				all = append(all, other)
			}
		}
	}
	return all
}

func (m model) merge(from, into vault.OwnerID, today vault.Day) {
	a, b := m.owners[from], m.owners[into]
	for at, r := range a.records {
		if r.expires < today {
			continue
		}
		if mine, both := b.records[at]; both && mine.expires >= today {
			r = joinModel(at, mine, r)
		}
		b.records[at] = r
	}
	b.restricted = b.restricted || a.restricted
	a.records, a.state, a.open, a.into, a.expires = map[ref]modelRecord{}, "joined", false, into, today+8
}

// joinModel joins two names, the only kind of which both can have the same record.
func joinModel(at ref, mine, other modelRecord) modelRecord {
	if at.kind != "name" {
		panic("two records with one random id")
	}
	mine.value = nameJSON(nameOf(mine.value) + "+" + nameOf(other.value))
	mine.rev++
	mine.seen, mine.expires, mine.told = min(mine.seen, other.seen), min(mine.expires, other.expires), min(mine.told, other.told)
	return mine
}

func nameJSON(name string) string { return fmt.Sprintf(`{"name":%q}`, name) }

func nameOf(value string) string {
	return strings.TrimSuffix(strings.TrimPrefix(value, `{"name":"`), `"}`)
}

func (m model) moveAnchor(name string, day, today vault.Day) {
	m.anchors[name] = day
	for _, o := range m.owners {
		for at, r := range o.records {
			if r.anchor == name && r.expires >= today {
				r.expires = min(r.told, max(day+30, today))
				o.records[at] = r
			}
		}
	}
}

// sweep removes what is over. Keys without an owner stay for a while after a restore.
func (m model) sweep(today, restored vault.Day) {
	for id, o := range m.owners {
		for at, r := range o.records {
			if r.expires < today {
				delete(o.records, at)
			}
		}
		if o.state == "held" && len(o.records) == 0 {
			delete(m.owners, id)
		} else if o.state != "held" && o.expires < today {
			for _, part := range m.parts(id) {
				m.erase(part, today)
			}
		}
	}
	for id, made := range m.keys {
		if m.owners[id] == nil && made < today-1 && today > restored+8 {
			delete(m.keys, id)
		}
	}
}

// replay does again what happened after a snapshot.
func (m model) replay(events []event, today vault.Day) {
	standIns := map[vault.OwnerID][]vault.OwnerID{}
	for _, e := range events {
		who := standIns[e.owner]
		if e.op == "erased" {
			delete(m.keys, e.owner)
		}
		if m.owners[e.owner] != nil || e.op == "moved" {
			who = []vault.OwnerID{e.owner}
		}
		for _, id := range who {
			m.redo(e, id, standIns, today)
		}
	}
	m.eraseLost(today)
}

func (m model) redo(e event, id vault.OwnerID, standIns map[vault.OwnerID][]vault.OwnerID, today vault.Day) {
	o := m.owners[id]
	switch e.op {
	case "erased":
		o.state = "erasing"
		delete(m.keys, id)
	case "deleted":
		m.remove(id, e.record, today)
	case "lowered":
		if r, ok := o.records[e.record]; ok && r.seen > e.seen {
			r.seen = e.seen
			r.rev++
			o.records[e.record] = r
		}
	case "shortened":
		if r, ok := o.records[e.record]; ok && r.expires > e.day {
			r.expires, r.told = e.day, min(r.told, e.day)
			o.records[e.record] = r
		}
	case "closed":
		o.open = false
	case "restricted":
		o.restricted = true
	case "moved":
		m.moveAnchor(e.record.id, e.day, e.on)
	case "merged":
		m.redoMerge(e, id, standIns, today)
	}
}

func (m model) redoMerge(e event, from vault.OwnerID, standIns map[vault.OwnerID][]vault.OwnerID, today vault.Day) {
	switch {
	case !m.alive(from):
	case m.owners[e.into] == nil:
		standIns[e.into] = append(standIns[e.into], from)
	case m.alive(e.into):
		m.merge(from, e.into, today)
	}
}

func (m model) alive(id vault.OwnerID) bool {
	_, opens := m.keys[id]
	return opens && m.owners[id].state == "live"
}

// eraseLost erases whom a snapshot brought back after their end.
func (m model) eraseLost(today vault.Day) {
	for id, o := range m.owners {
		if _, opens := m.keys[id]; o.state != "held" && !opens {
			m.erase(id, today)
		}
	}
}

// lines are all that can be seen on a day, in one order.
func (m model) lines(today vault.Day) (lines []string) {
	for id, o := range m.owners {
		if o.state == "joined" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s open=%t restricted=%t", id, o.state, o.open, o.restricted))
		for at, r := range o.records {
			if r.expires >= today {
				lines = append(lines, fmt.Sprintf("%s %s/%s %s seen=%d rev=%d expires=%d", id, at.kind, at.id, r.value, r.seen, r.rev, r.expires))
			}
			if r.expires >= today && r.seen == vault.AnyoneMaySee && o.open && !o.restricted {
				lines = append(lines, fmt.Sprintf("%s %s/%s public", id, at.kind, at.id))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// written counts the notes with a word.
func (m model) written(word string) (n int) {
	for _, o := range m.owners {
		for at := range o.records {
			if at.kind == "note" && strings.Contains(o.records[at].value, `"`+word+`"`) && !o.restricted {
				n++
			}
		}
	}
	return n
}
