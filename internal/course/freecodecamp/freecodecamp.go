// Package freecodecamp reads the curriculum of freeCodeCamp, in the layout
// that its repository had until 2025 and in the one that it has since, in all
// languages that a checkout holds.
//
// It owns that format: superblocks, chapters, modules and blocks (structure.go
// and the two layouts), the texts about them (intro.go), certifications, and
// the challenge files (challenge.go and what it calls). It refuses nothing
// that can still be shown: a section, a type or a directive that it does not
// know becomes a box with its name and a warning with file and line.
//
// Start at Loader.Load for a checkout and at parseChallenge for a file.
package freecodecamp

import (
	"context"
	"fmt"
	"io/fs"

	"kept/internal/course"
)

// Loader reads checkouts of the curriculum.
type Loader struct{}

// Name is "freecodecamp".
func (Loader) Name() string { return "freecodecamp" }

// Detect looks for the folders that only this format has.
func (Loader) Detect(fsys fs.FS) bool {
	_, ok := findRoot(fsys)
	return ok
}

// Load reads the whole checkout.
func (Loader) Load(ctx context.Context, fsys fs.FS) (*course.Shelf, []course.Warning, error) {
	root, ok := findRoot(fsys)
	if !ok {
		return nil, nil, fmt.Errorf("find curriculum/challenges: %w", fs.ErrNotExist)
	}
	for {
		r := &reader{fsys: fsys, root: root}
		r.readStructure()
		if len(r.langs) == 0 {
			return nil, r.warnings, fmt.Errorf("find a language in %s: %w", root.at("challenges"), fs.ErrNotExist)
		}
		if err := r.readBlocks(ctx); err != nil {
			return nil, nil, err
		}
		shelf := &course.Shelf{Courses: r.courses()}
		if r.forgetStale() {
			continue
		}
		shelf.Certifications = r.certifications()
		course.SortWarnings(r.warnings)
		return shelf, r.warnings, nil
	}
}

// reader reads one checkout.
type reader struct {
	fsys     fs.FS
	root     root
	langs    []language // the original first
	supers   []*super
	blocks   map[string]*block
	order    []string // names of blocks as they were found
	intros   map[string]intros
	warnings []course.Warning
}

func (r *reader) warn(file string, line int, format string, args ...any) {
	r.warnings = append(r.warnings, course.Warning{File: file, Line: line, What: fmt.Sprintf(format, args...)})
}
