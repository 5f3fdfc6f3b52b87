package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"kept/internal/backup"
)

// backupCommand makes a backup beside a site that serves, or of one that does not.
type backupCommand struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	List   bool   `help:"List the backups that there are."`
	Forget string `placeholder:"ID" help:"Remove one backup and give its space back."`
	Gently bool   `help:"Rest now and then, so that a site beside is not disturbed."`
	Quiet  bool   `help:"Say nothing but what went wrong."`
}

func (c *backupCommand) Run(ctx context.Context, std *streams) error {
	a, err := openFor(ctx, c.Config, std)
	if err != nil {
		return err
	}
	defer a.Close()
	b := a.features.backup
	switch {
	case c.List:
		return c.list(ctx, std.out, b)
	case c.Forget != "":
		freed, err := b.Forget(ctx, c.Forget)
		if err == nil {
			fmt.Fprintf(std.out, "removed %s, %s given back\n", c.Forget, megabytes(freed))
		}
		return hintedBackup(err)
	}
	meter := newMeter(std.err, c.Quiet)
	made, err := b.Backup(ctx, c.Gently, meter.to)
	meter.end()
	if err != nil {
		return hintedBackup(err)
	}
	if !c.Quiet {
		fmt.Fprintf(std.out, "backup %s: %d rows, %s stored; %d old ones removed, %s given back\n",
			made.ID, made.Rows, megabytes(made.Stored), made.Snapshots, megabytes(made.Freed))
	}
	return nil
}

func (c *backupCommand) list(ctx context.Context, w io.Writer, b *backup.Feature) error {
	all, err := b.List(ctx)
	for _, s := range all {
		fmt.Fprintf(w, "%s  %s  %9d rows  %9s stored\n", s.ID, s.Taken.Format("2006-01-02 15:04 MST"), s.Rows, megabytes(s.Stored))
	}
	return hintedBackup(err)
}

// openFor opens a site for a command beside it.
func openFor(ctx context.Context, path string, std *streams) (*App, error) {
	config, err := LoadConfig(path, std.getenv)
	if err != nil {
		return nil, err
	}
	return Open(ctx, config, Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func hintedBackup(err error) error {
	_, damaged := errors.AsType[*backup.DamagedError](err)
	switch _, old := errors.AsType[*backup.OldRingError](err); {
	case errors.Is(err, backup.ErrNowhere):
		return hinted(err, "set backup.to in the configuration; docs/backup.md says how")
	case errors.Is(err, backup.ErrInUse):
		return hinted(err, "name new folders and a new database in the configuration, or finish the restore that was begun there")
	case old:
		return hinted(err, "use the newest copy of the key ring; whoever was erased must stay erased")
	case damaged:
		return hinted(err, "kept backup --list names the backups that there are; take another one with --snapshot")
	}
	return err
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// meter is a progress bar on a terminal, and a line now and then elsewhere.
type meter struct {
	w        io.Writer
	terminal bool
	every    time.Duration

	mu   sync.Mutex
	last time.Time
	told bool
}

func newMeter(w io.Writer, quiet bool) *meter {
	b := &meter{w: w, every: 10 * time.Second, last: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	if b.terminal {
		b.every = 200 * time.Millisecond
	}
	if quiet {
		b.w = io.Discard
	}
	return b
}

const meterWidth = 30

func (b *meter) to(rows, bytes, of int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if time.Since(b.last) < b.every {
		return
	}
	b.last, b.told = time.Now(), true
	line := fmt.Sprintf("%d rows, %s", rows, megabytes(bytes))
	if of > 0 {
		done := min(float64(bytes)/float64(of), 1)
		full := int(done * meterWidth)
		line = fmt.Sprintf("[%s%s] %3.0f %%  %s", strings.Repeat("#", full), strings.Repeat(".", meterWidth-full), done*100, line)
	}
	if b.terminal {
		fmt.Fprintf(b.w, "\r%s\x1b[K", line)
	} else {
		fmt.Fprintln(b.w, line)
	}
}

func (b *meter) end() {
	if b.terminal && b.told {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
