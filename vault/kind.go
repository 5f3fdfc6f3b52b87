package vault

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Basis is a legal basis of GDPR Art. 6(1).
type Basis string

// The legal bases a kind can have.
const (
	Consent            Basis = "consent"
	Contract           Basis = "contract"
	LegalObligation    Basis = "legal obligation"
	LegitimateInterest Basis = "legitimate interest"
)

// Retention says how long a record is kept, counted when it is written.
type Retention struct {
	rule   string
	days   Days
	law    string
	anchor bool
	of     func(value any) Day
}

// UntilErased keeps a record until its owner erases it.
func UntilErased() Retention { return Retention{rule: "until erased"} }

// For keeps a record for a number of days after it was last written, at least 1.
func For(days Days) Retention {
	if days < 1 {
		return Retention{} // refused as none
	}
	return Retention{rule: fmt.Sprintf("%d days after it was written", days), days: days}
}

// OnDay keeps a record until a day that stands in its value. The text says
// which day that is.
func OnDay[T any](text string, of func(T) Day) Retention {
	return Retention{rule: text, of: func(value any) Day { return of(value.(T)) }}
}

// Anchored keeps a record until a number of days after the date of its anchor
// (see Vault.MoveAnchor), and at most atMost days, at least 1, while that has no
// date.
func Anchored(text string, after, atMost Days) Retention {
	if atMost < 1 {
		return Retention{}
	}
	return Retention{rule: text, days: after, anchor: true, of: func(any) Day { return Day(atMost) }}
}

// HeldByLaw keeps a record by the named law until the day that r gives, even if
// its owner is erased before; it is sealed with the owner's second key.
func HeldByLaw(law string, r Retention) Retention {
	r.law = law
	return r
}

// String says in words how long.
func (r Retention) String() string { return r.rule }

// Law names the law that holds the record, or is empty.
func (r Retention) Law() string { return r.law }

// Role is a role that may read a kind in the scope of a record.
type Role struct {
	Name  string
	Write bool // may change records of the scope, too
}

// Index declares a look-up by equality. Tokens of values are keyed hashes.
type Index[T any] struct {
	Name    string // shared by all kinds that declare the same name
	Unique  bool   // one owner only may hold a value
	Reserve Days   // how long an erased unique value stays taken
	Of      func(T) []Key
	// Version counts the ways Of was written. A raised one, as a new index or one that is gone, has Open make all look-ups
	// anew: without it older records are found as they were written.
	Version int
}

// Key is a value to be found by, and its place among equals.
type Key struct {
	Value string
	Sort  int64
}

// Spec declares a kind of record: everything that is promised about it.
type Spec[T any] struct {
	Name       string // lower-case letters, digits and dashes
	Title      string // what it is, in a word or two for the person
	Sentence   string // one plain sentence to the person
	Purposes   []string
	Basis      Basis
	Retention  Retention
	Audience   Audience   // at first
	Audiences  []Audience // what the person may choose, if not only that
	Roles      []Role
	Processors []string // names of those who receive it
	Indexes    []Index[T]
	Portable   bool // can be taken along to another instance
	Single     bool // an owner has one at most
	Essential  bool // needed to run the account, so still worked with under restriction
	ByProgram  bool // written by the program alone, never changed by the person as text

	DropAtRestore bool // not brought back from a backup: sessions

	Schema   int // number of the value's shape, from 1
	Upgrade  func(from int, value json.RawMessage) (json.RawMessage, error)
	Check    func(T) error
	Describe func(T) string                                           // the value in a line for the person
	Join     func(kept, joined T) T                                   // two single records at a merge
	LastWord func(ctx context.Context, tx *sql.Tx, r Record[T]) error // before it goes: what others must be told
}

