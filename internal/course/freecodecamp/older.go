package freecodecamp

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

const certificationDir = "00-certifications"

// readOlder reads the layout until 2025: challenges/LANGUAGE/SUPERBLOCK/BLOCK
// with the order of each block in challenges/_meta/BLOCK/meta.json.
func (r *reader) readOlder() {
	meta := r.root.at("challenges", "_meta")
	for _, name := range r.dirsIn(meta) {
		if file := path.Join(meta, name, "meta.json"); isFile(r.fsys, file) {
			r.readMeta(name, file)
		}
	}
	for _, lang := range r.langs {
		for _, dir := range r.dirsIn(r.root.at("challenges", lang.folder)) {
			if dir != certificationDir {
				r.readOlderSuper(lang, dir)
			}
		}
	}
	r.orderOlder()
	r.readOlderChapters()
}

func (r *reader) readOlderSuper(lang language, dir string) {
	full := r.root.at("challenges", lang.folder, dir)
	for _, name := range r.dirsIn(full) {
		b := r.olderBlock(lang, dir, name)
		if b.file == "" {
			b.file = path.Join(full, name)
			r.warn(b.file, 0, "has no order; add %s", r.root.at("challenges", "_meta", name, "meta.json"))
		}
		if b.meta.SuperBlock == "" {
			b.meta.SuperBlock = withoutNumber(dir)
		}
		s := r.super(b.meta.SuperBlock, full)
		if !slices.Contains(s.blocks, b.name) {
			s.blocks = append(s.blocks, b.name)
		}
	}
}

// olderBlock finds the block of a folder. Two of one name are told apart by
// their superblocks.
func (r *reader) olderBlock(lang language, dir, name string) *block {
	full := r.root.at("challenges", lang.folder, dir, name)
	key := name
	if known := r.blocks[name]; known != nil && known.dirs[lang.folder] != "" {
		key = withoutNumber(dir) + "-" + name
		r.warn(full, 0, "has the name of the block in %s and is called %s; give it a name of its own", known.dirs[lang.folder], key)
	}
	b := r.block(key)
	b.dirs[lang.folder] = full
	return b
}

// withoutNumber takes "02-" off a folder's name.
func withoutNumber(dir string) string {
	number, name, ok := strings.Cut(dir, "-")
	if ok && strings.Trim(number, "0123456789") == "" && name != "" {
		return name
	}
	return dir
}

func (r *reader) super(name, file string) *super {
	for _, s := range r.supers {
		if s.name == name {
			return s
		}
	}
	s := newSuper(r, name, file)
	r.supers = append(r.supers, s)
	return s
}

// orderOlder sorts the blocks of each superblock by the order that they give,
// and those that give none by name.
func (r *reader) orderOlder() {
	for _, s := range r.supers {
		slices.SortStableFunc(s.blocks, func(a, b string) int {
			return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), cmp.Compare(a, b))
		})
	}
}

func (r *reader) rank(block string) int {
	if order := r.blocks[block].meta.Order; order != nil {
		return *order
	}
	return 1 << 20
}

// readOlderChapters reads superblock-structure/*.json, which puts the blocks
// of some superblocks into chapters and modules.
func (r *reader) readOlderChapters() {
	for _, file := range r.filesIn(r.root.at("superblock-structure"), ".json") {
		var structure chapterFile
		text, ok := r.readJSON(file, &structure)
		if !ok {
			continue
		}
		groups := structure.groups()
		s := r.ownerOf(blocksOf(groups))
		if s == nil {
			r.warn(file, 0, "names no block that is here; correct the names or take the file away")
			continue
		}
		s.file, s.text, s.groups, s.problems.file = file, text, groups, file
		s.dropGrouped()
	}
}

// ownerOf is the superblock of the first of some blocks that is there.
func (r *reader) ownerOf(blocks []string) *super {
	for _, name := range blocks {
		if b, ok := r.blocks[name]; ok && len(b.dirs) > 0 {
			return r.super(b.meta.SuperBlock, b.file)
		}
	}
	return nil
}

// dropGrouped leaves to the end what no chapter lists.
func (s *super) dropGrouped() {
	grouped := map[string]bool{}
	for _, name := range blocksOf(s.groups) {
		grouped[name] = true
	}
	s.blocks = slices.DeleteFunc(s.blocks, func(name string) bool { return grouped[name] })
}
