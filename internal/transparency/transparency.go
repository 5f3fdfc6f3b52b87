// Package transparency keeps the site's public log: signed once a day, for
// everybody to copy and to check, and telling nothing about anybody.
//
// It owns the log's tables, its pages under /log and the check of receipts. An
// entry is a commitment: the hash of a text with something random in it, which
// lies with whom it is about and nowhere else. So somebody whose data was erased
// can show that the site said so on a certain day, and the site cannot take it
// back; nobody else learns a thing. Entries wait without order or time and go in
// once a day, shuffled. It refuses statements that are not the site's own.
//
// Start at Log for the tree, at Document for checking a copy, at New for the pages.
package transparency

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"embed"

	"golang.org/x/mod/sumdb/tlog"

	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/sabotage"
)

//go:embed *.html
var files embed.FS

// Config is what app hands over.
type Config struct {
	Host    string            // the site's name: that of the log
	Seed    []byte            // 32 bytes; the key of checkpoints is derived from it
	Receipt ed25519.PublicKey // what receipts are signed with
	// Statements are what the site says openly, each once: a version of the
	// policy. They must name nobody.
	Statements func() []string
	// Knows is what a page remembers of a member; nil as of a visitor.
	Knows func(*page.Language) string
}

// Feature serves the pages and fills the log.
type Feature struct {
	c   Config
	log Log
	feature.Services
}

// New makes the feature; it keeps nothing about anybody.
func New(c Config) (*Feature, error) {
	seed, err := hkdf.Key(sha256.New, c.Seed, nil, "kept public log", ed25519.SeedSize)
	if err != nil {
		return nil, err
	}
	return &Feature{c: c, log: Log{host: c.Host, key: ed25519.NewKeyFromSeed(seed)}}, nil
}

// Source hands over the templates.
func (f *Feature) Source() page.Source { return page.Source{Name: "transparency", Files: files} }

// Start takes what the feature stands on.
func (f *Feature) Start(s feature.Services) error {
	f.Services = s
	f.log.db, f.log.now = s.DB, s.Now
	s.Jobs.Every(job.Daily(4, 20), job.Kind{Name: "log", Do: func(ctx context.Context, _ *job.Run) error { return f.Today(ctx) }})
	return nil
}

// Today tells what is new and signs the day's checkpoint.
func (f *Feature) Today(ctx context.Context) error {
	if err := f.Tell(ctx, f.c.Statements()...); err != nil {
		return err
	}
	return f.log.Batch(ctx)
}

// Tell adds statements that everybody may read, with the next batch. They must name
// nobody; one that was told before is not told again.
func (f *Feature) Tell(ctx context.Context, statements ...string) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, statement := range statements {
			if err := f.log.Tell(ctx, tx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// AddReceipt lets a receipt's commitment wait for the next batch.
func (f *Feature) AddReceipt(ctx context.Context, receipt []byte) error {
	if sabotage.Is(breakForgets) {
		return nil
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.log.Add(ctx, tx, Commit(receipt)) })
}

// Restored gives the log a new name; see Log.Renew.
func (f *Feature) Restored(ctx context.Context) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.log.Renew(ctx, tx) })
}

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /log", Handler: f.show},
		{Pattern: "GET /log/checkpoint", Handler: f.checkpoint},
		{Pattern: "GET /log/export", Handler: f.export},
		{Pattern: "GET /log/proof", Handler: f.proof},
		{Pattern: "GET /log/consistency", Handler: f.consistency},
		{Pattern: "POST /log/check", Handler: f.check},
	}
}

// Plants lists none: nothing about anybody is kept.
func (f *Feature) Plants() []prove.Plant { return nil }

// newest is the newest checkpoint; ok is false while there is none.
func (l *Log) newest(ctx context.Context, q vault.Querier) (signed string, c Checkpoint, ok bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT note FROM log_checkpoint ORDER BY day DESC, size DESC LIMIT 1`).Scan(&signed)
	if err == sql.ErrNoRows {
		return "", c, false, nil
	}
	if err != nil {
		return "", c, false, err
	}
	key, err := l.Verifier()
	if err != nil {
		return "", c, false, err
	}
	c, err = OpenCheckpoint(signed, key)
	return signed, c, err == nil, err
}

// Inclusion is the proof that a commitment stands in the log.
type Inclusion struct {
	Commitment Commitment       `json:"commitment"`
	Index      int64            `json:"index"`
	Checkpoint string           `json:"checkpoint"`
	Proof      tlog.RecordProof `json:"proof"`
}

// Prove makes the proof against the newest checkpoint; ok is false if the
// commitment is not in it.
func (l *Log) Prove(ctx context.Context, q vault.Querier, c Commitment) (in Inclusion, ok bool, err error) {
	signed, checkpoint, ok, err := l.newest(ctx, q)
	if err != nil || !ok {
		return in, false, err
	}
	err = q.QueryRowContext(ctx, `SELECT idx FROM log_leaf WHERE commitment = $1`, string(c)).Scan(&in.Index)
	if err == sql.ErrNoRows || err == nil && in.Index >= checkpoint.Size {
		return in, false, nil
	}
	if err != nil {
		return in, false, err
	}
	in.Commitment, in.Checkpoint = c, signed
	in.Proof, err = tlog.ProveRecord(checkpoint.Size, in.Index, reader{ctx, q})
	return in, err == nil, err
}

// Check holds a proof against its own checkpoint and the log's key.
func (in Inclusion) Check(key string) (Checkpoint, error) {
	c, err := OpenCheckpoint(in.Checkpoint, key)
	if err != nil {
		return c, err
	}
	return c, tlog.CheckRecord(in.Proof, c.Size, c.Root, in.Index, tlog.RecordHash([]byte(in.Commitment)))
}

// document is the whole log.
func (l *Log) document(ctx context.Context, q vault.Querier) (*Document, error) {
	key, err := l.Verifier()
	if err != nil {
		return nil, err
	}
	d := &Document{Format: DocumentFormat, Key: key}
	if d.Leaves, err = commitments(ctx, q, `SELECT commitment FROM log_leaf ORDER BY idx`); err != nil {
		return nil, err
	}
	if d.Checkpoints, err = texts(ctx, q, `SELECT note FROM log_checkpoint ORDER BY day, size`); err != nil {
		return nil, err
	}
	d.Statements, err = texts(ctx, q, `SELECT statement FROM log_statement ORDER BY day, commitment`)
	return d, err
}

func texts(ctx context.Context, q vault.Querier, text string) ([]string, error) {
	found, err := commitments(ctx, q, text)
	all := make([]string, len(found))
	for i, one := range found {
		all[i] = string(one)
	}
	return all, err
}
