package transparency

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kept/internal/db"
	"kept/vault"
)

// Log is the public log: a Merkle tree over commitments, signed once a day.
type Log struct {
	db   *db.DB
	host string
	key  ed25519.PrivateKey
	now  func() time.Time
}

// Commitment is what the log holds of a text. Without the text it says nothing;
// the text must hold something random, or it could be guessed.
type Commitment string

// Commit makes the commitment of a text.
func Commit(text []byte) Commitment {
	sum := sha256.Sum256(append([]byte("kept log 1\n"), text...))
	return Commitment(hex.EncodeToString(sum[:]))
}

func (c Commitment) valid() bool {
	raw, err := hex.DecodeString(string(c))
	return err == nil && len(raw) == sha256.Size && strings.ToLower(string(c)) == string(c)
}

// Add lets a commitment wait for the next batch. To add it again changes nothing.
func (l *Log) Add(ctx context.Context, tx *sql.Tx, c Commitment) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO log_pending (commitment)
		SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM log_leaf WHERE commitment = $2)
		ON CONFLICT (commitment) DO NOTHING`, string(c), string(c))
	return err
}

// Tell adds a statement that everybody may read. It must name nobody.
func (l *Log) Tell(ctx context.Context, tx *sql.Tx, statement string) error {
	c := Commit([]byte(statement))
	if _, err := tx.ExecContext(ctx, `INSERT INTO log_statement (commitment, day, statement) VALUES ($1, $2, $3)
		ON CONFLICT (commitment) DO NOTHING`, string(c), int64(vault.DayOf(l.now())), statement); err != nil {
		return err
	}
	return l.Add(ctx, tx, c)
}

// Batch appends what waits, shuffled, and signs the day's checkpoint. A second
// call on the same day does something only if something waits.
func (l *Log) Batch(ctx context.Context) error {
	return l.db.Transact(ctx, func(tx *sql.Tx) error {
		waiting, err := commitments(ctx, tx, `SELECT commitment FROM log_pending ORDER BY commitment`)
		if err != nil {
			return err
		}
		today := vault.DayOf(l.now())
		if len(waiting) == 0 {
			if signed, err := exists(ctx, tx, `SELECT 1 FROM log_checkpoint WHERE day = $1`, int64(today)); signed || err != nil {
				return err
			}
		}
		rand.Shuffle(len(waiting), func(i, j int) { waiting[i], waiting[j] = waiting[j], waiting[i] })
		size, err := l.size(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range waiting {
			if err := appendLeaf(ctx, tx, size, c); err != nil {
				return err
			}
			size++
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM log_pending`); err != nil {
			return err
		}
		return l.sign(ctx, tx, today, size)
	})
}

func appendLeaf(ctx context.Context, tx *sql.Tx, n int64, c Commitment) error {
	hashes, err := tlog.StoredHashes(n, []byte(c), reader{ctx, tx})
	if err != nil {
		return err
	}
	for i, h := range hashes {
		if _, err := tx.ExecContext(ctx, `INSERT INTO log_hash (idx, hash) VALUES ($1, $2)`,
			tlog.StoredHashIndex(0, n)+int64(i), h[:]); err != nil {
			return err
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO log_leaf (idx, commitment) VALUES ($1, $2)`, n, string(c))
	return err
}

// size is how many leaves there are.
func (l *Log) size(ctx context.Context, q vault.Querier) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COALESCE(MAX(idx) + 1, 0) FROM log_leaf`).Scan(&n)
	return n, err
}

// sign signs the tree of a size as the checkpoint of a day.
func (l *Log) sign(ctx context.Context, tx *sql.Tx, day vault.Day, size int64) error {
	origin, err := l.origin(ctx, tx, day)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(size, reader{ctx, tx})
	if err != nil {
		return err
	}
	signer, err := l.signer()
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: Checkpoint{origin, size, root, day}.text()}, signer)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO log_checkpoint (day, size, note) VALUES ($1, $2, $3)
		ON CONFLICT (day, size) DO UPDATE SET note = excluded.note`, int64(day), size, string(signed))
	return err
}

// origin is the log's name: the site, and since when it tells one story.
func (l *Log) origin(ctx context.Context, tx *sql.Tx, today vault.Day) (string, error) {
	var name string
	err := tx.QueryRowContext(ctx, `SELECT value FROM log_state WHERE name = 'origin'`).Scan(&name)
	if !errors.Is(err, sql.ErrNoRows) {
		return name, err
	}
	name = l.host + "/log/" + today.String()
	_, err = tx.ExecContext(ctx, `INSERT INTO log_state (name, value) VALUES ('origin', $1)`, name)
	return name, err
}

// Renew gives the log a new name, with the leaves that it has. A restore calls
// it: a backup does not know the leaves that came later, so the old name would
// tell two stories. Receipts whose leaf was lost can be handed in again.
func (l *Log) Renew(ctx context.Context, tx *sql.Tx) error {
	name := fmt.Sprintf("%s/log/%s-%s", l.host, vault.DayOf(l.now()), vault.NewID()[:6])
	if _, err := tx.ExecContext(ctx, `INSERT INTO log_state (name, value) VALUES ('origin', $1)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM log_checkpoint`); err != nil {
		return err
	}
	return l.Tell(ctx, tx, fmt.Sprintf("On %s the site was restored from a backup, and the log goes on as %s.", vault.DayOf(l.now()), name))
}

// Verifier is the key that checkpoints are checked with, in the form of notes.
func (l *Log) Verifier() (string, error) {
	return note.NewEd25519VerifierKey(l.host, l.key.Public().(ed25519.PublicKey))
}

func (l *Log) signer() (note.Signer, error) {
	public, err := l.Verifier()
	if err != nil {
		return nil, err
	}
	parts := strings.SplitN(public, "+", 3) // name, hash, key
	const ed25519Note = 1
	secret := base64.StdEncoding.EncodeToString(append([]byte{ed25519Note}, l.key.Seed()...))
	return note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%s+%s", parts[0], parts[1], secret))
}

// reader reads stored hashes for tlog.
type reader struct {
	ctx context.Context
	q   vault.Querier
}

func (r reader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		var hash []byte
		if err := r.q.QueryRowContext(r.ctx, `SELECT hash FROM log_hash WHERE idx = $1`, index).Scan(&hash); err != nil {
			return nil, err
		}
		if copy(all[i][:], hash) != len(all[i]) {
			return nil, fmt.Errorf("log: node %d is damaged", index)
		}
	}
	return all, nil
}

func commitments(ctx context.Context, q vault.Querier, text string, args ...any) ([]Commitment, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Commitment
	for rows.Next() {
		var c Commitment
		if err := rows.Scan(&c); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func exists(ctx context.Context, q vault.Querier, text string, args ...any) (bool, error) {
	var one int
	err := q.QueryRowContext(ctx, text, args...).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}
