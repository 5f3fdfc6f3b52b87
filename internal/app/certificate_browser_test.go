package app

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"kept/internal/account"
	"kept/internal/credential"
	"kept/internal/prove"
)

// TestBrowserPrintsEveryScript prints names that our own typeface lacks with the
// operator's Chromium. With KEPT_CERTIFICATES it leaves the files in that folder.
func TestBrowserPrintsEveryScript(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.GiveRole(t.Context(), m.Handle, account.Operator, ""); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"王小明", "محمد عبد الرحمن الخوارزمي", "אורי", "अनुष्का श्रीवास्तव", "さくら 田中 "} {
		_, file, err := prove.Page(t.Context(), m.Browser, s.URL+"/operator/certificates/preview/letter.pdf?"+url.Values{"name": {name}}.Encode())
		if err != nil {
			t.Fatal(err)
		}
		pdf := []byte(file)
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("/StructTreeRoot")) || !bytes.Contains(pdf, []byte("/Marked true")) {
			t.Errorf("%s: not a tagged PDF: %.80q", name, file)
		}
		if n := bytes.Count(pdf, []byte("/Type /Page\n")) + bytes.Count(pdf, []byte("/Type /Page ")); n > 1 {
			t.Errorf("%s: %d pages", name, n)
		}
		if found := credential.Find(pdf); !bytes.HasPrefix(found, []byte("eyJ")) {
			t.Errorf("%s: the PDF does not carry the signed file", name)
		}
		if folder := os.Getenv("KEPT_CERTIFICATES"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, "script-"+strconv.Itoa(i)+".pdf"), pdf, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
