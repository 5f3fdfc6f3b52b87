package portfolio_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kept/internal/portfolio"
	"kept/vault"
)

// model is what a member has said: which records there are and who sees each.
type model struct {
	owner            vault.OwnerID
	open, restricted bool
	objects          bool
	seen             map[string]vault.Audience // by marker
	place            map[string][2]string      // kind and id by marker
}

// populated is a member with a record of every kind that can be shown, several
// of those that may be several.
func (h *house) populated(name string) *model {
	m := &model{owner: h.join(name), seen: map[string]vault.Audience{}, place: map[string][2]string{}}
	n := 0
	marker := func() string { n++; return fmt.Sprintf("%smark%02d", name, n) }
	h.mustPost("/you/page/details", name, details(marker(), marker(), marker())...)
	for range 2 {
		h.mustPost("/you/page/link", name, "label", marker(), "address", "https://a.example", "seen", "anyone")
		h.mustPost("/you/page/project", name, "title", marker(), "seen", "anyone")
	}
	for _, sort := range []portfolio.Sort{portfolio.Finished, portfolio.Finished, portfolio.Solved, portfolio.Certificate} {
		h.did(m.owner, deed{Sort: sort, Course: "C", Title: marker(), Code: "1", At: h.clock.Now()})
	}
	for _, kind := range []string{"name", "location", "about", "link", "project", "deed"} {
		for _, item := range h.records(m.owner, kind) {
			at := strings.Index(string(item.Value), name+"mark")
			found := string(item.Value)[at : at+len(name)+6]
			m.seen[found], m.place[found] = vault.AnyoneMaySee, [2]string{kind, item.ID}
		}
	}
	if len(m.seen) != 11 {
		h.t.Fatalf("%d records, want 11", len(m.seen))
	}
	return m
}

// shows is the whole of the rule.
func (m *model) shows(marker string) bool {
	return m.open && !m.restricted && !m.objects && m.seen[marker] == vault.AnyoneMaySee
}

// TestWhatIsShownIsWhatWasSaid changes random settings of two members, one after
// the other, and compares what each reader gets with the rule after each step.
func TestWhatIsShownIsWhatWasSaid(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		members := map[string]*model{"noor": h.populated("noor"), "ada": h.populated("ada")}
		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, 4).Draw(rt, "steps") {
				m := members[rapid.SampledFrom([]string{"noor", "ada"}).Draw(rt, "who")]
				h.step(rt, m)
			}
			reader := rapid.SampledFrom([]string{"", "noor", "ada"}).Draw(rt, "reader")
			for name, m := range members {
				h.compare(rt, name, m, reader)
			}
		})
	})
}

func (h *house) step(rt *rapid.T, m *model) {
	on := rapid.Bool().Draw(rt, "on")
	switch rapid.IntRange(0, 7).Draw(rt, "what") {
	case 0:
		m.open = on
		h.setOpen(m.owner, on)
	case 1:
		m.restricted = on
		h.tx(func(ctx context.Context, tx *sql.Tx) error { return h.vault.Restrict(ctx, tx, m.owner, on) })
	case 2:
		m.objects = on
		h.tx(func(ctx context.Context, tx *sql.Tx) error {
			return h.vault.Object(ctx, tx, m.owner, "your page", on)
		})
	default:
		marker := rapid.SampledFrom(slices.Sorted(maps.Keys(m.seen))).Draw(rt, "record")
		m.seen[marker] = map[bool]vault.Audience{true: vault.AnyoneMaySee, false: vault.OnlyMe}[on]
		h.hide(m.owner, m.place[marker][0], m.place[marker][1], m.seen[marker])
	}
}

func (h *house) compare(rt *rapid.T, name string, m *model, reader string) {
	for _, ending := range []string{"", ".json", ".atom"} {
		w := h.get("/@"+name+ending, reader)
		public := m.open && !m.restricted && !m.objects
		if (w.Code == http.StatusOK) != public || (w.Code != http.StatusOK && w.Code != http.StatusNotFound) {
			rt.Fatalf("%s%s for %q: status %d, public %v", name, ending, reader, w.Code, public)
		}
		for marker := range m.seen {
			got, want := strings.Contains(w.Body.String(), marker), m.shows(marker)
			if got && !want || want && !got && ending != ".atom" { // the feed holds lessons alone
				rt.Fatalf("%s%s for %q: %s of kind %s is shown: %v", name, ending, reader, marker, m.place[marker][0], got)
			}
		}
	}
	preview := h.get("/you/page/stranger", name).Body.String()
	for marker, seen := range m.seen {
		if strings.Contains(preview, marker) != (seen == vault.AnyoneMaySee) {
			rt.Fatalf("the preview of %s: %s is shown: %v", name, marker, seen != vault.AnyoneMaySee)
		}
	}
}
