package vaulttest

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"kept/vault"
)

// Note is a kind with everything: public, looked up, portable, with a secret and
// a last word.
type Note struct {
	Text   string `json:"text"`
	Handle string `json:"handle"`
	Secret string `json:"secret" vault:"secret"`
	Place  int64  `json:"place"`
}

// Gift is held by law.
type Gift struct {
	Amount int       `json:"amount"`
	Until  vault.Day `json:"until"`
}

// SignUp hangs on an anchor and is read by roles.
type SignUp struct {
	Name string `json:"name"`
}

// Name is had once, for ten days.
type Name struct {
	Name string `json:"name"`
}

// Kinds are those that Declare declares.
type Kinds struct {
	Notes     vault.Kind[Note]
	Gifts     vault.Kind[Gift]
	SignUps   vault.Kind[SignUp]
	Names     vault.Kind[Name]
	LastWords []string // texts of the notes that have said theirs
	Mute      bool     // the last words of notes cannot be said
}

// ErrMute is why last words cannot be said.
var ErrMute = errors.New("nobody listens")

// Declare makes a registry with one kind of each sort.
func Declare() (*vault.Registry, *Kinds) {
	r, k := vault.NewRegistry(), &Kinds{}
	k.Notes = k.declareNotes(r)
	k.Gifts = vault.Declare(r, vault.Spec[Gift]{
		Name: "gift", Sentence: "What you gave.", Purposes: []string{"books"}, Basis: vault.LegalObligation,
		Retention: vault.HeldByLaw("book-keeping", vault.OnDay("until the books may go", func(g Gift) vault.Day { return g.Until })),
		Audience:  vault.OnlyMe,
	})
	k.SignUps = vault.Declare(r, vault.Spec[SignUp]{
		Name: "sign-up", Sentence: "That you come.", Purposes: []string{"workshop"}, Basis: vault.Consent,
		Retention: vault.Anchored("30 days after the workshop", 30, 365), Audience: vault.Team,
		Roles: []vault.Role{{Name: "organiser", Write: true}, {Name: "helper"}},
	})
	k.Names = vault.Declare(r, vault.Spec[Name]{
		Name: "name", Sentence: "Your name.", Purposes: []string{"page"}, Basis: vault.Contract,
		Retention: vault.For(10), Audience: vault.OnlyMe, Single: true, Portable: true,
		Join: func(a, b Name) Name { return Name{a.Name + "+" + b.Name} },
	})
	return r, k
}

func (k *Kinds) declareNotes(r *vault.Registry) vault.Kind[Note] {
	return vault.Declare(r, vault.Spec[Note]{
		Name: "note", Sentence: "What you wrote.", Purposes: []string{"page"}, Basis: vault.Contract,
		Retention: vault.UntilErased(), Audience: vault.AnyoneMaySee, Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee},
		Portable: true,
		Indexes: []vault.Index[Note]{
			{Name: "handle", Unique: true, Reserve: 90, Of: func(n Note) []vault.Key {
				if n.Handle == "" {
					return nil
				}
				return []vault.Key{{Value: n.Handle}}
			}},
			{Name: "word", Of: func(n Note) []vault.Key { return []vault.Key{{Value: n.Text, Sort: n.Place}} }},
		},
		LastWord: func(_ context.Context, _ *sql.Tx, r vault.Record[Note]) error {
			if k.Mute {
				return ErrMute
			}
			k.LastWords = append(k.LastWords, r.Value.Text)
			return nil
		},
	})
}

// World is a vault with these kinds on one engine, and a clock.
type World struct {
	*Kinds
	T       *testing.T
	DB      *sql.DB
	Dialect vault.Dialect
	Options vault.Options
	Vault   *vault.Vault
	Now     time.Time
}

// NewWorld opens a vault in an empty database.
func NewWorld(t *testing.T, db *sql.DB, dialect vault.Dialect) *World {
	t.Helper()
	w := &World{T: t, DB: db, Dialect: dialect, Now: time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Options = Options(t, db, dialect, func() time.Time { return w.Now })
	if err := vault.Migrate(t.Context(), db, dialect); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	return w
}

// Reopen opens the vault once more, as a restarted program would.
func (w *World) Reopen() {
	w.T.Helper()
	var reg *vault.Registry
	var err error
	reg, w.Kinds = Declare()
	if w.Vault, err = vault.Open(w.T.Context(), reg, w.Options); err != nil {
		w.T.Fatal(err)
	}
}

// Today is the day of the world's clock.
func (w *World) Today() vault.Day { return vault.DayOf(w.Now) }

// Days moves the clock.
func (w *World) Days(n int) { w.Now = w.Now.AddDate(0, 0, n) }

// Tx runs fn in a transaction that must commit.
func (w *World) Tx(fn func(ctx context.Context, tx *sql.Tx) error) {
	w.T.Helper()
	Tx(w.T, w.DB, fn)
}

// Try runs fn in a transaction and returns what went wrong.
func (w *World) Try(fn func(ctx context.Context, tx *sql.Tx) error) error {
	return InTx(w.T.Context(), w.DB, fn)
}

// Person makes an owner.
func (w *World) Person() (id vault.OwnerID) {
	w.T.Helper()
	w.Tx(func(ctx context.Context, tx *sql.Tx) (err error) {
		id, err = w.Vault.NewOwner(ctx, tx, vault.Person, vault.Never)
		return err
	})
	return id
}

// Put writes a record as its owner.
func Put[T any](w *World, k vault.Kind[T], r vault.Record[T]) vault.Record[T] {
	w.T.Helper()
	r, err := TryPut(w, k, vault.Self(r.Owner), r)
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

// TryPut writes a record as somebody and returns what went wrong.
func TryPut[T any](w *World, k vault.Kind[T], who vault.Who, r vault.Record[T]) (vault.Record[T], error) {
	err := w.Try(func(ctx context.Context, tx *sql.Tx) (err error) {
		r, err = k.Put(ctx, tx, who, r)
		return err
	})
	return r, err
}
