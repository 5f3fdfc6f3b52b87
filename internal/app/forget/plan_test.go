package forget

import (
	"math/rand/v2"
	"time"
)

// A step is something that the program goes through; who is the number of the
// member it is about.
type step struct {
	what string
	who  int
}

// The steps.
const (
	join    = "join"    // sign in, and a word in every kind
	leave   = "leave"   // erase everything
	record  = "record"  // erase a record
	kind    = "kind"    // erase the records of a kind
	hide    = "hide"    // hide a record
	fetch   = "fetch"   // download everything
	mails   = "mails"   // sign in again, by mail
	backups = "backup"  // a backup with its copy of the keys
	copies  = "copies"  // the copy of the keys after an erasure
	jobs    = "jobs"    // what is due
	rotate  = "rotate"  // a new epoch key
	sweep   = "sweep"   // what falls due in half an hour
	vacuum  = "vacuum"  // the database is written anew, as when much of it is free
	analyze = "analyze" // PostgreSQL's statistics, which hold values
)

// members is how many take part. The last one never leaves.
const members = 4

// plan is what the program goes through in a trial, always the same for the
// same chance. The first backup holds everybody, so that there is something to
// be forgotten there, too.
func plan(chance *rand.Rand) []step {
	var steps []step
	for who := range members {
		steps = append(steps, step{join, who})
	}
	steps = append(steps, step{analyze, 0}, step{backups, 0})
	some := []step{{leave, 0}, {leave, 1}, {record, 1}, {record, 2}, {record, 3}, {kind, 2}, {kind, 3},
		{hide, 2}, {hide, 3}, {fetch, 1}, {fetch, 2}, {mails, 2}, {mails, 3}, {backups, 0}, {copies, 0}, {jobs, 0}, {rotate, 0}, {sweep, 0}, {vacuum, 0}}
	chance.Shuffle(len(some), func(i, k int) { some[i], some[k] = some[k], some[i] })
	return append(steps, some...)
}

// death is when the process is killed: so long after it has begun a step.
type death struct {
	step  int
	after time.Duration
}

// die decides about it. A quarter of the trials live to their end. Erasures and
// backups are hit more often than the rest: there is more to be broken off.
func die(chance *rand.Rand, steps []step) *death {
	if chance.IntN(4) == 0 {
		return nil
	}
	var at []int
	for i, s := range steps {
		switch s.what {
		case leave, record, kind, backups, copies, rotate, vacuum:
			at = append(at, i, i, i)
		case join, analyze:
		default:
			at = append(at, i)
		}
	}
	longest := time.Millisecond << chance.IntN(8) // most steps are short
	return &death{at[chance.IntN(len(at))], time.Duration(chance.Int64N(int64(longest)))}
}
