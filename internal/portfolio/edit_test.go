package portfolio_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"kept/internal/page"
	"kept/internal/page/pagetest"
	"kept/internal/portfolio"
	"kept/vault"
)

func pageKeys() ([]string, error) {
	return page.Keys([]page.Source{(&portfolio.Feature{}).Source()})
}

func (h *house) upload(as string, file []byte, fields ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		form.WriteField(fields[i], fields[i+1])
	}
	if file != nil {
		part, err := form.CreateFormFile("picture", "me at home.png")
		if err != nil {
			h.t.Fatal(err)
		}
		part.Write(file)
	}
	form.Close()
	return h.ask("POST", "/you/page/picture", as, &body, form.FormDataContentType())
}

func (h *house) savePhoto(as string) {
	h.t.Helper()
	if w := h.upload(as, photo(300, 200), "words", "Noor in a boat"); w.Code != http.StatusSeeOther {
		h.t.Fatalf("status %d\n%s", w.Code, w.Body)
	}
}

func TestVisitorsAreSentToSignIn(t *testing.T) {
	h := oneEngine(t)
	for _, route := range h.f.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if path == "/{handle}" {
			continue
		}
		if w := h.ask(method, path, "", nil, ""); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s: status %d", route.Pattern, w.Code)
		}
	}
}

func TestDetailsAreAddedChangedAndErased(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		h.mustPost("/you/page/details", "noor", details("Noor", "Tromsø", "")...)
		if n := len(h.records(owner, "about")); n != 0 {
			t.Errorf("%d records of what was left empty", n)
		}
		p := pagetest.Parse(t, h.get("/you/page", "noor").Body)
		if got := p.One("#f-name").Attr("value"); got != "Noor" {
			t.Errorf("the form says %q", got)
		}
		h.mustPost("/you/page/details", "noor", "name", "Noor H", "name-seen", "only me", "name-rev", "1", "location", "", "location-seen", "anyone", "location-rev", "1",
			"about", "", "about-seen", "anyone", "about-rev", "0")
		names := h.records(owner, "name")
		if len(names) != 1 || names[0].Text != "Noor H" || names[0].Audience != vault.OnlyMe || len(h.records(owner, "location")) != 0 {
			t.Errorf("got %+v", names)
		}
	})
}

func TestDetailsKeepWhatWasTyped(t *testing.T) {
	h := oneEngine(t)
	h.join("noor")
	long := strings.Repeat("x", 81)
	w := h.post("/you/page/details", "noor", details(long, "here", "me")...)
	p := pagetest.Parse(t, w.Body)
	if w.Code != http.StatusUnprocessableEntity || p.One("#f-name").Attr("value") != long || p.One("#f-location").Attr("value") != "here" {
		t.Errorf("status %d, typed %q", w.Code, p.One("#f-location").Attr("value"))
	}
	p.One("#errors")
	h.mustPost("/you/page/details", "noor", details("One", "", "")...)
	w = h.post("/you/page/details", "noor", details("Two", "", "")...)
	p = pagetest.Parse(t, w.Body)
	if w.Code != http.StatusConflict || p.One("#f-name").Attr("value") != "Two" || p.One("input[name=name-rev]").Attr("value") != "1" {
		t.Errorf("status %d after a change in another window", w.Code)
	}
}

