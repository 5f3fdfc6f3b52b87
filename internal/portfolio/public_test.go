package portfolio_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"kept/internal/page/pagetest"
	"kept/internal/portfolio"
	"kept/vault"
)

// endings are all the addresses of a page.
var endings = []string{"", ".json", ".atom", ".png", ".96.jpg", ".256.jpg", "?solutions=all"}

func TestNothingShowsBeforeTheYes(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.learner("noor", 20)
		h.mustPost("/you/page/details", "noor", details("Noor Halvorsen", "Tromsø", "I mend boats.")...)
		h.savePhoto("noor")
		for _, ending := range endings {
			if w := h.get("/@noor"+ending, ""); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Halvorsen") {
				t.Errorf("before the yes %q: status %d", ending, w.Code)
			}
		}
		h.sayYes("noor")
		for _, ending := range endings {
			if w := h.get("/@noor"+ending, ""); w.Code != http.StatusOK {
				t.Errorf("after the yes %q: status %d", ending, w.Code)
			}
		}
		h.mustPost("/you/page/close", "noor")
		for _, ending := range endings {
			if w := h.get("/@noor"+ending, ""); w.Code != http.StatusNotFound {
				t.Errorf("after the no %q: status %d", ending, w.Code)
			}
		}
		_ = owner
	})
}

// sayYes looks at the preview and makes the page public.
func (h *house) sayYes(as string) {
	h.t.Helper()
	p := pagetest.Parse(h.t, h.get("/you/page/stranger", as).Body)
	h.mustPost("/you/page/open", as, "seen", p.One("input[name=seen]").Attr("value"))
}

func TestYesCountsForWhatWasSeenOnly(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		seen := pagetest.Parse(t, h.get("/you/page/stranger", "noor").Body).One("input[name=seen]").Attr("value")
		h.did(owner, deed{Title: "Came in meanwhile", At: h.clock.Now()})
		w := h.post("/you/page/open", "noor", "seen", seen)
		if w.Code != http.StatusConflict {
			t.Errorf("status %d, want a conflict", w.Code)
		}
		p := pagetest.Parse(t, w.Body)
		p.One("#errors")
		if h.get("/@noor", "").Code != http.StatusNotFound {
			t.Error("the page is public, though another one was seen")
		}
		h.mustPost("/you/page/open", "noor", "seen", p.One("input[name=seen]").Attr("value"))
		if h.get("/@noor", "").Code != http.StatusOK {
			t.Error("the page is not public after a yes to what stands there")
		}
	})
}

func TestStrangersPage(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.learner("noor", 60)
		h.did(owner, deed{Sort: portfolio.Certificate, Title: "Programs", Path: "/certificates/1", At: h.clock.Now(), Verified: true})
		h.mustPost("/you/page/details", "noor", details("Noor <b>Halvorsen</b>", "Tromsø, Norway", "I mend *boats* by [day](https://boats.example) and <script>alert(1)</script>.")...)
		h.mustPost("/you/page/link", "noor", "label", "my blog", "address", "noor.example", "seen", "anyone", "order", "1")
		h.mustPost("/you/page/project", "noor", "title", "Tide table", "what", "Tides & boats", "address", "https://tide.example/x", "seen", "anyone")
		h.setOpen(owner, true)
		w := h.get("/@noor", "")
		if n := w.Body.Len(); n > 50_000 {
			t.Errorf("the page has %d bytes", n)
		}
		p := pagetest.ParseString(t, w.Body.String())
		for selector, want := range map[string]string{
			"h1":                                   "Noor <b>Halvorsen</b>",
			"header .soft":                         "@noor, Tromsø, Norway",
			"div.lead em":                          "boats",
			"div.lead a[rel]":                      "day",
			"ul.links a":                           "my blog noor.example",
			"section[aria-labelledby=certs] h3":    "Programs",
			"section[aria-labelledby=proj] h3 a":   "Tide table",
			"section[aria-labelledby=proj] li > p": "Tides & boats",
		} {
			if all := p.All(selector); len(all) == 0 || all[0].Text() != want {
				t.Errorf("%s: %d found, want %q", selector, len(all), want)
			}
		}
		p.None("script, [style], iframe")
		if got := p.One("ul.links a").Attr("rel"); got != "me nofollow ugc noopener" {
			t.Errorf("rel=%q", got)
		}
		if n := len(p.All("section[aria-labelledby=courses] li.row")); n != 5 {
			t.Errorf("%d courses, want 5", n)
		}
		if n := len(p.All("section[aria-labelledby=sol] pre span.k")); n == 0 {
			t.Error("no solution has colours")
		}
		if titles := p.All("section[aria-labelledby=year] svg title"); len(titles) != 2 || !strings.Contains(titles[1].Text(), "Oct 2026 to Mar 2027: ") {
			t.Errorf("the picture of the year has %d titles", len(titles))
		}
	})
}

