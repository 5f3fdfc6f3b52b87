package floors

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Bounds that every file of ours keeps. Half of the functions have at most 15 lines; these are the far ends.
const (
	maxFileLines     = 700
	maxFunctionLines = 90
)

// file is one file of the tree, its name from the root with slashes.
type file struct {
	name string
	text []byte
}

// foreign files are kept as their authors wrote them: test data by others, minified bundles.
func (f file) foreign() bool {
	return slices.Contains(strings.Split(f.name, "/"), "testdata") || strings.Contains(f.name, ".min.") ||
		path.Base(f.name) == "LICENSE" || path.Base(f.name) == "go.sum" || bytes.IndexByte(f.text, 0) >= 0
}

// readTree reads every file of the repository but those that git would not keep and those of modules inside it.
func readTree(t *testing.T) []file {
	t.Helper()
	const root = "../.."
	var files []file
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return skipFolder(root, name)
		}
		if !d.Type().IsRegular() || filepath.ToSlash(name) == root+"/kept" {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		files = append(files, file{name: filepath.ToSlash(rel), text: text})
		return err
	})
	if err != nil {
		t.Fatalf("read the tree: %v", err)
	}
	return files
}

func skipFolder(root, name string) error {
	ignored := []string{".git", "node_modules", "screenshots"}
	if slices.Contains(ignored, filepath.Base(name)) || filepath.ToSlash(name) == root+"/tools/bin" {
		return fs.SkipDir
	}
	return nil
}

// mark is what no text of ours holds, and why. The patterns are written so that they do not match themselves.
type mark struct {
	pattern *regexp.Regexp
	why     string
}

var marks = []mark{
	{regexp.MustCompile(`(?m)(^|[\s"'=:(])/(work|root)(/|\b)`), "a path of one machine"},
	{regexp.MustCompile(`(proxy|sum)\.golang[.]org|registry\.npmjs[.]org|(deb|security)\.debian[.]org`), "the host of a package registry"},
	{regexp.MustCompile(`\b(TO[D]O|FIX[M]E|XX[X]|HA[C]K)\b|not (yet )?implemente[d]`), "a mark of unfinished work: finish it or open an issue"},
}

func TestTextsHoldNoMarks(t *testing.T) {
	read := 0
	for _, f := range readTree(t) {
		if f.foreign() {
			continue
		}
		read++
		for _, fault := range marksIn(f) {
			t.Error(fault)
		}
	}
	if read < 20 {
		t.Fatalf("only %d files were read", read)
	}
}

func marksIn(f file) []string {
	var faults []string
	for _, m := range marks {
		for _, at := range m.pattern.FindAllIndex(f.text, -1) {
			line := 1 + bytes.Count(f.text[:at[0]], []byte("\n"))
			faults = append(faults, fmt.Sprintf("%s:%d: %q is %s", f.name, line, f.text[at[0]:at[1]], m.why))
		}
	}
	return faults
}

func TestCodeKeepsItsBounds(t *testing.T) {
	for _, f := range readTree(t) {
		if path.Ext(f.name) != ".go" || f.foreign() {
			continue
		}
		for _, fault := range boundsOf(f) {
			t.Error(fault)
		}
	}
}

// boundsOf returns what breaks a bound in one Go file: its length, that of its functions; in tests what lets a test pass
// without having been run, or makes it wait for nothing in particular; in the program what acts behind main's back.
func boundsOf(f file) []string {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, f.name, f.text, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	if n := bytes.Count(f.text, []byte("\n")); n > maxFileLines && !ast.IsGenerated(parsed) {
		faults = append(faults, fmt.Sprintf("%s: %d lines, more than %d: split it by topic", f.name, n, maxFileLines))
	}
	say := func(at ast.Node, format string, args ...any) {
		faults = append(faults, fset.Position(at.Pos()).String()+": "+fmt.Sprintf(format, args...))
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := fset.Position(n.End()).Line - fset.Position(n.Pos()).Line + 1; lines > maxFunctionLines {
				say(n, "%s has %d lines, more than %d", n.Name.Name, lines, maxFunctionLines)
			}
			if n.Name.Name == "init" && n.Recv == nil {
				say(n, "init: let main call what must happen")
			}
		case *ast.CallExpr:
			if called(n) == "synctest.Test" {
				return false // sleeping there costs no time
			}
			if what := outOfPlace(f.name, called(n)); what != "" {
				say(n, "%s", what)
			}
		}
		return true
	})
	return faults
}

