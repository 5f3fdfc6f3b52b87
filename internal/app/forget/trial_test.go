package forget

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/internal/scan"
)

// trial is one run of the program, killed or not, and what is known of it.
type trial struct {
	order
	t        testing.TB
	engine   db.Engine
	identity *age.X25519Identity
	began    time.Time

	words  []word
	erased map[string]bool // labels
	killed bool
	broken string // the step that was broken off
}

// try begins a trial: the program lives, and is killed or not.
func try(t testing.TB, engine db.Engine, m mode, number uint64) *trial {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if m.Open && !m.Control && engine == db.PostgreSQL {
		keepNoLog(t, os.Getenv("KEPT_TEST_POSTGRES"))
	}
	one := &trial{t: t, engine: engine, identity: identity, began: time.Now(), erased: map[string]bool{},
		order: order{Folder: folder, Recipient: identity.Recipient().String(), Seed: *seed, Trial: number, Mode: m}}
	if engine == db.PostgreSQL {
		one.Database = dbtest.Fresh(t, engine)
	}
	if err := os.Mkdir(filepath.Join(folder, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	chance := chanceOf(*seed, number)
	steps := plan(chance)
	end := die(chance, steps)
	one.live(firstLife, end, steps)
	return one
}

// live lets the program live one of its lives.
func (o *trial) live(which turn, end *death, steps []step) {
	o.t.Helper()
	o.Turn = which
	if err := o.run(end, steps); err != nil {
		o.t.Fatalf("seed %d, trial %d, life %d: %v", o.Seed, o.Trial, which, err)
	}
}

// run starts the program, hears what it tells, and kills it at its time.
func (o *trial) run(end *death, steps []step) error {
	text, err := json.Marshal(o.order)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(o.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), ordered+"="+string(text), "TMPDIR="+filepath.Join(o.Folder, "tmp"))
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if _, err := cmd.StdinPipe(); err != nil { // it ends when this process does
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	done, err := o.hear(out, end, steps, cmd)
	wait := cmd.Wait()
	switch {
	case err != nil:
		return err
	case o.killed && o.Turn == firstLife && cmd.ProcessState.ExitCode() == -1: // by a signal
		return nil
	case !done && wait == nil:
		return errors.New("the program ended without a word")
	case wait != nil:
		return fmt.Errorf("the program ended by itself: %w\n%s", wait, said.String())
	}
	return nil
}

// hear notes what the program tells until it ends.
func (o *trial) hear(out io.Reader, end *death, steps []step, cmd *exec.Cmd) (done bool, err error) {
	lines := json.NewDecoder(out)
	for {
		var r report
		err := lines.Decode(&r)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return done, nil // a line can be cut by the kill; what it would have told was not told
		}
		if err != nil {
			return done, err
		}
		o.words = append(o.words, r.Words...)
		for _, label := range r.Erased {
			o.erased[label] = true
		}
		done = done || r.Done
		if r.Done && o.Mode.Control {
			o.killed = true
			cmd.Process.Kill()
		}
		if end != nil && r.Begin == end.step+1 {
			o.killed, o.broken = true, steps[end.step].what
			time.AfterFunc(end.after, func() { cmd.Process.Kill() })
		}
	}
}

// hit is a word and where it was found.
type hit struct {
	word
	scan.Hit
}

func (h hit) String() string {
	return fmt.Sprintf("%s, as %s in %s (%s)", h.Label, h.How, h.File, h.Inside)
}

// look searches every file for the words, and inside the copy of the keys.
func (o *trial) look(words []word, folders ...string) []hit {
	o.t.Helper()
	texts := make([][]byte, len(words))
	for i, w := range words {
		texts[i] = w.Text
	}
	s, err := scan.New(texts...)
	if err != nil {
		o.t.Fatal(err)
	}
	if len(folders) == 0 {
		folders = []string{o.Folder}
	}
	found, err := s.Folder(folders...)
	if err != nil {
		o.t.Fatal(err)
	}
	if o.engine == db.PostgreSQL {
		found = append(found, o.lookInServer(s)...)
	}
	inside, err := lookInCopies(s, o.Folder, o.identity)
	if err != nil {
		o.t.Fatal(err)
	}
	found = append(found, inside...)
	hits := make([]hit, len(found))
	for i, h := range found {
		hits[i] = hit{words[h.Word], h}
	}
	return hits
}

// lookInCopies opens what is sealed to the operator, with what the operator
// keeps offline.
func lookInCopies(s *scan.Scanner, folder string, identity age.Identity) (found []scan.Hit, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "key-copy", "*.age*"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		f, err := os.Open(path)
		if errors.Is(err, os.ErrNotExist) {
			continue // replaced by a newer one since it was listed
		}
		if err != nil {
			return nil, err
		}
		if sealed, err := age.Decrypt(f, identity); err == nil {
			text, _ := io.ReadAll(sealed) // what is broken off is looked at as far as it opens
			found = append(found, s.Bytes(path+opened, text)...)
		}
		f.Close()
	}
	return found, nil
}

// opened ends the names of sealed files whose inside is meant.
const opened = ", opened"

// split divides the words into those that are confirmed gone and those that
// must still be there.
func (o *trial) split() (gone, here []word) {
	for _, w := range o.words {
		if o.erased[w.Label] {
			gone = append(gone, w)
		} else {
			here = append(here, w)
		}
	}
	return gone, here
}
