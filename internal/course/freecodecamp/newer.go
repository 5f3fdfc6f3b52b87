package freecodecamp

import (
	"path"
	"strings"
)

// readNewer reads the layout since 2026: challenges/LANGUAGE/blocks/BLOCK,
// with what belongs where in structure/.
func (r *reader) readNewer() {
	for _, file := range r.filesIn(r.root.at("structure", "blocks"), ".json") {
		r.readMeta(strings.TrimSuffix(path.Base(file), ".json"), file)
	}
	for _, lang := range r.langs {
		dir := r.root.at("challenges", lang.folder, "blocks")
		for _, name := range r.dirsIn(dir) {
			b := r.block(name)
			b.dirs[lang.folder] = path.Join(dir, name)
			if b.file == "" {
				r.warn(b.dirs[lang.folder], 0, "has no order; add %s", r.root.at("structure", "blocks", name+".json"))
				b.file = b.dirs[lang.folder]
			}
		}
	}
	r.readSupers()
}

func (r *reader) readSupers() {
	var list struct{ Superblocks []string }
	file := r.root.at("structure", "curriculum.json")
	text, _ := r.readJSON(file, &list)
	missing := few{r: r, file: file}
	for _, name := range list.Superblocks {
		super := r.root.at("structure", "superblocks", name+".json")
		if !blockNameForm.MatchString(name) || !isFile(r.fsys, super) {
			missing.warn(text, name, "names the superblock %q, which is not there; add its file or take it away", short(name))
			continue
		}
		if !r.hasSuper(name) {
			r.readSuper(name, super)
		}
	}
	missing.finish()
	for _, file := range r.filesIn(r.root.at("structure", "superblocks"), ".json") {
		if name := strings.TrimSuffix(path.Base(file), ".json"); !r.hasSuper(name) {
			r.warn(file, 0, "is not listed in curriculum.json and stands at the end; add it there")
			r.readSuper(name, file)
		}
	}
}

func (r *reader) hasSuper(name string) bool {
	for _, s := range r.supers {
		if s.name == name {
			return true
		}
	}
	return false
}

func (r *reader) readSuper(name, file string) {
	var structure chapterFile
	text, _ := r.readJSON(file, &structure)
	s := r.super(name, file)
	s.text = text
	s.groups, s.blocks = structure.groups(), names(structure.Blocks)
}
