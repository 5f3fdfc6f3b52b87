package mail

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/job"
	"kept/vault"
	"kept/vault/vaulttest"
)

// office is a post with everything it stands on.
type office struct {
	post  *Post
	db    *db.DB
	vault *vault.Vault
	kind  Kind
	queue *job.Queue
	out   *Outbox
	log   *bytes.Buffer
	now   time.Time
}

func eachOffice(t *testing.T, test func(t *testing.T, o *office)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := &office{db: d, out: NewOutbox(100, nil), log: &bytes.Buffer{}, now: noon}
		o.open(t, o.out)
		test(t, o)
	})
}

func (o *office) open(t *testing.T, s Sender) {
	t.Helper()
	clock := func() time.Time { return o.now }
	log := slog.New(slog.NewTextHandler(o.log, nil))
	dialect := vault.SQLite
	if o.db.Engine == db.PostgreSQL {
		dialect = vault.PostgreSQL
	}
	reg := vault.NewRegistry()
	o.kind = Declare(reg, "relay")
	o.vault = vaulttest.New(t, reg, o.db.Write, dialect, clock)
	o.queue = job.New(job.Config{DB: o.db, Now: clock, Log: log})
	var err error
	o.post, err = New(Config{DB: o.db, Vault: o.vault, Kind: o.kind, Queue: o.queue, Sender: s, Site: site(t), Now: clock, Log: log})
	if err != nil {
		t.Fatal(err)
	}
}

// person makes an owner; write queues the sign-in mail for one.
func (o *office) person(t *testing.T) (owner vault.OwnerID) {
	t.Helper()
	o.tx(t, func(tx *sql.Tx) (err error) {
		owner, err = o.vault.NewOwner(t.Context(), tx, vault.Person, vault.Never)
		return err
	})
	return owner
}

func (o *office) write(t *testing.T, owner vault.OwnerID, change func(*Draft)) {
	t.Helper()
	d, err := templates(t).Write("sign-in", "", sample())
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&d)
	}
	o.tx(t, func(tx *sql.Tx) error {
		return o.post.Queue(t.Context(), tx, Receiver{owner, address(t, "ada@example.net"), "Ada"}, d)
	})
}

func (o *office) tx(t *testing.T, do func(tx *sql.Tx) error) {
	t.Helper()
	if err := o.db.Transact(t.Context(), do); err != nil {
		t.Fatal(err)
	}
}

func (o *office) run(t *testing.T) {
	t.Helper()
	if _, err := o.queue.RunDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (o *office) letters(t *testing.T, owner vault.OwnerID) int {
	t.Helper()
	all, err := o.kind.All(t.Context(), o.db.Read, vault.Self(owner), owner)
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// jobs returns every row of the queue as text.
func (o *office) jobs(t *testing.T) string {
	t.Helper()
	rows, err := o.db.Read.QueryContext(t.Context(), "SELECT kind, lane, args, uniq, state, code FROM job")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var f [6]string
		if err := rows.Scan(&f[0], &f[1], &f[2], &f[3], &f[4], &f[5]); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, f)
	}
	return b.String()
}

func TestALetterIsSentAndGone(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		if got := o.jobs(t); !strings.Contains(got, "mail fast ") || strings.Contains(got, "example") {
			t.Errorf("the queue holds %s", got)
		}
		if n := o.letters(t, ada); n != 1 {
			t.Errorf("%d letters wait, want 1", n)
		}
		o.run(t)
		p, ok := o.out.Last("ada@example.net")
		if !ok || p.Subject != "Sign in to Code & Friends" || p.Links()[0] != sample().Link {
			t.Errorf("sent %v %+v", ok, p)
		}
		if o.letters(t, ada) != 0 || o.jobs(t) != "" {
			t.Errorf("letter or job stayed: %s", o.jobs(t))
		}
		if got := o.post.Outcomes(); got["sent"] != 1 || len(got) != 1 {
			t.Errorf("outcomes %v", got)
		}
	})
}

