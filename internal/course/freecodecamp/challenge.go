package freecodecamp

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// draft is one challenge file, before its block is known.
type draft struct {
	id       string
	dashed   string
	typ      string
	typeLine int
	kind     course.Kind
	url      string
	audio    string // the scene's recording, as its author names it
	version  *course.Version
	warnings *[]course.Warning

	// Texts whose place is known only when all of the file is read.
	first, description, instructions []course.Block
	explanation, transcript          []course.Block
	extra                            []course.Block // what is shown below everything else
	enzyme                           bool           // a test asks for it
}

// parseChallenge reads the text of one file. It always gives a lesson that can
// be shown; what is wrong is added to the warnings.
func parseChallenge(file, folder, text string, warnings *[]course.Warning) *draft {
	d := &draft{warnings: warnings, version: &course.Version{File: file}}
	head := frontmatter.Read(file, text, warnings)
	d.readHead(head, folder)
	if line := unclosed(head.Body, head.BodyLine); line > 0 {
		d.warn(line, "the code that begins here has no end; close it with a line of the same marks")
	}
	all := split(head.Body, head.BodyLine)
	d.first = d.prose(all.text, all.from)
	for _, p := range all.parts {
		d.section(p)
	}
	d.arrange()
	d.settle()
	d.formulas()
	return d
}

// mostWarnings are as many as anybody would work through in one file.
const mostWarnings = 100

func (d *draft) warn(line int, format string, args ...any) {
	switch n := len(*d.warnings); {
	case n > mostWarnings:
		return
	case n == mostWarnings:
		format, args = "has more mistakes than these; correct them and look again", nil
	}
	*d.warnings = append(*d.warnings, course.Warning{File: d.version.File, Line: line, What: fmt.Sprintf(format, args...)})
}

// passedOver are fields that mean something only to the original site.
var passedOver = []string{
	"forumTopicId", "bilibiliIds", "demoType", "saveSubmissionToDB", "lang", "inputType", "showSpeakingButton",
	"isPrivate", "isHidden", "isLocked", "isComingSoon", "superBlock", "block", "blockId", "order", "suborder", "superOrder",
	"helpCategory", "guideUrl", "prerequisites", "msTrophyId", "certification", "checksum", "usesMultifileEditor",
	"hasEditableBoundaries", "disableLoopProtectTests", "disableLoopProtectPreview", "translationPending", "required", "template",
}

func (d *draft) readHead(head *frontmatter.Fields, folder string) {
	d.readID(head)
	d.version.Title = head.Text("title")
	if d.version.Title == "" {
		d.version.Title = strings.ReplaceAll(d.id, "-", " ")
		d.warn(1, "has no title; add title: text")
	}
	d.typ, d.typeLine = head.Text("challengeType"), head.Line("challengeType")
	d.dashed = course.Slug(head.Text("dashedName"))
	if d.dashed == "" {
		d.dashed = course.Slug(d.version.Title)
	}
	d.readFilm(head, folder)
	d.url = head.Text("url")
	for _, name := range passedOver {
		head.Has(name)
	}
	head.Finish()
}

var wellFormed = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// readID takes the file's name where there is no id. Progress would be lost
// with the next change of that name.
func (d *draft) readID(head *frontmatter.Fields) {
	d.id = head.Text("id")
	if wellFormed.MatchString(d.id) {
		return
	}
	name := course.Slug(strings.TrimSuffix(path.Base(d.version.File), ".md"))
	if name == "" {
		name = "challenge"
	}
	d.warn(head.Line("id"), "has no id of letters, digits and hyphens and gets %q; add id: with a value of its own, because progress hangs on it", name)
	d.id = name
}

