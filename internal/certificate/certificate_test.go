package certificate

import (
	"bytes"
	"database/sql"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/credential"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/page/pagetest"
	"kept/vault"
)

func onEach(t *testing.T, do func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { do(t, newWorld(t, d)) })
}

// verdict is what the page /verify says of a file.
func (w *world) verdict(file []byte) string {
	w.t.Helper()
	got := w.ask("", "/verify", url.Values{"text": {string(file)}})
	if got.Code != http.StatusOK {
		w.t.Fatalf("verify: %d", got.Code)
	}
	return pagetest.ParseString(w.t, got.Body.String()).One("#server-result .note b").Text()
}

func (w *world) file(owner vault.OwnerID, path string) []byte {
	w.t.Helper()
	got := w.ask(owner, path, nil)
	if got.Code != http.StatusOK {
		w.t.Fatalf("%s: %d", path, got.Code)
	}
	return got.Body.Bytes()
}

// TestTheFileOutlivesTheAccount: a member earns, saves, erases; a stranger checks.
func TestTheFileOutlivesTheAccount(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const name = "Ingrid Zephyrine Quaelheim"
		me := w.member()
		path := w.claimed(me, name)
		saved := map[string][]byte{}
		for _, form := range []string{"certificate.json", "certificate.jwt", "a4.pdf", "badge.png"} {
			saved[form] = w.file(me, path+"/"+form)
		}
		issuer, list := w.file("", "/.well-known/did.json"), w.listOf(saved["certificate.json"])
		if _, err := w.vault.EraseOwner(t.Context(), me); err != nil {
			t.Fatal(err)
		}
		if got := w.ask("", path, nil); got.Code != http.StatusNotFound {
			t.Errorf("the page of an erased account answers %d", got.Code)
		}
		for form, file := range saved {
			if v := w.verdict(credential.Find(file)); v != "Genuine." {
				t.Errorf("online, %s: %s", form, v)
			}
			if r := offline(t, file, issuer, list); !r.Genuine() || r.Badge.Holder.Name != name {
				t.Errorf("offline, %s: %v", form, r.Seen)
			}
		}
		w.findsNothing(name, string(me))
	})
}

