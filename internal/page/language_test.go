package page_test

import (
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"kept/internal/page"
)

func TestLanguageIsChosen(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Texts = twoLanguages(t) })
	for _, c := range []struct{ name, accept, member, want string }{
		{"nothing known", "", "", "en"},
		{"browser asks", "de-CH,de;q=0.9,en;q=0.8", "", "de"},
		{"browser prefers English", "en-GB,de;q=0.5", "", "en"},
		{"not offered", "ja", "", "en"},
		{"nonsense", "de;q=x;;,,\x00", "", "en"},
		{"too long", "de," + strings.Repeat("x,", 5000), "", "en"},
		{"member chose", "en", "de", "de"},
		{"member chose what is gone", "de", "fr", "de"},
	} {
		headers := []string{"Accept-Language", c.accept}
		if c.member != "" {
			headers = append(headers, "Test-Member", "noor", "Test-Lang", c.member)
		}
		w := s.get("/lesson", headers...)
		if !slices.Contains(w.Header().Values("Vary"), "Accept-Language") {
			t.Errorf("%s: Vary %q", c.name, w.Header().Values("Vary"))
		}
		if got := read(t, w).One("html").Attr("lang"); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestGermanPage(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Texts = twoLanguages(t) })
	doc := read(t, s.get("/lesson", "Accept-Language", "de"))
	if got := doc.One("nav a[href=/sign-in]").Text(); got != "Anmelden" {
		t.Errorf("sign-in reads %q", got)
	}
	if got := doc.One(".meta span").Text(); got != "15 Lektionen" {
		t.Errorf("plural reads %q", got)
	}
	if got := doc.One("time").Text(); got != "19. März 2027" {
		t.Errorf("day reads %q", got)
	}
	if got := doc.One("nav a[href=/plain]").Text(); got != "Workshops" {
		t.Errorf("a text without translation reads %q, want the English one", got)
	}
}

func TestSharedPagesKeepTheirLanguage(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Texts = twoLanguages(t) })
	for _, lang := range []string{"de", "en", "de"} {
		if got := read(t, s.get("/shared", "Accept-Language", lang)).One("html").Attr("lang"); got != lang {
			t.Errorf("asked %s, got %s", lang, got)
		}
	}
}

