package page

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"text/template/parse"
)

//go:embed *.html
var layout embed.FS

// Source is the templates of one feature: *.html at the root of Files. They
// are called NAME/file.html. Under Dev, Files should be an os.DirFS of the
// source folder, so that an edit shows at the next request.
type Source struct {
	Name  string
	Files fs.FS
}

// set is every template in one language.
type set struct {
	lang  *Language
	all   *template.Template
	files map[string]*template.Template
}

func (s *Site) sources() []Source {
	return append([]Source{{Name: "page", Files: layout}}, s.cfg.Sources...)
}

func (s *Site) parse() error {
	base, names, err := s.parseFiles(s.sources())
	if err != nil {
		return err
	}
	sets := map[string]*set{}
	for _, lang := range s.languages.all {
		bound, err := s.bind(base, names, lang)
		if err != nil {
			return err
		}
		sets[lang.Tag] = bound
	}
	s.sets.Store(&sets)
	return nil
}

func (s *Site) parseFiles(sources []Source) (*template.Template, []string, error) {
	root := template.New("").Funcs(s.funcs(s.languages.def)).Option("missingkey=error")
	var files []string
	for _, source := range sources {
		names, err := fs.Glob(source.Files, "*.html")
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			if err := parseFile(root, source, name); err != nil {
				return nil, nil, fmt.Errorf("page: %w", err)
			}
			files = append(files, source.Name+"/"+name)
		}
	}
	if s.cfg.Count {
		s.executed.watch(root)
	}
	return root, files, nil
}

func parseFile(root *template.Template, source Source, name string) error {
	text, err := fs.ReadFile(source.Files, name)
	if err != nil {
		return err
	}
	full := source.Name + "/" + name
	if root.Lookup(full) != nil {
		return fmt.Errorf("two templates are called %s", full)
	}
	_, err = root.New(full).Parse(string(text))
	return err
}

// bind makes the copy of the templates that speaks one language. html/template
// works out the contexts at the first execution of each, so that a start does
// not wait for pages that nobody has asked for.
func (s *Site) bind(base *template.Template, names []string, lang *Language) (*set, error) {
	all, err := base.Clone()
	if err != nil {
		return nil, err
	}
	all.Funcs(s.funcs(lang))
	s.fold(all, lang)
	bound := &set{lang: lang, all: all, files: map[string]*template.Template{}}
	for _, name := range names {
		t := all.Lookup(name)
		if t == nil || parse.IsEmptyTree(t.Tree.Root) {
			continue // a file of definitions only
		}
		bound.files[name] = t
	}
	return bound, nil
}

// CheckTemplates works out the contexts of every template now, which html/template does at the first execution. That
// the execution itself ends at missing data is expected. It is for tests.
func (s *Site) CheckTemplates() error {
	for _, set := range *s.sets.Load() {
		for _, t := range set.files {
			if wrong, ok := errors.AsType[*template.Error](t.Execute(io.Discard, nil)); ok {
				return fmt.Errorf("page: %w", wrong)
			}
		}
	}
	return nil
}

// set returns the templates in a language, read anew under Dev.
func (s *Site) set(lang *Language) (*set, error) {
	if s.cfg.Dev {
		if err := s.parse(); err != nil {
			return nil, err
		}
	}
	return (*s.sets.Load())[lang.Tag], nil
}

// counter remembers which templates were executed, for tests.
type counter struct {
	mu  sync.Mutex
	ran map[string]int
}

func newCounter() *counter { return &counter{ran: map[string]int{}} }

// watch puts a call of "ran" at the head of every template, as a condition:
// inside a tag even an empty value would be escaped to something.
func (c *counter) watch(root *template.Template) {
	for _, t := range root.Templates() {
		if t.Tree == nil || parse.IsEmptyTree(t.Tree.Root) {
			continue
		}
		name := t.Name()
		c.ran[name] += 0
		probe := template.Must(template.New("").Funcs(template.FuncMap{"ran": c.note}).Parse(fmt.Sprintf("{{if ran %q}}{{end}}", name)))
		t.Tree.Root.Nodes = append(slices.Clone(probe.Tree.Root.Nodes), t.Tree.Root.Nodes...)
	}
}

func (c *counter) note(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ran[name]++
	return false
}

// Unexecuted names the templates that no request has executed, definitions
// inside files included. It needs Config.Count and is for tests.
func (s *Site) Unexecuted() []string {
	s.executed.mu.Lock()
	defer s.executed.mu.Unlock()
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.executed.ran)) {
		if s.executed.ran[name] == 0 {
			names = append(names, name)
		}
	}
	return names
}
