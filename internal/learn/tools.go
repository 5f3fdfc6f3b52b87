package learn

import (
	"path"
	"slices"
	"strings"

	"kept/internal/check/frame"
	"kept/internal/course"
	"kept/internal/page"
	"kept/web"
)

// tools are the files with which exercises are written and run: the editor, the
// frame in which code runs, and what it needs for some languages. Pages say
// which of them theirs needs, so that browsers keep those with the page.
type tools struct {
	frame  *frame.Frame
	editor []tool
}

// tool is one file: where it is, and how many bytes it takes in a browser, and
// on its way there.
type tool struct {
	address      string
	size, packed int64
}

func newTools(site *page.Site, f *frame.Frame) (*tools, error) {
	entries, err := web.Files.ReadDir("editor")
	if err != nil {
		return nil, err
	}
	t := &tools{frame: f}
	for _, entry := range entries {
		name := "editor/" + entry.Name()
		if path.Ext(name) != ".js" {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return nil, err
		}
		// its parts name each other, so they have addresses without a hash of ours
		address := "/static/" + name
		if !strings.HasPrefix(entry.Name(), "part-") {
			if address, err = site.Static(name); err != nil {
				return nil, err
			}
		}
		t.editor = append(t.editor, tool{address: address, size: info.Size()})
	}
	return t, nil
}

// all are the addresses of everything that the frame may ask for.
func (t *tools) all() []string {
	var all []string
	for _, name := range t.frame.Names() {
		all = append(all, t.frame.Address(name))
	}
	return all
}

func (t *tools) named(names []string) []tool {
	var out []tool
	for _, name := range names {
		size, packed := t.frame.Size(name)
		out = append(out, tool{t.frame.Address(name), int64(size), int64(packed)})
	}
	return out
}

// The frame's files by what they are for. web/runner/page.js decides which of
// them a run asks for.
var (
	basics  = []string{"client.js", "frame", "room", "vendor/assert.js"}
	compile = []string{"vendor/compile.js"}
	react   = []string{"vendor/react-16.js", "vendor/react-dom-16.js", "vendor/react-18.js", "vendor/react-dom-18.js"}
	python  = []string{"vendor/pyodide.js", "vendor/pyodide.asm.js", "vendor/pyodide.asm.wasm", "vendor/python_stdlib.zip", "vendor/py_helpers.py"}
	byWord  = []struct {
		word  string
		files []string
	}{
		{"react", react}, {"jquery", []string{"vendor/jquery.js"}}, {"$(", []string{"vendor/jquery.js"}}, {"d3", []string{"vendor/d3.js"}},
		{"redux", []string{"vendor/redux.js", "vendor/react-redux.js", "vendor/redux-thunk.js"}},
		{"enzyme", []string{"vendor/react-dom-test-utils-16.js", "vendor/react-dom-server-16.js", "vendor/enzyme.js"}},
	}
	explorer = []string{"vendor/explorer.js"}
)

// opened is what a browser keeps with a lesson that was opened: what every run
// needs. What some runs need besides is kept once a run has fetched it.
func (t *tools) opened(x *course.Exercising) []tool {
	if x == nil || len(x.Files) == 0 {
		return nil
	}
	if x.Engine == course.NoEngine || noRunner() {
		return t.editor
	}
	all := append(slices.Clone(t.editor), t.named(basics)...)
	if x.Engine == course.Page {
		all = append(all, t.named(compile)...) // it watches loops, which would block the frame
	}
	return all
}

// more is what a run of an exercise may fetch besides. The words are looked
// for widely: a file too many costs less than one that is missing.
func (t *tools) more(x *course.Exercising) []tool {
	if x == nil || x.Engine == course.NoEngine || noRunner() {
		return nil
	}
	names := slices.Clone(compile)
	text := wordsOf(x)
	switch x.Engine {
	case course.Python:
		names = slices.Clone(python)
	case course.React:
		names = append(names, react...)
	}
	if x.Engine == course.React || x.Engine == course.Page {
		for _, one := range byWord {
			if strings.Contains(text, one.word) {
				names = append(names, one.files...)
			}
		}
	}
	if strings.Contains(text, "explorer") || strings.Contains(text, "_super.call(") {
		names = append(names, explorer...)
	}
	slices.Sort(names)
	return t.named(slices.Compact(names))
}

// wordsOf is all that says which libraries an exercise uses.
func wordsOf(x *course.Exercising) string {
	var b strings.Builder
	for _, file := range x.Files {
		b.WriteString(file.Before + file.Text + file.After)
	}
	for _, test := range x.Tests {
		b.WriteString(test.Code)
	}
	for _, files := range x.Solutions {
		for _, file := range files {
			b.WriteString(file.Text)
		}
	}
	return strings.ToLower(b.String() + x.Before + x.BeforeEach + strings.Join(x.Tools, " "))
}

// along is what all exercises of a course are written and run with.
func (t *tools) along(c *course.Course) []tool {
	var all []tool
	for _, l := range everyLesson(c.Chapters) {
		x := l.In().Exercise
		all = append(append(all, t.opened(x)...), t.more(x)...)
	}
	slices.SortFunc(all, func(a, b tool) int { return strings.Compare(a.address, b.address) })
	return slices.Compact(all)
}

func everyLesson(chapters []*course.Chapter) []*course.Lesson {
	var all []*course.Lesson
	for _, c := range chapters {
		all = append(append(all, c.Lessons...), everyLesson(c.Chapters)...)
	}
	return all
}

// needs are addresses in the form in which a page says them.
func needs(all []tool) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = one.address
	}
	return strings.Join(words, " ")
}

// download says what a lesson's first run fetches, if that is much; largest is
// the address of a file that is certainly among it.
func (t *tools) download(x *course.Exercising, lang *page.Language) (says, largest string) {
	var bytes int64
	for _, one := range t.more(x) {
		bytes += one.packed
	}
	switch x.Engine {
	case course.Python:
		return lang.Text("Python is fetched at the first run, from this site alone: about %s, once.", lang.Size(bytes)), t.frame.Address("vendor/pyodide.asm.wasm")
	case course.React:
		return lang.Text("The tools for React are fetched at the first run, from this site alone: at most %s, once.", lang.Size(bytes)), t.frame.Address("vendor/compile.js")
	}
	return "", ""
}
