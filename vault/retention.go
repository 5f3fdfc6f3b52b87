package vault

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"kept/vault/keyring"
	"kept/vault/sabotage"
)

// date settles until when a record is kept, from its kind's retention.
func (v *Vault) date(ctx context.Context, tx *sql.Tx, d *decl, s *stored, value any) error {
	r, today := d.Retention, v.Today()
	switch {
	case r.anchor:
		return v.anchorDate(ctx, tx, d, s)
	case r.of != nil:
		s.expires = min(r.of(value), Never)
	case r.days > 0:
		s.expires = today + Day(r.days)
	default:
		s.expires = Never
	}
	if s.expires < today {
		return &ValueError{d.Name, errPast}
	}
	s.told = s.expires
	return nil
}

var (
	errPast     = errors.New("its last day is over already")
	errNoAnchor = errors.New("its date hangs on an anchor, and none is named")
)

func (v *Vault) anchorDate(ctx context.Context, tx *sql.Tx, d *decl, s *stored) error {
	if s.anchor == "" {
		return &ValueError{d.Name, errNoAnchor}
	}
	if err := v.lockAnchor(ctx, tx, s.anchor, false); err != nil {
		return err
	}
	day, err := v.Anchor(ctx, tx, s.anchor)
	switch {
	case errors.Is(err, ErrNotFound):
		s.expires = v.Today() + d.Retention.of(nil)
	case err != nil:
		return err
	default:
		s.expires = max(day+Day(d.Retention.days), v.Today())
	}
	s.told = s.expires
	return nil
}

// Anchor returns the date of an anchor, if it has one.
func (v *Vault) Anchor(ctx context.Context, q Querier, name string) (Day, error) {
	var day Day
	err := q.QueryRowContext(ctx, `SELECT day FROM vault_anchor WHERE name = $1`, name).Scan(&day)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotFound
	}
	return day, err
}

// MoveAnchor sets the date that records hang on, as the end of a workshop. Their
// last days move with it, but never past what each person was told, and never
// before the end of the day on which it is moved, so that a slip can be put
// right; what is over already stays over.
func (v *Vault) MoveAnchor(ctx context.Context, tx *sql.Tx, name string, day Day) error {
	// Owners before the anchor: so do those who write records.
	if _, err := tx.ExecContext(ctx, `UPDATE vault_owner SET version = version + 1
		WHERE id IN (SELECT owner FROM vault_record WHERE anchor = $1 AND anchor <> '')`, name); err != nil {
		return err
	}
	moves, err := v.setAnchor(ctx, tx, name, day, v.Today())
	if err != nil {
		return err
	}
	return v.note(ctx, tx, entry{seq: moves, op: opMoved, record: name, arg: strconv.Itoa(int(day))})
}

// setAnchor moves what was alive on the given day, and says how often the anchor
// has moved.
func (v *Vault) setAnchor(ctx context.Context, tx *sql.Tx, name string, day, today Day) (moves int64, err error) {
	if err := v.lockAnchor(ctx, tx, name, true); err != nil {
		return 0, err
	}
	if err := tx.QueryRowContext(ctx, `INSERT INTO vault_anchor (name, day, moves) VALUES ($1, $2, 1)
		ON CONFLICT (name) DO UPDATE SET day = excluded.day, moves = vault_anchor.moves + 1 RETURNING moves`,
		name, int64(day)).Scan(&moves); err != nil {
		return 0, err
	}
	for _, d := range v.reg.decls {
		if !d.Retention.anchor {
			continue
		}
		end := max(int64(day)+int64(d.Retention.days), int64(today))
		if _, err := tx.ExecContext(ctx, `UPDATE vault_record SET expires_day = CASE WHEN told_day < $1 THEN told_day ELSE $1 END
			WHERE anchor = $2 AND kind = $3 AND expires_day >= $4`, end, name, d.Name, int64(today)); err != nil {
			return 0, err
		}
	}
	return moves, nil
}

const sweepBatch = 200

// Sweep finishes erasures that were interrupted, then removes what has reached
// the end of its last day: records in small transactions, then owners whose own
// day is over, keys without an owner, and old journal entries. It returns how
// many records went. A record whose last word cannot be said stays, with an
// error, and does not keep the others.
func (v *Vault) Sweep(ctx context.Context) (int, error) {
	err := v.Recover(ctx)
	total, wrong := v.sweepRecords(ctx)
	err = errors.Join(err, wrong)
	v.residue.Store(true)
	for _, step := range []func(context.Context) error{v.sweepOwners, v.sweepKeys, v.sweepClaims, v.pruneJournal} {
		err = errors.Join(err, step(ctx))
	}
	return total, err
}

func (v *Vault) sweepClaims(ctx context.Context) error {
	_, err := v.db.ExecContext(ctx, `DELETE FROM vault_claim WHERE owner = '' AND until_day < $1`, int64(v.Today()))
	return err
}

func (v *Vault) sweepDay() int64 {
	switch {
	case sabotage.Is(sabotage.RetentionLate):
		return int64(v.Today()) - 2
	case sabotage.Is(sabotage.RetentionEarly):
		return int64(v.Today()) + 2
	}
	return int64(v.Today())
}

