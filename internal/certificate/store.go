package certificate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"sync"
	"time"

	"kept/internal/credential"
	"kept/internal/fault"
	"kept/vault"
	"kept/vault/sabotage"
)

// Queries of what names nobody: lists, sets and batches.

// listNote is the word under which the restore journal tells of lists: that one
// was begun, and which of its places were withdrawn.
const listNote = "certificate-list"

// Restored does again what the lists have seen since the backup that was
// restored: those begun are there again, the places withdrawn are. And it closes
// all of them: which places were given out since is not known, and none may be
// given out twice.
func (f *Feature) Restored(ctx context.Context) error {
	notes, err := f.Vault.Notes(ctx, listNote)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if err := f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.redo(ctx, tx, n) }); err != nil {
			return fmt.Errorf("list of withdrawn certificates: %w", err)
		}
	}
	_, err = f.DB.Write.ExecContext(ctx, `UPDATE certificate_list SET count = $1, version = version + 1 WHERE count < $2`, full, full)
	return err
}

// redo brings a list back, and withdraws the place that a note names.
func (f *Feature) redo(ctx context.Context, tx *sql.Tx, n vault.Noted) error {
	l, err := f.list(ctx, tx, n.Record)
	if fault.Of(err) == fault.KindNotFound {
		l, err = f.beginList(ctx, tx, n.Record)
	}
	if err != nil || n.Arg == "" {
		return err
	}
	index, err := strconv.Atoi(n.Arg)
	if err != nil {
		return err
	}
	if err := l.gone.Set(index); err != nil {
		return err
	}
	return l.save(ctx, tx)
}

// full is how many places of a list are given out before another is begun. Half
// of them stay free, so that a random place is soon found.
const full = credential.ListSize / 2

var errAgain = errors.New("certificate: the list was written by another request")

// listRow is a list with the places that were given out and withdrawn.
type listRow struct {
	id          string
	given, gone credential.Bits
	count       int
	version     int64
}

func (f *Feature) openList(ctx context.Context, tx *sql.Tx) (l listRow, err error) {
	err = tx.QueryRowContext(ctx, `SELECT id, given, gone, count, version FROM certificate_list WHERE count < $1 ORDER BY count DESC, id LIMIT 1`, full).
		Scan(&l.id, &l.given, &l.gone, &l.count, &l.version)
	if !errors.Is(err, sql.ErrNoRows) {
		return l, err
	}
	if l, err = f.beginList(ctx, tx, vault.NewID()); err != nil {
		return l, err
	}
	return l, f.Vault.Note(ctx, tx, vault.Noted{Word: listNote, Record: l.id})
}

func (f *Feature) beginList(ctx context.Context, tx *sql.Tx, id string) (listRow, error) {
	l := listRow{id: id, given: credential.NewBits(), gone: credential.NewBits()}
	_, err := tx.ExecContext(ctx, `INSERT INTO certificate_list (id, given, gone, count, version, made) VALUES ($1, $2, $3, 0, 0, $4)`,
		l.id, []byte(l.given), []byte(l.gone), int64(vault.DayOf(f.Now())))
	return l, err
}

// takePlace gives out a random place that nobody had before.
func (f *Feature) takePlace(ctx context.Context, tx *sql.Tx) (credential.Entry, error) {
	l, err := f.openList(ctx, tx)
	if err != nil {
		return credential.Entry{}, err
	}
	index, err := l.freePlace()
	if err != nil {
		return credential.Entry{}, err
	}
	if err := l.given.Set(index); err != nil {
		return credential.Entry{}, err
	}
	l.count++
	return credential.Entry{List: f.listAddress(l.id), Index: index}, l.save(ctx, tx)
}

func (l *listRow) freePlace() (int, error) {
	for {
		n, err := rand.Int(rand.Reader, big.NewInt(credential.ListSize))
		if err != nil {
			return 0, err
		}
		index := int(n.Int64())
		if taken, err := l.given.Get(index); err != nil || !taken {
			return index, err
		}
	}
}

// save writes a list that nobody else has written since it was read.
func (l *listRow) save(ctx context.Context, tx *sql.Tx) error {
	done, err := tx.ExecContext(ctx, `UPDATE certificate_list SET given = $1, gone = $2, count = $3, version = version + 1 WHERE id = $4 AND version = $5`,
		[]byte(l.given), []byte(l.gone), l.count, l.id, l.version)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errAgain, err)
	}
	return nil
}

