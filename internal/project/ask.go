package project

import (
	"context"
	"database/sql"
	"errors"

	"kept/internal/fault"
	"kept/vault"
	"kept/vault/sabotage"
)

// Ask puts code that a machine refused, or could not check, before a person: it
// joins the queue of its course as a project does. A fault.NotFound says that
// there is no such lesson, a fault.Invalid that the code cannot be taken, a
// fault.Conflict that too much of the owner's waits already.
func (f *Feature) Ask(ctx context.Context, owner vault.OwnerID, lessonID string, texts []Text) error {
	l, ok := f.lesson(lessonID, nil)
	if !ok {
		return fault.NotFound{What: "lesson"}
	}
	v := Version{Submission: "new", Number: 1, Texts: texts}
	if checkVersion(v) != nil {
		return fault.Invalid{Fields: []fault.Field{{Name: "files", Message: "Send one to five texts of at most 64 kB, each with a name."}}}
	}
	if sabotage.Is(breakMachineAlone) {
		return nil
	}
	err := f.DB.Transact(ctx, func(tx *sql.Tx) error { return f.handIn(ctx, tx, owner, l, v, "", true) })
	if full(err) {
		return fault.Conflict{What: "project"}
	}
	return told(err)
}

// full reports that nothing more is taken for now.
func full(err error) bool {
	return errors.Is(err, errManyVersions) || errors.Is(err, errManyOpen) || errors.Is(err, errAccepted)
}