func (v *Vault) sweepRecords(ctx context.Context) (total int, err error) {
	for {
		rows, err := scan(v.db.QueryContext(ctx, "SELECT "+columns+` FROM vault_record r
			WHERE r.expires_day < $1 AND r.expires_day < 2932896 ORDER BY r.expires_day LIMIT $2`, v.sweepDay(), sweepBatch))
		if err != nil {
			return total, err
		}
		n, err := v.sweepBatch(ctx, rows)
		total += n
		if n == 0 || len(rows) < sweepBatch {
			return total, err
		}
	}
}

// sweepBatch removes the records in one transaction or, if one of them cannot
// go, in one each.
func (v *Vault) sweepBatch(ctx context.Context, rows []stored) (n int, err error) {
	// Owners in one order for all who sweep: two could else wait for each other.
	slices.SortFunc(rows, func(a, b stored) int { return strings.Compare(string(a.owner), string(b.owner)) })
	if n, err = v.expire(ctx, rows); err == nil || len(rows) == 1 {
		return n, err
	}
	var errs []error
	total := 0
	for i := range rows {
		n, err := v.expire(ctx, rows[i:i+1])
		total, errs = total+n, append(errs, err)
	}
	return total, errors.Join(errs...)
}

// expire removes those of the records whose day is still over once their owners
// are locked: somebody else may have been faster.
func (v *Vault) expire(ctx context.Context, rows []stored) (n int, err error) {
	err = v.inTx(ctx, func(tx *sql.Tx) error {
		for _, s := range rows {
			if _, err := tx.ExecContext(ctx, `UPDATE vault_owner SET version = version + 1 WHERE id = $1`, string(s.owner)); err != nil {
				return err
			}
			again, err := scan(tx.QueryContext(ctx, "SELECT "+columns+` FROM vault_record r
				WHERE r.owner = $1 AND r.kind = $2 AND r.id = $3 AND r.expires_day < $4`,
				string(s.owner), s.kind, s.id, v.sweepDay()))
			if err != nil {
				return err
			}
			for _, s := range again {
				n++
				if err := v.lapse(ctx, tx, s); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// lapse removes a record whose day is over, after its last word. The owner is
// locked.
func (v *Vault) lapse(ctx context.Context, tx *sql.Tx, s stored) error {
	d, ok := v.reg.decls[s.kind]
	if !ok {
		return v.dropMoved(ctx, tx, s)
	}
	if _, err := v.sayLastWord(ctx, tx, d, s); err != nil {
		return err
	}
	return v.drop(ctx, tx, d, s)
}

// Whose time is over: their own day, or nothing is left of what a law held.
const ended = `((expires_day < $1 AND expires_day < 2932896 AND state IN ('live', 'joined'))
	OR (state = 'held' AND NOT EXISTS (SELECT 1 FROM vault_record r WHERE r.owner = vault_owner.id)))`

func (v *Vault) sweepOwners(ctx context.Context) error {
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_owner WHERE `+ended, int64(v.Today()))
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range ids {
		errs = append(errs, v.end(ctx, id))
	}
	return errors.Join(errs...)
}

func owners(ctx context.Context, q Querier, text string, args ...any) ([]OwnerID, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []OwnerID
	for rows.Next() {
		var id OwnerID
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// sweepKeys destroys keys whose owner never came to be: their transaction was
// rolled back, or the process killed, at least a day ago. For some days after a
// restore it leaves them: were an old backup restored by mistake, a newer one
// would need the keys of those who came since. (The journal has destroyed those
// of the erased.)
func (v *Vault) sweepKeys(ctx context.Context) error {
	restored, err := metaNumber(ctx, v.db, "restored-on")
	if err != nil || restored > 0 && v.Today() <= Day(restored)+Day(JournalDays) {
		return err
	}
	var some []keyring.Ref
	var failed error
	ask := func() bool {
		if len(some) > 0 {
			failed = v.destroyOrphans(ctx, some)
			some = some[:0]
		}
		return failed == nil
	}
	err = v.ring.Owners(func(id keyring.ID, class keyring.Class, made int32) bool {
		if Day(made) < v.Today()-1 {
			some = append(some, keyring.Ref{ID: id, Class: class})
		}
		return len(some) < sweepBatch || ask()
	})
	ask()
	return errors.Join(err, failed)
}

func (v *Vault) destroyOrphans(ctx context.Context, refs []keyring.Ref) error {
	var args []any
	var places []string
	for _, r := range refs {
		places = append(places, arg(&args, string(OwnerOf(r.ID))))
	}
	ids, err := owners(ctx, v.db, `SELECT id FROM vault_owner WHERE id IN (`+strings.Join(places, ", ")+`)`, args...)
	if err != nil {
		return err
	}
	orphans := slices.DeleteFunc(slices.Clone(refs), func(r keyring.Ref) bool { return slices.Contains(ids, OwnerOf(r.ID)) })
	if len(orphans) == 0 {
		return nil
	}
	return v.ring.Destroy(orphans...)
}
