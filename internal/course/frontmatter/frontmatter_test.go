package frontmatter

import (
	"strings"
	"testing"

	"kept/internal/course"
)

func read(text string) (*Fields, *[]course.Warning) {
	warnings := &[]course.Warning{}
	return Read("a.md", text, warnings), warnings
}

func TestFieldsAreRead(t *testing.T) {
	f, warnings := read("---\ntitle: \"A: b\"\nminutes: 7\nlist: [a, b]\none: x\non: true\ngroup:\n  title: T\nitems:\n  - title: I\n    n: 2\nnothing:\n---\nbody\n---\nmore\n")
	group, _ := f.Group("group", "title")
	items := f.Groups("items")
	short, _ := f.Group("one", "title")
	got := []any{f.Text("title"), f.Int("minutes"), strings.Join(f.List("list"), "+"), f.List("one")[0], f.Bool("on"), group.Text("title"),
		items[0].Text("title"), items[0].Int("n"), short.Text("title"), f.Text("nothing"), f.Text("missing"), f.BodyLine, f.Body}
	want := []any{"A: b", 7, "a+b", "x", true, "T", "I", 2, "x", "", "", 14, "body\n---\nmore\n"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("field %d: got %#v, want %#v", i, got[i], want[i])
		}
	}
	f.Finish()
	if len(*warnings) > 0 {
		t.Errorf("got warnings %v", *warnings)
	}
}

func TestWarningsNameTheLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"not a number", "---\na: b\nminutes: ten\n---\n", `a.md:3: minutes is "ten"; write a whole number`},
		{"negative", "---\nminutes: -4\n---\n", `a.md:2: minutes is "-4"`},
		{"unknown", "---\na: 1\ntitel: x\n---\n", `a.md:3: "titel" is not a known field; known are a, group`},
		{"list for text", "---\ntitle: [a]\n---\n", "a.md:2: title must be one value"},
		{"text for list", "---\nlist: {a: b}\n---\n", "a.md:2: list must be a list"},
		{"doubled", "---\na: 1\na: 2\n---\n", "a.md:3: a is given twice"},
		{"not YAML", "---\na: b: c\n---\n", "a.md:1: the front matter is not YAML"},
		{"a list", "---\n- a\n---\n", "a.md:1: the front matter must be lines"},
		{"no end", "---\na: b\n", "a.md:1: the front matter has no end"},
		{"alias", "---\nx: &x [1]\ntitle: *x\n---\n", "a.md:3: title must be one value"},
		{"too long", "---\na: " + strings.Repeat("x", maxHead) + "\n---\n", "are read"},
		{"group of list", "---\ngroup: [a]\n---\n", "a.md:2: group must be one value or have fields"},
		{"items of text", "---\nitems: a\n---\n", "a.md:2: items must be a list"},
		{"item of text", "---\nitems: [a]\n---\n", "a.md:2: each item of items must have fields"},
		{"bool", "---\non: yes please\n---\n", `a.md:2: on is "yes please"; write true or false`},
		{"list of lists", "---\nlist: [[a]]\n---\n", "a.md:2: list must list plain values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, warnings := read(c.text)
			f.Text("a")
			f.Text("x")
			f.Text("title")
			f.Int("minutes")
			f.List("list")
			f.Bool("on")
			f.Group("group", "title")
			f.Groups("items")
			f.Finish()
			for _, w := range *warnings {
				if strings.Contains(w.String(), c.want) || c.name == "unknown" && strings.HasPrefix(w.String(), `a.md:3: "titel" is not a known field; known are a, group`) {
					return
				}
			}
			t.Errorf("got %v, want %s", *warnings, c.want)
		})
	}
}

func TestNoFrontMatter(t *testing.T) {
	for _, text := range []string{"", "hello\n---\n", "----\na\n", " ---\na: b\n---\n"} {
		f, warnings := read(text)
		if f.Body != text || f.BodyLine != 1 || f.Has("a") || len(*warnings) > 0 {
			t.Errorf("%q: body %q, line %d, warnings %v", text, f.Body, f.BodyLine, *warnings)
		}
	}
	if f, _ := read("---\n---\nb"); f.Body != "b" || f.BodyLine != 3 {
		t.Errorf("got body %q at %d", f.Body, f.BodyLine)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("---\na: b\nitems:\n  - x: &y [1]\n---\nbody")
	f.Add("---\n---")
	f.Fuzz(func(t *testing.T, text string) {
		fields, _ := read(text)
		fields.Text("a")
		fields.List("a")
		fields.Int("a")
		for _, g := range fields.Groups("items") {
			g.Text("x")
			g.Finish()
		}
		fields.Finish()
		if !strings.HasSuffix(text, fields.Body) {
			t.Errorf("the body %q is not the end of %q", fields.Body, text)
		}
		if want := strings.Count(text[:len(text)-len(fields.Body)], "\n") + 1; fields.Body != "" && fields.BodyLine != want {
			t.Errorf("the body begins in line %d, not %d", want, fields.BodyLine)
		}
	})
}
