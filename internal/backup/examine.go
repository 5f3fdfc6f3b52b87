package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"kept/vault"
)

// Finding is one thing that was looked at; Bad is empty if all is well.
type Finding struct{ What, Bad, Do string }

// late is how old the newest snapshot may be.
const late = 26 * time.Hour

// Examine looks at the backups as they lie in their places.
func (f *Feature) Examine(ctx context.Context) []Finding {
	if f.c.To == nil {
		return []Finding{{"backups", "none are made", "set backup.to, backup.keys and backup.recipients; docs/backup.md says how"}}
	}
	all := f.examineSnapshots(ctx)
	all = append(all, f.examineKeys(ctx)...)
	all = append(all, f.examineApart()...)
	for what, at := range map[string]Store{"place of backups": f.c.To, "place of the key ring's copy": f.c.Keys} {
		if at == nil {
			continue
		}
		found := at.Examine(ctx)
		if len(found) == 0 {
			found = []Finding{{}}
		}
		for _, one := range found {
			one.What = what
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return strings.Compare(a.What, b.What) })
	return append(all, f.examineMachine())
}

func (f *Feature) examineSnapshots(ctx context.Context) []Finding {
	daily, readable, old := Finding{What: "daily backup"}, Finding{What: "backups can be read"}, Finding{What: "backups past their day"}
	all, unreadable, err := snapshots(ctx, f.c.To)
	if err != nil {
		daily.Bad, daily.Do = "the place does not answer: "+err.Error(), "look at [backup] in the configuration"
		return []Finding{daily}
	}
	switch n := len(all); {
	case n == 0:
		daily.Bad, daily.Do = "there is none yet", "kept backup makes one now"
	case f.c.Now().Sub(all[n-1].Taken) > late:
		daily.Bad = "the newest is of " + all[n-1].Taken.Format("2006-01-02 15:04 MST")
		daily.Do = "look at the jobs on /operator; kept backup makes one now and says what is wrong"
	}
	if missing := f.missing(ctx, all); len(unreadable) > 0 || missing != nil {
		readable.Bad = errors.Join(append(unreadable, missing)...).Error()
		readable.Do = "kept backup stores again what is missing; kept backup --forget removes a snapshot that cannot be read"
	}
	for _, s := range all {
		if s.Day()+vault.Day(f.c.Days) < f.today() {
			old.Bad, old.Do = s.ID+" should be gone", "kept backup removes it; if it does not, this user may not delete there"
		}
	}
	return []Finding{daily, readable, old}
}

// missing compares what the manifests name with what lies there.
func (f *Feature) missing(ctx context.Context, all []*Snapshot) error {
	objects, err := f.c.To.List(ctx, chunkFolder)
	if err != nil {
		return err
	}
	sizes := map[string]int64{}
	for _, o := range objects {
		sizes[strings.TrimPrefix(o.Name, chunkFolder)] = o.Size
	}
	for _, s := range all {
		for _, p := range s.Chunks {
			if size, ok := sizes[p.Name]; !ok || size != p.Size {
				return damaged(p.Name, "it is missing or cut off, and "+s.ID+" needs it")
			}
		}
	}
	return nil
}