// Info is what a declaration says, for policy pages, registers and exports.
type Info struct {
	Name, Title, Sentence string
	Purposes              []string
	Basis                 Basis
	Retention             Retention
	Audience              Audience
	Audiences             []Audience
	Roles                 []Role
	Processors            []string
	Lookups               []string
	Portable, Single      bool
	Essential, ByProgram  bool
	DropAtRestore         bool
	Schema                int
	Secrets               []string // names of fields that no export shows
	ValueSchema           json.RawMessage
}

type index struct {
	name    string
	unique  bool
	reserve Days
	of      func(value any) []Key
	version int
}

// decl is a declaration with its type erased.
type decl struct {
	Info
	vault         *Vault   // since Open
	nested        bool     // a secret stands where no export would find it
	givenBySelf   bool     // written by the owner alone
	texts         sync.Map // of plain queries, by shape
	indexes       []index
	dropAtRestore bool
	upgrade       func(from int, value json.RawMessage) (json.RawMessage, error)
	decode        func([]byte) (any, error)
	decodeFrom    func(*json.Decoder) (any, error)
	encode        func(any) ([]byte, error)
	check         func(any) error
	describe      func(any) string
	join          func(kept, joined any) any
	lastWord      func(context.Context, *sql.Tx, stored, any) error
}

// Registry gathers the kinds of a program before its vault is opened.
type Registry struct {
	decls map[string]*decl
	errs  []error
	looks Kind[Look]
	grant Kind[Grant]
}

// NewRegistry returns a registry that holds the vault's own two kinds: the
// permissions that a member gives to staff, and the looks taken under them.
func NewRegistry() *Registry {
	r := &Registry{decls: map[string]*decl{}}
	r.grant, r.looks = declareGrant(r), declareLook(r)
	return r
}

// Kind is the capability to use the records of one kind.
type Kind[T any] struct{ d *decl }

// Info returns what the kind declares.
func (k Kind[T]) Info() Info { return k.d.Info }

var kindName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Declare adds a kind to the registry. A faulty declaration is reported by Open.
func Declare[T any](r *Registry, s Spec[T]) Kind[T] {
	d := erase(s)
	if err := d.valid(); err != nil {
		r.errs = append(r.errs, fmt.Errorf("vault: kind %q: %w", s.Name, err))
	}
	if r.decls[s.Name] != nil {
		r.errs = append(r.errs, fmt.Errorf("vault: kind %q is declared twice", s.Name))
	}
	r.decls[s.Name] = d
	return Kind[T]{d}
}

func erase[T any](s Spec[T]) *decl {
	d := &decl{Info: infoOf(s), dropAtRestore: s.DropAtRestore, upgrade: s.Upgrade,
		decode:     func(raw []byte) (any, error) { var v T; err := json.Unmarshal(raw, &v); return v, err },
		decodeFrom: func(dec *json.Decoder) (any, error) { var v T; err := dec.Decode(&v); return v, err },
		nested:     hasNestedSecret(reflect.TypeFor[T](), 0, map[reflect.Type]bool{}),
		encode:     func(v any) ([]byte, error) { return json.Marshal(v) },
	}
	for _, ix := range s.Indexes {
		d.indexes = append(d.indexes, index{ix.Name, ix.Unique, ix.Reserve, func(v any) []Key { return ix.Of(v.(T)) }, ix.Version})
		d.Lookups = append(d.Lookups, ix.Name)
	}
	if s.Check != nil {
		d.check = func(v any) error { return s.Check(v.(T)) }
	}
	if s.Describe != nil {
		d.describe = func(v any) string { return s.Describe(v.(T)) }
	}
	if s.Join != nil {
		d.join = func(a, b any) any { return s.Join(a.(T), b.(T)) }
	}
	if s.LastWord != nil {
		d.lastWord = func(ctx context.Context, tx *sql.Tx, st stored, v any) error {
			return s.LastWord(ctx, tx, recordOf(st, v.(T)))
		}
	}
	return d
}