func (f *Feature) listAddress(id string) string { return f.c.Base + "/certificates/status/" + id }

func (f *Feature) list(ctx context.Context, q vault.Querier, id string) (l listRow, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, given, gone, count, version FROM certificate_list WHERE id = $1`, id).Scan(&l.id, &l.given, &l.gone, &l.count, &l.version)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.NotFound{What: "list"}
	}
	return l, err
}

// withdraw marks a place, and notes that it is to be marked again after a
// restore. Whose it is, nobody here can say.
func (f *Feature) withdraw(ctx context.Context, tx *sql.Tx, entry credential.Entry) error {
	id, ok := f.listID(entry.List)
	if !ok {
		return fault.NotFound{What: "list"}
	}
	l, err := f.list(ctx, tx, id)
	if err != nil || sabotage.Is(breakKeepsPlace) {
		return err
	}
	if err := l.gone.Set(entry.Index); err != nil {
		return fault.NotFound{What: "place"}
	}
	if err := f.Vault.Note(ctx, tx, vault.Noted{Word: listNote, Record: id, Arg: strconv.Itoa(entry.Index)}); err != nil {
		return err
	}
	return l.save(ctx, tx)
}

func (f *Feature) listID(address string) (string, bool) {
	prefix := f.listAddress("")
	if len(address) <= len(prefix) || address[:len(prefix)] != prefix {
		return "", false
	}
	return address[len(prefix):], true
}

// transact is db.Transact, begun again where another request was faster.
func (f *Feature) transact(ctx context.Context, do func(tx *sql.Tx) error) error {
	const attempts = 8
	for n := 1; ; n++ {
		err := f.DB.Transact(ctx, do)
		again := errors.Is(err, errAgain) || errors.Is(err, vault.ErrConflict)
		if again && n == attempts {
			return fault.Conflict{What: "certificate"}
		}
		if !again {
			return err
		}
	}
}

// listCache holds signed lists, by id. A list is signed again when it changed
// and once an hour, so that a reader can see how old what they have is.
type listCache struct {
	mu  sync.Mutex
	all map[string]signedList
}

type signedList struct {
	version int64
	key     string
	at      time.Time
	file    []byte
}

const listAge = time.Hour

func (f *Feature) signedList(ctx context.Context, id string) ([]byte, error) {
	l, err := f.list(ctx, f.DB.Read, id)
	if err != nil {
		return nil, err
	}
	_, key, err := f.issuer.current()
	if err != nil {
		return nil, err
	}
	f.lists.mu.Lock()
	defer f.lists.mu.Unlock()
	have, now := f.lists.all[id], f.Now()
	if have.file != nil && have.version == l.version && have.key == key.ID && now.Sub(have.at) < listAge && !now.Before(have.at) {
		return have.file, nil
	}
	doc, err := credential.List{Address: f.listAddress(id), Issuer: f.issuer.id, At: now, Bits: l.gone}.Document()
	if err != nil {
		return nil, err
	}
	file, err := key.Embed(doc, now)
	if err != nil {
		return nil, err
	}
	if f.lists.all == nil {
		f.lists.all = map[string]signedList{}
	}
	f.lists.all[id] = signedList{l.version, key.ID, now, file}
	return file, nil
}

// setRow is a set as strangers may see it.
type setRow struct {
	ID, Title string
	Until     vault.Day
	owner     vault.OwnerID
}

func (f *Feature) set(ctx context.Context, q vault.Querier, id string) (s setRow, err error) {
	err = q.QueryRowContext(ctx, `SELECT id, title, until, owner FROM certificate_set WHERE id = $1 AND until >= $2`, id, int64(vault.DayOf(f.Now()))).
		Scan(&s.ID, &s.Title, &s.Until, &s.owner)
	if errors.Is(err, sql.ErrNoRows) {
		err = fault.NotFound{What: "certificate"}
	}
	return s, err
}

func (f *Feature) openSets(ctx context.Context, q vault.Querier) (all []setRow, err error) {
	rows, err := q.QueryContext(ctx, `SELECT id, title, until, owner FROM certificate_set WHERE until >= $1 ORDER BY title, id`, int64(vault.DayOf(f.Now())))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var s setRow
		if err := rows.Scan(&s.ID, &s.Title, &s.Until, &s.owner); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// endSets forgets sets whose date is over; their owners end by themselves.
func (f *Feature) endSets(ctx context.Context) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM certificate_set WHERE until < $1`, int64(vault.DayOf(f.Now())))
		return err
	})
}