// called is the name of a call on a name, such as "os.Exit", or nothing.
func called(call *ast.CallExpr) string {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	on, ok := sel.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return on.Name + "." + sel.Sel.Name
}

// skips are the calls that end a test unfinished, by the names that tests give to what they are passed. Readers skip
// too, and a property test leaves out what it generated in vain.
var skips = regexp.MustCompile(`^(t|b|f|tb)\.Skip(f|Now)?$`)

// outOfPlace says what is wrong with a call where it stands.
func outOfPlace(file, call string) string {
	isTest := strings.HasSuffix(file, "_test.go")
	switch {
	case isTest && call == "time.Sleep":
		return call + " in a test: wait for what you wait for"
	case isTest && skips.MatchString(call):
		return call + " in a test: one that cannot run must fail"
	case !isTest && !strings.HasPrefix(file, "cmd/") && (call == "os.Exit" || strings.HasPrefix(call, "log.Fatal")):
		return call + " outside cmd: return an error"
	}
	return ""
}

func TestBoundsAreKept(t *testing.T) {
	body := strings.Repeat("\tf()\n", maxFunctionLines)
	for _, c := range []struct{ name, file, text, want string }{
		{"short", "a.go", "package a\n\nfunc f() {}\n", ""},
		{"long function", "a.go", "package a\n\nfunc f() {\n" + body + "}\n", "f has 92 lines"},
		{"long file", "a.go", "package a\n" + strings.Repeat("\n", maxFileLines), "701 lines"},
		{"long generated file", "a.go", "// Code generated by x. DO NOT EDIT.\n\npackage a\n" + strings.Repeat("\n", maxFileLines), ""},
		{"skip in a test", "a_test.go", "package a\n\nfunc f() { t.Skip() }\n", "a_test.go:3:12: t.Skip"},
		{"another kind of skip", "a_test.go", "package a\n\nfunc f() { reader.Skip(3) }\n", ""},
		{"sleep in a test", "a_test.go", "package a\n\nfunc f() { time.Sleep(1) }\n", "time.Sleep"},
		{"sleep in a bubble", "a_test.go", "package a\n\nfunc f() { synctest.Test(t, func() { time.Sleep(1) }) }\n", ""},
		{"exit in the program", "internal/a.go", "package a\n\nfunc f() { os.Exit(1) }\n", "os.Exit outside cmd"},
		{"exit in main", "cmd/kept/main.go", "package main\n\nfunc main() { os.Exit(1) }\n", ""},
		{"init", "a.go", "package a\n\nfunc init() {}\n", "init: let main"},
		{"sleep in the program", "a.go", "package a\n\nfunc f() { time.Sleep(1) }\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(boundsOf(file{c.file, []byte(c.text)}), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestMarksAreFound(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{
		{"// TO" + "DO: later", 1},
		{"cd /wo" + "rk/main", 1},
		{"see \"/ro" + "ot/go\"", 1},
		{"GOPROXY=proxy.golang" + ".org", 1},
		{"mktemp kept.XXXXXX, hay todo, homework/root", 0},
		{"https://example.org/work", 0},
	} {
		if got := marksIn(file{"a.md", []byte(c.text)}); len(got) != c.want {
			t.Errorf("%q: found %q, want %d", c.text, got, c.want)
		}
	}
}
