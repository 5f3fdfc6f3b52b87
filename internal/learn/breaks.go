package learn

import (
	"context"
	"database/sql"

	"kept/internal/course"
	"kept/internal/prove"
	"kept/vault"
	"kept/vault/sabotage"
)

// The ways to break the promises on purpose; see package sabotage.
const (
	breakVisitNoted    = "learn-visit-noted"
	breakAsksElsewhere = "learn-asks-elsewhere"
	breakAccountWall   = "learn-account-wall"
	breakDoneUnseen    = "learn-done-unseen"
	breakLastWins      = "learn-last-wins"
	breakClaimCounts   = "learn-claim-counts"
	breakNoPerson      = "learn-no-person"
	breakNoRunner      = "learn-no-runner"
)

// Breaks are the ways to break what this package promises.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakVisitNoted, What: "opening a lesson writes a row for a visitor", Breaks: []string{"F1"}},
		{Name: breakAsksElsewhere, What: "a page of courses loads a picture from another host", Breaks: []string{"F1"}},
		{Name: breakAccountWall, What: "lessons open with an account alone", Breaks: []string{"F3"}},
		{Name: breakDoneUnseen, What: "a finished lesson leaves no record for its member", Breaks: []string{"F4"}},
		{Name: breakLastWins, What: "of two browsers, the last one's code takes the place of the other's", Breaks: []string{"F4"}},
		{Name: breakClaimCounts, What: "code counts when its learner's browser says that it passed", Breaks: []string{"B3"}},
		{Name: breakNoPerson, What: "who is refused by a check is offered no person", Breaks: []string{"F12"}},
		{Name: breakNoRunner, What: "exercises run with an account alone", Breaks: []string{"F3"}},
	}
}

// noteVisit does nothing in any program that is used.
func (f *Feature) noteVisit(ctx context.Context) {
	if sabotage.Is(breakVisitNoted) {
		_ = f.DB.Transact(ctx, func(tx *sql.Tx) error {
			_, err := f.Vault.NewOwner(ctx, tx, vault.Thing, vault.Never)
			return err
		})
	}
}

func walled(p *course.Place) bool { return sabotage.Is(breakAccountWall) && p.Number > 3 }

func lastWins() bool { return sabotage.Is(breakLastWins) }

func claimCounts(claim bool) bool { return claim && sabotage.Is(breakClaimCounts) }

func noPerson() bool { return sabotage.Is(breakNoPerson) }

func noRunner() bool { return sabotage.Is(breakNoRunner) }

func doneUnseen() bool { return sabotage.Is(breakDoneUnseen) }

// Spy is the address of a picture on another host, in a program that is
// broken on purpose.
func (p *coursePage) Spy() string {
	if sabotage.Is(breakAsksElsewhere) {
		return "https://counter.example/seen.gif"
	}
	return ""
}
