package promise

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/mail"
	"kept/vault"
)

func TestEveryMemberIsToldOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := newPlace(t, d)
		var addresses []string
		for i := range 2*tellBatch + 7 {
			addresses = append(addresses, fmt.Sprintf("m%d@example.org", i))
		}
		owners := p.join(t, append(addresses, "")...) // the last one has no address
		if err := p.advance(t.Context(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Vault.EraseOwner(t.Context(), owners[0]); err != nil {
			t.Fatal(err)
		}
		late := p.join(t, "late@example.org")[0]
		if err := p.advance(t.Context(), 3*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, to := range append(addresses, "late@example.org") {
			if n := p.mailsTo(to, rehearsed); n != 1 {
				t.Errorf("%s got %d mails", to, n)
			}
		}
		if n := len(p.mails()); n != len(addresses)+1 {
			t.Errorf("%d mails in all", n)
		}
		p.checkTold(t, late)
	})
}

// checkTold follows the record that a member was told: it says what the mail
// said, and goes when the version takes effect.
func (p *place) checkTold(t *testing.T, owner vault.OwnerID) {
	t.Helper()
	rec, err := p.kinds.told.Get(t.Context(), p.db.Read, vault.Self(owner), owner, toldID(2))
	if err != nil || rec.Value.Words != rehearsed || rec.Expires != p.versions[1].InForce {
		t.Errorf("the record is %+v, %v", rec, err)
	}
	if err := p.advance(t.Context(), time.Duration(noticeDays+2)*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := p.kinds.told.Get(t.Context(), p.db.Read, vault.Self(owner), owner, toldID(2)); !errors.Is(err, vault.ErrNotFound) {
		t.Errorf("the record is still there: %v", err)
	}
	if p.PolicyVersion() != 2 || p.mailsTo("late@example.org", rehearsed) != 1 {
		t.Errorf("version %d holds, %d mails", p.PolicyVersion(), p.mailsTo("late@example.org", rehearsed))
	}
}

// A job that is cut off in the middle of a batch, and done again, tells those
// who are left and nobody twice.
func TestTellingIsTakenUpWhereItWasCutOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		calls, cut := 0, tellBatch+tellBatch/2
		p := newPlace(t, d, func(c *Config) {
			own := c.Receiver
			c.Receiver = func(ctx context.Context, q vault.Querier, owner vault.OwnerID) (mail.Receiver, string, error) {
				if calls++; calls == cut {
					return mail.Receiver{}, "", errors.New("cut off")
				}
				return own(ctx, q, owner)
			}
		})
		var addresses []string
		for i := range 2 * tellBatch {
			addresses = append(addresses, fmt.Sprintf("m%d@example.org", i))
		}
		p.join(t, addresses...)
		if err := p.advance(t.Context(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
		if n := len(p.mails()); n != tellBatch {
			t.Errorf("%d mails before the second try, want %d", n, tellBatch)
		}
		p.move(time.Hour)
		if err := p.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, to := range addresses {
			if n := p.mailsTo(to, rehearsed); n != 1 {
				t.Errorf("%s got %d mails", to, n)
			}
		}
	})
}

func TestNobodyIsToldOfWhatHoldsAlready(t *testing.T) {
	p := newPlace(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), func(c *Config) { c.Versions = c.Versions[:1] })
	p.join(t, "ada@example.org")
	if err := p.advance(t.Context(), 3*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := len(p.mails()); n != 0 {
		t.Errorf("%d mails", n)
	}
	if _, _, ok := p.Notice(p.Site.Catalogue().Default()); ok {
		t.Error("there is a notice of no change")
	}
}

func TestWhoRestrictedTheirDataIsToldToo(t *testing.T) {
	p := newPlace(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)))
	owner := p.join(t, "ada@example.org")[0]
	err := p.db.Transact(t.Context(), func(tx *sql.Tx) error { return p.Vault.Restrict(t.Context(), tx, owner, true) })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.advance(t.Context(), 2*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	if n := p.mailsTo("ada@example.org", rehearsed); n != 1 {
		t.Errorf("%d mails", n)
	}
}