func TestNothingIsQueuedByATransactionThatFails(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		oops := errors.New("oops")
		err := o.db.Transact(t.Context(), func(tx *sql.Tx) error {
			d := Draft{Template: "a", Subject: "s", Body: "b", Why: "w"}
			return errors.Join(o.post.Queue(t.Context(), tx, Receiver{ada, address(t, "ada@example.net"), ""}, d), oops)
		})
		if !errors.Is(err, oops) {
			t.Fatal(err)
		}
		o.run(t)
		if len(o.out.Sent()) != 0 || o.letters(t, ada) != 0 || o.jobs(t) != "" {
			t.Error("something was queued")
		}
	})
}

func TestTemporaryTroubleIsTriedAgain(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		o.out.Answer(&SendError{Stage: StageTo, Code: 450, Enhanced: [3]int{4, 2, 1}})
		o.run(t)
		if got := o.jobs(t); !strings.Contains(got, "waiting to-450-4.2.1") || o.letters(t, ada) != 1 {
			t.Errorf("queue holds %s", got)
		}
		o.out.Answer(nil)
		o.now = o.now.Add(time.Minute)
		o.run(t)
		if len(o.out.Sent()) != 1 || o.letters(t, ada) != 0 {
			t.Error("was not sent later")
		}
	})
}

func TestARefusedLetterIsErasedAndNotedByCode(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		o.out.Answer(&SendError{Stage: StageTo, Code: 550, Enhanced: [3]int{5, 1, 1}, Permanent: true})
		o.run(t)
		if got := o.jobs(t); !strings.Contains(got, "dead to-550-5.1.1") || o.letters(t, ada) != 0 {
			t.Errorf("%d letters, queue holds %s", o.letters(t, ada), got)
		}
		if got := o.post.Outcomes(); got["to-550-5.1.1"] != 1 {
			t.Errorf("outcomes %v", got)
		}
		for _, secret := range []string{"ada@", "Ada", sample().Link, "402"} {
			if strings.Contains(o.log.String()+o.jobs(t), secret) {
				t.Errorf("%s stands in\n%s%s", secret, o.log, o.jobs(t))
			}
		}
	})
}

func TestALetterIsGivenUpWithItsLastAttempt(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		o.out.Answer(errors.New("no relay for ada@example.net"))
		var tries int
		for ; tries < 100 && strings.Contains(o.jobs(t), "waiting"); tries++ {
			o.run(t)
			o.now = o.now.Add(7 * time.Hour / 2)
		}
		if o.letters(t, ada) != 0 || strings.Contains(o.jobs(t)+o.log.String(), "ada@") {
			t.Errorf("after %d tries: %s", tries, o.jobs(t))
		}
	})
}

func TestAnErasedPersonGetsNoMail(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		if _, err := o.vault.EraseOwner(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
		o.run(t)
		if len(o.out.Sent()) != 0 || o.jobs(t) != "" || o.post.Outcomes()["gone"] != 1 {
			t.Errorf("sent %d, queue %s, outcomes %v", len(o.out.Sent()), o.jobs(t), o.post.Outcomes())
		}
	})
}

func TestALetterFollowsAMerge(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		from, into := o.person(t), o.person(t)
		o.write(t, from, nil)
		o.tx(t, func(tx *sql.Tx) error { return o.vault.Merge(t.Context(), tx, from, into) })
		o.run(t)
		if len(o.out.Sent()) != 1 || o.letters(t, into) != 0 {
			t.Errorf("sent %d, outcomes %v", len(o.out.Sent()), o.post.Outcomes())
		}
	})
}

func TestALetterMayLieWithAnErrand(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		var errand vault.OwnerID
		o.tx(t, func(tx *sql.Tx) (err error) {
			errand, err = o.vault.NewOwner(t.Context(), tx, vault.Errand, vault.DayOf(noon)+1)
			return err
		})
		o.write(t, errand, nil)
		o.run(t)
		if len(o.out.Sent()) != 1 {
			t.Errorf("sent %d, outcomes %v", len(o.out.Sent()), o.post.Outcomes())
		}
	})
}

