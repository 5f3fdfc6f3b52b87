package page_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kept/internal/fault"
	"kept/internal/page"
)

func TestFormShowsErrorsFirstAndKeepsWhatWasTyped(t *testing.T) {
	s := newSample(t)
	w := s.post("/sign-up", url.Values{"name": {"Samir <Lund>"}, "email": {"samir.example.org"}, "role": {"learner"}, "about": {"\n  first\r\nsecond"}}.Encode())
	if w.Code != http.StatusUnprocessableEntity {
		t.Fatalf("status %d, want 422", w.Code)
	}
	doc := read(t, w)
	if got := doc.One("title").Text(); !strings.HasPrefix(got, "Please look again: ") {
		t.Errorf("title %q does not say so first", got)
	}
	summary := doc.All("main > *")[0]
	if summary.Attr("class") != "note alert" || !summary.Has("autofocus") || summary.Attr("tabindex") != "-1" {
		t.Fatalf("first in main is %s, want the focused summary", summary.HTML())
	}
	if got := summary.One("h2").Text(); got != "2 things to put right" {
		t.Errorf("summary says %q", got)
	}
	for _, link := range summary.All("a") {
		doc.One(link.Attr("href"))
	}
	email := doc.One(".field.wrong input")
	if email.Attr("value") != "samir.example.org" || email.Attr("aria-invalid") != "true" || email.Attr("aria-describedby") != "f-email-h f-email-e" {
		t.Errorf("field %s", email.HTML())
	}
	doc.One("#f-email-e")
	doc.One("#f-email-h")
	doc.One("fieldset.wrong[aria-describedby=f-day-e]")
	if got := doc.One("#f-name").Attr("value"); got != "Samir <Lund>" {
		t.Errorf("name kept as %q", got)
	}
	if got := doc.One("option[selected]").Attr("value"); got != "learner" {
		t.Errorf("role kept as %q", got)
	}
	if !strings.Contains(doc.One("textarea").HTML(), "\n  first\nsecond") {
		t.Errorf("passage kept as %s", doc.One("textarea").HTML())
	}
}

func TestEmptyForm(t *testing.T) {
	doc := read(t, newSample(t).get("/form"))
	doc.None(".alert, .wrong, [aria-invalid]")
	if got := doc.One("option[selected]").Attr("value"); got != "helper" {
		t.Errorf("preset is %q", got)
	}
	for _, input := range doc.All("main input, main select, main textarea") {
		if input.Attr("type") != "checkbox" {
			doc.One("label[for=" + input.Attr("id") + "]")
		}
	}
	doc.One("#f-email[type=email][autocomplete=email][maxlength=254]")
	doc.One("#f-code[inputmode=numeric][autocapitalize=none]")
}

func TestBoxesStayTicked(t *testing.T) {
	doc := read(t, newSample(t).post("/sign-up", "day=2&day=1&email=x"))
	if got := len(doc.All("input[checked]")); got != 2 {
		t.Errorf("%d boxes ticked, want 2", got)
	}
}

func TestFieldsRefuseMistakes(t *testing.T) {
	for _, words := range []string{`"label"`, `"labl" "x"`, `"label" "x" "type" "password1"`, `"label" "x" "max" "9"`, `"type" "email"`} {
		s := newSample(t, func(c *page.Config) {
			c.Sources = []page.Source{{Name: "x", Files: oneFile("x.html", `{{field .Form "f" `+words+`}}`)}}
		})
		err := s.Add(page.Route{Pattern: "GET /x", Handler: func(w http.ResponseWriter, r *http.Request) error {
			p := &formPage{}
			p.Knows = "nothing."
			return s.Render(w, r, 200, "x/x.html", p)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if w := s.get("/x"); w.Code != http.StatusInternalServerError {
			t.Errorf("%s: status %d, want 500", words, w.Code)
		}
	}
}

func TestTakeNotesInvalidFieldsOnly(t *testing.T) {
	form := page.FormOf(nil)
	if form.Take(fault.NotFound{What: "x"}) || !form.OK() {
		t.Error("took what was not about fields")
	}
	if !form.Take(fault.Invalid{Fields: []fault.Field{{Name: "a", Message: "first"}, {Name: "a", Message: "second"}}}) || len(form.Errors()) != 1 {
		t.Errorf("got %v", form.Errors())
	}
}

func TestBodiesAreBounded(t *testing.T) {
	s := newSample(t)
	large := "email=" + strings.Repeat("a", 2<<20)
	if w := s.post("/sign-up", large); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("2 MB: status %d, want 413", w.Code)
	}
	if w := s.post("/large", large); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("2 MB where 4 are allowed: status %d, want 422", w.Code)
	}
	many := strings.Repeat("x=1&", 10) + strings.Join(strings.Fields(manyFields(2000)), "&")
	if w := s.post("/sign-up", many); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Send fewer fields") {
		t.Errorf("2000 fields: status %d", w.Code)
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" f" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune('0'+i/200)) + "=1")
	}
	return b.String()
}

