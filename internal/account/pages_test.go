package account

import (
	"net/http"
	"strings"
	"testing"

	"kept/internal/page/pagetest"
)

// TestEveryPageIsShown visits each page once in its states, so that a template
// that nothing reaches is found, and reads what every page must have.
func TestEveryPageIsShown(t *testing.T) {
	each(t, func(w *world) {
		w.a.cfg.Providers = []Provider{{Name: "Example", Path: "/sign-in/example", Says: "Example learns that you sign in here.", Policy: "https://example.org/privacy"}}
		first := w.firstRun()
		b := w.visitor()
		var seen []reply
		see := func(r reply) { t.Helper(); seen = append(seen, r) }
		see(b.get("/sign-in?next=/members").says("Go on with Example"))
		b.post("/sign-in", "email", "ada@example.org")
		see(b.get("/sign-in/sent"))
		link, _ := w.letter("ada@example.org")
		see(b.get(link))
		see(w.visitor().get(link))
		see(w.visitor().get(first))
		b.post(link)
		see(w.visitor().get(link).want(http.StatusGone))
		see(b.get("/you/welcome"))
		b.post("/you/welcome", "handle", "ada", "age", "yes")
		see(b.get("/you").says("Your data"))
		see(b.get(first))
		see(b.get("/you/sessions"))
		see(b.get("/you/handle"))
		see(b.post("/you/handle", "handle", "?").want(422))
		see(b.get("/you/address"))
		_, newLink := w.change(b, "ada@example.org", "eve@example.org")
		see(b.get("/you/address"))
		see(w.visitor().get(newLink))
		see(w.visitor().post(newLink, "answer", "yes"))
		for _, r := range seen {
			checkPage(t, r)
		}
		pagetest.Executed(mostly{t}, w.site)
	})
}

// mostly leaves out the layout's own templates, which are another package's to
// show.
type mostly struct{ *testing.T }

func (m mostly) Errorf(format string, args ...any) {
	if name, ok := args[0].(string); ok && strings.HasPrefix(name, "account/") {
		m.T.Errorf(format, args...)
	}
}

func checkPage(t *testing.T, r reply) {
	t.Helper()
	p := r.page()
	title := p.One("title").Text()
	if len(p.All("h1")) != 1 {
		t.Errorf("%s: %d main headings", title, len(p.All("h1")))
	}
	if knows := p.One(".knows p").Text(); !strings.HasSuffix(knows, ".") || len(knows) < 40 {
		t.Errorf("%s: %s", title, knows)
	}
	if len(p.All("button.main, a.main")) > 1 {
		t.Errorf("%s: two main buttons", title)
	}
	if len(r.body) > 50_000 {
		t.Errorf("%s: %d bytes", title, len(r.body))
	}
	for _, form := range p.All("main form") {
		if form.Attr("method") != "post" {
			t.Errorf("%s: a form that is not sent by POST", title)
		}
	}
	for _, id := range p.All("[id]") {
		if len(p.All("#"+id.Attr("id"))) != 1 {
			t.Errorf("%s: two elements have the id %s", title, id.Attr("id"))
		}
	}
}

func TestNothingOfAPersonStandsInAnAddress(t *testing.T) {
	each(t, func(w *world) {
		for _, route := range w.a.Routes() {
			_, path, _ := strings.Cut(route.Pattern, " ")
			for part := range strings.SplitSeq(path, "/") {
				if strings.HasPrefix(part, "{") && part != "{token}" {
					t.Errorf("%s carries something else than a token", route.Pattern)
				}
			}
		}
	})
}

func TestAFormOfAnotherSiteDoesNothing(t *testing.T) {
	each(t, func(w *world) {
		b := w.join("ada@example.org", "ada")
		for _, path := range []string{"/sign-in", "/sign-out", "/you", "/you/handle", "/you/address", "/you/sessions/end"} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.URL+path, strings.NewReader("handle=evil"))
			w.must(err)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Origin", "https://evil.example")
			answer, err := b.client.Do(r)
			w.must(err)
			answer.Body.Close()
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d", path, answer.StatusCode)
			}
		}
		b.get("/members").want(200)
	})
}
