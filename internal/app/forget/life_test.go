package forget

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kept/internal/account"
	"kept/internal/app"
	"kept/internal/db"
	"kept/internal/prove"
	"kept/vault"
)

// order is what the process is told to do.
type order struct {
	Folder, Database, Recipient string
	Seed, Trial                 uint64
	Turn                        turn
	Mode                        mode
}

// turn is which of its lives the program lives.
type turn int

const (
	firstLife  turn = iota // all of the plan
	afterCrash             // what a program does within minutes when it is started again
	daysLater              // the backups' days pass, and the database is written anew
)

// mode is how the program is weakened.
type mode struct {
	Open    bool // records are stored as they are: a build with the tag sabotage
	Control bool // nothing is done about residue
}

// word is something to look for later.
type word struct {
	Label string // what it is, and whose
	Text  []byte
}

// report is a line that the process writes for the one that started it.
type report struct {
	Begin  int      `json:",omitempty"` // number of a step, from 1
	Words  []word   `json:",omitempty"` // that now lie somewhere
	Erased []string `json:",omitempty"` // labels of words of which an answer said that they are gone
	Failed string   `json:",omitempty"`
	Done   bool     `json:",omitempty"`
}

// life is the program, and who uses it.
type life struct {
	order
	*app.Scratch
	site   *prove.Site
	out    *json.Encoder
	chance *rand.Rand
	all    []*member
	epoch  string // label of the epoch key
}

type member struct {
	*prove.Member
	here    bool
	records []planted
	keys    []string // labels of the keys, raw and wrapped
}

type planted struct{ kind, id, label string }