func infoOf[T any](s Spec[T]) Info {
	if len(s.Audiences) == 0 {
		s.Audiences = []Audience{s.Audience}
	}
	title := s.Title
	if title == "" {
		title = strings.ReplaceAll(s.Name, "-", " ")
	}
	t := reflect.TypeFor[T]()
	return Info{Name: s.Name, Title: title, Sentence: s.Sentence, Purposes: s.Purposes, Basis: s.Basis,
		Retention: s.Retention, Audience: s.Audience, Audiences: s.Audiences, Roles: s.Roles,
		Processors: s.Processors, Portable: s.Portable, Single: s.Single, Essential: s.Essential,
		ByProgram: s.ByProgram, DropAtRestore: s.DropAtRestore, Schema: max(s.Schema, 1), Secrets: secretFields(t), ValueSchema: valueSchema(t)}
}

func (d *decl) valid() error {
	switch {
	case !kindName.MatchString(d.Name):
		return errors.New("the name must be lower-case letters, digits and dashes")
	case d.Sentence == "":
		return errors.New("has no sentence to the person")
	case len(d.Purposes) == 0:
		return errors.New("has no purpose")
	case slices.ContainsFunc(d.Purposes, func(p string) bool { return p == "" || strings.Contains(p, "|") }):
		return errors.New("a purpose is empty or has a bar in it")
	case d.Basis == "":
		return errors.New("has no legal basis")
	case d.Retention.rule == "":
		return errors.New("has no retention")
	case !slices.Contains(d.Audiences, d.Audience):
		return errors.New("the first audience is not among those to choose from")
	case d.Schema > 1 && d.upgrade == nil:
		return errors.New("a later schema needs Upgrade")
	case d.Portable && !slices.Contains(d.Audiences, OnlyMe):
		return errors.New("a portable kind arrives private, so its owner must be able to choose that")
	case d.Portable && d.Retention.anchor:
		return errors.New("a portable kind cannot hang on an anchor, which only this site knows")
	case d.nested:
		return errors.New("a secret must be a field at the top of the value")
	case d.Retention.law != "" && d.Retention.days == 0 && d.Retention.of == nil:
		return errors.New("a hold by law needs an end")
	}
	return nil
}

// Kinds lists what is declared, by name.
func (r *Registry) Kinds() []Info {
	var all []Info
	for _, d := range r.decls {
		all = append(all, d.Info)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}

// Err reports every fault of the declarations at once.
func (r *Registry) Err() error {
	errs := slices.Clone(r.errs)
	unique := map[string]index{}
	for _, info := range r.Kinds() {
		for _, ix := range r.decls[info.Name].indexes {
			other, seen := unique[ix.name]
			if seen && (other.unique != ix.unique || other.reserve != ix.reserve) {
				errs = append(errs, fmt.Errorf("vault: look-up %q is declared in two ways", ix.name))
			}
			unique[ix.name] = ix
		}
	}
	return errors.Join(errs...)
}

// hasPurpose reports whether any kind declares the purpose.
func (r *Registry) hasPurpose(purpose string) bool {
	for _, d := range r.decls {
		if d.allows(purpose) {
			return true
		}
	}
	return false
}

func (d *decl) allows(purpose string) bool { return slices.Contains(d.Purposes, purpose) }

func (d *decl) role(name string) (Role, bool) {
	for _, r := range d.Roles {
		if r.Name == name {
			return r, true
		}
	}
	return Role{}, false
}

func (d *decl) index(name string) (index, bool) {
	for _, ix := range d.indexes {
		if ix.name == name {
			return ix, true
		}
	}
	return index{}, false
}

// upgraded brings a value to today's shape.
func (d *decl) upgraded(schema int, raw []byte) ([]byte, error) {
	switch {
	case schema == d.Schema:
		return raw, nil
	case schema > d.Schema:
		return nil, fmt.Errorf("schema %d is newer than this program's %d", schema, d.Schema)
	case schema < 1:
		return nil, fmt.Errorf("there is no schema %d", schema)
	}
	return d.upgrade(schema, raw)
}
