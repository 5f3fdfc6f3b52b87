package native

import (
	"path"
	"regexp"
	"strings"

	"kept/internal/course"
)

// Printing stands before a learner's JavaScript. It keeps each line that
// console.log printed, as text, in the list "printed", which tests look at.
// It is a single line without an end, so that line numbers stay the learner's.
const Printing = `const printed = []; { const log = console.log; const say = (v) => typeof v === "string" ? v : typeof v === "object" && v !== null ? JSON.stringify(v) : String(v); console.log = (...all) => { printed.push(all.map(say).join(" ")); log.apply(console, all); }; } `

// pyPrinting does the same for Python's print.
const pyPrinting = `printed = []; print = (lambda show, keep: lambda *all, **how: (keep(how.get("sep", " ").join(map(str, all))), show(*all, **how))[1])(print, printed.append); `

func (d *draft) readFiles(p part) {
	works := d.exercise()
	works.Files = append(works.Files, d.files(p)...)
	works.Engine = engineOf(works.Files)
	for i := range works.Files {
		addPrinting(&works.Files[i])
	}
	if !strings.Contains("\n"+p.text, "\n## ") {
		d.warn(p.line, "the section Files has no file; add ## name.js and a block of code below it")
	}
}

func addPrinting(f *course.File) {
	switch f.Lang {
	case "js":
		f.Before = Printing
	case "py":
		f.Before = pyPrinting
	}
}

// files reads "## name" and the block of code below it, for each file.
func (d *draft) files(p part) []course.File {
	var files []course.File
	parts := split(p.text, p.from, "## ")
	if stray := strings.TrimSpace(parts[0].text); stray != "" {
		d.warn(p.from, "text before the first file is shown with the task; begin a file with ## and its name")
		d.exercise().Task = append(d.exercise().Task, markdown(parts[0].text, p.from)...)
	}
	for _, part := range parts[1:] {
		file, ok := d.file(part)
		if ok {
			files = append(files, file)
		}
	}
	return files
}

var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$`)

func (d *draft) file(p part) (course.File, bool) {
	name := strings.Trim(p.title, "` ")
	blocks, rest := cutCode(p)
	if rest != "" {
		d.warn(p.from, "text beside the file %s is shown with the task", name)
		d.exercise().Task = append(d.exercise().Task, markdown(rest, p.from)...)
	}
	lang := langOf(name)
	switch {
	case !fileName.MatchString(name):
		d.warn(p.line, "%q is not a file name; use letters, digits, full stops and hyphens", p.title)
		return course.File{}, false
	case lang == "":
		d.warn(p.line, "%s is of a kind that does not run here; use .js, .html, .css or .py", name)
		return course.File{}, false
	case len(blocks) != 1:
		d.warn(p.line, "%s has %d blocks of code; give it exactly one", name, len(blocks))
		return course.File{}, false
	}
	text, regions, problem := editable(blocks[0].text)
	if problem != "" {
		d.warn(blocks[0].line, "%s", problem)
	}
	return course.File{Name: name, Lang: lang, Text: text, Editable: regions}, true
}

func langOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".html", ".css", ".py":
		return path.Ext(name)[1:]
	}
	return ""
}

func engineOf(files []course.File) course.Engine {
	engine := course.NoEngine
	for _, f := range files {
		switch f.Lang {
		case "html", "css":
			return course.Page
		case "py":
			engine = course.Python
		case "js":
			engine = course.JavaScript
		}
	}
	return engine
}

var regionMark = regexp.MustCompile(`^\s*(?://|#|/\*|<!--)\s*(</?yours>)\s*(?:\*/|-->)?\s*$`)

// editable takes the comments <yours> and </yours> out of code and hands back
// the lines between them.
func editable(code string) (text string, regions []course.Region, problem string) {
	var out strings.Builder
	line, open := 1, 0
	for row := range strings.Lines(code) {
		m := regionMark.FindStringSubmatch(strings.TrimRight(row, "\n"))
		switch {
		case m == nil:
			out.WriteString(row)
			line++
		case m[1] == "<yours>" && open == 0:
			open = line
		case m[1] == "</yours>" && open > 0:
			regions = append(regions, course.Region{From: open, To: line - 1})
			open = 0
		default:
			problem = m[1] + " stands where it opens or closes nothing; write <yours>, then </yours>, in comments of their own line"
		}
	}
	if open > 0 {
		regions = append(regions, course.Region{From: open, To: line - 1})
		problem = "<yours> is never closed; add a comment </yours>"
	}
	return out.String(), regions, problem
}

