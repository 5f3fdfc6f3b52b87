package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"kept/vault"
)

// Phase is the anchor on which hangs whatever ends with the project: kinds
// declare vault.Anchored and records name it.
const Phase = "phase"

// settleEnd moves the end of the project to the day that is configured. Dates
// move with it, but never past what each person was told.
func (f *Feature) settleEnd(ctx context.Context) error {
	if f.c.End == 0 {
		return nil
	}
	now, err := f.Vault.Anchor(ctx, f.DB.Read, Phase)
	if err == nil && now == f.c.End {
		return nil
	}
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return fmt.Errorf("read the end of the project: %w", err)
	}
	return f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.Vault.MoveAnchor(ctx, tx, Phase, f.c.End) })
}

// Going is what goes until a day.
type Going struct {
	Records []vault.Ending
	Owners  map[vault.OwnerType]int
}

// GoingBy says what will be gone at the end of the hour that follows midnight
// of the day: every record whose last day is before it.
func (f *Feature) GoingBy(ctx context.Context, day vault.Day) (g Going, err error) {
	if g.Records, err = f.Vault.EndingsBefore(ctx, f.DB.Read, day); err != nil {
		return g, err
	}
	g.Owners, err = f.Vault.CountOwnersBefore(ctx, f.DB.Read, day)
	return g, err
}