func TestLinksAndProjects(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		h.mustPost("/you/page/link", "noor", "label", "blog", "address", "https://b.example", "seen", "anyone")
		h.mustPost("/you/page/project", "noor", "title", "Tide", "what", "a table", "address", "", "order", "2", "seen", "only me")
		link, project := h.records(owner, "link")[0], h.records(owner, "project")[0]
		p := pagetest.Parse(t, h.get("/you/page/project?id="+project.ID, "noor").Body)
		if p.One("#f-title").Attr("value") != "Tide" || p.One("#f-order").Attr("value") != "2" {
			t.Error("the form does not hold the project")
		}
		h.mustPost("/you/page/project", "noor", "id", project.ID, "rev", "1", "title", "Tides", "seen", "anyone")
		if w := h.post("/you/page/project", "noor", "id", project.ID, "rev", "1", "title", "Lost", "seen", "anyone"); w.Code != http.StatusConflict {
			t.Errorf("a change over another one: status %d", w.Code)
		}
		if got := h.records(owner, "project"); len(got) != 1 || got[0].Text != "Tides" || got[0].Audience != vault.AnyoneMaySee {
			t.Errorf("got %+v", got)
		}
		h.mustPost("/you/page/erase", "noor", "kind", "link", "id", link.ID)
		if len(h.records(owner, "link")) != 0 {
			t.Error("the link is still there")
		}
		h.join("ada")
		for _, path := range []string{"/you/page/project?id=" + project.ID, "/you/page/link?id=nothing"} {
			if w := h.get(path, "ada"); w.Code != http.StatusNotFound {
				t.Errorf("%s for somebody else: status %d", path, w.Code)
			}
		}
		for path, fields := range map[string][]string{
			"/you/page/show":    {"kind", "project", "id", project.ID, "audience", "only me"},
			"/you/page/erase":   {"kind", "project", "id", project.ID},
			"/you/page/project": {"id", project.ID, "rev", "2", "title", "Mine", "seen", "anyone"},
		} {
			if w := h.post(path, "ada", fields...); w.Code != http.StatusNotFound {
				t.Errorf("%s by somebody else: status %d", path, w.Code)
			}
		}
		if w := h.post("/you/page/erase", "noor", "kind", "handle", "id", "x"); w.Code != http.StatusNotFound {
			t.Errorf("another feature's record can be erased here: status %d", w.Code)
		}
	})
}

func TestAddressesThatMayNotBeLinked(t *testing.T) {
	h := oneEngine(t)
	owner := h.join("noor")
	for _, address := range []string{"", "http://a.example", "javascript:alert(1)", "https://", "https:///x", "https://u:p@a.example", "https://a b.example", "https://a.example/\"onload=",
		"//a.example", "https:a.example", "data:text/html,x", "https://a.example/\u202e", "https://a.example\\@b.example", "https://a.example/" + strings.Repeat("x", 500)} {
		w := h.post("/you/page/link", "noor", "label", "l", "address", address, "seen", "anyone")
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%q: status %d", address, w.Code)
			continue
		}
		p := pagetest.Parse(t, w.Body)
		if p.One("#f-label").Attr("value") != "l" || !p.One("#f-address").Has("aria-invalid") {
			t.Errorf("%q: what was typed is lost, or the field not marked", address)
		}
	}
	if n := len(h.records(owner, "link")); n != 0 {
		t.Errorf("%d links were taken", n)
	}
}

func TestSwitchesOfDeeds(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		now := h.clock.Now()
		h.did(owner, deed{Course: "C", Title: "one", At: now}, deed{Course: "C", Title: "two", At: now}, deed{Course: "D", Title: "three", At: now})
		h.setOpen(owner, true)
		p := pagetest.Parse(t, h.get("/you/page/deeds?course=C", "noor").Body)
		all := p.One("input[name=all]").Attr("value")
		var key string
		for _, label := range p.All("label") {
			if strings.HasPrefix(label.Text(), "one ") {
				key = label.One("input").Attr("value")
			}
		}
		if w := h.get("/you/page/deeds?course=none", "noor"); w.Code != http.StatusNotFound {
			t.Errorf("a course that was never begun: status %d", w.Code)
		}
		shown := func() (titles []string) {
			for _, title := range []string{"one", "two", "three"} {
				if strings.Contains(h.get("/@noor.json", "").Body.String(), strconv.Quote(title)) {
					titles = append(titles, title)
				}
			}
			return titles
		}
		for _, c := range []struct {
			fields []string
			want   string
		}{
			{[]string{"all", all, "show", key}, "one three"},
			{[]string{"all", all, "do", "none"}, "three"},
			{[]string{"all", all, "do", "all"}, "one two three"},
			{[]string{"all", "deed/unknown nothing"}, "one two three"},
		} {
			h.mustPost("/you/page/deeds", "noor", c.fields...)
			if got := strings.Join(shown(), " "); got != c.want {
				t.Errorf("%v: got %s, want %s", c.fields, got, c.want)
			}
		}
	})
}