func TestASolvedExerciseIsAFinishedLesson(t *testing.T) {
	h := oneEngine(t)
	owner := h.join("noor")
	h.did(owner, deed{Sort: portfolio.Solved, Course: "C", Lessons: 1, Title: "fare", Code: "1", At: h.clock.Now()})
	h.setOpen(owner, true)
	p := pagetest.Parse(t, h.get("/@noor", "").Body)
	if got := p.One("section[aria-labelledby=courses] svg.ring").Attr("aria-label"); got != "1 of 1 lessons" {
		t.Errorf("the course says %q", got)
	}
	p.One("section[aria-labelledby=sol] pre")
	p.One("#year")
}

func TestEmptyPage(t *testing.T) {
	h := oneEngine(t)
	h.setOpen(h.join("noor"), true)
	p := pagetest.Parse(t, h.get("/@noor", "").Body)
	if p.One("h1").Text() != "@noor" || len(p.All(".empty")) != 2 {
		t.Errorf("an empty page says %q", p.One("main").Text())
	}
	p.None("#year")
}

func TestHidingTakesEffectOnTheNextRequest(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		h.did(owner, deed{Title: "lessonmarker", At: h.clock.Now()}, deed{Sort: portfolio.Solved, Title: "solutionmarker", Code: "codemarker", At: h.clock.Now()},
			deed{Sort: portfolio.Certificate, Title: "certmarker", At: h.clock.Now()})
		h.mustPost("/you/page/details", "noor", details("namemarker", "placemarker", "aboutmarker")...)
		h.mustPost("/you/page/link", "noor", "label", "linkmarker", "address", "https://a.example", "seen", "anyone")
		h.mustPost("/you/page/project", "noor", "title", "projectmarker", "seen", "anyone")
		h.setOpen(owner, true)
		all := h.everything("noor")
		for _, kind := range []string{"name", "location", "about", "link", "project", "deed"} {
			for _, item := range h.records(owner, kind) {
				marker := markerIn(string(item.Value))
				if !strings.Contains(all, marker) {
					t.Errorf("%s is not shown at first", marker)
				}
				h.mustPost("/you/page/show", "noor", "kind", kind, "id", item.ID, "audience", "only me")
				if strings.Contains(h.everything("noor"), marker) {
					t.Errorf("%s is hidden, and still shown", marker)
				}
				if own := h.get("/you/page", "noor").Body.String() + h.get("/you/page/deeds?course=", "noor").Body.String(); !strings.Contains(own, marker) && marker != "codemarker" {
					t.Errorf("%s is gone from the editor", marker)
				}
			}
		}
	})
}

func markerIn(value string) string {
	at := strings.Index(value, "marker")
	from := strings.LastIndexByte(value[:at], '"') + 1
	return value[from : at+len("marker")]
}

// everything is all that a stranger gets in words.
func (h *house) everything(name string) string {
	var out strings.Builder
	for _, ending := range []string{"", ".json", ".atom", "?solutions=all"} {
		out.WriteString(h.get("/@"+name+ending, "").Body.String())
	}
	return out.String()
}

func TestPreviewPictureIsMadeOfPublicRecords(t *testing.T) {
	h := oneEngine(t)
	owner := h.join("noor")
	h.setOpen(owner, true)
	bare := h.get("/@noor.png", "").Body.String()
	h.did(owner, deed{Title: "A", At: h.clock.Now()})
	h.mustPost("/you/page/details", "noor", details("Noor", "Tromsø", "")...)
	h.savePhoto("noor")
	full := h.get("/@noor.png", "").Body.String()
	if bare == full || !strings.HasPrefix(full, "\x89PNG") {
		t.Error("the picture does not change with the records")
	}
	for _, kind := range []string{"name", "location", "picture", "deed"} {
		for _, item := range h.records(owner, kind) {
			h.hide(owner, kind, item.ID, vault.OnlyMe)
		}
	}
	if h.get("/@noor.png", "").Body.String() != bare {
		t.Error("with everything hidden the picture is not what it was without anything")
	}
}

func TestErasedIsGoneAtOnce(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.learner("noor", 10)
		h.setOpen(owner, true)
		h.everything("noor")
		if _, err := h.vault.EraseOwner(context.Background(), owner); err != nil {
			t.Fatal(err)
		}
		for _, ending := range endings {
			if w := h.get("/@noor"+ending, ""); w.Code != http.StatusNotFound {
				t.Errorf("%q: status %d", ending, w.Code)
			}
		}
	})
}

func TestRestrictionAndObjectionHideThePage(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		h.setOpen(owner, true)
		for name, set := range map[string]func(ctx context.Context, tx *sql.Tx, on bool) error{
			"restricted": func(ctx context.Context, tx *sql.Tx, on bool) error { return h.vault.Restrict(ctx, tx, owner, on) },
			"objected": func(ctx context.Context, tx *sql.Tx, on bool) error {
				return h.vault.Object(ctx, tx, owner, "your page", on)
			},
		} {
			for _, on := range []bool{true, false} {
				h.tx(func(ctx context.Context, tx *sql.Tx) error { return set(ctx, tx, on) })
				want := map[bool]int{true: http.StatusNotFound, false: http.StatusOK}[on]
				if got := h.get("/@noor", "").Code; got != want {
					t.Errorf("%s %v: status %d, want %d", name, on, got, want)
				}
				if got := h.get("/you/page", "noor").Code; got != http.StatusOK {
					t.Errorf("%s %v: the editor answers %d", name, on, got)
				}
			}
		}
	})
}

