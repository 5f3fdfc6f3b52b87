package transparency

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// Document is the whole log as /log/export gives it: anybody can keep a copy and
// check it.
type Document struct {
	Format      string       `json:"format"`      // "kept-log-1"
	Key         string       `json:"key"`         // of the checkpoints
	Leaves      []Commitment `json:"leaves"`      // in order
	Checkpoints []string     `json:"checkpoints"` // signed notes, the oldest first
	Statements  []string     `json:"statements"`  // the open ones
}

// DocumentFormat names the form of a Document.
const DocumentFormat = "kept-log-1"

// Verify computes the whole tree again and holds every checkpoint against it. It
// returns the newest one.
func (d *Document) Verify() (Checkpoint, error) {
	var last Checkpoint
	if d.Format != DocumentFormat {
		return last, fmt.Errorf("this is no log: its format is %q, not %q", d.Format, DocumentFormat)
	}
	if len(d.Checkpoints) == 0 {
		return last, errors.New("the log has no checkpoint yet")
	}
	tree, err := d.tree()
	if err != nil {
		return last, err
	}
	for i, signed := range d.Checkpoints {
		c, err := OpenCheckpoint(signed, d.Key)
		if err != nil {
			return last, fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		if err := d.follows(c, last, tree); err != nil {
			return last, fmt.Errorf("checkpoint of %s: %w", c.Day, err)
		}
		last = c
	}
	return last, nil
}

// follows holds a checkpoint against the tree and the one before it.
func (d *Document) follows(c, before Checkpoint, tree nodes) error {
	switch {
	case c.Size > int64(len(d.Leaves)):
		return fmt.Errorf("it speaks of %d entries, the log has %d", c.Size, len(d.Leaves))
	case before.Origin != "" && c.Origin != before.Origin:
		return fmt.Errorf("its log is called %s, the one before %s", c.Origin, before.Origin)
	case c.Size < before.Size || c.Day < before.Day:
		return errors.New("it is smaller or older than the one before")
	}
	root, err := tlog.TreeHash(c.Size, tree)
	if err != nil {
		return err
	}
	if root != c.Root {
		return errors.New("it was signed over other entries than these")
	}
	return nil
}

// Extends checks that this log goes on from an older copy of it.
func (d *Document) Extends(older *Document) error {
	was, err := older.Verify()
	if err != nil {
		return fmt.Errorf("the older copy: %w", err)
	}
	now, err := d.Verify()
	if err != nil {
		return err
	}
	if was.Origin != now.Origin {
		return fmt.Errorf("the older copy is of %s, this one of %s: the site was restored in between", was.Origin, now.Origin)
	}
	if d.Key != older.Key {
		return errors.New("the two are signed by different keys")
	}
	tree, err := d.tree()
	if err != nil {
		return err
	}
	if was.Size > now.Size {
		return fmt.Errorf("this copy ends before the older one does: %d entries, not %d", now.Size, was.Size)
	}
	root, err := tlog.TreeHash(was.Size, tree)
	if err != nil {
		return err
	}
	if root != was.Root {
		return errors.New("entries that the older copy holds were changed or taken out")
	}
	return nil
}

// Holds reports at which place the log holds a commitment.
func (d *Document) Holds(c Commitment) (int, bool) {
	i := slices.Index(d.Leaves, c)
	return i, i >= 0
}

// nodes are the hashes of a tree in memory.
type nodes []tlog.Hash

func (n nodes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	all := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(n)) {
			return nil, fmt.Errorf("log: node %d of %d", index, len(n))
		}
		all[i] = n[index]
	}
	return all, nil
}

func (d *Document) tree() (nodes, error) {
	var tree nodes
	for i, leaf := range d.Leaves {
		if !leaf.valid() {
			return nil, fmt.Errorf("entry %d is no commitment", i)
		}
		hashes, err := tlog.StoredHashes(int64(i), []byte(leaf), tree)
		if err != nil {
			return nil, err
		}
		tree = append(tree, hashes...)
	}
	return tree, nil
}