// section reads what stands under a marker of the first level.
func (d *draft) section(p part) {
	if p.level != 1 {
		d.unknown(p)
		return
	}
	switch p.name {
	case "description":
		d.description = append(d.description, d.text(p)...)
	case "instructions":
		d.instructions = append(d.instructions, d.text(p)...)
	case "explanation":
		d.explanation = append(d.explanation, d.text(p)...)
	case "transcript":
		d.transcript = append(d.transcript, d.text(p)...)
	case "notes":
		d.extra = append(d.extra, course.Block{Shape: course.Box, Title: "Notes", Line: p.line, Blocks: d.text(p)})
	case "interactive":
		d.interactive(p)
	case "assignment":
		d.assignment(p)
	default:
		d.task(p)
	}
}

// task reads the sections in which one does something.
func (d *draft) task(p part) {
	switch p.name {
	case "hints":
		d.hints(p)
	case "before-all", "before-each", "after-all", "after-each":
		d.hook(p)
	case "seed":
		d.seed(p)
	case "solutions":
		d.solutions(p)
	case "questions":
		d.questions(p)
	case "quizzes":
		d.quizzes(p)
	case "fillInTheBlank":
		d.fillIn(p)
	case "scene":
		d.scene(p)
	default:
		d.unknown(p)
	}
}

// text is a section that holds nothing but text.
func (d *draft) text(p part) []course.Block {
	d.strangers(p)
	return d.prose(p.text, p.from)
}

// interactive is text with examples to play with. An older form of it has
// sections of its own.
func (d *draft) interactive(p part) {
	d.strangers(p, "description", "instructions", "files")
	d.description = append(d.description, d.prose(p.text, p.from)...)
	for _, c := range p.parts {
		switch c.name {
		case "description", "instructions":
			d.description = append(d.description, d.text(c)...)
		case "files":
			d.description = append(d.description, course.Block{Shape: course.Box, Style: "tip", Line: c.line, Blocks: example(c.text, c.from)})
			d.strangers(c)
		}
	}
}

func (d *draft) assignment(p part) {
	d.strangers(p)
	for _, one := range atRules(p.text, p.from) {
		if text := strings.TrimSpace(one.text); text != "" {
			d.version.Tasks = append(d.version.Tasks, text)
		}
	}
	if len(d.version.Tasks) == 0 {
		d.warn(p.line, "the section --assignment-- is empty; write what to do, with a line --- between two things")
	}
}

// arrange puts the texts where they belong.
func (d *draft) arrange() {
	v := d.version
	v.Blocks = append(v.Blocks, d.first...)
	switch works := v.Exercise; {
	case works == nil:
		v.Blocks = append(append(v.Blocks, d.description...), d.instructions...)
	case len(d.instructions) > 0:
		v.Blocks = append(v.Blocks, d.description...)
		works.Task = append(d.instructions, works.Task...)
	default:
		works.Task = append(d.description, works.Task...)
	}
	d.passMark()
	d.placeExplanation()
	d.placeTranscript()
	v.Blocks = append(v.Blocks, d.extra...)
	d.extra = nil
	if works := v.Exercise; works != nil {
		d.completeSolutions(works)
	}
}

// placeExplanation keeps it for after the answer, if there is one to give.
func (d *draft) placeExplanation() {
	v := d.version
	switch {
	case len(d.explanation) == 0:
	case v.Blanks != nil:
		v.Blanks.After = append(v.Blanks.After, d.explanation...)
	case len(v.Quizzes) > 0:
		set := v.Quizzes[len(v.Quizzes)-1].Questions
		last := &set[len(set)-1]
		last.After = append(last.After, d.explanation...)
	default:
		v.Blocks = append(v.Blocks, course.Block{Shape: course.Fold, Title: "Explanation", Blocks: d.explanation})
	}
}

func (d *draft) placeTranscript() {
	v := d.version
	switch {
	case len(d.transcript) == 0:
	case v.Video != nil:
		v.Video.Transcript = d.transcript
	default:
		v.Blocks = append(v.Blocks, course.Block{Shape: course.Fold, Title: "Transcript", Blocks: d.transcript})
	}
}