func TestFormerHandleLeadsToThePresentOne(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		owner := h.join("noor")
		h.setOpen(owner, true)
		h.get("/@noor", "")
		h.rename(owner, "noor", "noorh")
		for _, ending := range []string{"", ".json", ".atom", ".png"} {
			w := h.get("/@noor"+ending, "")
			if got := w.Header().Get("Location"); w.Code != http.StatusPermanentRedirect || got != "/@noorh"+ending || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%q: status %d to %q", ending, w.Code, got)
			}
		}
		if w := h.get("/@NoorH", ""); w.Header().Get("Location") != "/@noorh" {
			t.Errorf("capitals lead to %q", w.Header().Get("Location"))
		}
		h.setOpen(owner, false)
		if w := h.get("/@noor", ""); w.Code != http.StatusNotFound {
			t.Errorf("the former handle of a closed page: status %d", w.Code)
		}
	})
}

func TestAddressesThatAreNone(t *testing.T) {
	h := oneEngine(t)
	h.setOpen(h.join("noor"), true)
	for _, path := range []string{"/noor", "/@", "/@nobody", "/@noor.html", "/@noor.", "/@noor.json.gz", "/@@noor", "/@noor%2f", "/@no%00or", "/@noor.96.jpg"} {
		if w := h.get(path, ""); w.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", path, w.Code)
		}
	}
}

func TestDocuments(t *testing.T) {
	h := oneEngine(t)
	owner := h.learner("noor", 30)
	h.mustPost("/you/page/details", "noor", details("Noor", "", "")...)
	h.savePhoto("noor")
	h.setOpen(owner, true)
	var doc struct {
		Format, Handle, Name, Location string
		Courses                        []struct{ Done []struct{ Title, Day string } }
		Activity                       map[string]int
	}
	w := h.get("/@noor.json", "")
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Format != "kept-page-1" || doc.Handle != "noor" || doc.Name != "Noor" || len(doc.Courses) != 5 || len(doc.Activity) == 0 {
		t.Errorf("got %+v", doc)
	}
	if len(doc.Courses[0].Done[0].Day) != len("2027-03-14") {
		t.Errorf("a day is written %q", doc.Courses[0].Done[0].Day)
	}
	for ending, kind := range map[string]string{".json": "application/json; charset=utf-8", ".atom": "application/atom+xml; charset=utf-8", ".png": "image/png", ".96.jpg": "image/jpeg"} {
		w := h.get("/@noor"+ending, "")
		if got := w.Header().Get("Content-Type"); got != kind || w.Header().Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") || w.Header().Get("X-Robots-Tag") != "" {
			t.Errorf("%s: headers %v", ending, w.Header())
		}
	}
	h.mustPost("/you/page/settings", "noor", "noindex", "yes", "year", "yes", "rev", "0")
	for _, ending := range endings {
		if w := h.get("/@noor"+ending, ""); w.Header().Get("X-Robots-Tag") != "noindex" {
			t.Errorf("%q may be listed", ending)
		}
	}
	pagetest.Parse(t, h.get("/@noor", "").Body).One("meta[name=robots]")
}

func TestDaysAreThoseOfTheMembersZone(t *testing.T) {
	h := oneEngine(t)
	h.zone = time.FixedZone("far east", 10*3600)
	owner := h.join("noor")
	h.did(owner, deed{Title: "Late", At: time.Date(2027, 3, 1, 23, 30, 0, 0, time.UTC)})
	h.setOpen(owner, true)
	if body := h.get("/@noor.json", "").Body.String(); !strings.Contains(body, `"2027-03-02": 1`) {
		t.Errorf("got %s", body)
	}
	p := pagetest.Parse(t, h.get("/@noor", "").Body)
	if cells := p.All("#main table tbody td"); len(cells) != 2 || cells[1].Text() != "2" {
		t.Errorf("the table says %q", p.One("#main table").Text())
	}
}

func TestARecordThatEndsLeavesThePageWithItsDay(t *testing.T) {
	h := oneEngine(t)
	owner := h.join("noor")
	h.setOpen(owner, true)
	first := h.get("/@noor", "").Header().Get("Etag")
	h.clock.Add(24 * time.Hour)
	if h.get("/@noor", "").Code != http.StatusOK || first == "" {
		t.Error("the page is gone with the day")
	}
}

func TestTexts(t *testing.T) {
	if keys, err := pageKeys(); err != nil || len(keys) < 80 {
		t.Errorf("%d texts, error %v", len(keys), err)
	}
}
