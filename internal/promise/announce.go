package promise

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"kept/internal/job"
	"kept/internal/mail"
	"kept/vault"
	"kept/vault/sabotage"
)

// The jobs.
const (
	announceJob = "promise.announce" // looks each morning whether a change has to be told
	tellJob     = "promise.tell"     // tells some members, and adds itself for the next ones
	remindJob   = "promise.remind"   // calls for answers that are due
)

// tellBatch is how many members one job tells, in one transaction.
const tellBatch = 100

// announce begins to tell members of each version that does not hold yet. It
// does so every day, for those who came since and for whom it was cut off: who
// was told has a record that says so.
func (f *Feature) announce(ctx context.Context, run *job.Run) error {
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, v := range f.versions.pending(f.today()) {
			if err := f.Jobs.Add(ctx, tx, tellFrom(v.Number, "")); err != nil {
				return err
			}
		}
		return run.Finish(ctx, tx)
	})
}

func tellFrom(version int, after vault.OwnerID) job.Job {
	number := strconv.Itoa(version)
	args := map[string]string{"version": number}
	if after != "" {
		args["after"] = string(after)
	}
	return job.Job{Kind: tellJob, Lane: job.Bulk, Args: args, Unique: tellJob + ":" + number}
}

// tell writes to the next members. Mails, the records that say so, the job for
// those who follow and the end of this one are one transaction: a crash leaves
// all of it or nothing.
func (f *Feature) tell(ctx context.Context, run *job.Run) error {
	number, err := strconv.Atoi(run.Args["version"])
	v, ok := f.versions.number(number)
	if err != nil || !ok || v.InForce <= f.today() {
		return nil // it holds by now, or is a later program's
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error {
		owners, err := f.c.Members(ctx, tx, vault.OwnerID(run.Args["after"]), tellBatch)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if err := f.tellOne(ctx, tx, owner, v); err != nil {
				return err
			}
		}
		if err := run.Finish(ctx, tx); err != nil {
			return err
		}
		if len(owners) < tellBatch {
			return nil
		}
		return f.Jobs.Add(ctx, tx, tellFrom(v.Number, owners[len(owners)-1]))
	})
}

func toldID(version int) string { return fmt.Sprintf("version-%d", version) }

// tellOne writes to one member, unless that was done before.
func (f *Feature) tellOne(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, v Version) error {
	who, id := vault.Work(toTell), toldID(v.Number)
	_, err := f.kinds.told.Get(ctx, tx, who, owner, id)
	if !errors.Is(err, vault.ErrNotFound) {
		return err // told, or not to be known
	}
	to, lang, err := f.c.Receiver(ctx, tx, owner)
	if err != nil || to.Address.IsZero() || sabotage.Is(breakUntold) {
		return err
	}
	draft, err := f.changeMail(v, lang)
	if err != nil {
		return err
	}
	if err := f.Post.Queue(ctx, tx, to, draft); err != nil {
		return err
	}
	value := told{Version: v.Number, InForce: v.InForce, Words: v.Summary}
	_, err = f.kinds.told.Put(ctx, tx, who, vault.Record[told]{Owner: owner, ID: id, Value: value})
	return err
}

type changeLetter struct {
	Community, Summary, Day, Compare string
}

func (f *Feature) changeMail(v Version, tag string) (mail.Draft, error) {
	lang := f.Site.Catalogue().Language(tag)
	day, err := lang.Day(v.InForce)
	if err != nil {
		return mail.Draft{}, err
	}
	draft, err := f.mails.Write("policy-change", lang.Tag, changeLetter{
		Community: f.c.Community, Summary: v.Summary, Day: day,
		Compare: f.Site.Absolute(pathCompare) + compareQuery(v.Number-1, v.Number),
	})
	draft.Bulk = true
	return draft, err
}
