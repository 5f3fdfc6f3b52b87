package floors

import (
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "kept"

// use is one import of one file.
type use struct {
	by, file string // the folder and the file that import
	what     string // the path that is imported, ours without the module's name
	ours     bool
	test     bool // the file is a test
}

func TestEveryImportGoesDownward(t *testing.T) {
	uses := readUses(t)
	if len(uses) < 20 {
		t.Fatalf("only %d imports were read", len(uses))
	}
	for _, fault := range judge(house, beside, uses) {
		t.Error(fault)
	}
}

// judge returns what breaks the drawing, one line each.
func judge(house []floor, beside []room, uses []use) []string {
	plan := draw(house, beside)
	var faults []string
	say := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !slices.Contains(faults, s) {
			faults = append(faults, s)
		}
	}
	for _, u := range uses {
		r, known := plan[u.by]
		switch {
		case !known:
			say("%s is not in the house: add {dir: %q} to its floor in internal/floors/house_test.go, with what it may import", u.by, u.by)
		case u.what == "":
		case u.ours && !r.mayImport(plan, u):
			say("%s: %s (%s) may not import %s: see internal/floors/house_test.go", u.file, u.by, r.floor, u.what)
		case !u.ours && !covers(r.modulesFor(u.test), u.what):
			say("%s: %s may not use %s: name the module in its line of internal/floors/house_test.go if it belongs there", u.file, u.by, u.what)
		}
	}
	return faults
}

// placed is a room with what its place allows.
type placed struct {
	room
	floor  string
	height int
	open   bool
	helper bool // for tests only
}

func draw(house []floor, beside []room) map[string]placed {
	plan := map[string]placed{}
	for height, f := range house {
		for _, r := range f.rooms {
			plan[r.dir] = placed{room: r, floor: f.name, height: height, open: !f.closed}
		}
	}
	for _, r := range beside {
		plan[r.dir] = placed{room: r, floor: "for tests only", helper: true}
	}
	return plan
}

func (r placed) mayImport(plan map[string]placed, u use) bool {
	other, known := plan[u.what]
	switch {
	case !known:
		return true // said once, as a package that is not in the house
	case u.what == u.by:
		return true // a test outside its package
	case other.helper:
		return u.test || r.helper
	case r.open && other.height < r.height:
		return true
	}
	return covers(strings.Fields(r.may), u.what) || u.test && covers(strings.Fields(r.tests), u.what)
}

func (r placed) modulesFor(test bool) []string {
	if test {
		return strings.Fields(anyTest + r.modules + " " + r.tests)
	}
	return strings.Fields(r.modules)
}

// covers tells whether name is one of the names. A module covers what lies under it; of ours, only "dir/..." does.
func covers(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		under, wide := strings.CutSuffix(n, "/...")
		wide = wide || strings.Contains(strings.Split(n, "/")[0], ".")
		return n == name || wide && strings.HasPrefix(name, under+"/")
	})
}

// readUses reads the imports of every Go file of the module, whatever its build tags. Each package has at least one use,
// with nothing imported, so that one that imports nothing is known too.
func readUses(t *testing.T) []use {
	t.Helper()
	var uses []use
	for _, f := range readTree(t) {
		if path.Ext(f.name) != ".go" || f.foreign() {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.ImportsOnly)
		if err != nil {
			t.Errorf("read the imports: %v", err)
			continue
		}
		u := use{by: path.Dir(f.name), file: f.name, test: strings.HasSuffix(f.name, "_test.go")}
		uses = append(uses, u)
		for _, spec := range parsed.Imports {
			if what, err := strconv.Unquote(spec.Path.Value); err == nil && !standard(what) {
				u.what, u.ours = strings.CutPrefix(what, module+"/")
				uses = append(uses, u)
			}
		}
	}
	return uses
}

// standard tells whether a path belongs to the standard library: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first != module && !strings.Contains(first, ".")
}

func TestJudge(t *testing.T) {
	small := []floor{
		{name: "ground", closed: true, rooms: []room{{dir: "vault", modules: "example.org/seal"}}},
		{name: "floor 0", closed: true, rooms: []room{{dir: "db", may: "vault"}, {dir: "page", tests: "db"}}},
		{name: "floor 2", rooms: []room{{dir: "learn"}, {dir: "note", tests: "example.org/prop"}}},
	}
	helpers := []room{{dir: "dbtest", may: "db"}}
	ours := func(by, what string) use { return use{by: by, file: by + "/x.go", what: what, ours: true} }
	theirs := func(by, what string) use { return use{by: by, file: by + "/x.go", what: what} }
	test := func(u use) use { u.test = true; return u }
	for _, c := range []struct {
		name string
		use  use
		want string // part of the one fault, or none
	}{
		{"downward", ours("note", "db"), ""},
		{"upward", ours("db", "note"), "db (floor 0) may not import note"},
		{"sideways", ours("note", "learn"), "note (floor 2) may not import learn"},
		{"named on a closed floor", ours("db", "vault"), ""},
		{"not named on a closed floor", ours("page", "vault"), "page (floor 0) may not import vault"},
		{"a helper in a test", test(ours("note", "dbtest")), ""},
		{"a helper in the program", ours("note", "dbtest"), "note (floor 2) may not import dbtest"},
		{"a helper uses what it names", ours("dbtest", "db"), ""},
		{"a helper uses what it does not name", ours("dbtest", "note"), "may not import note"},
		{"a test of the package itself", test(ours("note", "note")), ""},
		{"what only tests may import, in a test", test(ours("page", "db")), ""},
		{"what only tests may import, in the program", ours("page", "db"), "page (floor 0) may not import db"},
		{"a new package", use{by: "chat", file: "chat/x.go"}, `add {dir: "chat"}`},
		{"a module that is named", theirs("vault", "example.org/seal/deep"), ""},
		{"a module that only begins alike", theirs("vault", "example.org/sealed"), "vault may not use example.org/sealed"},
		{"a module of another room", theirs("db", "example.org/seal"), "db may not use example.org/seal"},
		{"a test's module in a test", test(theirs("note", "example.org/prop")), ""},
		{"a test's module in the program", theirs("note", "example.org/prop"), "note may not use example.org/prop"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := strings.Join(judge(small, helpers, []use{c.use}), "\n")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
