package freecodecamp

import (
	"path"
	"strings"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// certifications reads the files about certificates in all languages.
func (r *reader) certifications() []*course.Certification {
	var all []*course.Certification
	byID := map[string]*course.Certification{}
	byChallenge := r.lessonsOfChallenges()
	for _, lang := range r.langs {
		for _, file := range r.certificationFiles(lang) {
			c, ok := r.certification(lang, file)
			switch known := byID[c.ID]; {
			case !ok:
			case known == nil:
				for i, id := range c.Lessons {
					c.Lessons[i] = byChallenge(id)
				}
				byID[c.ID] = c
				all = append(all, c)
			default:
				known.Words = append(known.Words, c.Words...)
			}
		}
	}
	return all
}

// lessonsOfChallenges gives the lesson of a challenge's id. Of several blocks
// with one id it is the first. An id without lesson stays as it is.
func (r *reader) lessonsOfChallenges() func(id string) string {
	first := map[string]string{}
	for _, s := range r.supers {
		for _, name := range s.allBlocks() {
			if b, ok := r.blocks[name]; ok {
				for _, id := range b.found {
					if _, taken := first[id]; !taken {
						first[id] = lessonID(b, id)
					}
				}
			}
		}
	}
	return func(id string) string {
		if lesson, ok := first[id]; ok {
			return lesson
		}
		return id
	}
}

// certificationFiles lists 00-certifications/*/*.yml of the older layout and
// certifications/*.yml of the newer one.
func (r *reader) certificationFiles(lang language) []string {
	files := r.filesIn(r.root.at("challenges", lang.folder, "certifications"), ".yml")
	older := r.root.at("challenges", lang.folder, certificationDir)
	files = append(files, r.filesIn(older, ".yml")...)
	for _, dir := range r.dirsIn(older) {
		files = append(files, r.filesIn(path.Join(older, dir), ".yml")...)
	}
	return files
}

func (r *reader) certification(lang language, file string) (*course.Certification, bool) {
	text, err := course.ReadText(r.fsys, file)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(file, err))
		return &course.Certification{}, false
	}
	before := len(r.warnings)
	head := r.yaml(file, text)
	title, id := head.Text("title"), head.Text("certification")
	if id == "" {
		id = strings.TrimSuffix(path.Base(file), ".yml")
		r.warn(file, 0, "has no certification and gets %q; add certification: %s", id, id)
	}
	if title == "" {
		title = spoken(id)
		r.warn(file, 0, "has no title; add title: text")
	}
	c := &course.Certification{ID: id, Slug: course.Slug(id), Words: []course.Words{{Lang: lang.tag, Title: title}}}
	for _, test := range head.Groups("tests") {
		if lesson := test.Text("id"); lesson != "" {
			c.Lessons = append(c.Lessons, lesson)
		}
	}
	if !strings.HasPrefix(text, "---\n") {
		moveUp(r.warnings[before:])
	}
	if len(c.Lessons) == 0 {
		r.warn(file, 0, "asks for no challenge, so anybody would get it, and is left out; list some below tests")
		return c, false
	}
	return c, true
}

// yaml reads a file that is all front matter, with or without its marks.
func (r *reader) yaml(file, text string) *frontmatter.Fields {
	text = strings.TrimSuffix(strings.TrimSpace(text), "\n---")
	if !strings.HasPrefix(text, "---\n") {
		text = "---\n" + text
	}
	return frontmatter.Read(file, text+"\n---\n", &r.warnings)
}

// moveUp corrects the lines of a file that was read with one more above it.
func moveUp(warnings []course.Warning) {
	for i := range warnings {
		warnings[i].Line = max(0, warnings[i].Line-1)
	}
}
