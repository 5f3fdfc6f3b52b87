package page_test

import (
	"net/http"
	"testing"

	"kept/internal/page"
)

func TestHeadPointsToWhereATextWasPublishedFirst(t *testing.T) {
	s := newSample(t)
	err := s.Add(page.Route{Pattern: "GET /copy", Handler: func(w http.ResponseWriter, r *http.Request) error {
		p := &plainPage{At: s.clock.Now()}
		p.Title, p.Knows, p.Canonical, p.Original = "A copy", "nothing.", "/copy", "https://elsewhere.example/text?a=1&b=2"
		p.Properties = []page.Property{{Name: "og:type", Content: `an "article"`}}
		return s.Render(w, r, http.StatusOK, "sample/plain.html", p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	doc := read(t, s.get("/copy"))
	if got := doc.One("link[rel=canonical]").Attr("href"); got != "https://elsewhere.example/text?a=1&b=2" {
		t.Errorf("canonical %q", got)
	}
	if got := doc.One("meta[property=og:type]").Attr("content"); got != `an "article"` {
		t.Errorf("property %q", got)
	}
}

func TestALinkWithoutATextIsLeftOut(t *testing.T) {
	empty := true
	s := newSample(t, func(c *page.Config) {
		c.Nav = append(c.Nav, page.Link{Path: "/articles", Live: func(l *page.Language) string {
			if empty {
				return ""
			}
			return "Articles"
		}})
	})
	read(t, s.get("/plain")).None("nav a[href=/articles]")
	empty = false
	read(t, s.get("/plain")).One("nav a[href=/articles]")
}
