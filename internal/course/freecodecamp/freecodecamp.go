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
	"runtime"
	"sync"

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
	r := &reader{fsys: fsys, root: root}
	r.readStructure()
	if len(r.langs) == 0 {
		return nil, r.warnings, fmt.Errorf("find a language in %s: %w", root.at("challenges"), fs.ErrNotExist)
	}
	if err := r.readChallenges(ctx); err != nil {
		return nil, nil, err
	}
	shelf := &course.Shelf{Courses: r.courses()}
	shelf.Certifications = r.certifications()
	course.SortWarnings(r.warnings)
	return shelf, r.warnings, nil
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

// challengeFile is a file to read, and then what was read.
type challengeFile struct {
	file     string
	block    *block
	lang     language
	draft    *draft
	warnings []course.Warning
}

// readChallenges reads all files on all processors.
func (r *reader) readChallenges(ctx context.Context) error {
	files := r.listChallenges()
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := range next {
				r.readChallenge(&files[i])
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	for _, f := range files {
		r.warnings = append(r.warnings, f.warnings...)
		if f.draft != nil {
			f.draft.version.Lang = f.lang.tag
			f.block.add(f.draft)
		}
	}
	return ctx.Err()
}

func (r *reader) listChallenges() []challengeFile {
	var files []challengeFile
	for _, name := range r.order {
		b := r.blocks[name]
		for _, lang := range r.langs {
			if dir, ok := b.dirs[lang.folder]; ok {
				for _, file := range r.filesIn(dir, ".md") {
					files = append(files, challengeFile{file: file, block: b, lang: lang})
				}
			}
		}
	}
	return files
}

func (r *reader) readChallenge(f *challengeFile) {
	text, err := course.ReadText(r.fsys, f.file)
	if err != nil {
		f.warnings = append(f.warnings, warningOf(f.file, err))
		return
	}
	f.draft = parseChallenge(f.file, f.lang.folder, text, &f.warnings)
	f.draft.warnings = nil
}
