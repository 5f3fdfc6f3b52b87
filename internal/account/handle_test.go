package account

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	"kept/vault"
)

func (w *world) open(owner vault.OwnerID) {
	w.t.Helper()
	w.tx(func(ctx context.Context, tx *sql.Tx) error { return w.v.SetOpen(ctx, tx, owner, true) })
}

// whose is what a stranger finds under a handle: the present one, or "".
func (w *world) whose(name string) string {
	w.t.Helper()
	_, current, err := w.a.OwnerByHandle(w.t.Context(), w.db.Read, vault.Anyone(), name)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		w.t.Fatal(err)
	}
	return current
}

func TestAFormerHandleLeadsToThePresentOneAndToNobodyElse(t *testing.T) {
	each(t, func(w *world) {
		ada := w.join("ada@example.org", "ada")
		w.open(w.owner("ada@example.org"))
		ada.post("/you/handle", "handle", "lovelace").goes("/you/handle")
		ada.get("/you/handle").want(200).says("@lovelace").says("@ada").says("until 30 May 2027")
		if got := w.whose("ada"); got != "lovelace" {
			t.Errorf("the former handle leads to %q", got)
		}
		bob := w.join("bob@example.org", "bob")
		take := func() reply { return bob.post("/you/handle", "handle", "ada") }
		take().want(422).says("this one is taken")
		w.now = w.now.AddDate(0, 0, 91)
		_, err := w.v.Sweep(t.Context())
		w.must(err)
		if got := w.whose("ada"); got != "" {
			t.Errorf("after 90 days the former handle leads to %q", got)
		}
		bob = w.signIn("bob@example.org")
		take().want(422).says("this one is taken")
		w.now = w.now.AddDate(0, 0, 91)
		_, err = w.v.Sweep(t.Context())
		w.must(err)
		bob = w.signIn("bob@example.org")
		take().goes("/you/handle")
	})
}

func TestAHandleCanBeTakenBack(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		w.open(w.owner("ada@example.org"))
		b.post("/you/handle", "handle", "lovelace").goes("/you/handle")
		b.post("/you/handle", "handle", "ada").goes("/you/handle")
		if now, was := w.whose("ada"), w.whose("lovelace"); now != "ada" || was != "ada" {
			t.Errorf("ada is %q, lovelace leads to %q", now, was)
		}
		if n := len(b.get("/you/handle").page().All(".contents li")); n != 1 {
			t.Errorf("%d former handles", n)
		}
		w.join("bob@example.org", "bob").post("/you/handle", "handle", "ada").want(422)
	})
}

func TestThreeFormerHandlesAreEnough(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		for n := range 3 {
			b.post("/you/handle", "handle", fmt.Sprintf("ada-%d", n)).goes("/you/handle")
		}
		b.post("/you/handle", "handle", "ada-3").want(422).says("three lead to your page already")
		b.post("/you/handle", "handle", "ada").goes("/you/handle")
	})
}

func TestAnErasedHandleIsReserved(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		_, err := w.v.EraseOwner(t.Context(), w.owner("ada@example.org"))
		w.must(err)
		b := w.signIn("bob@example.org")
		b.post("/you/welcome", "handle", "ada", "age", "yes").want(422).says("this one is taken")
		w.now = w.now.AddDate(0, 0, 91)
		w.join("eve@example.org", "ada")
	})
}

func TestAHandleIsHiddenUntilItsPageIsOpen(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		owner := w.owner("ada@example.org")
		public := func() string {
			name, err := w.a.PublicHandle(t.Context(), w.db.Read, owner)
			w.must(err)
			return name
		}
		if w.whose("ada") != "" || public() != "" {
			t.Fatal("strangers see a handle before the yes")
		}
		w.open(owner)
		if w.whose("ada") != "ada" || public() != "ada" {
			t.Fatal("strangers do not see the handle after the yes")
		}
	})
}

func TestAskingForHandlesIsBounded(t *testing.T) {
	each(t, func(w *world) {
		w.join("bob@example.org", "bob")
		b := w.join("ada@example.org", "ada")
		for range 19 {
			b.post("/you/handle", "handle", "bob").want(422)
		}
		b.post("/you/handle", "handle", "bob").want(429)
	})
}

func TestHandles(t *testing.T) {
	for _, c := range []struct {
		typed string
		good  bool
	}{
		{"ada", true}, {"@Ada", true}, {" ada-1 ", true}, {"a1b", true}, {strings.Repeat("a", 30), true},
		{"", false}, {"ad", false}, {strings.Repeat("a", 31), false}, {"-ada", false}, {"ada-", false}, {"a--da", false},
		{"ada lovelace", false}, {"ädä", false}, {"ada.l", false}, {"@@ada", false}, {"sign-in", false}, {"Operator", false},
		{"you", false}, {"аda", false}, // the last with a Cyrillic a
	} {
		if say := wrongHandle(readHandle(c.typed)); (say == "") != c.good {
			t.Errorf("%q: %q", c.typed, say)
		}
	}
}

func TestReservedHandlesCouldBeChosenOtherwise(t *testing.T) {
	for _, word := range reserved {
		if len(word) >= shortestHandle && checkForm(word) != nil {
			t.Errorf("%q needs no place in the list", word)
		}
	}
}

func FuzzHandle(f *testing.F) {
	for _, seed := range []string{"ada", "@ada", "a-b", "--", "İstanbul", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name := readHandle(typed)
		if wrongHandle(name) != "" {
			return
		}
		if checkForm(name) != nil || readHandle(name) != name || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("%q is taken for the handle %q", typed, name)
		}
	})
}
