package certificate

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kept/internal/credential"
)

// TestPrintedNames sets names in the scripts that our own typeface has, in both
// sizes. With KEPT_CERTIFICATES it leaves the files in that folder, to be looked at.
func TestPrintedNames(t *testing.T) {
	w := onSQLite(t, withTemplate(t))
	for i, name := range sampleNames {
		for _, size := range []string{"a4", "letter"} {
			got := w.ask("operator", "/operator/certificates/preview/"+size+".pdf?"+url.Values{"name": {name}, "template": {"harbour"}}.Encode(), nil)
			if !simple(name) {
				if got.Code != http.StatusNotFound {
					t.Errorf("%s: %d, want a kind refusal", name, got.Code)
				}
				continue
			}
			file := got.Body.Bytes()
			if !bytes.HasPrefix(file, []byte("%PDF-")) {
				t.Fatalf("%s: %d", name, got.Code)
			}
			if len(file) > 100_000 {
				t.Errorf("%s: %d bytes, want fewer than 100 kB", name, len(file))
			}
			if r := verified(t, w, credential.Find(file)); r.Badge.Holder.Name != name || !r.Genuine() {
				t.Errorf("%s: the file inside says %q: %v", name, r.Badge.Holder.Name, r.Seen)
			}
			keepFile(t, strconv.Itoa(i)+"-"+size+".pdf", file)
		}
	}
}

func verified(t *testing.T, w *world, file []byte) credential.Result {
	t.Helper()
	v, err := w.verifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v.Verify(file)
}

func keepFile(t *testing.T, name string, file []byte) {
	t.Helper()
	folder := os.Getenv("KEPT_CERTIFICATES")
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), file, 0o600); err != nil {
		t.Fatal(err)
	}
}

// withTemplate gives the site an operator's template with pictures.
func withTemplate(t *testing.T) func(*Config) {
	t.Helper()
	folder := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("harbour.toml", []byte(`
note = "about 18 hours of work"
logo = "logo.png"
logo_words = "A boat"
[[signatures]]
name = "Ida Marchetti"
role = "head of teaching"
picture = "ida.png"
`))
	write("logo.png", boat(t))
	write("ida.png", hand(t))
	return func(c *Config) { c.Templates = folder }
}

func TestTemplateMistakesAreSaid(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a slip of the pen":      {"titel = \"x\"", "titel"},
		"a picture that is none": {"logo = \"x.toml\"", "PNG or JPEG"},
		"a picture outside":      {"logo = \"../secret.png\"", "x.toml"},
		"too many who sign":      {strings.Repeat("[[signatures]]\nname = \"x\"\n", 4), "signatures"},
		"a text without an end":  {"note = \"" + strings.Repeat("n", 700) + "\"", "characters"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "x.toml"), []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := readTemplates(folder); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestCardCarriesTheBadge(t *testing.T) {
	w := onSQLite(t)
	path := w.claimed(w.member(), "Noor Halvorsen")
	badge := w.ask("", path+"/badge.png", nil)
	if r := verified(t, w, credential.Find(badge.Body.Bytes())); !r.Genuine() {
		t.Errorf("%d: %v", badge.Code, r.Seen)
	}
	keepFile(t, "card.png", badge.Body.Bytes())
}
