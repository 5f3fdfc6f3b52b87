package myst

import (
	"maps"
	"slices"
	"strings"
)

// shape is how the loader treats a directive.
type shape int

const (
	unknownShape shape = iota
	boxShape
	foldShape
	partShape // its content stands where it stands
	quoteShape
	figureShape
	tabsShape
	tabShape
	tableShape
	includeShape
	rstShape
	glossaryShape
	codeTabShape // from here on the body is not Markdown
	codeShape
	literalShape
	imageShape
	csvShape
	listTableShape
	mathShape
	treeShape // toctree
	listShape // exerciselist
	rawShape
	metaShape
	diagramShape
	filmShape
	linkShape
	rubricShape
	targetShape
	dropShape
)

func (s shape) holdsMarkdown() bool { return s < codeTabShape }

// spec is what the loader knows of a directive.
type spec struct {
	shape shape
	title string // of a box whose author gives none
	style string
	// bodyFirst: the words behind the name begin the text, as in
	// "{note} Mind the gap".
	bodyFirst bool
}

// specs are the directives that are known. The table does not change.
var specs = map[string]spec{
	// Notes of every Sphinx project.
	"note": {boxShape, "Note", "", true}, "seealso": {boxShape, "See also", "", true}, "tip": {boxShape, "Tip", "tip", true},
	"hint": {boxShape, "Hint", "tip", true}, "important": {boxShape, "Important", "important", true},
	"attention": {boxShape, "Attention", "warning", true}, "caution": {boxShape, "Caution", "warning", true},
	"warning": {boxShape, "Warning", "warning", true}, "danger": {boxShape, "Danger", "danger", true},
	"error": {boxShape, "Error", "danger", true}, "todo": {boxShape, "To do", "", true},
	"admonition": {boxShape, "Note", "", false}, "topic": {boxShape, "", "", false}, "sidebar": {boxShape, "", "", false},
	"versionadded": {boxShape, "New in version", "", false}, "versionchanged": {boxShape, "Changed in version", "", false},
	"deprecated": {boxShape, "Deprecated since version", "warning", false},

	// Those of sphinx-lesson.
	"callout": {boxShape, "Callout", "", false}, "checklist": {boxShape, "Checklist", "keys", false},
	"objectives": {boxShape, "Objectives", "keys", false}, "keypoints": {boxShape, "Key points", "keys", false},
	"questions": {boxShape, "Questions", "question", false}, "discussion": {boxShape, "Discussion", "question", false},
	"prereq": {boxShape, "Prerequisites", "important", false}, "prerequisites": {boxShape, "Prerequisites", "important", false},
	"exercise": {boxShape, "Exercise", "exercise", false}, "challenge": {boxShape, "Challenge", "exercise", false},
	"type-along": {boxShape, "Type-along", "exercise", false}, "homework": {boxShape, "Homework", "exercise", false},
	"demo": {boxShape, "Demo", "exercise", false}, "testimonial": {boxShape, "Testimonial", "", false},
	"output": {boxShape, "Output", "", false}, "solution": {foldShape, "Solution", "solution", false},
	"instructor-note": {foldShape, "Instructor note", "instructor", false}, "exerciselist": {shape: listShape},
	"lesson-metadata": {metaShape, "About this lesson", "", false},

	// Text that stands for itself.
	"container": {shape: partShape}, "div": {shape: partShape}, "compound": {shape: partShape}, "only": {shape: partShape},
	"grid": {shape: partShape}, "grid-item": {shape: partShape}, "centered": {shape: partShape, bodyFirst: true}, "hlist": {shape: partShape}, "figure-md": {shape: partShape},
	"rubric": {shape: rubricShape}, "epigraph": {shape: quoteShape}, "pull-quote": {shape: quoteShape}, "highlights": {shape: quoteShape},
	"card": {boxShape, "", "", false}, "grid-item-card": {boxShape, "", "", false},
	"dropdown": {foldShape, "More", "", false}, "toggle": {foldShape, "More", "", false}, "details": {foldShape, "More", "", false},
	"include": {shape: includeShape}, "eval-rst": {shape: rstShape}, "glossary": {shape: glossaryShape},

	// Tabs.
	"tabs": {tabsShape, "", "", false}, "tab-set": {tabsShape, "", "", false}, "tab": {tabShape, "", "", false},
	"group-tab": {tabShape, "", groupStyle, false}, "tab-item": {tabShape, "", "", false},
	"code-tab": {codeTabShape, "", groupStyle, false}, "tab-set-code": {tabsShape, "", groupStyle, false},

	// Code, pictures, tables, formulas.
	"code": {shape: codeShape}, "code-block": {shape: codeShape}, "sourcecode": {shape: codeShape}, "code-cell": {shape: codeShape},
	"parsed-literal": {shape: codeShape}, "prompt": {shape: codeShape}, "literalinclude": {shape: literalShape}, "highlight": {shape: dropShape},
	"figure": {shape: figureShape}, "image": {shape: imageShape}, "csv-table": {shape: csvShape}, "list-table": {shape: listTableShape},
	"table": {shape: tableShape}, "math": {shape: mathShape},

	// The rest.
	"toctree": {shape: treeShape}, targetName: {shape: targetShape}, "raw": {rawShape, "Raw", "", false},
	"mermaid": {diagramShape, "Diagram", "", false}, "graphviz": {diagramShape, "Diagram", "", false}, "digraph": {diagramShape, "Diagram", "", false},
	"youtube": {filmShape, "Film on youtube.com", "https://www.youtube.com/watch?v=", false}, "vimeo": {filmShape, "Film on vimeo.com", "https://vimeo.com/", false},
	"button-link": {shape: linkShape}, "button-ref": {shape: linkShape},
	"contents": {shape: dropShape}, "index": {shape: dropShape}, "meta": {shape: dropShape}, "sectionauthor": {shape: dropShape},
	"codeauthor": {shape: dropShape}, "tabularcolumns": {shape: dropShape}, "default-role": {shape: dropShape}, "role": {shape: dropShape},
}

// groupStyle is the name under which tabs remember the choice on every page.
const groupStyle = "group"

func specOf(name string) spec { return specs[name] }

// Options that are known and change nothing here: how wide, how coloured, how
// placed something is, and what only an editor or a server needs.
const passedOptions = " align animate class class-body class-card class-container class-content class-header class-item " +
	"class-title color columns columnwidths delim encoding escape expand figclass figwidth filename force glob gutter header " +
	"header-rows height hidden icon includehidden keepspace label linenos lineno-start lineno-match loading lines language " +
	"maxdepth margin name nowrap number-lines number numbered nosearch only open outline padding quote reversed scale shadow " +
	"sorted stub-columns sync tags tab-width target text-align title titlesonly url-asset width widths figure caption alt " +
	"file url start-after end-before start-at end-at start-line end-line pyobject diff dedent prepend append emphasize-lines " +
	"code literal parser relative-images relative-docs include exclude aligned ref-type click-parent selected kernel backlinks depth local " +
	"caption-side anchor link link-type link-alt img-top img-bottom subtitle delimiter order "

func (s *scanner) checkOptions(d *directive) {
	if specOf(d.name).shape == unknownShape || specOf(d.name).shape == metaShape {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(d.opts)) {
		if !strings.Contains(passedOptions, " "+key+" ") {
			s.warn(d.line, "{%s} has the option %q, which is not known and is passed over; take it away", d.name, key)
		}
	}
}
