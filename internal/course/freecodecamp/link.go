package freecodecamp

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kept/internal/course"
)

// originalSite is where links go that lead to nothing here.
const originalSite = "https://www.freecodecamp.org"

// siteLink is a link from the root of the original site, in Markdown or HTML.
var siteLink = regexp.MustCompile(`(\]\(|href=["'])(/[a-z][A-Za-z0-9/_.#-]*)`)

// relinker makes links to other challenges lead to their files, where a page
// finds them, and all others to the original site.
type relinker struct {
	files map[string]string // of this course, by block and name
	homes map[string]int    // how many courses a block stands in
}

// relink sets the links of all blocks, each as its first course has it. Blocks
// that were remembered have theirs: of them it only looks whether they would
// be the same.
func (r *reader) relink(courses []*course.Course) {
	homes := map[string]int{}
	for _, c := range courses {
		for _, name := range blocksIn(c.Chapters) {
			homes[name]++
		}
	}
	seen := map[string]bool{}
	for _, c := range courses {
		to := relinker{files: map[string]string{}, homes: homes}
		for _, name := range blocksIn(c.Chapters) {
			to.learn(r.blocks[name])
		}
		for _, name := range blocksIn(c.Chapters) {
			if !seen[name] {
				to.block(r.blocks[name])
			}
			seen[name] = true
		}
	}
}

func (l relinker) block(b *block) {
	if b.linked {
		b.stale = slices.ContainsFunc(b.links, func(one link) bool { return l.target(one.file, b.name, one.address) != one.target })
		return
	}
	for _, lesson := range b.lessons {
		for _, v := range lesson.Versions {
			l.version(v, b)
		}
	}
	b.linked = true
}

// blocksIn lists the names of the blocks in chapters, which are those that
// have lessons.
func blocksIn(chapters []*course.Chapter) []string {
	var all []string
	for _, c := range chapters {
		if len(c.Lessons) > 0 {
			all = append(all, path.Base(c.ID))
		}
		all = append(all, blocksIn(c.Chapters)...)
	}
	return all
}

func (l relinker) learn(b *block) {
	for name, file := range b.challenges.files {
		l.files[b.name+"/"+name] = file
	}
}

func (l relinker) version(v *course.Version, b *block) {
	change := func(text string) string {
		if !strings.Contains(text, "](/") && !strings.Contains(text, "href=\"/") && !strings.Contains(text, "href='/") {
			return text
		}
		return siteLink.ReplaceAllStringFunc(text, func(found string) string {
			m := siteLink.FindStringSubmatch(found)
			target := l.target(v.File, b.name, m[2])
			b.links = append(b.links, link{v.File, m[2], target})
			return m[1] + target
		})
	}
	for _, list := range lists(v) {
		relinkBlocks(list, change)
	}
	for i := range v.Tasks {
		v.Tasks[i] = change(v.Tasks[i])
	}
}

// target is where "/learn/superblock/block/challenge" leads from a file. A
// block that stands in several courses may lack the other one in some of them.
func (l relinker) target(from, block, address string) string {
	parts := strings.Split(address, "/")
	if len(parts) != 5 || parts[1] != "learn" || parts[3] != block && (l.homes[block] > 1 || l.homes[parts[3]] > 1) {
		return originalSite + address
	}
	if to, ok := l.files[parts[3]+"/"+parts[4]]; ok {
		if relative, err := filepath.Rel(path.Dir(from), to); err == nil {
			return filepath.ToSlash(relative)
		}
	}
	return originalSite + address
}

func relinkBlocks(blocks []course.Block, change func(string) string) {
	for i := range blocks {
		if blocks[i].Shape != course.Code {
			blocks[i].Text = change(blocks[i].Text)
		}
		relinkBlocks(blocks[i].Blocks, change)
	}
}

// lists are the blocks of a version, wherever they stand.
func lists(v *course.Version) [][]course.Block {
	all := [][]course.Block{v.Blocks, v.Needs}
	if v.Exercise != nil {
		all = append(all, v.Exercise.Task)
	}
	if v.Video != nil {
		all = append(all, v.Video.Transcript)
	}
	if v.Blanks != nil {
		all = append(all, v.Blanks.Before, v.Blanks.After)
		for _, g := range v.Blanks.Gaps {
			all = append(all, g.Feedback)
		}
	}
	for _, set := range v.Quizzes {
		for _, q := range set.Questions {
			all = append(all, q.Text, q.After)
			for _, a := range q.Answers {
				all = append(all, a.Text, a.Feedback)
			}
		}
	}
	return all
}
