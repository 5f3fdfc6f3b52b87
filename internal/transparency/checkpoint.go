package transparency

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"kept/vault"
)

// Checkpoint says what the log is on a day.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
	Day    vault.Day
}

// text is the form of C2SP's checkpoints, with the day as an extension line.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", c.Origin, c.Size, c.Root, c.Day)
}

// OpenCheckpoint checks the signature of a checkpoint and reads it.
func OpenCheckpoint(signed string, key string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("the key cannot be read: %w", err)
	}
	n, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("a checkpoint is not signed by this key: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 5 {
		return Checkpoint{}, fmt.Errorf("a checkpoint has %d lines, not four", len(lines)-1)
	}
	c := Checkpoint{Origin: lines[0]}
	if c.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.Size < 0 {
		return c, fmt.Errorf("a checkpoint has no size")
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return c, fmt.Errorf("a checkpoint has no root: %w", err)
	}
	day, err := time.Parse(time.DateOnly, lines[3])
	if err != nil {
		return c, fmt.Errorf("a checkpoint has no day")
	}
	c.Day = vault.DayOf(day)
	return c, nil
}