// live is what the process does.
func live(ctx context.Context, o order, to io.Writer) error {
	defer o.Mode.weaken()()
	log, err := os.OpenFile(filepath.Join(o.Folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	s, err := app.OpenScratch(ctx, app.ScratchOptions{Folder: o.Folder, Database: o.Database, Log: log, Config: func(c *app.Config) {
		c.Backup.Recipients = []string{o.Recipient}
	}})
	if err != nil {
		return err
	}
	l := &life{order: o, Scratch: s, site: s.ForChecks(ctx), out: json.NewEncoder(to), chance: chanceOf(o.Seed, o.Trial)}
	if err := l.prepare(ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	if err := []func(context.Context) error{l.first, l.afterCrash, l.daysLater}[o.Turn](ctx); err != nil {
		return errors.Join(err, s.Close())
	}
	if o.Mode.Control {
		// To close SQLite would empty its log: this life ends by a kill, or with the
		// one who began it.
		err := l.out.Encode(report{Done: true})
		_, wait := io.Copy(io.Discard, os.Stdin)
		return errors.Join(err, wait)
	}
	return errors.Join(s.Close(), l.out.Encode(report{Done: true}))
}

// prepare makes the control keep what it deletes, and PostgreSQL write values as
// they are: packed, they would be hidden from the scanner.
func (l *life) prepare(ctx context.Context) error {
	var statements []string
	switch {
	case l.DB.Engine == db.PostgreSQL && l.Mode.Open && l.Turn == firstLife:
		statements = []string{`ALTER TABLE vault_record ALTER COLUMN body SET STORAGE EXTERNAL`}
	case l.DB.Engine == db.SQLite && l.Mode.Control:
		statements = []string{`PRAGMA secure_delete = OFF`}
		if err := l.holdLog(ctx); err != nil {
			return err
		}
	}
	for _, text := range statements {
		if _, err := l.DB.Write.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// holdLog reads and does not end, so that SQLite's log can be emptied by nobody.
func (l *life) holdLog(ctx context.Context) error {
	tx, err := l.DB.Read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	var n int
	return tx.QueryRowContext(ctx, `SELECT COUNT(*) FROM vault_owner`).Scan(&n)
}

func chanceOf(seed, trial uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, trial)) }

func (l *life) first(ctx context.Context) error {
	for i, s := range plan(l.chance) {
		if err := l.out.Encode(report{Begin: i + 1}); err != nil {
			return err
		}
		if err := l.take(ctx, s); err != nil {
			return fmt.Errorf("step %d, %s: %w", i+1, s.what, err)
		}
	}
	return nil
}

func (l *life) take(ctx context.Context, s step) error {
	if l.Mode.Control && (s.what == sweep || s.what == vacuum) {
		return nil
	}
	var m *member
	if s.what != join {
		if m = l.all[s.who]; !m.here {
			return nil // the member has left
		}
		if err := l.signedIn(ctx, m); err != nil {
			return err
		}
	}
	switch s.what {
	case join:
		return l.join(ctx)
	case leave:
		return l.leave(ctx, m)
	case record:
		return l.eraseRecord(ctx, m)
	case kind:
		return l.eraseKind(ctx, m)
	case hide:
		r := m.records[l.chance.IntN(len(m.records))]
		_, err := l.post(ctx, m, "audience", url.Values{"kind": {r.kind}, "id": {r.id}, "audience": {vault.OnlyMe.String()}})
		return err
	case fetch:
		status, _, err := prove.Page(ctx, m.Browser, l.URL+"/you/data/export")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("the download answers %d", status)
		}
		return err
	case mails:
		_, err := l.site.SignInAs(ctx, m.Member)
		return err
	}
	return l.work(ctx, s.what)
}

// signedIn signs a member in again who has erased the sign-in: else a button would
// lead to a page that answers well and does nothing.
func (l *life) signedIn(ctx context.Context, m *member) error {
	const page = "/you/data"
	answer, err := prove.Get(ctx, m.Browser, l.URL+page)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.Request.URL.Path == page {
		return nil
	}
	m.Browser, err = l.site.SignInAs(ctx, m.Member)
	return err
}

// work is what the program does by itself.
func (l *life) work(ctx context.Context, what string) error {
	switch what {
	case backups:
		_, err := l.Backups().Backup(ctx, false, nil)
		return err
	case copies:
		return l.Backups().KeepKeys(ctx, false)
	case rotate:
		return l.rotate()
	case sweep:
		return l.Advance(ctx, 31*time.Minute)
	case vacuum:
		_, err := l.DB.Write.ExecContext(ctx, `VACUUM`)
		return err
	case analyze:
		if l.DB.Engine == db.PostgreSQL {
			_, err := l.DB.Write.ExecContext(ctx, `ANALYZE`)
			return err
		}
		return nil
	}
	return l.Work(ctx)
}

// join makes a member who has a word in every kind.
func (l *life) join(ctx context.Context) error {
	who, err := l.SignIn(ctx)
	if err != nil {
		return err
	}
	m := &member{Member: who, here: true}
	var words []word
	err = l.DB.Transact(ctx, func(tx *sql.Tx) error {
		words, m.records = nil, nil
		for _, p := range l.site.Plants {
			marker := prove.Marker()
			id, err := p.Put(ctx, tx, m.Owner, marker)
			if err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
			label := fmt.Sprintf("%s of member %d", p.Kind, len(l.all))
			words = append(words, word{label, []byte(marker)})
			m.records = append(m.records, planted{p.Kind, id, label})
		}
		return nil
	})
	if err != nil {
		return err
	}
	l.all = append(l.all, m)
	keys, err := l.keys()
	if err != nil {
		return err
	}
	return l.out.Encode(report{Words: append(words, keys...)})
}

// leave erases everything of a member by the button.
func (l *life) leave(ctx context.Context, m *member) error {
	_, err := prove.Submit(ctx, m.Browser, l.URL+"/you/data", "/you/data/everything", url.Values{"handle": {m.Handle}})
	if err != nil {
		return err
	}
	m.here = false
	gone := slices.Clone(m.keys)
	for _, r := range m.records {
		gone = append(gone, r.label)
	}
	return l.out.Encode(report{Erased: gone})
}

func (l *life) eraseRecord(ctx context.Context, m *member) error {
	r := m.records[l.chance.IntN(len(m.records))]
	return l.erase(ctx, m, "erase", url.Values{"kind": {r.kind}, "id": {r.id}}, func(p planted) bool { return p == r })
}

func (l *life) eraseKind(ctx context.Context, m *member) error {
	r := m.records[l.chance.IntN(len(m.records))]
	return l.erase(ctx, m, "kind", url.Values{"kind": {r.kind}}, func(p planted) bool { return p.kind == r.kind })
}

// erase sends what a button of "Your data" sends, and tells what is gone then. What
// the account cannot be without is refused, and stays.
func (l *life) erase(ctx context.Context, m *member, button string, values url.Values, meant func(planted) bool) error {
	answered, err := l.post(ctx, m, button, values)
	if err != nil || !answered {
		return err
	}
	var gone []string
	for _, r := range m.records {
		if meant(r) {
			gone = append(gone, r.label)
		}
	}
	m.records = slices.DeleteFunc(m.records, meant)
	return l.out.Encode(report{Erased: gone})
}

// post presses a button, and says whether that was allowed.
func (l *life) post(ctx context.Context, m *member, button string, values url.Values) (bool, error) {
	answer, err := prove.Post(ctx, m.Browser, l.URL+"/you/data/"+button, values)
	if answer != nil && (answer.StatusCode == http.StatusForbidden || answer.StatusCode == http.StatusUnprocessableEntity) {
		return false, nil
	}
	switch {
	case err != nil:
		return false, err
	case !strings.HasPrefix(answer.Request.URL.Path, "/you/") && values.Get("kind") != "session":
		return false, fmt.Errorf("the button leads to %s", answer.Request.URL.Path)
	case account.GoesWithAccount(values.Get("kind")) && button != "audience":
		return false, errors.New("an address was erased alone")
	}
	return true, nil
}

// rotate replaces the epoch key: with it every wrapping by it is gone.
func (l *life) rotate() error {
	if err := l.Ring.Rotate(); err != nil {
		return err
	}
	gone := []string{l.epoch}
	for _, m := range l.all {
		for _, label := range m.keys {
			if strings.HasSuffix(label, " under "+l.epoch) && m.here {
				gone = append(gone, label)
			}
		}
	}
	if err := l.out.Encode(report{Erased: gone}); err != nil {
		return err
	}
	words, err := l.keys()
	if err != nil {
		return err
	}
	return l.out.Encode(report{Words: words})
}

// afterCrash is what a program that serves does within minutes.
func (l *life) afterCrash(ctx context.Context) error {
	copyKeys := func(ctx context.Context) error { return l.work(ctx, copies) }
	backUp := func(ctx context.Context) error { return l.work(ctx, backups) }
	for _, do := range []func(context.Context) error{l.Work, copyKeys, l.Vault.Settle, l.Vault.Compact, backUp} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// daysLater is when the days of all backups have passed that hold what was
// erased. Then the engine does all that it can to be rid of residue:
// docs/forgetting.md says why each statement is needed.
func (l *life) daysLater(ctx context.Context) error {
	l.Clock.Add(time.Duration(l.Config.Policy.BackupDays+1) * 24 * time.Hour)
	if err := l.Work(ctx); err != nil {
		return err
	}
	if err := l.work(ctx, backups); err != nil {
		return err
	}
	statements := []string{`VACUUM`, `PRAGMA wal_checkpoint(TRUNCATE)`}
	if l.DB.Engine == db.PostgreSQL {
		statements = []string{`VACUUM FULL`, `ANALYZE`, `VACUUM FULL pg_statistic`, `SELECT pg_switch_wal()`, `CHECKPOINT`}
	}
	for _, text := range statements {
		if _, err := l.DB.Write.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}
