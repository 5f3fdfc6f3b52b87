package app

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/certificate"
	"kept/internal/credential"
	"kept/internal/db"
	"kept/internal/mail"
	"kept/internal/prove"
)

// TestARestoreKnowsWhatWasWithdrawnSinceTheBackup: of a list that the backup has,
// and of one that was begun later.
func TestARestoreKnowsWhatWasWithdrawnSinceTheBackup(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	before := lateCertificate(t, s, "before@example.org")
	if _, err := s.features.backup.Backup(t.Context(), true, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DB.Write.ExecContext(t.Context(), `UPDATE certificate_list SET count = $1`, credential.ListSize); err != nil {
		t.Fatal(err)
	}
	after, other := lateCertificate(t, s, "after@example.org"), lateCertificate(t, s, "other@example.org")
	places := map[credential.Entry]bool{}
	for file, withdrawn := range map[string]bool{before: true, after: true, other: false} {
		places[placeOf(t, s, file, withdrawn)] = withdrawn
	}
	if err := s.Vault.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.features.backup.KeepKeys(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := s.TryRestore(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	restored, err := db.Open(t.Context(), placeIn(folder).Database)
	if err != nil {
		t.Fatal(err)
	}
	defer restored.Close()
	for place, want := range places {
		var bits []byte
		var given int
		_, id, _ := strings.Cut(place.List, "/certificates/status/")
		if err := restored.Read.QueryRowContext(t.Context(), `SELECT gone, count FROM certificate_list WHERE id = $1`, id).Scan(&bits, &given); err != nil {
			t.Fatalf("a list is not there: %v", err)
		}
		if got, err := credential.Bits(bits).Get(place.Index); err != nil || got != want {
			t.Errorf("after the restore a place is withdrawn: %t, want %t", got, want)
		}
		if given < credential.ListSize/2 {
			t.Error("the list gives out places again")
		}
	}
}

// placeOf is where a certificate stands, and withdraws it if told to.
func placeOf(t *testing.T, s *Scratch, file string, withdraw bool) credential.Entry {
	t.Helper()
	v := credential.Verifier{Now: time.Now(), Issuer: func(string) (*credential.Issuer, bool) { return nil, false }}
	if withdraw {
		r, err := s.features.certificate.Withdraw(t.Context(), []byte(file))
		if err != nil || !r.Genuine() {
			t.Fatalf("%v %v", r.Seen, err)
		}
	}
	return v.Verify([]byte(file)).Badge.Status
}

// lateCertificate is a certificate of somebody without an account.
func lateCertificate(t *testing.T, s *Scratch, to string) string {
	t.Helper()
	address, err := mail.ParseAddress(to)
	if err != nil {
		t.Fatal(err)
	}
	var set string
	err = s.DB.Transact(t.Context(), func(tx *sql.Tx) (err error) {
		set, err = s.features.certificate.OpenSet(t.Context(), tx, certificate.NewSet{Title: "A workshop", Day: time.Now(), Until: certificate.UntilLate(time.Now())})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.features.certificate.AddClaims(t.Context(), set, certificate.Qualified{Address: address}); err != nil {
		t.Fatal(err)
	}
	site := s.ForChecks(t.Context())
	browser := site.Browser()
	if _, err := prove.Submit(t.Context(), browser, s.URL+"/claim/"+set, "/claim/"+set, url.Values{"email": {to}}); err != nil {
		t.Fatal(err)
	}
	if err := site.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	parcel, ok := s.Outbox.Last(to)
	if !ok || len(parcel.Links()) == 0 {
		t.Fatal("no mail came")
	}
	link := parcel.Links()[0]
	if _, err := prove.Submit(t.Context(), browser, link, strings.TrimPrefix(link, s.URL), url.Values{"name": {"Late Claimant"}}); err != nil {
		t.Fatal(err)
	}
	status, jwt, err := prove.Page(t.Context(), browser, link+"/certificate.jwt")
	if err != nil || status != 200 {
		t.Fatalf("%d %v", status, err)
	}
	return jwt
}
