package freecodecamp

import (
	"encoding/json"
	"regexp"
	"strings"

	"kept/internal/course"
)

// super is a superblock, which becomes a course.
type super struct {
	name   string
	file   string // where its structure stands
	text   string // of that file
	groups []group
	blocks []string // of those without chapters

	claimed  map[string]bool
	problems few
}

func newSuper(r *reader, name, file string) *super {
	return &super{name: name, file: file, claimed: map[string]bool{}, problems: few{r: r, file: file}}
}

// group is a chapter, or a module of one.
type group struct {
	name   string
	label  string
	groups []group
	blocks []string
}

// block is a chapter of challenges.
type block struct {
	name string
	file string // where its order stands
	text string // of that file
	meta blockMeta
	dirs map[string]string // by folder of the language
	used bool

	*challenges      // nil until they are read
	stale       bool // links in it lead elsewhere now
}

// blockMeta is the file about a block, in both layouts.
type blockMeta struct {
	Name           string
	BlockLayout    string
	BlockType      string // "workshop", "lab": until 2025
	BlockLabel     string // the same, since
	SuperBlock     string
	Order          *int
	Template       string
	Required       []struct{ Src, Link string }
	ChallengeOrder []struct{ ID, Title string }
}

func (b *block) label() string {
	if b.meta.BlockLabel != "" {
		return b.meta.BlockLabel
	}
	return b.meta.BlockType
}

func (r *reader) readStructure() {
	r.blocks = map[string]*block{}
	r.readLangs()
	if r.root.newer {
		r.readNewer()
	} else {
		r.readOlder()
	}
	r.readIntros()
	r.checkRights()
}

// block finds or makes the block of one name.
func (r *reader) block(name string) *block {
	if b, ok := r.blocks[name]; ok {
		return b
	}
	b := &block{name: name, dirs: map[string]string{}}
	r.blocks[name] = b
	r.order = append(r.order, name)
	return b
}

func (r *reader) readMeta(name, file string) {
	b := r.block(name)
	b.file = file
	was := course.Remember(r.fsys, "order "+file, []string{file}, func() order {
		own := &reader{fsys: r.fsys}
		var o order
		o.text, _ = own.readJSON(file, &o.meta)
		o.warnings = own.warnings
		return o
	})
	b.text, b.meta = was.text, was.meta
	r.warnings = append(r.warnings, was.warnings...)
}

// order is a file about a block.
type order struct {
	text     string
	meta     blockMeta
	warnings []course.Warning
}

// chapterFile is the structure of a superblock, in both layouts.
type chapterFile struct {
	Blocks   []blockName
	Chapters []struct {
		DashedName  string
		ChapterType string
		Modules     []struct {
			DashedName string
			ModuleType string
			Blocks     []blockName
		}
	}
}

// blockName is written as a text, or as {"dashedName": text}.
type blockName string

// UnmarshalJSON is called by json.
func (b *blockName) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '{' {
		var named struct{ DashedName string }
		err := json.Unmarshal(raw, &named)
		*b = blockName(named.DashedName)
		return err
	}
	return json.Unmarshal(raw, (*string)(b))
}

func (c *chapterFile) groups() []group {
	var groups []group
	for _, chapter := range c.Chapters {
		g := group{name: chapter.DashedName, label: chapter.ChapterType}
		for _, module := range chapter.Modules {
			g.groups = append(g.groups, group{name: module.DashedName, label: module.ModuleType, blocks: names(module.Blocks)})
		}
		groups = append(groups, g)
	}
	return groups
}

func names(blocks []blockName) []string {
	var out []string
	for _, b := range blocks {
		out = append(out, string(b))
	}
	return out
}

// allBlocks lists the blocks of a superblock in their order.
func (s *super) allBlocks() []string {
	all := append([]string{}, s.blocks...)
	return append(all, blocksOf(s.groups)...)
}

func blocksOf(groups []group) []string {
	var all []string
	for _, g := range groups {
		all = append(append(all, g.blocks...), blocksOf(g.groups)...)
	}
	return all
}

var blockNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$`)

// claim tells whether a block that a superblock lists is there, and marks it
// as used.
func (r *reader) claim(s *super, name string) (*block, bool) {
	b, ok := r.blocks[name]
	if ok {
		b.used = true
	}
	switch {
	case !blockNameForm.MatchString(name):
		s.problems.warn(s.text, name, "names a block %q; write the name of a folder of challenges", short(name))
	case !ok || len(b.dirs) == 0:
		s.problems.warn(s.text, name, "names the block %s, of which there are no challenges here; add them or take it away", name)
	case s.claimed[name]:
		s.problems.warn(s.text, name, "names the block %s twice; take one away", name)
	default:
		s.claimed[name] = true
		return b, true
	}
	return nil, false
}

// few gives the first warnings about a list in a file and then counts them
// only: a list may be long, and wrong all through.
type few struct {
	r    *reader
	file string
	n    int
}

const fewEnough = 25

func (f *few) warn(text, name, format string, args ...any) {
	if f.n++; f.n <= fewEnough {
		f.r.warn(f.file, lineIn(text, name), format, args...)
	}
}

func (f *few) finish() {
	if f.n > fewEnough {
		f.r.warn(f.file, 0, "has %d more mistakes of this kind; correct the first ones and look again", f.n-fewEnough)
	}
}

func lineIn(text, name string) int {
	i := strings.Index(text, `"`+name+`"`)
	if i < 0 {
		return 0
	}
	return 1 + strings.Count(text[:i], "\n")
}

// rightsFile says who owns the texts. The LICENSE.md above it is that of the
// original site's program.
const rightsFile = "LICENSE.md"

func (r *reader) checkRights() {
	if !isFile(r.fsys, r.root.at(rightsFile)) {
		r.warn(r.root.at("challenges"), 0, "does not say how these texts may be used; add %s with one sentence about it", r.root.at(rightsFile))
	}
}

// rights is the first sentence of that file, shown on every page.
func (r *reader) rights() course.Rights {
	name := r.root.at(rightsFile)
	if !isFile(r.fsys, name) {
		return course.Rights{}
	}
	text, err := course.ReadText(r.fsys, name)
	if err != nil {
		return course.Rights{}
	}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if line := strings.TrimSpace(paragraph); line != "" && !strings.HasPrefix(line, "#") {
			return course.Rights{Credit: strings.Join(strings.Fields(line), " ")}
		}
	}
	return course.Rights{}
}
