package native

import (
	"path"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// readCertification reads what a course certifies: by default that all of its
// lessons are done.
func (r *reader) readCertification(head *frontmatter.Fields, lessons map[string]*course.Lesson) {
	group, ok := head.Group("certification", "title")
	if !ok {
		return
	}
	file := path.Join(r.dir, courseFile)
	id := group.Text("id")
	if id == "" {
		id = r.course.ID
	}
	c := &course.Certification{ID: id, Slug: course.Slug(id),
		Words: []course.Words{{Lang: r.lang, Title: group.Text("title"), Summary: group.Text("summary"), AbleTo: group.List("able to")}}}
	if c.Words[0].AbleTo == nil {
		c.Words[0].AbleTo = r.course.In().AbleTo
	}
	for _, name := range group.List("lessons") {
		if lesson, ok := lessons[name]; ok {
			c.Lessons = append(c.Lessons, lesson.ID)
			continue
		}
		r.warn(file, group.Line("lessons"), "there is no lesson %q; correct the name or add the file", name)
	}
	if !group.Has("lessons") {
		for _, lesson := range r.course.Lessons {
			c.Lessons = append(c.Lessons, lesson.ID)
		}
	}
	group.Finish()
	if c.Slug != "" && c.Words[0].Title != "" && len(c.Lessons) > 0 {
		r.certification = c
	}
}
