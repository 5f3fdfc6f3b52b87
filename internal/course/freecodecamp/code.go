package freecodecamp

import (
	"slices"
	"strings"

	"kept/internal/course"
)

const regionMark = "--fcc-editable-region--"

func (d *draft) exercise() *course.Exercising {
	if d.version.Exercise == nil {
		d.version.Exercise = &course.Exercising{}
	}
	return d.version.Exercise
}

// stray shows text that stands where code is expected, with the task.
func (d *draft) stray(text string, line int) {
	blocks := d.prose(text, line)
	if blocks == nil {
		return
	}
	d.warn(blocks[0].Line, "text stands where only code is expected, and is shown with the task; move it to # --description--")
	works := d.exercise()
	works.Task = append(works.Task, blocks...)
}

// hints are pairs: what is expected, and the code that looks whether it is so.
func (d *draft) hints(p part) {
	d.strangers(p)
	works := d.exercise()
	blocks, rest := codes(p.text, p.from)
	for _, c := range blocks {
		says := strings.TrimSpace(c.before.text)
		if says == "" {
			d.warn(c.line, "this test does not say what is expected; write a line of text above its code")
		}
		works.Tests = append(works.Tests, course.Test{Says: says, Lang: d.testLang(c), Code: c.text})
		d.enzyme = d.enzyme || strings.Contains(c.text, "Enzyme.")
	}
	if says := strings.TrimSpace(rest.text); says != "" {
		d.warn(rest.from, "what is expected here has no test; add a block of js below it")
		works.Tests = append(works.Tests, course.Test{Says: says, Lang: "js"})
	}
	if len(works.Tests) == 0 {
		d.warn(p.line, "the section --hints-- is empty; write what is expected, and a block of js below it")
	}
}

func (d *draft) testLang(c code) string {
	switch c.lang {
	case "js", "javascript":
		return "js"
	case "py", "python":
		return "py"
	}
	d.warn(c.line, "the code of a test is %q; write js or py behind the opening ```", c.lang)
	return "js"
}

// hook is code around the tests.
func (d *draft) hook(p part) {
	d.strangers(p)
	blocks, rest := codes(p.text, p.from)
	d.stray(rest.text, rest.from)
	var all []string
	for _, c := range blocks {
		d.stray(c.before.text, c.before.from)
		all = append(all, c.text)
	}
	text := strings.Join(all, "\n")
	switch works := d.exercise(); p.name {
	case "before-all":
		works.Before = text
	case "before-each":
		works.BeforeEach = text
	case "after-each":
		works.AfterEach = text
	case "after-all":
		works.AfterAll = text
	}
}

// seed is the files as the learner finds them.
func (d *draft) seed(p part) {
	d.strangers(p, "seed-contents", "before-user-code", "after-user-code")
	d.stray(p.text, p.from)
	works := d.exercise()
	for _, c := range p.parts {
		if c.name == "seed-contents" {
			d.strangers(c)
			works.Files = append(works.Files, d.files(c.text, c.from, true)...)
		}
	}
	for _, c := range p.parts {
		if c.name == "before-user-code" || c.name == "after-user-code" {
			d.strangers(c)
			d.around(c)
		}
	}
}

// files reads one file for each language. Several blocks of one are joined.
func (d *draft) files(text string, line int, regions bool) []course.File {
	var files []course.File
	blocks, rest := codes(withoutIDs(text), line)
	d.stray(rest.text, rest.from)
	for _, c := range blocks {
		d.stray(c.before.text, c.before.from)
		name, lang := fileOf(c.lang)
		if name == "" {
			d.warn(c.line, "code in %q does not run here and is shown with the task; write html, css, js, jsx, ts, tsx or py behind the opening ```", c.lang)
			d.exercise().Task = append(d.exercise().Task, course.Block{Shape: course.Code, Lang: c.lang, Text: c.text, Line: c.line})
			continue
		}
		file := course.File{Name: name, Lang: lang}
		file.Text, file.Editable = d.editable(c)
		if !regions {
			file.Editable = nil
		}
		files = addFile(files, file)
	}
	return files
}

