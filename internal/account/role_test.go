package account

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"kept/internal/fault"
	"kept/vault"
)

func (w *world) firstRun() string {
	w.t.Helper()
	address, err := w.a.FirstRun(w.t.Context())
	w.must(err)
	return strings.TrimPrefix(address, base)
}

func TestTheFirstLinkMakesTheOperator(t *testing.T) {
	each(t, func(w *world) {
		old, link := w.firstRun(), w.firstRun()
		w.visitor().get(old).want(http.StatusGone)
		stranger := w.visitor().get(link).want(200).says("Sign in first")
		if to := stranger.page().One("main .btn").Attr("href"); to != "/sign-in?next="+strings.ReplaceAll(link, "/", "%2F") {
			t.Errorf("the way to sign in is %s", to)
		}
		w.visitor().post(link).goes("/sign-in")
		half := w.signIn("eve@example.org")
		half.get(link).goes("/you/welcome?next=" + strings.ReplaceAll(link, "/", "%2F"))
		b := w.join("ada@example.org", "ada")
		b.get("/operators").want(http.StatusForbidden)
		b.get(link).want(200).says("makes you the operator")
		b.get("/operators").want(http.StatusForbidden)
		b.post(link).goes("/you")
		b.get("/you").says("You are the operator")
		b.get("/operators").want(200)
		bob := w.join("bob@example.org", "bob")
		bob.get(link).want(http.StatusGone)
		bob.post(link).want(http.StatusGone)
		bob.get("/operators").want(http.StatusForbidden)
		if again := w.firstRun(); again != "" {
			t.Errorf("a second link: %s", again)
		}
	})
}

func TestTheFirstLinkEnds(t *testing.T) {
	each(t, func(w *world) {
		link := w.firstRun()
		w.now = w.now.Add(firstRunLife)
		w.visitor().get(link).want(http.StatusGone).says("a newer one was printed")
	})
}

func TestOfTwoAtOnceOneBecomesOperator(t *testing.T) {
	each(t, func(w *world) {
		link := w.firstRun()
		token := strings.TrimPrefix(link, pathFirst+"/")
		w.join("ada@example.org", "ada")
		w.join("bob@example.org", "bob")
		owners := []vault.OwnerID{w.owner("ada@example.org"), w.owner("bob@example.org")}
		var done [2]bool
		var errs [2]error
		var all sync.WaitGroup
		for i, owner := range owners {
			all.Go(func() { done[i], errs[i] = w.a.becomeOperator(t.Context(), owner, token) })
		}
		all.Wait()
		w.must(errs[0])
		w.must(errs[1])
		if done[0] == done[1] {
			t.Fatalf("became operator: %v", done)
		}
	})
}

func TestRolesOpenTheirScopeUntilTheirDay(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		today := w.v.Today()
		b.get("/workshop-1").want(http.StatusForbidden)
		w.visitor().get("/workshop-1").goes("/sign-in?next=%2Fworkshop-1")
		w.must(w.a.GiveRole(t.Context(), "@Ada", Organiser, "workshop-2", today+10))
		b.get("/workshop-1").want(http.StatusForbidden)
		w.must(w.a.GiveRole(t.Context(), "ada", Organiser, "workshop-1", today+1))
		b.get("/workshop-1").want(200)
		w.now = w.now.AddDate(0, 0, 1)
		b.get("/workshop-1").want(200)
		w.now = w.now.AddDate(0, 0, 1)
		b.get("/workshop-1").want(http.StatusForbidden)
		w.must(w.a.GiveRole(t.Context(), "ada", Organiser, "", w.v.Today()))
		b.get("/workshop-1").want(200)
	})
}

func TestRolesAreGivenForAYearAtMost(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		today := w.v.Today()
		for _, c := range []struct {
			handle, role string
			until        vault.Day
			field        string
		}{
			{"ada", "emperor", today, "role"},
			{"ada", Helper, today - 1, "until"},
			{"ada", Helper, today + vault.Day(MaxRole) + 1, "until"},
			{"ada", Helper, vault.Never, "until"},
			{"nobody", Helper, today, "handle"},
		} {
			err := w.a.GiveRole(t.Context(), c.handle, c.role, "", c.until)
			invalid, ok := errors.AsType[fault.Invalid](err)
			if !ok || len(invalid.Fields) != 1 || invalid.Fields[0].Name != c.field {
				t.Errorf("%+v: %v", c, err)
			}
		}
		w.must(w.a.GiveRole(t.Context(), "ada", Helper, "", today+vault.Day(MaxRole)))
	})
}

func TestTheOperatorSeesRolesAndNoMembers(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		w.join("bob@example.org", "bob")
		w.open(w.owner("bob@example.org"))
		today := w.v.Today()
		w.must(w.a.GiveRole(t.Context(), "ada", Helper, "workshop-1", today+20))
		w.must(w.a.GiveRole(t.Context(), "bob", Staff, "", today+10))
		w.must(w.a.GiveRole(t.Context(), "ada", Helper, "workshop-1", today+5))
		given, err := w.a.Given(t.Context())
		w.must(err)
		if len(given) != 2 || given[0].Role != Helper || given[0].Handle != "" || given[0].Until != today+5 ||
			given[1].Handle != "bob" || given[1].Role != Staff {
			t.Fatalf("%+v", given)
		}
		w.must(w.a.EndRole(t.Context(), given[0].Key))
		if left, err := w.a.Given(t.Context()); err != nil || len(left) != 1 {
			t.Errorf("%+v, %v", left, err)
		}
		if err := w.a.EndRole(t.Context(), given[0].Key); fault.Of(err) != fault.KindNotFound {
			t.Errorf("ended twice: %v", err)
		}
	})
}

func TestTheLastOperatorStays(t *testing.T) {
	each(t, func(w *world) {
		w.join("ada@example.org", "ada")
		w.must(w.a.GiveRole(t.Context(), "ada", Operator, "", w.v.Today()+10))
		given, err := w.a.Given(t.Context())
		w.must(err)
		if err := w.a.EndRole(t.Context(), given[0].Key); fault.Of(err) != fault.KindConflict {
			t.Fatalf("the last operator: %v", err)
		}
		w.join("bob@example.org", "bob")
		w.must(w.a.GiveRole(t.Context(), "bob", Operator, "", w.v.Today()+10))
		w.must(w.a.EndRole(t.Context(), given[0].Key))
	})
}

func TestAMemberReadsInARoleUntilItsDay(t *testing.T) {
	m := &Member{Roles: []Role{{Helper, "workshop-1", 5}, {Staff, "", 9}}}
	if _, ok := m.As(Helper, "workshop-1"); !ok {
		t.Error("no reader for a role that is had")
	}
	if who, ok := m.As(Staff, "workshop-2"); !ok || who != vault.InRole(Staff, "workshop-2", 9) {
		t.Error("a role for the whole site does not reach a scope")
	}
	for _, c := range [][2]string{{Helper, "workshop-2"}, {Helper, ""}, {Organiser, "workshop-1"}} {
		if _, ok := m.As(c[0], c[1]); ok {
			t.Errorf("a reader for %v", c)
		}
	}
	var nobody *Member
	if nobody.Has(Helper, "") {
		t.Error("a visitor has a role")
	}
}