func (d *draft) readTests(p part) {
	works := d.exercise()
	parts := split(p.text, p.from, "## ")
	if stray := strings.TrimSpace(parts[0].text); stray != "" {
		d.warn(p.from, "text before the first test is shown with the task; begin a test with ## and what is expected")
		works.Task = append(works.Task, markdown(parts[0].text, p.from)...)
	}
	for _, part := range parts[1:] {
		works.Tests = append(works.Tests, d.test(part))
	}
	if len(works.Tests) == 0 {
		d.warn(p.line, "the section Tests has no test; add ## and what is expected, then a block of code")
	}
}

func (d *draft) test(p part) course.Test {
	blocks, why := cutCode(p)
	test := course.Test{Says: p.title, Why: why}
	if len(blocks) == 0 {
		if !d.translated {
			d.warn(p.line, "the test %q has no code; add a block of js or python", p.title)
		}
		return test
	}
	if len(blocks) > 1 {
		d.warn(blocks[1].line, "the test %q has more than one block of code; join them", p.title)
	}
	for _, b := range blocks {
		test.Code += b.text
	}
	switch blocks[0].lang {
	case "js", "javascript":
		test.Lang = "js"
	case "py", "python":
		test.Lang = "py"
	default:
		d.warn(blocks[0].line, "the code of a test is %q; write js or python behind the opening ```", blocks[0].lang)
		test.Lang = "js"
	}
	return test
}

func (d *draft) readSolution(p part) {
	saved := d.version.Exercise
	if saved == nil {
		saved = d.exercise()
	}
	parts := split(p.text, p.from, "## ")
	if len(parts) > 1 {
		saved.Solutions = append(saved.Solutions, d.files(p))
		return
	}
	blocks, rest := cutCode(p)
	if rest != "" {
		d.warn(p.from, "text in a solution is not shown; put it into # Hints")
		saved.Hints = append(saved.Hints, course.Hint{Text: markdown(rest, p.from)})
	}
	if len(blocks) != 1 || len(saved.Files) != 1 {
		d.warn(p.line, "the solution has %d blocks of code for %d files; write ## and the name of the file above each block", len(blocks), len(saved.Files))
		return
	}
	only := saved.Files[0]
	saved.Solutions = append(saved.Solutions, []course.File{{Name: only.Name, Lang: only.Lang, Text: blocks[0].text, Before: only.Before}})
}

func (d *draft) readHints(p part) {
	works := d.exercise()
	parts := split(p.text, p.from, "## ")
	if blocks := markdown(parts[0].text, parts[0].from); blocks != nil {
		works.Hints = append(works.Hints, course.Hint{Text: blocks})
	}
	for _, part := range parts[1:] {
		works.Hints = append(works.Hints, course.Hint{Title: part.title, Text: markdown(part.text, part.from)})
	}
	if len(works.Hints) == 0 {
		d.warn(p.line, "the section Hints is empty; write a hint or take the heading away")
	}
}

func (d *draft) checkExercise() {
	works := d.version.Exercise
	switch {
	case works == nil:
		d.warn(d.kindLine, "is an exercise without a task; add the sections # Task, # Files, # Tests and # Solution")
	case len(works.Task) == 0:
		d.warn(d.kindLine, "does not say what to do; add a section # Task")
	case !d.sections["Files"]:
		d.warn(d.kindLine, "has no file to begin with; add a section # Files")
	case len(works.Files) == 0: // said where the section stands
	case !d.sections["Tests"]:
		d.warn(d.kindLine, "has no tests; add a section # Tests")
	case !d.sections["Solution"]:
		d.warn(d.kindLine, "has no solution, so nobody knows whether it can be solved; add a section # Solution")
	default:
		d.completeSolutions()
	}
}

// completeSolutions adds to each solution the files that it leaves as they are.
func (d *draft) completeSolutions() {
	works := d.version.Exercise
	for i, solution := range works.Solutions {
		full := make([]course.File, len(works.Files))
		for j, file := range works.Files {
			full[j] = file
			if changed, ok := named(solution, file.Name); ok {
				full[j].Text, full[j].Editable = changed.Text, nil
			}
		}
		for _, file := range solution {
			if _, ok := named(works.Files, file.Name); !ok {
				d.warn(d.kindLine, "a solution has the file %s, which the exercise does not; correct the name", file.Name)
			}
		}
		works.Solutions[i] = full
	}
}

func named(files []course.File, name string) (course.File, bool) {
	for _, f := range files {
		if f.Name == name {
			return f, true
		}
	}
	return course.File{}, false
}
