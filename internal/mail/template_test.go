package mail

import (
	"strings"
	"testing"
	"testing/fstest"
)

const goodHead = "Subject: S\nWhy: W\n\n"

func TestParseRefuses(t *testing.T) {
	for name, c := range map[string]struct{ file, src string }{
		"no subject":          {"a.mail.txt", "Why: W\n\ntext"},
		"empty subject":       {"a.mail.txt", "Subject:\nWhy: W\n\ntext"},
		"no reason":           {"a.mail.txt", "Subject: S\n\ntext"},
		"no text":             {"a.mail.txt", "Subject: S\nWhy: W\n\n \n"},
		"unknown head":        {"a.mail.txt", "Subject: S\nWhy: W\nBcc: x@example.org\n\ntext"},
		"broken action":       {"a.mail.txt", goodHead + "{{.Name"},
		"language without it": {"a.de.mail.txt", goodHead + "text"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(fstest.MapFS{c.file: {Data: []byte(c.src)}}); err == nil {
				t.Error("was accepted")
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"missing value": "{{.Gone}}",
		"nil value":     "{{.Nil}}",
		"picture":       "![x](https://example.org/x.png)",
		"html block":    "<div>x</div>",
		"html inline":   "a <b>x</b>",
		"script link":   "[x](javascript:alert)",
		"relative link": "[x](/you/data)",
		"data link":     "[x](data:text/html,x)",
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Parse(fstest.MapFS{"a.mail.txt": {Data: []byte(goodHead + body)}})
			if err != nil {
				t.Fatal(err)
			}
			d, err := set.Write("a", "", map[string]any{"Nil": nil, "Secret": "hush"})
			if err == nil {
				t.Errorf("was written: %q", d.Body)
			}
		})
	}
}

func TestWriteErrorsHoldNoValues(t *testing.T) {
	set, err := Parse(fstest.MapFS{"a.mail.txt": {Data: []byte(goodHead + "{{index .List .Name}}")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = set.Write("a", "", map[string]any{"List": map[int]string{}, "Name": "ada@example.org"})
	if err == nil || strings.Contains(err.Error(), "ada") {
		t.Errorf("got %v", err)
	}
}

func TestLanguagesFallBack(t *testing.T) {
	set, err := Parse(fstest.MapFS{
		"a.mail.txt":       {Data: []byte("Subject: plain\nWhy: W\n\ntext")},
		"a.de.mail.txt":    {Data: []byte("Subject: de\nWhy: W\n\ntext")},
		"a.pt-BR.mail.txt": {Data: []byte("Subject: pt-BR\nWhy: W\n\ntext")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for lang, want := range map[string]string{"": "plain", "en": "plain", "de": "de", "de-AT": "de", "pt-BR": "pt-BR", "pt": "plain"} {
		d, err := set.Write("a", lang, nil)
		if err != nil || d.Subject != want {
			t.Errorf("%q: got %q, %v; want %q", lang, d.Subject, err, want)
		}
	}
	if _, err := set.Write("b", "", nil); err == nil {
		t.Error("a mail without template was written")
	}
}

// Values inside every construct must be escaped, not only those at the top.
func TestNestedActionsAreEscaped(t *testing.T) {
	const body = `{{define "part"}}{{.}}{{end}}{{range .List}}{{.}}{{else}}x{{end}} {{with .Name}}{{.}}{{end}} ` +
		`{{if .Name}}{{.Name}}{{end}} {{$n := .Name}}{{$n}} {{template "part" .Name}}`
	set, err := Parse(fstest.MapFS{"a.mail.txt": {Data: []byte(goodHead + body)}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := set.Write("a", "", map[string]any{"List": []string{"*"}, "Name": "*"})
	if want := `\* \* \* \* \*`; err != nil || d.Body != want {
		t.Errorf("got %q, %v; want %q", d.Body, err, want)
	}
}
