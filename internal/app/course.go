package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"kept/internal/course"
	"kept/internal/course/render"
)

// courseCommand helps those who write courses.
type courseCommand struct {
	List  courseList  `cmd:"" help:"List the courses of a folder, with lessons by type."`
	Show  courseShow  `cmd:"" help:"Show what was understood of a course, lesson by lesson."`
	Lint  courseLint  `cmd:"" help:"Say what authors should look at; status 1 if there is anything."`
	Check courseCheck `cmd:"" help:"Run every exercise: solutions must pass, the files to begin with must not."`
}

// courseFolder is what all of them are told.
type courseFolder struct {
	Path   string `arg:"" type:"existingdir" help:"A folder with courses, as a checkout."`
	Format string `default:"auto" help:"native, freecodecamp, myst, or auto."`
	JSON   bool   `name:"json" help:"Write one JSON document."`
}

// read loads the folder.
func (c *courseFolder) read(ctx context.Context) (*course.Catalogue, func() error, error) {
	folder, err := course.OpenFolder(c.Path)
	if err != nil {
		return nil, nil, err
	}
	library := course.NewLibrary(loaders(), []course.Source{{Name: c.Path, Root: folder, Format: c.Format}})
	if err := library.Reload(ctx); err != nil {
		return nil, nil, errors.Join(hinted(err, "name the format with --format, if it is not what it looks like"), folder.Close())
	}
	return library.Catalogue(), folder.Close, nil
}

func writeJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

// courseLine is one course in a list.
type courseLine struct {
	Slug    string         `json:"slug"`
	Title   string         `json:"title"`
	Format  string         `json:"format"`
	Lessons int            `json:"lessons"`
	Types   map[string]int `json:"types"`
}

func lineOf(c *course.Course) courseLine {
	line := courseLine{Slug: c.Slug, Title: c.In().Title, Format: c.Format, Types: map[string]int{}}
	for _, lesson := range c.Lessons {
		line.Lessons++
		line.Types[typeOf(lesson)]++
	}
	return line
}

// typeOf is the source's own word for what a lesson is, or ours.
func typeOf(l *course.Lesson) string {
	if l.Type != "" {
		return string(l.Kind) + " (" + l.Type + ")"
	}
	return string(l.Kind)
}

type courseList struct{ courseFolder }

func (c *courseList) Run(ctx context.Context, std *streams) error {
	catalogue, end, err := c.read(ctx)
	if err != nil {
		return err
	}
	defer end()
	lines := []courseLine{}
	for _, one := range catalogue.Courses {
		lines = append(lines, lineOf(one))
	}
	if c.JSON {
		return writeJSON(std.out, map[string]any{"courses": lines, "lessons": catalogue.Lessons, "warnings": len(catalogue.Warnings)})
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, line := range lines {
		fmt.Fprintf(w, "%s\t%s\t%d lessons\t%s\n", line.Slug, line.Title, line.Lessons, line.Format)
		for _, kind := range slices.Sorted(maps.Keys(line.Types)) {
			fmt.Fprintf(w, "\t  %s\t%d\t\n", kind, line.Types[kind])
		}
	}
	fmt.Fprintf(w, "%d courses\t\t%d lessons\t%d warnings\n", len(lines), catalogue.Lessons, len(catalogue.Warnings))
	return w.Flush()
}

type courseShow struct {
	courseFolder
	Course string `arg:"" optional:"" help:"Slug of one course; all if none is named."`
}

// lessonLine is one lesson as it was understood.
type lessonLine struct {
	ID        string   `json:"id"`
	Title     string   `json:"title"`
	Type      string   `json:"type"`
	File      string   `json:"file"`
	Languages []string `json:"languages"`
	Tests     int      `json:"tests"`
	Solutions int      `json:"solutions"`
}

func (c *courseShow) Run(ctx context.Context, std *streams) error {
	catalogue, end, err := c.read(ctx)
	if err != nil {
		return err
	}
	defer end()
	courses := catalogue.Courses
	if c.Course != "" {
		one, ok := catalogue.Course(c.Course)
		if !ok {
			return hinted(fmt.Errorf("no course %q there", c.Course), "kept course list names them")
		}
		courses = []*course.Course{one}
	}
	shown := map[string][]lessonLine{}
	for _, one := range courses {
		for _, lesson := range one.Lessons {
			shown[one.Slug] = append(shown[one.Slug], lessonOf(lesson))
		}
	}
	if c.JSON {
		return writeJSON(std.out, shown)
	}
	for _, one := range courses {
		fmt.Fprintf(std.out, "%s: %s\n", one.Slug, one.In().Title)
		for i, l := range shown[one.Slug] {
			fmt.Fprintf(std.out, "  %3d %s [%s] %d tests, %d solutions, %v (%s)\n", i+1, l.Title, l.Type, l.Tests, l.Solutions, l.Languages, l.File)
		}
	}
	return nil
}

func lessonOf(l *course.Lesson) lessonLine {
	v := l.In()
	line := lessonLine{ID: l.ID, Title: v.Title, Type: typeOf(l), File: v.File, Languages: l.Langs()}
	if v.Exercise != nil {
		line.Tests, line.Solutions = len(v.Exercise.Tests), len(v.Exercise.Solutions)
	}
	return line
}

type courseLint struct{ courseFolder }

func (c *courseLint) Run(ctx context.Context, std *streams) error {
	catalogue, end, err := c.read(ctx)
	if err != nil {
		return err
	}
	defer end()
	warnings := slices.Concat(catalogue.Warnings, render.Lint(catalogue))
	course.SortWarnings(warnings)
	if c.JSON {
		err = writeJSON(std.out, map[string]any{"lessons": catalogue.Lessons, "warnings": warnings})
	} else {
		for _, w := range warnings {
			fmt.Fprintln(std.out, w)
		}
		fmt.Fprintf(std.out, "%d lessons read, %d warnings\n", catalogue.Lessons, len(warnings))
	}
	if err == nil && len(warnings) > 0 {
		return errSilent
	}
	return err
}
