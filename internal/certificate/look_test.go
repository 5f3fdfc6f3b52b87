package certificate

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/browser"
	"kept/vault"
)

// TestBrowserEveryPage looks at each page in each light, on a phone and a desk.
// With KEPT_CERTIFICATES it leaves pictures in that folder.
func TestBrowserEveryPage(t *testing.T) {
	b := browser.Open(t)
	w, base := live(t, withTemplate(t))
	me := w.member()
	path := w.claimed(me, "Noor Halvorsen")
	rtl := w.claimed(me, "محمد عبد الرحمن الخوارزمي")
	w.missing = []Missing{{Lesson: "a", Refused: true}, {Lesson: "b"}}
	set := w.set4late(t)
	link := w.askedLink(set, "kofi@example.org")
	taken := w.askedLink(set, "kofi@example.org")
	w.ask("", taken, url.Values{"name": {"Kofi Mensah"}, "role": {"learner"}})
	w.bulkWithFailures(t)
	pages := []struct {
		name, path string
		who        vault.OwnerID
	}{
		{"mine", "/you/certificates", me}, {"refused", "/you/certificates/claim/programs", me}, {"page", path, me}, {"public", path, ""}, {"rtl", rtl, ""},
		{"certification", "/certifications/programs", ""}, {"verify", "/verify", ""}, {"genuine", "/verify#" + string(w.file(me, path+"/certificate.jwt")), ""},
		{"gone", "/c/aaaaaaaaaaaaaaaa", ""}, {"sets", "/claim", ""}, {"set", "/claim/" + set, ""}, {"sent", "/claim/" + set + "/sent", ""},
		{"link", strings.TrimPrefix(link, base), ""}, {"taken", strings.TrimPrefix(taken, base), me}, {"desk", "/operator/certificates", "operator"},
		{"preview", "/operator/certificates/preview?template=harbour&name=" + url.QueryEscape(sampleNames[4]), "operator"},
	}
	for _, o := range []browser.Options{{Phone: true}, {Phone: true, Dark: true}, {}, {Dark: true}} {
		t.Run(o.String(), func(t *testing.T) {
			for _, one := range pages {
				t.Run(one.name, func(t *testing.T) {
					p := b.Page(t, o)
					signedIn(p, base, one.who)
					p.Go(base + one.path)
					if one.name == "gone" {
						p.Forget() // that its status is 404
					}
					if one.name == "genuine" {
						p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
					}
					picture(p, one.name, o)
					looksRight(t, p, one.name, strings.TrimPrefix(base, "http://"))
				})
			}
			w.missing = nil
			t.Run("claim", func(t *testing.T) {
				p := b.Page(t, o)
				signedIn(p, base, me)
				preview(t, p, base, o)
			})
			w.missing = []Missing{{Lesson: "a", Refused: true}, {Lesson: "b"}}
		})
	}
}

// bulkWithFailures issues a list of which one line is done, one failed and one
// was forgotten.
func (w *world) bulkWithFailures(t *testing.T) {
	t.Helper()
	rows, err := ReadRows(strings.NewReader("address\nkat@example.org\nbo@example.org\nli@example.org\n"))
	if err != nil {
		t.Fatal(err)
	}
	batch, err := w.IssueAll(t.Context(), NewSet{Title: "A week of Git", Day: w.now, Until: UntilLate(w.now)}, rows)
	if err != nil {
		t.Fatal(err)
	}
	errands := w.errandsByLine(batch)
	w.setJob(errands[3], `attempts = 12, state = 'running', lease = 'of a process that is gone', due = 0`)
	if _, err := w.vault.EraseOwner(t.Context(), vault.OwnerID(errands[4])); err != nil {
		t.Fatal(err)
	}
	w.work()
}

func signedIn(p *browser.Page, base string, who vault.OwnerID) {
	if who == "" {
		return
	}
	p.Go(base + "/claim")
	browser.Eval[string](p, `document.cookie = "who=`+string(who)+`; path=/"`)
}

// preview claims by keyboard and eye, up to the signature.
func preview(t *testing.T, p *browser.Page, base string, o browser.Options) {
	t.Helper()
	p.Go(base + "/you/certificates/claim/programs")
	p.Type(browser.CSS("#f-name"), sampleNames[4])
	p.Click(browser.Button("Look at it first"))
	p.See("This is how it will look")
	picture(p, "claim", o)
	looksRight(t, p, "claim", strings.TrimPrefix(base, "http://"))
}

func looksRight(t *testing.T, p *browser.Page, name, host string) {
	t.Helper()
	browser.Axe(t, p)
	if hosts := p.OtherHosts(host); len(hosts) > 0 {
		t.Errorf("%s asks %v", name, hosts)
	}
	for _, problem := range p.Problems() {
		t.Errorf("%s: %s: %s", name, problem.Kind, problem.Text)
	}
	if browser.Eval[bool](p, `document.documentElement.scrollWidth > document.documentElement.clientWidth`) {
		t.Errorf("%s is wider than the window", name)
	}
}

func picture(p *browser.Page, name string, o browser.Options) {
	if folder := os.Getenv("KEPT_CERTIFICATES"); folder != "" {
		p.Screenshot(filepath.Join(folder, name+" "+o.String()+".png"))
	}
}
