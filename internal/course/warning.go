package course

import (
	"cmp"
	"fmt"
	"slices"
)

// Warning is something that an author should look at. The course still loads.
type Warning struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // from 1; 0: the file as a whole
	What string `json:"what"`           // what is wrong, and what to do
}

// String is "file:line: what, and what to do".
func (w Warning) String() string {
	if w.Line == 0 {
		return fmt.Sprintf("%s: %s", w.File, w.What)
	}
	return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.What)
}

// SortWarnings orders warnings by file and line.
func SortWarnings(warnings []Warning) {
	slices.SortStableFunc(warnings, func(a, b Warning) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}