func TestPreviewIsThePage(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.learner("noor", 30)
		h.mustPost("/you/page/details", "noor", details("Noor", "Tromsø", "About me")...)
		h.savePhoto("noor")
		h.hide(owner, "location", vault.SingleID, vault.OnlyMe)
		before := pagetest.Parse(t, h.get("/you/page/stranger", "noor").Body)
		if !strings.Contains(before.One(".note").Text(), "Nobody sees it yet. 1 of your 34 records") {
			t.Errorf("the note says %q", before.One(".note").Text())
		}
		h.sayYes("noor")
		real := pagetest.Parse(t, h.get("/@noor", "").Body)
		after := pagetest.Parse(t, h.get("/you/page/stranger", "noor").Body)
		after.None("form[action=/you/page/open]")
		for _, section := range []string{"courses", "sol", "proj", "year"} {
			want := real.One("section[aria-labelledby=" + section + "]").HTML()
			for name, p := range map[string]pagetest.Node{"before": before, "after": after} {
				if got := p.One("section[aria-labelledby=" + section + "]").HTML(); got != want {
					t.Errorf("%s the yes, section %s differs from the page", name, section)
				}
			}
		}
	})
}

func TestPagesStaySmall(t *testing.T) {
	h := oneEngine(t)
	h.setOpen(h.learner("noor", 300), true)
	for _, path := range []string{"/@noor", "/you/page", "/you/page/stranger", "/you/page/deeds?course=Git+from+zero"} {
		if n := h.get(path, map[bool]string{true: "noor"}[strings.HasPrefix(path, "/you")]).Body.Len(); n > 50_000 {
			t.Errorf("%s of a member with 300 records has %d bytes", path, n)
		}
	}
}

func TestSettings(t *testing.T) {
	h := oneEngine(t)
	owner := h.learner("noor", 10)
	h.setOpen(owner, true)
	pagetest.Parse(t, h.get("/@noor", "").Body).One("#year")
	h.mustPost("/you/page/settings", "noor", "rev", "0")
	p := pagetest.Parse(t, h.get("/@noor", "").Body)
	p.None("#year, meta[name=robots]")
	if strings.Contains(h.get("/@noor.json", "").Body.String(), "activity") {
		t.Error("the JSON still has the year")
	}
	if w := h.post("/you/page/settings", "noor", "rev", "0"); w.Code != http.StatusConflict {
		t.Errorf("settings over others: status %d", w.Code)
	}
}

func TestEveryTemplateIsExecuted(t *testing.T) {
	h := oneEngine(t)
	owner := h.learner("noor", 60)
	h.did(owner, deed{Sort: portfolio.Certificate, Title: "C", At: h.clock.Now()})
	h.savePhoto("noor")
	h.mustPost("/you/page/link", "noor", "label", "b", "address", "https://b.example", "seen", "anyone")
	h.mustPost("/you/page/project", "noor", "title", "t", "seen", "anyone")
	for _, path := range []string{"/you/page", "/you/page/stranger", "/you/page/link", "/you/page/project", "/you/page/deeds?course=Git+from+zero"} {
		if w := h.get(path, "noor"); w.Code != http.StatusOK {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
	h.setOpen(owner, true)
	h.get("/you/page", "noor")
	h.get("/@noor", "")
	h.get("/@nobody", "")
	h.post("/you/page/link", "noor")
	h.upload("noor", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"))
	for _, name := range h.site.Unexecuted() {
		if strings.HasPrefix(name, "portfolio") {
			t.Errorf("%s is never executed", name)
		}
	}
}
