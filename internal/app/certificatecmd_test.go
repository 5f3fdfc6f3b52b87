package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/credential"
	"kept/internal/db"
)

// files writes files into a folder of their own.
func files(t *testing.T, all map[string][]byte) (folder string) {
	t.Helper()
	folder = t.TempDir()
	for name, data := range all {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// command runs the program and returns what it says.
func command(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	status = Main(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &o, &e)
	return status, o.String(), e.String()
}

func encoded(t *testing.T, doc map[string]any) []byte {
	t.Helper()
	file, err := credential.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestVerifyWorksOfflineWithThePublishedDocuments: no site, no network.
func TestVerifyWorksOfflineWithThePublishedDocuments(t *testing.T) {
	const id = "did:web:school.example"
	key := credential.NewKey(id, make([]byte, 32))
	issuer := &credential.Issuer{ID: id, Keys: []credential.PublicKey{{ID: key.ID, Key: key.Public()}}}
	now := time.Now().Add(-time.Hour)
	badge := credential.Badge{ID: "https://school.example/c/1", Issuer: credential.Profile{ID: id, Name: "School"}, From: now,
		Achievement: credential.Achievement{ID: "https://school.example/x", Name: "Knots", Description: "Three knots.", Criteria: "Tied."},
		Holder:      credential.Holder{Name: "Ida Marchetti"}, Status: credential.Entry{List: "https://school.example/list", Index: 5}}
	file, err := key.Embed(badge.Document(), now)
	if err != nil {
		t.Fatal(err)
	}
	lists := map[string][]byte{}
	for name, gone := range map[string]int{"fine.json": 6, "gone.json": 5} {
		bits := credential.NewBits()
		if err := bits.Set(gone); err != nil {
			t.Fatal(err)
		}
		doc, err := credential.List{Address: badge.Status.List, Issuer: id, At: now, Bits: bits}.Document()
		if err != nil {
			t.Fatal(err)
		}
		if lists[name], err = key.Embed(doc, now); err != nil {
			t.Fatal(err)
		}
	}
	folder := files(t, map[string][]byte{"badge.json": file, "changed.json": bytes.Replace(file, []byte("Ida"), []byte("Ada"), 1),
		"did.json": encoded(t, issuer.Document()), "fine.json": lists["fine.json"], "gone.json": lists["gone.json"]})
	in := func(name string) string { return filepath.Join(folder, name) }
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{in("badge.json"), "--status", in("fine.json")}, 0, "Genuine."},
		{[]string{in("badge.json")}, 0, "could not be looked up"},
		{[]string{in("badge.json"), "--status", in("gone.json")}, 1, "Withdrawn."},
		{[]string{in("changed.json")}, 1, "Changed."},
		{[]string{in("did.json")}, 1, "Not readable."},
		{[]string{in("badge.json"), "--json"}, 0, `"verdict": "genuine"`},
	} {
		status, out, errs := command(t, append([]string{"verify", "--issuer", in("did.json")}, c.args...)...)
		if status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%v: %d\n%s%s", c.args, status, out, errs)
		}
	}
}

// TestBulkIssueByCommand issues, rotates the key, and names the lines of a bad
// list.
func TestBulkIssueByCommand(t *testing.T) {
	folder := files(t, map[string][]byte{
		"kept.toml": []byte("community = \"School\"\nbase = \"http://school.example\"\nlisten = \"127.0.0.1:0\"\nadmin = \"\"\n[check]\nchromium = \"off\"\n"),
		"good.csv":  []byte("address,name,role\nida@example.org,Ida Marchetti,helper\nkofi@example.org,,\n"),
		"bad.csv":   []byte("address\nnobody\n")})
	config := "--config=" + filepath.Join(folder, "kept.toml")
	status, out, errs := command(t, "certificate", "issue", config, "--csv", filepath.Join(folder, "bad.csv"), "--title", "Git")
	if status != 1 || !strings.Contains(errs, "line 2") {
		t.Errorf("a bad list: %d %s%s", status, out, errs)
	}
	status, out, errs = command(t, "certificate", "issue", config, "--csv", filepath.Join(folder, "good.csv"), "--title", "Git", "--wait")
	if status != 0 || !strings.Contains(out, "2 certificates issued, 0 failed") {
		t.Errorf("%d %s%s", status, out, errs)
	}
	if status, out, errs = command(t, "certificate", "new-key", config); status != 0 || !strings.Contains(out, "did:web:school.example#z6Mk") {
		t.Errorf("%d %s%s", status, out, errs)
	}
}

// TestIssueByCommandEndsWithEachLine: of two lines the program stops at one each
// time; once tried again, it is issued.
func TestIssueByCommandEndsWithEachLine(t *testing.T) {
	folder := files(t, map[string][]byte{"list.csv": []byte("address,name\nkat@example.org,Kat\nli@example.org,\n"),
		"kept.toml": []byte("community = \"Harbour\"\nbase = \"http://127.0.0.1:8097\"\n[mail]\nfrom = \"kept@example.org\"\nrelay = \"127.0.0.1:1\"\n")})
	config := filepath.Join(folder, "kept.toml")
	status, out, errs := command(t, "certificate", "issue", "--config", config, "--csv", filepath.Join(folder, "list.csv"), "--title", "A week of Git")
	batch, rest, ok := strings.Cut(strings.TrimPrefix(out, "bulk issue "), ":")
	if status != 0 || !ok || !strings.Contains(rest, "2 certificates wait") {
		t.Fatalf("%d %s%s", status, out, errs)
	}
	d, err := db.Open(t.Context(), placeIn(folder).Database)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Write.ExecContext(t.Context(), `UPDATE job SET state = 'running', attempts = 12, lease = 'gone', due = 0
		WHERE kind = 'certificate-row' AND args LIKE '%' || (SELECT errand FROM certificate_row WHERE line = 3) || '%'`)
	if err := errors.Join(err, d.Close()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		status int
		want   string
	}{{1, "1 certificates issued, 1 failed\nline 3: The program stopped each time it came to this line.\n"}, {0, "2 certificates issued, 0 failed\n"}} {
		if status, out, errs := command(t, "certificate", "retry", batch, "--config", config, "--wait", "--quiet"); status != c.status || out != c.want {
			t.Errorf("%d %s%s, want %d %s", status, out, errs, c.status, c.want)
		}
	}
}