func TestUploadsStayInMemory(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	file, err := w.CreateFormFile("picture", "/home/ada/secret name.png")
	if err != nil {
		t.Fatal(err)
	}
	file.Write(bytes.Repeat([]byte("p"), 20<<20))
	w.WriteField("name", "Ada")
	w.Close()
	r := httptest.NewRequest("POST", "/", &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	form, err := page.ParseForm(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(form.File("picture")) != 20<<20 || form.Text("name") != "Ada" {
		t.Errorf("picture of %d bytes, name %q", len(form.File("picture")), form.Text("name"))
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("files on the disk: %v %v", left, err)
	}
}

func TestQueryIsNotPartOfAForm(t *testing.T) {
	r := httptest.NewRequest("POST", "/?name=query", strings.NewReader("a=b"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	form, err := page.ParseForm(r)
	if err != nil || form.Has("name") || form.Text("a") != "b" {
		t.Errorf("form %v, error %v", form, err)
	}
}

func TestNoticeIsShownOnce(t *testing.T) {
	s := newSample(t)
	sent := s.post("/sign-up", "email=a@b&day=1")
	if sent.Code != http.StatusSeeOther || sent.Header().Get("Location") != "/plain" {
		t.Fatalf("status %d to %q", sent.Code, sent.Header().Get("Location"))
	}
	cookie := sent.Result().Cookies()[0]
	if cookie.Name != "__Host-notice" || !cookie.Secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.MaxAge != 60 {
		t.Errorf("cookie %v", cookie)
	}
	header := cookie.Name + "=" + cookie.Value
	shown := s.get("/plain", "Cookie", header)
	if gone := shown.Result().Cookies(); len(gone) != 1 || gone[0].MaxAge != -1 {
		t.Errorf("cookie not removed: %v", gone)
	}
	if got := read(t, shown).One(".note[role=status]").Text(); got != "Erased. It is gone, from every backup too." {
		t.Errorf("notice says %q", got)
	}
	shared := read(t, s.get("/shared", "Cookie", header))
	shared.One("symbol#tick")
	s.clock.Add(2 * time.Minute)
	read(t, s.get("/plain", "Cookie", header)).None(".note")
}

func TestNoticeCannotBeMadeUp(t *testing.T) {
	s := newSample(t)
	cookie := s.post("/sign-up", "email=a@b&day=1").Result().Cookies()[0]
	for _, value := range []string{"", "erased", "erased|zzzzzz|", strings.Replace(cookie.Value, "erased", "plain", 1), cookie.Value + "x", "|", "||"} {
		read(t, s.get("/plain", "Cookie", cookie.Name+"="+value)).None(".note")
	}
	other := newSample(t)
	read(t, other.get("/plain", "Cookie", cookie.Name+"="+cookie.Value)).None(".note") // another key
}

func TestVisitorsGetNoCookie(t *testing.T) {
	s := newSample(t)
	for _, path := range []string{"/", "/lesson", "/shared", "/form", "/nowhere", "/fault/x", "/panic/x"} {
		if got := s.get(path).Header().Values("Set-Cookie"); len(got) != 0 {
			t.Errorf("%s sets %q", path, got)
		}
	}
}

func TestNotifyAfterReadingIsRefused(t *testing.T) {
	s := newSample(t)
	w := httptest.NewRecorder()
	if err := s.Notify(w, httptest.NewRequest("GET", "/", nil), "/", "erased"); err == nil || w.Header().Get("Set-Cookie") != "" {
		t.Errorf("error %v, headers %v", err, w.Header())
	}
	if err := s.Notify(w, httptest.NewRequest("POST", "/", nil), "/", "nosuch"); err == nil {
		t.Error("an undeclared notice was sent")
	}
}

func FuzzForm(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", "email=a%40b&day=1&%zz=1")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\na\x00\xff\r\n--x--")
	f.Add("text/plain", "\x00")
	f.Add("", "email=<script>")
	s := newSample(f)
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest("POST", "/sign-up", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		w := s.do(r)
		if w.Code >= 500 {
			t.Fatalf("status %d: %s", w.Code, s.log)
		}
		if !utf8.ValidString(w.Body.String()) || strings.ContainsRune(w.Body.String(), 0) {
			t.Error("the page repeats broken text")
		}
		if w.Code == http.StatusUnprocessableEntity {
			read(t, w).None("main script, main iframe, main img")
		}
	})
}