// listOf asks for the list that a file names.
func (w *world) listOf(file []byte) []byte {
	w.t.Helper()
	v, err := w.verifier(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return w.file("", v.Verify(file).Badge.Status.List)
}

// offline checks a file with nothing but the published documents.
func offline(t *testing.T, file, issuerFile, listFile []byte) credential.Result {
	t.Helper()
	issuer, err := credential.ParseIssuer(issuerFile)
	if err != nil {
		t.Fatal(err)
	}
	list, err := credential.ParseList(listFile, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return credential.Verifier{Now: time.Date(2037, 1, 1, 0, 0, 0, 0, time.UTC),
		Issuer: func(id string) (*credential.Issuer, bool) { return issuer, id == issuer.ID },
		List:   func(string) (*credential.List, error) { return list, nil }}.Verify(credential.Find(file))
}

// findsNothing looks through every row, and the keys folder, for somebody who is
// erased.
func (w *world) findsNothing(markers ...string) {
	w.t.Helper()
	for _, table := range []string{"vault_record", "vault_find", "vault_claim", "certificate_list", "certificate_set", "certificate_batch", "job"} {
		for _, marker := range markers {
			if strings.Contains(w.dump(table), marker) {
				w.t.Errorf("%s holds something of somebody who is erased", table)
			}
		}
	}
	err := filepath.WalkDir(w.c.Keys, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, marker := range markers {
			if bytes.Contains(text, []byte(marker)) {
				w.t.Errorf("%s holds something of somebody who is erased", d.Name())
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// dump is a whole table as text.
func (w *world) dump(table string) string {
	w.t.Helper()
	rows, err := w.db.Read.QueryContext(w.t.Context(), "SELECT * FROM "+table)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		w.t.Fatal(err)
	}
	var out strings.Builder
	for rows.Next() {
		values := make([]sql.RawBytes, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			w.t.Fatal(err)
		}
		for _, v := range values {
			out.Write(v)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

func TestWhatIsMissingIsSaidAndNothingIsSigned(t *testing.T) {
	w := onSQLite(t)
	me := w.member()
	w.missing = []Missing{{Lesson: "a", Refused: true}, {Lesson: "b"}}
	got := w.ask(me, "/you/certificates/claim/programs", url.Values{"name": {"Noor"}, "honest": {"1"}, "do": {"sign"}})
	page := pagetest.ParseString(t, got.Body.String())
	if got.Code != http.StatusConflict || len(page.All(".tests > li")) != 2 {
		t.Errorf("%d with %d lessons", got.Code, len(page.All(".tests > li")))
	}
	if forms := page.All(`input[name=about][value=review]`); len(forms) != 1 {
		t.Errorf("%d ways to a person, want one for the whole", len(forms))
	}
	if refused := page.All(".tests > li.bad"); len(refused) != 1 || !strings.Contains(refused[0].Text(), "ask for a person") {
		t.Error("who is refused is not told how a person looks at it")
	}
	if held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me); err != nil || len(held) != 0 {
		t.Errorf("%d certificates: %v", len(held), err)
	}
	if list := w.ask(me, "/you/certificates", nil); !strings.Contains(list.Body.String(), "0 of 2 lessons checked") {
		t.Error("the list does not say how far the member is")
	}
}

func TestNothingIsSignedWithoutAWordOfHonestyOrBeforeThePreviewIsLeft(t *testing.T) {
	w := onSQLite(t)
	me := w.member()
	for name, form := range map[string]url.Values{
		"no word":           {"name": {"Noor"}, "whom": {"name"}, "do": {"sign"}},
		"a preview":         {"name": {"Noor"}, "whom": {"name"}, "honest": {"1"}, "do": {"preview"}},
		"no name":           {"name": {" "}, "whom": {"name"}, "honest": {"1"}, "do": {"sign"}},
		"a key that is one": {"name": {"Noor"}, "whom": {"key"}, "key": {"did:key:zQ3"}, "honest": {"1"}, "do": {"sign"}},
		"evidence by http":  {"name": {"Noor"}, "whom": {"name"}, "evidence": {"http://x.example"}, "honest": {"1"}, "do": {"sign"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.ask(me, "/you/certificates/claim/programs", form)
			if got.Code == http.StatusSeeOther {
				t.Fatal("it was signed")
			}
			if name == "a preview" && !strings.Contains(got.Body.String(), `class="cert"`) {
				t.Error("there is nothing to see")
			}
		})
	}
	if n := w.dump("certificate_list"); n != "" {
		t.Error("a preview took a place in a list")
	}
}

func TestWhomTheFileNamesIsTheHoldersChoice(t *testing.T) {
	w := onSQLite(t)
	key := "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
	for whom, fits := range map[string]func(h credential.Holder) bool{
		"address": func(h credential.Holder) bool { return h.Address.Fits("noor@example.org") && h.DID == "" },
		"name":    func(h credential.Holder) bool { return h.Address.IsZero() && h.DID == "" },
		"key":     func(h credential.Holder) bool { return h.DID == key && h.Address.IsZero() },
	} {
		me := w.member()
		got := w.ask(me, "/you/certificates/claim/programs", url.Values{"name": {"Noor"}, "whom": {whom}, "key": {key}, "evidence": {"https://tides.example.org"}, "seen": {"you"}, "honest": {"1"}, "do": {"sign"}})
		file := w.file(me, got.Header().Get("Location")+"/certificate.json")
		r := verified(t, w, file)
		if !r.Genuine() || !fits(r.Badge.Holder) || len(r.Badge.Evidence) != 1 || strings.Contains(string(file), "noor@") {
			t.Errorf("%s: %v %+v", whom, r.Seen, r.Badge.Holder)
		}
	}
}

func TestOnlyItsHolderSeesACertificateThatIsHidden(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		me, other := w.member(), w.member()
		path := w.claimed(me, "Noor Halvorsen")
		if got := w.ask("", path, nil); got.Code != http.StatusOK {
			t.Errorf("a public one: %d", got.Code)
		}
		held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me)
		if err != nil {
			t.Fatal(err)
		}
		w.ask(me, "/you/certificates/audience", url.Values{"id": {held[0].ID}, "seen": {"you"}})
		for _, form := range []string{"", "/card.png", "/certificate.json", "/a4.pdf"} {
			for who, owner := range map[string]vault.OwnerID{"a stranger": "", "another member": other} {
				if got := w.ask(owner, path+form, nil); got.Code != http.StatusNotFound {
					t.Errorf("%s gets %s of a hidden one: %d", who, form, got.Code)
				}
			}
			if got := w.ask(me, path+form, nil); got.Code != http.StatusOK {
				t.Errorf("the holder gets %s: %d", form, got.Code)
			}
		}
	})
}

func TestWithdrawnByItsHolderOrByPresentingIt(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		me := w.member()
		first, second := w.claimed(me, "Noor One"), w.claimed(me, "Noor Two")
		one, two := w.file(me, first+"/certificate.json"), w.file(me, second+"/certificate.jwt")
		stale := w.listOf(one)
		held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range held {
			if "/c/"+h.Value.Number == first {
				w.ask(me, "/you/certificates/withdraw", url.Values{"id": {h.ID}})
			}
		}
		if v := w.verdict(one); v != "Withdrawn." {
			t.Errorf("the first: %s", v)
		}
		if v := w.verdict(two); v != "Genuine." {
			t.Errorf("the second: %s", v)
		}
		if got := w.ask("operator", "/operator/certificates/withdraw", url.Values{"text": {string(two)}}); got.Code != http.StatusSeeOther {
			t.Errorf("presented to the operator: %d", got.Code)
		}
		if v := w.verdict(two); v != "Withdrawn." {
			t.Errorf("the second, presented: %s", v)
		}
		if fresh := w.listOf(one); bytes.Equal(fresh, stale) {
			t.Error("the published list is the same as before")
		}
		if got := w.ask("operator", "/operator/certificates/withdraw", url.Values{"text": {"eyJ.not.one"}}); got.Code != http.StatusUnprocessableEntity {
			t.Errorf("what is no certificate: %d", got.Code)
		}
	})
}

func TestNoPlaceIsGivenOutTwice(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		seen := map[credential.Entry]bool{}
		const many = 300
		for range many {
			err := w.transact(t.Context(), func(tx *sql.Tx) error {
				place, err := w.takePlace(t.Context(), tx)
				seen[place] = true
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != many {
			t.Errorf("%d places for %d certificates", len(seen), many)
		}
	})
}

func TestWithANewKeyTheOldOneStillVerifiesUnlessItWasStolen(t *testing.T) {
	w := onSQLite(t)
	me := w.member()
	file := w.file(me, w.claimed(me, "Noor Halvorsen")+"/certificate.jwt")
	for _, c := range []struct {
		stolen bool
		want   string
	}{{false, "Genuine."}, {true, "Genuine."}} {
		w.now = w.now.Add(time.Hour)
		if _, err := RotateKey(w.c.Keys, w.c.Base, c.stolen, func() time.Time { return w.now }); err != nil {
			t.Fatal(err)
		}
		// The second time it is the second key that was stolen.
		if v := w.verdict(file); v != c.want {
			t.Errorf("stolen %t: %s", c.stolen, v)
		}
	}
	fresh := w.file(me, w.claimed(me, "Noor Again")+"/certificate.jwt")
	w.now = w.now.Add(time.Hour)
	if _, err := RotateKey(w.c.Keys, w.c.Base, true, func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	if v := w.verdict(fresh); v != "Key withdrawn." {
		t.Errorf("signed by a stolen key: %s", v)
	}
	if v := w.verdict(file); v != "Genuine." {
		t.Errorf("signed by the first: %s", v)
	}
}

func TestALostKeyIsNotReplacedSilently(t *testing.T) {
	if _, err := openKeys(t.TempDir(), "did:web:x.example", false, time.Now); err == nil {
		t.Error("a new key was made for a site that has issued before")
	}
}

func TestNamesAreTakenInEveryScriptAndRefusedWhereTheyHide(t *testing.T) {
	for _, name := range append(sampleNames, "O’Connor", "D'Souza", "Jean-Luc 2", "Nguyễn Thị Ánh", "श्री\u200dमान") {
		if got, err := cleanName("  " + name + " "); err != nil || got != name {
			t.Errorf("%q becomes %q: %v", name, got, err)
		}
	}
	for why, name := range map[string]string{
		"empty": " ", "no letter": "1234", "turned around": "abc\u202edcba", "isolated": "a\u2066b", "a line break inside a control": "a\x00b",
		"invisible": "a\u200bb", "a pile of accents": "z" + strings.Repeat("\u0301", 9), "too long": strings.Repeat("n", 121),
		"an accent on nothing": "\u0301abc", "a filler": "\u3164", "a tag": "a\U000E0041b", "a joiner at the end": "a\u200d",
	} {
		if got, err := cleanName(name); err == nil {
			t.Errorf("%s: %q is taken as %q", why, name, got)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, name := range sampleNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := cleanName(typed)
		if err != nil {
			return
		}
		if again, err := cleanName(name); err != nil || again != name {
			t.Errorf("%q is taken, and then not: %v", name, err)
		}
	})
}

func TestEveryTemplateIsShown(t *testing.T) {
	w := onSQLite(t, withTemplate(t))
	me := w.member()
	path := w.claimed(me, "王小明")
	w.missing = []Missing{{Lesson: "a"}}
	for _, page := range []string{"/you/certificates", "/you/certificates/claim/programs", path, "/certifications/programs", "/verify", "/claim", "/.well-known/jwks.json"} {
		if got := w.ask(me, page, nil); got.Code != http.StatusOK {
			t.Errorf("%s: %d", page, got.Code)
		}
	}
	if s, err := w.drawn(t.Context(), string(w.file(me, path+"/certificate.jwt")), ""); err != nil {
		t.Error(err)
	} else if html, err := w.printPage(t.Context(), s, letter); err != nil || !bytes.Contains(html, []byte("王小明")) {
		t.Errorf("print: %v", err)
	}
	w.ask("operator", "/operator/certificates", nil)
	w.ask("operator", "/operator/certificates/preview?template=harbour", nil)
	for _, file := range []string{"logo.png", "ida.png"} {
		if got := w.ask("", "/certificates/template/harbour/"+file, nil); got.Code != http.StatusOK {
			t.Errorf("%s: %d", file, got.Code)
		}
	}
	set := w.set4late(t)
	for _, page := range []string{"/claim", "/claim/" + set, "/claim/" + set + "/sent"} {
		w.ask("", page, nil)
	}
	w.ask("", w.askedLink(set, "kofi@example.org"), nil)
	w.ask("", "/c/none", nil)
	w.ask("", "/claim/none", nil)
	pagetest.Executed(t, w.site)
}

// TestWhatDoesNotHoldIsNotShownAsAProof: withdrawn by an operator, or signed with
// a key that was stolen since.
func TestWhatDoesNotHoldIsNotShownAsAProof(t *testing.T) {
	for state, end := range map[string]func(w *world, file []byte) error{
		"withdrawn":              func(w *world, file []byte) error { _, err := w.Withdraw(w.t.Context(), file); return err },
		"does not hold any more": func(w *world, _ []byte) error { _, err := RotateKey(w.c.Keys, w.c.Base, true, w.Now); return err },
	} {
		w := onSQLite(t)
		me := w.member()
		file := w.file(me, w.claimed(me, "Noor Halvorsen")+"/certificate.jwt")
		if all, err := w.Of(t.Context(), w.db.Read, vault.Self(me), me); err != nil || len(all) != 1 {
			t.Fatalf("%d on the member's page: %v", len(all), err)
		}
		if err := end(w, file); err != nil {
			t.Fatal(err)
		}
		if all, err := w.Of(t.Context(), w.db.Read, vault.Self(me), me); err != nil || len(all) != 0 {
			t.Errorf("%s: %d on the member's page: %v", state, len(all), err)
		}
		mine := w.ask(me, "/you/certificates", nil).Body.String()
		if !strings.Contains(mine, state) || !strings.Contains(mine, "/you/certificates/claim/programs") {
			t.Errorf("the member is not told that it is %s, or cannot claim it anew", state)
		}
	}
}

// TestARestoreGivesNoPlaceTwice: a backup does not know what was given out since.
func TestARestoreGivesNoPlaceTwice(t *testing.T) {
	w := onSQLite(t)
	me := w.member()
	claim := func() string {
		got := w.ask(me, "/you/certificates/claim/programs", url.Values{"name": {"Noor"}, "whom": {"name"}, "honest": {"1"}, "do": {"sign"}})
		return verified(t, w, w.file(me, got.Header().Get("Location")+"/certificate.json")).Badge.Status.List
	}
	before := claim()
	if err := w.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	me = w.member()
	if after := claim(); after == before {
		t.Error("places of a list that was restored are given out")
	}
}
