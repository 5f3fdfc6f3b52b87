package account

import (
	"net/http"
	"testing"
	"time"
)

// change asks for another address and returns both links.
func (w *world) change(b *visitor, from, to string) (oldLink, newLink string) {
	w.t.Helper()
	b.post("/you/address", "email", to).goes("/you/address")
	oldLink, _ = w.letter(from)
	newLink, _ = w.letter(to)
	return oldLink, newLink
}

func TestAnAddressChangesWhenBothSaidYes(t *testing.T) {
	each(t, func(w *world) {
		for n, order := range [][2]int{{0, 1}, {1, 0}} {
			from, to := []string{"ada@example.org", "bob@example.org"}[n], []string{"lovelace@example.org", "robert@example.org"}[n]
			b := w.join(from, []string{"ada", "bob"}[n])
			owner := w.owner(from)
			b.get("/you/address").want(200).says(from)
			oldLink, newLink := w.change(b, from, to)
			links := []string{oldLink, newLink}
			b.get("/you/address").says("A change waits").says(to)
			for _, link := range links {
				w.visitor().get(link).want(200).hides(to).hides(from)
				b.get(link).want(200).says(to)
			}
			w.visitor().post(links[order[0]], "answer", "yes").want(200).says("One yes is still missing")
			w.visitor().post(links[order[0]], "answer", "yes").want(200).says("One yes is still missing")
			if w.owner(from) != owner || w.owner(to) != "" {
				t.Fatal("one yes changed the address")
			}
			w.visitor().post(links[order[1]], "answer", "yes").want(200).says("The address is changed")
			if w.owner(to) != owner || w.owner(from) != "" {
				t.Fatal("two yeses did not change the address")
			}
			w.visitor().post(links[order[1]], "answer", "yes").want(http.StatusGone)
			w.signIn(to).get("/members").want(200)
			b.get("/you/address").says(to).hides("A change waits")
		}
	})
}

func TestANoKeepsTheAddress(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		for n := range 2 {
			oldLink, newLink := w.change(b, "ada@example.org", "eve@example.org")
			links := []string{oldLink, newLink}
			w.visitor().post(links[n], "answer", "no").want(200).says("Nothing was changed")
			w.visitor().post(links[1-n], "answer", "yes").want(http.StatusGone)
		}
		if w.owner("eve@example.org") != "" || w.owner("ada@example.org") == "" {
			t.Error("the address was changed")
		}
	})
}

func TestAChangeEndsAndCanBeWithdrawn(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		oldLink, newLink := w.change(b, "ada@example.org", "eve@example.org")
		w.visitor().post(oldLink, "answer", "yes").want(200)
		w.now = w.now.Add(72 * time.Hour)
		w.visitor().get(newLink).want(http.StatusGone)
		w.visitor().post(newLink, "answer", "yes").want(http.StatusGone).says("This link has ended")
		b.get("/you/address").want(200).hides("A change waits")
		_, newLink = w.change(b, "ada@example.org", "eve@example.org")
		b.post("/you/address/withdraw").goes("/you/address")
		b.get("/you/address").says("Withdrawn.").hides("A change waits")
		w.visitor().get(newLink).want(http.StatusGone)
		_, first := w.change(b, "ada@example.org", "eve@example.org")
		w.change(b, "ada@example.org", "lovelace@example.org")
		w.visitor().get(first).want(http.StatusGone)
	})
}

func TestOnlyTheReaderOfAnAddressLearnsThatItHasAnAccount(t *testing.T) {
	each(t, func(w *world) {
		w.join("bob@example.org", "bob")
		b := w.join("ada@example.org", "ada")
		bob := w.owner("bob@example.org")
		asked := b.post("/you/address", "email", "nobody@example.org").goes("/you/address")
		shown := b.get("/you/address").text()
		askedTaken := b.post("/you/address", "email", "bob@example.org").goes("/you/address")
		if shownTaken := b.get("/you/address").text(); len(shownTaken) != len(shown)-len("nobody")+len("bob") {
			t.Errorf("a taken address is answered otherwise:\n%s\n%s", shownTaken, shown)
		}
		if asked.status != askedTaken.status || asked.body != askedTaken.body {
			t.Error("a taken address is answered otherwise")
		}
		newLink, _ := w.letter("bob@example.org")
		w.visitor().post(newLink, "answer", "yes").want(200).says("has an account of its own")
		if w.owner("bob@example.org") != bob {
			t.Error("an address moved to another account")
		}
	})
}

func TestAnAddressTakenMeanwhileChangesNothing(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		oldLink, newLink := w.change(b, "ada@example.org", "eve@example.org")
		w.visitor().post(newLink, "answer", "yes").want(200).says("still missing")
		w.join("eve@example.org", "eve")
		eve := w.owner("eve@example.org")
		w.visitor().post(oldLink, "answer", "yes").want(http.StatusGone).hides("account of its own")
		if w.owner("eve@example.org") != eve || w.owner("ada@example.org") == eve {
			t.Error("two accounts were mixed up")
		}
	})
}

func TestMistakesInAnAddressAreSaid(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		b.post("/you/address", "email", "eve").want(422).says("with an @")
		b.post("/you/address", "email", "ADA@example.org").want(422).says("another address than the one")
		for range 5 {
			b.post("/you/address", "email", "eve@example.org").goes("/you/address")
		}
		b.post("/you/address", "email", "eve@example.org").want(429)
	})
}
