package freecodecamp

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"kept/internal/course"
)

// courses makes a course of each superblock.
func (r *reader) courses() []*course.Course {
	var courses []*course.Course
	rights := r.rights()
	for _, s := range r.supers {
		c := r.course(s, rights)
		if len(blocksIn(c.Chapters)) == 0 {
			r.warn(s.file, 0, "the superblock %s has no challenge here and is left out; add some", short(s.name))
			continue
		}
		courses = append(courses, c)
	}
	if s := r.leftOver(); s != nil {
		courses = append(courses, r.course(s, rights))
	}
	r.relink(courses)
	return courses
}

// leftOver is a course of the blocks that no superblock lists.
func (r *reader) leftOver() *super {
	s := newSuper(r, "other-blocks", r.root.at("challenges"))
	for _, name := range r.order {
		b := r.blocks[name]
		switch {
		case b.used:
		case len(b.dirs) == 0:
			r.warn(b.file, 0, "is about a block of which there are no challenges here; add them or take it away")
		default:
			r.warn(b.file, 0, "no superblock lists this block, and it stands in a course of its own at the end; list it")
			s.blocks = append(s.blocks, name)
		}
	}
	if len(s.blocks) == 0 {
		return nil
	}
	return s
}

func (r *reader) course(s *super, rights course.Rights) *course.Course {
	words, first := r.superWords(s)
	c := &course.Course{ID: s.name, Slug: course.Slug(s.name), Dir: r.root.at("challenges"), Words: words, Intro: first, Rights: rights}
	for _, g := range s.groups {
		c.Chapters = append(c.Chapters, r.group(s, c.ID, g, false))
	}
	c.Chapters = append(c.Chapters, r.blockChapters(s, c.ID, s.blocks)...)
	s.problems.finish()
	return c
}

// group makes a chapter of a chapter or a module.
func (r *reader) group(s *super, above string, g group, module bool) *course.Chapter {
	chapter := &course.Chapter{ID: above + "/" + g.name, Slug: course.Slug(g.name), Label: g.label, Words: r.groupWords(s, g, module)}
	for _, inner := range g.groups {
		chapter.Chapters = append(chapter.Chapters, r.group(s, chapter.ID, inner, true))
	}
	chapter.Chapters = append(chapter.Chapters, r.blockChapters(s, chapter.ID, g.blocks)...)
	return chapter
}

func (r *reader) blockChapters(s *super, above string, names []string) []*course.Chapter {
	var chapters []*course.Chapter
	for _, name := range names {
		if b, ok := r.claim(s, name); ok {
			// The lessons are the same wherever the block stands.
			chapters = append(chapters, &course.Chapter{ID: above + "/" + name, Slug: course.Slug(name), Label: b.label(),
				Words: r.blockWords(s, b), Lessons: slices.Clone(b.lessons)})
		}
	}
	return chapters
}

// makeLessons puts the challenges of a block in order.
func (r *reader) makeLessons(b *drafts) {
	left := map[string]bool{}
	for _, id := range b.found {
		left[id] = true
	}
	missing := few{r: r, file: b.file}
	for _, one := range b.meta.ChallengeOrder {
		switch {
		case left[one.ID]:
			delete(left, one.ID)
			r.addLesson(b, one.ID)
		case b.of[one.ID] != nil:
			missing.warn(b.text, one.ID, "lists the challenge %s twice; take one away", short(one.ID))
		case len(b.dirs) > 0:
			missing.warn(b.text, one.ID, "lists the challenge %s (%s), of which there is no file; add it or take it away", short(one.ID), short(one.Title))
		}
	}
	missing.finish()
	b.listed = len(b.lessons)
	if b.text == "" {
		b.listed = len(b.found)
	}
	r.addUnlisted(b, left)
	r.linkSteps(b)
	r.addTools(b)
	r.warnAudio(b)
}

func (r *reader) addUnlisted(b *drafts, left map[string]bool) {
	for _, id := range b.found {
		if !left[id] {
			continue
		}
		if b.text != "" {
			r.warn(b.of[id][0].version.File, 0, "%s does not list this challenge and it stands at the end; add it to challengeOrder", b.file)
		}
		r.addLesson(b, id)
	}
}

// lessonID names the block too, because blocks that were made anew have the
// ids of those that they replace, and both are in the curriculum.
func lessonID(b *block, id string) string { return b.name + "/" + id }