func TestCampaignsGoInTheirOwnLane(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, func(d *Draft) { d.Bulk, d.Subject = true, "news" })
		o.write(t, ada, nil)
		if got := o.jobs(t); !strings.Contains(got, "mail bulk ") || !strings.Contains(got, "mail fast ") {
			t.Errorf("queue holds %s", got)
		}
		o.run(t)
		if sent := o.out.Sent(); len(sent) != 2 || sent[0].Bulk || !sent[1].Bulk {
			t.Errorf("sent %d, the campaign not last", len(sent))
		}
	})
}

func TestExportsLeaveTheLinksOut(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada := o.person(t)
		o.write(t, ada, nil)
		var b bytes.Buffer
		if err := o.vault.Export(t.Context(), o.db.Read, ada, &b); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.Contains(got, "ada@example.net") || strings.Contains(got, "5kq2") || strings.Contains(got, "402") {
			t.Errorf("export holds %s", got)
		}
	})
}

func TestQueueRefuses(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		ada, to := o.person(t), address(t, "ada@example.net")
		good := Draft{Template: "a", Subject: "s", Body: "b", Why: "w"}
		for name, c := range map[string]struct {
			to     Receiver
			change func(*Draft)
		}{
			"no receiver": {Receiver{Owner: ada}, func(*Draft) {}},
			"no owner":    {Receiver{Address: to}, func(*Draft) {}},
			"picture":     {Receiver{ada, to, ""}, func(d *Draft) { d.Body = "![x](https://example.org/x)" }},
			"no subject":  {Receiver{ada, to, ""}, func(d *Draft) { d.Subject = "" }},
			"unsubscribe": {Receiver{ada, to, ""}, func(d *Draft) { d.Unsubscribe = "http://example.org" }},
		} {
			d := good
			c.change(&d)
			err := o.db.Transact(t.Context(), func(tx *sql.Tx) error { return o.post.Queue(t.Context(), tx, c.to, d) })
			if err == nil {
				t.Errorf("%s was queued", name)
			}
		}
	})
}

// The whole way: written in a transaction, sealed, unsealed, over SMTP.
func TestMailReachesARealRelay(t *testing.T) {
	eachOffice(t, func(t *testing.T, o *office) {
		p := newPeer(t, nil)
		o.open(t, relayTo(t, p.addr, nil))
		ada := o.person(t)
		o.write(t, ada, nil)
		p.answers(StageTo, &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "ada@example.net later"})
		o.run(t)
		p.answers(StageTo, nil)
		o.now = o.now.Add(time.Minute)
		o.run(t)
		list, _ := p.mails()
		if len(list) != 1 || list[0].to != "ada@example.net" || o.letters(t, ada) != 0 {
			t.Errorf("relay took %d, outcomes %v", len(list), o.post.Outcomes())
		}
		if strings.Contains(o.log.String(), "ada@") {
			t.Errorf("an address stands in the log\n%s", o.log)
		}
	})
}

func TestOutboxKeepsTheLastAndPrintsNoAddress(t *testing.T) {
	var printed bytes.Buffer
	o := NewOutbox(2, &printed)
	for i := range 3 {
		p := parcelTo(t, fmt.Sprintf("ada%d@example.net", i))
		if err := o.Send(context.Background(), p); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok := o.Last("ada0@example.net"); ok || len(o.Sent()) != 2 {
		t.Error("kept more than two")
	}
	if _, ok := o.Last("ADA2@example.net"); !ok {
		t.Error("lost the last")
	}
	if got := printed.String(); strings.Contains(got, "ada") || strings.Count(got, sample().Link) != 3 || !strings.Contains(got, "mail: Sign in to") {
		t.Errorf("printed\n%s", got)
	}
	o.Clear()
	if len(o.Sent()) != 0 {
		t.Error("not cleared")
	}
}

func TestCodesAreBounded(t *testing.T) {
	var c counter
	for i := range 3 * maxCodes {
		c.add(fmt.Sprint(i))
	}
	if all := c.all(); len(all) != maxCodes+1 || all[otherCode] != 2*maxCodes {
		t.Errorf("%d codes, %d others", len(all), all[otherCode])
	}
}
