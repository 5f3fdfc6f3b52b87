package apptest

import (
	"database/sql"
	"fmt"
	"net/http"
	"testing"

	"kept/internal/app"
	"kept/internal/prove"
)

// BenchmarkYourData opens “your data” of a member with 10,000 records.
func BenchmarkYourData(b *testing.B) {
	s := Start(b, app.ScratchOptions{})
	me, err := s.SignIn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	if err := s.fillData(b, me, 10_000); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		status, _, err := prove.Page(b.Context(), me.Browser, s.URL+"/you/data")
		if err != nil || status != http.StatusOK {
			b.Fatal(status, err)
		}
	}
}

// fillData gives a member many records of one kind.
func (s *Program) fillData(b *testing.B, me *prove.Member, n int) error {
	for _, p := range s.ForChecks(b.Context()).Plants {
		if p.Kind != "link" {
			continue
		}
		return s.DB.Transact(b.Context(), func(tx *sql.Tx) error {
			for i := range n {
				if _, err := p.Put(b.Context(), tx, me.Owner, fmt.Sprint("line ", i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return fmt.Errorf("no plant of links")
}
