package mail

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

type signIn struct{ Site, Name, Link, Code, Policy string }

func sample() signIn {
	return signIn{
		Site: "Code & Friends", Name: "Ada", Code: "402 117",
		Link:   "https://example.org/in/5kq2_7w?next=/you/data&lang=en",
		Policy: "https://example.org/privacy",
	}
}

func address(t *testing.T, s string) Address {
	t.Helper()
	a, err := ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func site(t *testing.T) Site {
	return Site{Name: "Code & Friends", URL: "https://example.org/", From: address(t, "hello@example.org"), Lang: "en"}
}

func templates(t *testing.T) *Templates {
	t.Helper()
	set, err := Parse(os.DirFS("testdata/mails"))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

var noon = time.Date(2026, 11, 21, 12, 34, 56, 0, time.UTC)

// letter is a draft of the test data as it would lie in the vault.
func letter(t *testing.T, name, lang string, data any) Letter {
	t.Helper()
	d, err := templates(t).Write(name, lang, data)
	if err != nil {
		t.Fatal(err)
	}
	return newLetter(address(t, "ada@example.net"), "Ada", d)
}

func pack(t *testing.T, l Letter) Parcel {
	t.Helper()
	p, err := site(t).pack(l, "record-1", noon)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMailsLookAsBefore(t *testing.T) {
	for _, c := range []struct{ golden, name, lang string }{
		{"sign-in", "sign-in", "en"}, {"sign-in.de", "sign-in", "de-CH"}, {"parts", "parts", ""},
	} {
		t.Run(c.golden, func(t *testing.T) {
			l := letter(t, c.name, c.lang, sample())
			if l.Keep == "" {
				l.Keep = "We keep this mail until it is sent, for at most 3 days."
			}
			p := pack(t, l)
			golden(t, c.golden+".txt", p.Text)
			golden(t, c.golden+".html", p.HTML)
			golden(t, c.golden+".eml", strings.ReplaceAll(string(p.Data), "\r\n", "\n"))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s changed; if that is meant, run go test -update. Now:\n%s", name, got)
	}
}

func TestPlainTextStaysNarrow(t *testing.T) {
	p := pack(t, letter(t, "parts", "", sample()))
	for line := range strings.SplitSeq(p.Text, "\n") {
		if len([]rune(line)) > lineWidth && !strings.Contains(line, "://") {
			t.Errorf("longer than %d: %q", lineWidth, line)
		}
	}
}

func TestHTMLFetchesNothing(t *testing.T) {
	p := pack(t, letter(t, "parts", "", sample()))
	for _, part := range []string{"<img", "<script", "<link", "url(", "@import", "src=", "srcset", "background="} {
		if strings.Contains(p.HTML, part) {
			t.Errorf("holds %s", part)
		}
	}
}

// A name that is markup must come out as the same characters in both forms.
func TestValuesStayText(t *testing.T) {
	for _, name := range []string{
		"[free money](https://evil.example)", "<b>x</b>", "![x](https://evil.example/p.gif)", "# head", "- item", "1. one",
		"`code`", "*a* _b_ ~c~", "<https://evil.example>", "&lt;b&gt;", "a\\b", "[x][y]", "---", "===", "> q", "&#60;script&#62;", "\\&amp;",
	} {
		data := sample()
		data.Name = name
		p := pack(t, letter(t, "parts", "", data))
		if want := name + " is welcome & expected."; !strings.Contains(p.Text, want) {
			t.Errorf("text does not hold %q", want)
		}
		if strings.Contains(p.HTML, `href="https://evil`) || strings.Contains(p.HTML, "<b>") || strings.Contains(p.HTML, "<img") {
			t.Errorf("%q became markup", name)
		}
		if strings.Contains(p.HTML, "<script>") {
			t.Errorf("%q became a script", name)
		}
	}
}

func TestValuesStayOnOneLine(t *testing.T) {
	got := escapeMarkdown("a\r\n\r\n    b\u2028c\u202ed\x00e")
	if want := "a b cd e"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLinksOfAParcel(t *testing.T) {
	p := pack(t, letter(t, "sign-in", "", sample()))
	got := strings.Join(p.Links(), " ")
	if want := sample().Link + " " + sample().Policy; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
