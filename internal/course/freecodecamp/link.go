package freecodecamp

import (
	"path"
	"path/filepath"
	"regexp"
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

func (r *reader) relink(courses []*course.Course) {
	homes := map[string]int{}
	for _, c := range courses {
		for _, name := range blocksIn(c.Chapters) {
			homes[name]++
		}
	}
	for _, c := range courses {
		to := relinker{files: map[string]string{}, homes: homes}
		for _, name := range blocksIn(c.Chapters) {
			to.learn(r.blocks[name])
		}
		for _, name := range blocksIn(c.Chapters) {
			for _, lesson := range r.blocks[name].lessons {
				for _, v := range lesson.Versions {
					to.version(v, name)
				}
			}
		}
	}
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
	for _, drafts := range b.drafts {
		for _, d := range drafts {
			l.files[b.name+"/"+d.dashed] = drafts[0].version.File
		}
	}
}

func (l relinker) version(v *course.Version, block string) {
	change := func(text string) string {
		if !strings.Contains(text, "](/") && !strings.Contains(text, "href=\"/") && !strings.Contains(text, "href='/") {
			return text
		}
		return siteLink.ReplaceAllStringFunc(text, func(link string) string {
			m := siteLink.FindStringSubmatch(link)
			return m[1] + l.target(v.File, block, m[2])
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