// addLesson joins the files of one id. The first is in the first language
// that has it.
func (r *reader) addLesson(b *drafts, id string) {
	drafts := b.of[id]
	first := drafts[0]
	lesson := &course.Lesson{ID: lessonID(b.block, id), Slug: b.slugOf(first), Kind: first.kind, Type: first.typ}
	for _, d := range drafts {
		if slices.ContainsFunc(lesson.Versions, func(v *course.Version) bool { return v.Lang == d.version.Lang }) {
			r.warn(d.version.File, 0, "has the id %q of another challenge of this block and is left out; give it an id of its own", id)
			continue
		}
		lesson.Versions = append(lesson.Versions, d.version)
	}
	b.lessons = append(b.lessons, lesson)
}

var numbered = regexp.MustCompile(`^[a-z]+-[0-9]+$`)

// slugOf keeps "step-1", which every block has, apart, and two of one name.
func (b *drafts) slugOf(d *draft) string {
	slug := d.dashed
	if slug == "" || numbered.MatchString(slug) {
		slug = course.Slug(b.name + "-" + d.dashed)
	}
	if b.slugs[slug] {
		slug = course.Slug(slug + "-" + d.id)
	}
	b.slugs[slug] = true
	return slug
}

// linkSteps marks the steps that the next one solves.
func (r *reader) linkSteps(b *drafts) {
	for i, lesson := range b.lessons {
		for _, v := range lesson.Versions {
			works := v.Exercise
			if works == nil || len(works.Solutions) > 0 || works.Engine == course.NoEngine || len(works.Tests) == 0 {
				continue
			}
			works.NextSolves = i+1 < b.listed && hasFiles(b.lessons[i+1])
			if !works.NextSolves && i < b.listed {
				r.warn(v.File, 0, "has no solution and no next step that is one; add a section # --solutions--")
			}
		}
	}
}

func hasFiles(lesson *course.Lesson) bool {
	works := lesson.Versions[0].Exercise
	return works != nil && len(works.Files) > 0
}

var library = regexp.MustCompile(`[/@](react-redux|redux-thunk|redux|react-dom|react|d3|jquery|bootstrap|font-awesome)\b[^/]*/`)

// addTools adds what the file about the block asks for: libraries, and a page
// around the learner's code.
func (r *reader) addTools(b *drafts) {
	var tools []string
	for _, one := range b.meta.Required {
		if m := library.FindStringSubmatch(one.Src + one.Link + "/"); m != nil && !slices.Contains(tools, m[1]) {
			tools = append(tools, m[1])
		}
	}
	for _, lesson := range b.lessons {
		for _, v := range lesson.Versions {
			if works := v.Exercise; works != nil && works.Engine != course.NoEngine {
				works.Tools = append(works.Tools, tools...)
				addTemplate(works, b.meta.Template)
			}
		}
	}
}

const templateMark = "${ source || '' }"

// addTemplate adds the page that a block puts around code without one. Nobody
// edits it.
func addTemplate(works *course.Exercising, template string) {
	if template == "" || works.Engine != course.React && works.Engine != course.Page {
		return
	}
	if slices.ContainsFunc(works.Files, func(f course.File) bool { return f.Name == "index.html" }) {
		return
	}
	page := course.File{Name: "index.html", Lang: "html", Text: strings.Replace(template, templateMark, "", 1), Editable: []course.Region{}}
	works.Files = append(works.Files, page)
	for i := range works.Solutions {
		works.Solutions[i] = append(works.Solutions[i], page)
	}
}

// warnAudio takes a recording that lies beside the lesson, and says once for
// each block which are missing.
func (r *reader) warnAudio(b *drafts) {
	missing := map[string]bool{}
	for _, drafts := range b.of {
		for _, d := range drafts {
			if d.audio == "" || d.version.Scene == nil {
				continue
			}
			file := path.Join(path.Dir(d.version.File), d.audio)
			if blockNameForm.MatchString(d.audio) && isFile(r.fsys, file) {
				d.version.Scene.Audio = strings.TrimPrefix(file, r.root.at("challenges")+"/")
				continue
			}
			missing[short(d.audio)] = true
		}
	}
	if len(missing) > 0 {
		list := make([]string, 0, len(missing))
		for name := range missing {
			list = append(list, name)
		}
		slices.Sort(list)
		r.warn(b.file, 0, "the recordings %s of its scenes are not here, so the conversations are shown as text; put them beside the lessons", strings.Join(list, ", "))
	}
}
