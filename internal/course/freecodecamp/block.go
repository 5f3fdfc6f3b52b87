package freecodecamp

import (
	"context"
	"runtime"
	"slices"
	"sync"

	"kept/internal/course"
)

// challenges are what a block's files hold. They are remembered from one
// reading to the next while none of the files changes, so nobody changes them
// once their links are set.
type challenges struct {
	found    []string          // ids as they were found
	files    map[string]string // of the first file of an id, by all names that it goes by
	lessons  []*course.Lesson
	listed   int // how many of them the order lists; the others are at the end
	warnings []course.Warning

	linked bool   // its links are set
	links  []link // that lead to other places of the original site
}

// link is an address from the root of the original site, and what it became.
type link struct{ file, address, target string }

// readBlocks reads all files on all processors.
func (r *reader) readBlocks(ctx context.Context) error {
	next := make(chan *block)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(r.order)) {
		wg.Go(func() {
			for b := range next {
				b.challenges = course.Remember(r.fsys, b.key(), r.filesOf(b), func() *challenges { return r.readBlock(b) })
			}
		})
	}
	for _, name := range r.order {
		if ctx.Err() != nil {
			break
		}
		next <- r.blocks[name]
	}
	close(next)
	wg.Wait()
	for _, name := range r.order {
		if c := r.blocks[name].challenges; c != nil {
			r.warnings = append(r.warnings, c.warnings...)
		}
	}
	return ctx.Err()
}

func (b *block) key() string { return "block " + b.name }

// filesOf is all that the challenges of a block are made of.
func (r *reader) filesOf(b *block) []string {
	names := []string{b.file}
	for _, lang := range r.langs {
		if dir, ok := b.dirs[lang.folder]; ok {
			names = append(names, dir)
		}
	}
	return names
}

// readBlock reads the files of a block and puts its lessons in order. It has a
// reader of its own, because many blocks are read at once.
func (r *reader) readBlock(b *block) *challenges {
	own := &reader{fsys: r.fsys, root: r.root, langs: r.langs}
	c := &challenges{files: map[string]string{}}
	drafts := &drafts{block: b, challenges: c, of: map[string][]*draft{}, slugs: map[string]bool{}}
	for _, lang := range r.langs {
		if dir, ok := b.dirs[lang.folder]; ok {
			for _, file := range own.filesIn(dir, ".md") {
				own.readChallenge(drafts, file, lang)
			}
		}
	}
	own.makeLessons(drafts)
	for _, all := range drafts.of {
		for _, d := range all {
			c.files[d.dashed] = all[0].version.File
		}
	}
	c.warnings = slices.Clip(own.warnings)
	return c
}

// drafts are the files of a block while it is read.
type drafts struct {
	*block
	*challenges
	of    map[string][]*draft // by id
	slugs map[string]bool
}

func (r *reader) readChallenge(to *drafts, file string, lang language) {
	text, err := course.ReadText(r.fsys, file)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(file, err))
		return
	}
	var warnings []course.Warning
	d := parseChallenge(file, lang.folder, text, &warnings)
	d.version.Lang = lang.tag
	r.warnings = append(r.warnings, warnings...)
	to.add(d)
}

// add keeps a file that was read. Those of one id are translations of each
// other.
func (t *drafts) add(d *draft) {
	if t.of[d.id] == nil {
		t.found = append(t.found, d.id)
	}
	t.of[d.id] = append(t.of[d.id], d)
}

// forgetStale tells whether links of blocks that were remembered lead
// elsewhere now, because other blocks have changed, and sees to it that those
// blocks are read again.
func (r *reader) forgetStale() bool {
	stale := false
	for _, name := range r.order {
		if b := r.blocks[name]; b.stale {
			course.Forget(r.fsys, b.key())
			stale = true
		}
	}
	return stale
}
