package backup

import "kept/internal/prove"

// The ways to break what is promised here; see package sabotage.
const (
	breakKept     = "backup-kept"      // snapshots stay past their day
	breakRingKept = "backup-ring-kept" // the ring copy is not made anew after an erasure
)

// Breaks lists them.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakKept, What: "backups are kept past their day", Breaks: []string{"F11"}},
		{Name: breakRingKept, What: "the copy of the key ring is not made anew after an erasure", Breaks: []string{"B4"}},
	}
}

// Plants lists none: nothing about anybody is kept here.
func (f *Feature) Plants() []prove.Plant { return nil }