func (f *Feature) examineKeys(ctx context.Context) []Finding {
	recipient, ring := Finding{What: "offline recipient of the key ring"}, Finding{What: "copy of the key ring"}
	if len(f.c.Recipients) == 0 || f.c.Keys == nil {
		recipient.Bad = "there is none, so backups could be read by nobody, not even after a loss"
		recipient.Do = "make an identity with age-keygen on another machine; set backup.keys, and backup.recipients to its public half"
		return []Finding{recipient}
	}
	if where := f.findIdentity(); where != "" {
		recipient.Bad = "what opens the copy lies on this machine, in " + where
		recipient.Do = "move it to where this machine cannot read it, and make a new one if others could"
	}
	m, err := checkCopy(ctx, f.c.Keys)
	age := f.today() - vault.Day(m.Day)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		ring.Bad, ring.Do = "there is none yet", "kept backup makes one now"
	case err != nil:
		ring.Bad, ring.Do = "it cannot be read: "+err.Error(), "kept backup makes it anew"
	case age > vault.Day(RingCopyDays):
		ring.Bad, ring.Do = fmt.Sprintf("it is %d days old", age), "kept backup makes it anew; look at the jobs on /operator"
	}
	if s, err := f.loadState(); ring.Bad == "" && err == nil && !s.RingFailed.IsZero() {
		ring.Bad = "it could not be made anew since " + s.RingFailed.Format("2006-01-02 15:04 MST")
		ring.Do = "until it can, it may hold keys of people who were erased since; kept backup says what is wrong"
	}
	return []Finding{recipient, ring}
}

// findIdentity looks for a secret half of age on this machine, where it would
// most likely be left.
func (f *Feature) findIdentity() string {
	dirs := []string{f.c.KeyFolder, f.c.Data}
	for _, s := range []Store{f.c.To, f.c.Keys} {
		if folder, ok := s.(Folder); ok {
			dirs = append(dirs, string(folder))
		}
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || info.Size() > 64<<10 {
				continue
			}
			path := filepath.Join(dir, e.Name())
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte("AGE-SECRET-KEY-")) {
				return path
			}
		}
	}
	return ""
}

// examineApart looks whether data and keys lie so that one loss, or one thief,
// takes both.
func (f *Feature) examineApart() []Finding {
	apart, epoch := Finding{What: "data and keys apart"}, Finding{What: "epoch key outside of backups"}
	to, isFolder := f.c.To.(Folder)
	keys, keysFolder := f.c.Keys.(Folder)
	switch {
	case f.c.Keys == nil:
	case isFolder && keysFolder && (within(string(keys), string(to)) || within(string(to), string(keys))):
		apart.Bad, apart.Do = "both lie in one folder", "set backup.keys to a folder elsewhere"
	case f.c.To.Key() != "" && f.c.To.Key() == f.c.Keys.Key():
		apart.Bad, apart.Do = "one credential opens both places", "give backup.keys_s3 a credential that cannot read the data, and the other way round"
	}
	for what, folder := range map[string]string{"the data folder": f.c.Data, "the folder of backups": string(to), "the folder of the ring's copy": string(keys)} {
		if folder != "" && (within(f.c.KeyFolder, folder) || hasEpoch(folder)) {
			epoch.Bad, epoch.Do = "it lies in "+what, "move the keys folder elsewhere: who has a copy of both can read what was erased"
		}
	}
	return []Finding{apart, epoch}
}

// within reports whether a path lies in a folder, links followed.
func within(path, folder string) bool {
	if path == "" || folder == "" {
		return false
	}
	rel, err := filepath.Rel(real(folder), real(path))
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}

func real(path string) string {
	if r, err := filepath.EvalSymlinks(path); err == nil {
		return r
	}
	return filepath.Clean(path)
}

func hasEpoch(folder string) bool {
	found, err := filepath.Glob(filepath.Join(folder, "epoch-*.key"))
	return err == nil && len(found) > 0
}

// examineMachine can only ask: whether a host takes snapshots of a whole
// machine cannot be seen from inside.
func (f *Feature) examineMachine() Finding {
	out := Finding{What: "snapshots of the whole machine"}
	cpu, err := os.ReadFile("/proc/cpuinfo")
	if err == nil && bytes.Contains(cpu, []byte(" hypervisor")) && !f.c.NoMachineSnapshots {
		out.Bad = "this is a virtual machine: a snapshot of all of it keeps keys and data together, and with them everybody who was erased since"
		out.Do = "have none made, or keep the keys folder on a disk that they leave out; then set backup.no_machine_snapshots = true"
	}
	return out
}
