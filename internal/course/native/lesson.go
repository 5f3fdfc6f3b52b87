package native

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// draft is one lesson file, before its course is known.
type draft struct {
	id       string
	idLine   int
	kind     course.Kind
	minutes  int
	rights   *course.Rights
	version  course.Version
	warnings *[]course.Warning

	translated bool // a translation leaves out what it takes from the original
	kindLine   int
	pass       int
	sections   map[string]bool
}

// kinds are the types that a lesson of this format can have.
var kinds = []course.Kind{course.Reading, course.Exercise, course.Quiz, course.Project, course.Elsewhere}

// parseLesson reads the text of one lesson. It always gives a lesson that can
// be shown; what is wrong is added to the warnings.
func parseLesson(file, text string, translated bool, warnings *[]course.Warning) *draft {
	d := &draft{warnings: warnings, translated: translated, sections: map[string]bool{}, version: course.Version{File: file}}
	head := frontmatter.Read(file, text, warnings)
	d.readHead(head)
	parts := split(head.Body, head.BodyLine, "# ")
	d.version.Blocks = markdown(parts[0].text, parts[0].from)
	for _, p := range parts[1:] {
		d.section(p)
	}
	d.check()
	return d
}

func (d *draft) warn(line int, format string, args ...any) {
	*d.warnings = append(*d.warnings, course.Warning{File: d.version.File, Line: line, What: fmt.Sprintf(format, args...)})
}

func (d *draft) readHead(head *frontmatter.Fields) {
	d.readID(head)
	d.version.Title = head.Text("title")
	if d.version.Title == "" {
		d.version.Title = strings.ReplaceAll(d.id, "-", " ")
		d.warn(1, "has no title; add title: text")
	}
	d.version.Summary = head.Text("summary")
	d.minutes, d.pass = head.Int("minutes"), head.Int("pass")
	d.readKind(head)
	if rights := readRights(head); rights.Licence != "" || len(rights.Authors) > 0 || rights.Original != "" || rights.Credit != "" {
		d.rights = &rights
	}
	head.Finish()
}

var wellFormed = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// readID makes an id from the file's name where none is given, so that the
// lesson can be read; progress would be lost with the next change of name.
func (d *draft) readID(head *frontmatter.Fields) {
	d.id, d.idLine = head.Text("id"), head.Line("id")
	if wellFormed.MatchString(d.id) || d.translated {
		return
	}
	name, _ := nameAndLang(path.Base(d.version.File))
	fromName := course.Slug(strings.TrimLeft(strings.TrimSuffix(name, ".md"), "0123456789-_ "))
	if fromName == "" {
		fromName = "lesson"
	}
	if d.id == "" {
		d.warn(1, "has no id and gets %q; add id: %s, because progress hangs on it", fromName, fromName)
		d.id = fromName
		return
	}
	slug := course.Slug(d.id)
	if slug == "" {
		slug = fromName
	}
	d.warn(d.idLine, "the id %q may hold small letters a to z, digits and hyphens only; write %s", d.id, slug)
	d.id = slug
}

func (d *draft) readKind(head *frontmatter.Fields) {
	d.kind, d.kindLine = course.Kind(head.Text("type")), head.Line("type")
	if d.translated && d.kind == "" || slices.Contains(kinds, d.kind) {
		return
	}
	d.warn(d.kindLine, "the type is %q; write one of reading, exercise, quiz, project, elsewhere", string(d.kind))
	d.kind = course.Reading
}

// section reads what stands under a heading of the first level.
func (d *draft) section(p part) {
	name, title, _ := strings.Cut(p.title, ":")
	name = strings.TrimSpace(name)
	d.sections[name] = true
	switch name {
	case "Task":
		d.exercise().Title = strings.TrimSpace(title)
		d.exercise().Task = append(d.exercise().Task, markdown(p.text, p.from)...)
	case "Files":
		d.readFiles(p)
	case "Tests":
		d.readTests(p)
	case "Solution":
		d.readSolution(p)
	case "Hints":
		d.readHints(p)
	case "Questions":
		d.readQuestions(p)
	case "Steps":
		d.readSteps(p)
	case "Needs":
		d.version.Needs = append(d.version.Needs, markdown(p.text, p.from)...)
	default:
		d.warn(p.line, "%q is not a section of a lesson and is shown as text; begin it with ##, or use one of Task, Files, Tests, Solution, Hints, Questions, Steps, Needs", p.title)
		d.version.Blocks = append(d.version.Blocks, markdown("## "+p.title+"\n"+p.text, p.line)...)
	}
}

func (d *draft) exercise() *course.Exercising {
	if d.version.Exercise == nil {
		d.version.Exercise = &course.Exercising{}
	}
	return d.version.Exercise
}

func (d *draft) readSteps(p part) {
	for item := range items(p.text) {
		text, _ := strings.CutPrefix(item, "[ ] ")
		d.version.Tasks = append(d.version.Tasks, text)
	}
	if len(d.version.Tasks) == 0 {
		d.warn(p.line, "the section Steps has no list; begin each step with - and a space")
	}
	if rest := outsideList(p.text); rest != "" {
		d.version.Blocks = append(d.version.Blocks, markdown(rest, p.from)...)
	}
}

// lesson makes a lesson of the draft, of which the course is known now.
func (d *draft) lesson(courseID string) *course.Lesson {
	return &course.Lesson{ID: courseID + "/" + d.id, Slug: d.id, Kind: d.kind, Type: string(d.kind),
		Minutes: d.minutes, Rights: d.rights, Versions: []*course.Version{&d.version}}
}

// check compares what the lesson says that it is with what it holds.
func (d *draft) check() {
	if d.translated {
		return
	}
	v, works := &d.version, d.version.Exercise
	switch d.kind {
	case course.Exercise:
		d.checkExercise()
	case course.Quiz:
		if len(v.Quizzes) == 0 {
			d.warn(d.kindLine, "is a quiz without questions; add a section # Questions")
		}
	case course.Project:
		if works == nil && len(v.Tasks) == 0 {
			d.warn(d.kindLine, "is a project without a task; add a section # Task or # Steps")
		}
	case course.Elsewhere:
		if len(v.Needs) == 0 {
			d.warn(d.kindLine, "does not say what is needed; add a section # Needs")
		}
	case course.Reading:
		if works != nil && (len(works.Tests) > 0 || len(works.Files) > 0) {
			d.warn(d.kindLine, "is a reading but has something to write; write type: exercise")
		}
	}
	if len(v.Blocks) == 0 && works == nil && len(v.Quizzes) == 0 && len(v.Tasks) == 0 && len(v.Needs) == 0 {
		d.warn(1, "has no text; write what there is to learn below the front matter")
	}
}