// addFile adds a file, or its text to the file of the same name.
func addFile(files []course.File, file course.File) []course.File {
	i := slices.IndexFunc(files, func(f course.File) bool { return f.Name == file.Name })
	if i < 0 {
		return append(files, file)
	}
	above := strings.Count(files[i].Text, "\n") + 1
	for _, r := range file.Editable {
		files[i].Editable = append(files[i].Editable, course.Region{From: r.From + above, To: r.To + above})
	}
	files[i].Text += "\n" + file.Text
	return files
}

// withoutIDs drops the lines "::id{#…}" that older files have, not their
// line ends.
func withoutIDs(text string) string {
	if !strings.Contains(text, "::id{") {
		return text
	}
	var b strings.Builder
	var f fence
	for row := range strings.Lines(text) {
		if !f.see(strings.TrimRight(row, "\n")) && strings.HasPrefix(row, "::id{") {
			row = "\n"
		}
		b.WriteString(row)
	}
	return b.String()
}

func fileOf(lang string) (name, short string) {
	switch lang {
	case "html":
		return "index.html", "html"
	case "css":
		return "styles.css", "css"
	case "js", "javascript":
		return "script.js", "js"
	case "jsx", "ts", "tsx":
		return "index." + lang, lang
	case "py", "python":
		return "main.py", "py"
	}
	return "", ""
}

// editable takes the marks of the region out of the code and says where they
// were.
func (d *draft) editable(c code) (string, []course.Region) {
	if !strings.Contains(c.text, regionMark) {
		return c.text, nil
	}
	var rows []string
	var regions []course.Region
	open := 0
	for row := range strings.SplitSeq(c.text, "\n") {
		switch {
		case strings.TrimSpace(row) != regionMark:
			rows = append(rows, row)
		case open == 0:
			open = len(rows) + 1
		default:
			regions = append(regions, course.Region{From: open, To: len(rows)})
			open = 0
		}
	}
	if open > 0 {
		regions = append(regions, course.Region{From: open, To: len(rows)})
		d.warn(c.line, "the editable region is never closed and goes on to the end; add a second line %s", regionMark)
	}
	return strings.Join(rows, "\n"), regions
}

// around is code that stands before or after the learner's, unseen.
func (d *draft) around(p part) {
	blocks, rest := codes(p.text, p.from)
	d.stray(rest.text, rest.from)
	works := d.exercise()
	for _, c := range blocks {
		d.stray(c.before.text, c.before.from)
		name, lang := fileOf(c.lang)
		i := slices.IndexFunc(works.Files, func(f course.File) bool { return f.Name == name })
		switch {
		case i < 0 && name == "":
			d.warn(c.line, "code in %q does not run here; write the language of a file behind the opening ```", c.lang)
			continue
		case i < 0:
			works.Files = append(works.Files, course.File{Name: name, Lang: lang})
			i = len(works.Files) - 1
		}
		if p.name == "before-user-code" {
			works.Files[i].Before = joined(works.Files[i].Before, c.text)
		} else {
			works.Files[i].After = joined(works.Files[i].After, c.text)
		}
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "\n" + b
}

// solutions are sets of files, split by rules.
func (d *draft) solutions(p part) {
	d.strangers(p)
	works := d.exercise()
	for _, set := range atRules(p.text, p.from) {
		if files := d.files(set.text, set.from, false); len(files) > 0 {
			works.Solutions = append(works.Solutions, files)
		}
	}
	if len(works.Solutions) == 0 {
		d.warn(p.line, "the section --solutions-- has no code; add a block of it, or take the section away")
	}
}

// completeSolutions adds to each solution what it leaves as it was.
func (d *draft) completeSolutions(works *course.Exercising) {
	for i, solution := range works.Solutions {
		full := make([]course.File, 0, len(works.Files))
		for _, file := range works.Files {
			file.Editable = nil
			j := slices.IndexFunc(solution, func(f course.File) bool { return f.Name == file.Name })
			if j >= 0 {
				file.Text = solution[j].Text
				solution = slices.Delete(solution, j, j+1)
			}
			full = append(full, file)
		}
		works.Solutions[i] = append(full, solution...)
	}
}

// tools are what a page must bring for the tests and files of a challenge.
// What its block asks for is added later.
func (d *draft) tools() []string {
	works := d.version.Exercise
	var tools []string
	if works.Engine == course.React {
		tools = append(tools, "babel")
	}
	if d.enzyme {
		tools = append(tools, "enzyme")
	}
	return tools
}