func TestTexts(t *testing.T) {
	catalogue, err := page.LoadCatalogue(twoLanguages(t), "en")
	if err != nil {
		t.Fatal(err)
	}
	en, de := catalogue.Default(), catalogue.Language("de")
	day, err := en.Day(time.Date(2027, 3, 14, 23, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	oslo := time.FixedZone("Oslo", 3600)
	for _, c := range []struct{ got, want string }{
		{en.Text("%d lessons", 1), "1 lesson"},
		{en.Text("%d lessons", 0), "0 lessons"},
		{en.Text("%d lessons", 12345), "12,345 lessons"},
		{de.Text("%d lessons", 12345), "12.345 Lektionen"},
		{en.Text("%d things to put right", 1), "One thing to put right"},
		{en.Text("100% plain"), "100% plain"},
		{de.Number(1234567), "1.234.567"},
		{en.Size(1), "1 byte"},
		{en.Size(212400), "212 kB"},
		{en.Size(3250000), "3.2 MB"},
		{day, "14 March 2027"},
		{string(de.Moment(time.Date(2027, 3, 14, 16, 4, 0, 0, time.UTC), oslo)), `<time datetime="2027-03-14T16:04Z">14. März 2027, 17:04 Uhr</time>`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if _, err := en.Day("tomorrow"); err == nil {
		t.Error("a word was taken for a day")
	}
}

func TestPluralFormsOfArabic(t *testing.T) {
	months := `"a","b","c","d","e","f","g","h","i","j","k","l"`
	files := fstest.MapFS{"ar.json": {Data: []byte(`{"name":"العربية","dir":"rtl","dates":{"day":"%v","moment":"%v","months":[` + months + `]},
		"messages":{"%d of %d lessons":{"arg":2,"zero":"none","one":"single","two":"pair","few":"some","many":"many","other":"%[1]d/%[2]d"}}}`)}}
	catalogue, err := page.LoadCatalogue(files, "ar")
	if err != nil {
		t.Fatal(err)
	}
	ar := catalogue.Default()
	for n, want := range map[int]string{0: "none", 1: "single", 2: "pair", 3: "some", 11: "many"} {
		if got := ar.Text("%d of %d lessons", 0, n); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
	if ar.Dir != "rtl" {
		t.Errorf("direction %q", ar.Dir)
	}
}

func TestKeysOfThisPackageAreFound(t *testing.T) {
	keys, err := page.Keys([]page.Source{{Name: "page", Files: os.DirFS(".")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Skip to the page", "Sign in", "%d things to put right", "We do not have that page", "nothing.", "%d kB", "Please look again"} {
		if !slices.Contains(keys, want) {
			t.Errorf("key %q not found among %d", want, len(keys))
		}
	}
	catalogue, err := page.LoadCatalogue(twoLanguages(t), "en")
	if err != nil {
		t.Fatal(err)
	}
	missing := catalogue.Language("de").Missing(keys)
	if slices.Contains(missing, "Sign in") || !slices.Contains(missing, "Sign out") {
		t.Errorf("missing in German: %q", missing)
	}
}

func TestKeysRefusesHiddenTexts(t *testing.T) {
	for _, text := range []string{`{{t .Title}}`, `{{with .X}}{{printf "%s" (t .)}}{{end}}`, `{{define "a"}}{{if t}}{{end}}{{end}}`} {
		_, err := page.Keys([]page.Source{{Name: "x", Files: fstest.MapFS{"x.html": {Data: []byte(text)}}}})
		if err == nil || !strings.Contains(err.Error(), "x/x.html") {
			t.Errorf("%s: got %v, want an error that names the file", text, err)
		}
	}
}

func TestKeysInGo(t *testing.T) {
	source := "package x\nfunc f(l L) { l.Text(\"one\"); _ = Key(\"two\"); _ = page.Notice{State: \"three\", Text: \"four\"}; _ = page.Link{Path: \"/no\", Text: \"five\"}; fmt.Sprintf(\"no\") }"
	keys, err := page.Keys([]page.Source{{Name: "x", Files: fstest.MapFS{"x.go": {Data: []byte(source)}}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"five", "four", "one", "three", "two"}; !slices.Equal(keys, want) {
		t.Errorf("got %q, want %q", keys, want)
	}
}

func TestFragmentsDoNotMixLanguages(t *testing.T) {
	s := newSample(t, func(c *page.Config) { c.Texts = twoLanguages(t) })
	made := 0
	err := s.Add(page.Route{Pattern: "GET /fragment", Handler: func(w http.ResponseWriter, r *http.Request) error {
		html, err := s.Fragment(r.Context(), "lesson 1", "v1", func() (page.HTML, error) {
			made++
			return s.Part(r.Context(), "sample/body.html", lesson().Paragraphs)
		})
		if err != nil {
			return err
		}
		p := lesson()
		p.Cached = html
		return s.Render(w, r, 200, "sample/lesson.html", p)
	}})
	if err != nil {
		t.Fatal(err)
	}
	plain, cached := s.get("/lesson").Body.String(), s.get("/fragment").Body.String()
	if strings.Join(strings.Fields(plain), " ") != strings.Join(strings.Fields(cached), " ") {
		t.Error("a page around a fragment differs from the page")
	}
	s.get("/fragment")
	s.get("/fragment", "Accept-Language", "de")
	if made != 2 {
		t.Errorf("made %d times, want once a language", made)
	}
	s.Forget("lesson 1")
	s.get("/fragment")
	if made != 3 {
		t.Errorf("made %d times after forgetting, want 3", made)
	}
}
