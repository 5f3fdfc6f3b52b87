package freecodecamp

import (
	"strings"

	"kept/internal/course"
)

// sort is what a number in "challengeType" means.
type sort struct {
	kind   course.Kind
	engine course.Engine // of its code, if nothing in the files says otherwise
	needs  string        // from outside, Markdown
}

const (
	ownServer   = "This exercise runs on a server of your own, not on this page. Start a project with [Node.js](https://nodejs.org/) on your computer, do what the text asks for, and check it against the list of what is expected."
	ownPage     = "You build this project outside of this page: in an editor on your computer, or at any site that shows HTML, CSS and JavaScript as you write them. Keep its address, and check it against the list of what is expected."
	ownPython   = "You build this project with Python on a computer of your own, or in a notebook. Start from what the text links to, and check it against the list of what is expected."
	ownEditor   = "This course runs in an editor with a terminal. Install [VS Code](https://code.visualstudio.com/) and Docker or open a development container, start the project that the text links to, and follow it there."
	otherExam   = "This is an examination. It is taken where it is offered, not on this page; the text says what to have finished before."
	otherCourse = "This part is done at another site, where an account is needed. Follow the link in the text and come back when it is finished."
	otherThing  = "This lesson needs a program or a site outside of this page. The text says which one and what to do there."
)

// sorts are all types of challenge.
var sorts = map[string]sort{
	"0":  {kind: course.Exercise, engine: course.Page},
	"1":  {kind: course.Exercise, engine: course.JavaScript},
	"2":  {kind: course.Elsewhere, needs: ownServer},
	"3":  {kind: course.Elsewhere, needs: ownPage},
	"4":  {kind: course.Elsewhere, needs: ownServer},
	"5":  {kind: course.Project, engine: course.JavaScript},
	"6":  {kind: course.Exercise, engine: course.Page},
	"8":  {kind: course.Quiz},
	"10": {kind: course.Elsewhere, needs: ownPython},
	"11": {kind: course.Video},
	"12": {kind: course.Elsewhere, needs: ownEditor},
	"13": {kind: course.Elsewhere, needs: ownEditor},
	"14": {kind: course.Project, engine: course.Page},
	"15": {kind: course.Reading},
	"16": {kind: course.Elsewhere, needs: ownPython},
	"17": {kind: course.Elsewhere, needs: otherExam},
	"18": {kind: course.Elsewhere, needs: otherCourse},
	"19": {kind: course.Choice},
	"20": {kind: course.Exercise, engine: course.Python},
	"21": {kind: course.Dialogue},
	"22": {kind: course.FillIn},
	"23": {kind: course.Project, engine: course.Python},
	"24": {kind: course.Reading},
	"25": {kind: course.Exercise, engine: course.Page},
	"26": {kind: course.Exercise, engine: course.JavaScript},
	"27": {kind: course.Exercise, engine: course.Python},
	"28": {kind: course.Exercise, engine: course.JavaScript},
	"29": {kind: course.Exercise, engine: course.Python},
	"30": {kind: course.Elsewhere, needs: otherExam},
	"31": {kind: course.Reading},
	"32": {kind: course.Elsewhere, needs: otherThing},
	"33": {kind: course.Elsewhere, needs: otherThing},
}

// settle decides what the lesson is, by its type and by what it holds.
func (d *draft) settle() {
	known, ok := sorts[d.typ]
	if !ok {
		known = sort{kind: d.guess(), engine: course.JavaScript}
		d.warn(d.typeLine, "the challengeType is %q, which is not known here; write one of the numbers in docs/formats.md", d.typ)
		note := course.Block{Shape: course.Prose, Text: "This lesson is of a kind that is not known here. All of its text is shown."}
		d.version.Blocks = append(d.version.Blocks, course.Block{Shape: course.Box, Title: "Type " + escape(short(d.typ)), Blocks: []course.Block{note}})
	}
	d.kind = known.kind
	if d.kind == course.Reading && len(d.version.Quizzes) > 0 {
		d.kind = course.Choice
	}
	if known.needs != "" {
		d.version.Needs = append(d.version.Needs, course.Block{Shape: course.Prose, Text: known.needs})
		d.needsAddress()
	}
	if works := d.version.Exercise; works != nil {
		works.Engine = engineOf(known.engine, works.Files)
		works.Tools = d.tools()
	}
	d.checkKind()
}

// needsAddress adds where the outside thing is, if the front matter says so.
func (d *draft) needsAddress() {
	if isWeb(d.url) {
		d.version.Needs = append(d.version.Needs, course.Block{Shape: course.Prose, Text: "<" + d.url + ">"})
	}
}

func isWeb(address string) bool {
	return strings.HasPrefix(address, "https://") && !strings.ContainsAny(address, " \t\n<>\"\\")
}

// short keeps a hostile text from filling a warning.
func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "..."
	}
	return s
}

func (d *draft) guess() course.Kind {
	v := d.version
	switch {
	case v.Exercise != nil:
		return course.Exercise
	case v.Blanks != nil:
		return course.FillIn
	case len(v.Quizzes) > 0:
		return course.Choice
	case v.Scene != nil:
		return course.Dialogue
	}
	return course.Reading
}

// engineOf looks at the files: a page needs a document, whatever the type.
func engineOf(usual course.Engine, files []course.File) course.Engine {
	if usual == course.NoEngine {
		return usual
	}
	for _, f := range files {
		switch f.Lang {
		case "jsx", "ts", "tsx":
			return course.React
		case "html", "css":
			usual = course.Page
		}
	}
	return usual
}

func (d *draft) checkKind() {
	v, works := d.version, d.version.Exercise
	switch {
	case (d.kind == course.Exercise || d.kind == course.Project) && (works == nil || len(works.Tests) == 0):
		d.warn(d.typeLine, "has nothing that is checked; add a section # --hints--, or another challengeType")
	case (d.kind == course.Exercise || d.kind == course.Project) && len(works.Files) == 0:
		d.warn(d.typeLine, "has no file to begin with; add # --seed-- and ## --seed-contents--")
	case (d.kind == course.Quiz || d.kind == course.Choice) && len(v.Quizzes) == 0:
		d.warn(d.typeLine, "has no question; add # --questions-- or # --quizzes--")
	case d.kind == course.FillIn && v.Blanks == nil:
		d.warn(d.typeLine, "has nothing to fill in; add # --fillInTheBlank--")
	case d.kind == course.Dialogue && v.Scene == nil:
		d.warn(d.typeLine, "has no conversation; add # --scene--")
	case d.kind == course.Video && v.Video == nil:
		d.warn(d.typeLine, "has no film; add videoId to the front matter")
	}
}
