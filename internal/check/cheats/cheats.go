// Package cheats is a collection of answers that pretend to solve an exercise,
// and of honest ones. Each engine's tests try all that apply to it: a cheat must
// be refused, the honest solution of its lesson accepted.
//
// lessons.txt holds the exercises; every other file holds cheats, one record
// each: "=== name", the lesson, what it tries, an empty line, the answer.
// Start at All.
package cheats

import (
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"

	"kept/internal/check"
	"kept/internal/course"
)

//go:embed *.txt
var files embed.FS

// Lesson is an exercise with its honest solution.
type Lesson struct {
	Exercise check.Exercise
	Honest   check.Answer
}

// Cheat is an answer that must not pass.
type Cheat struct {
	Name   string
	Tries  string
	Lesson *Lesson
	Answer check.Answer
}

// All reads the collection.
func All() (lessons []*Lesson, cheats []Cheat, err error) {
	known := map[string]*Lesson{}
	err = records("lessons.txt", func(name, text string) error {
		l, err := readLesson(name, text)
		if err == nil {
			lessons = append(lessons, l)
			known[name] = l
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	names, err := files.ReadDir(".")
	if err != nil {
		return nil, nil, err
	}
	for _, file := range names {
		if file.Name() == "lessons.txt" {
			continue
		}
		err := records(file.Name(), func(name, text string) error {
			c, err := readCheat(name, text, known)
			cheats = append(cheats, c)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return lessons, cheats, nil
}

// records calls each with the records of a file.
func records(file string, each func(name, text string) error) error {
	text, err := files.ReadFile(file)
	if err != nil {
		return err
	}
	for _, part := range strings.Split("\n"+string(text), "\n=== ")[1:] {
		name, rest, _ := strings.Cut(part, "\n")
		if err := each(name, rest); err != nil {
			return fmt.Errorf("%s: %s: %w", file, name, err)
		}
	}
	return nil
}

// readLesson reads "engine: name" and parts that begin with "-- what name".
func readLesson(name, text string) (*Lesson, error) {
	head, rest, _ := strings.Cut(text, "\n-- ")
	engine, ok := strings.CutPrefix(strings.TrimSpace(head), "engine: ")
	if !ok {
		return nil, errors.New(`there is no line "engine: …"`)
	}
	l := &Lesson{Exercise: check.Exercise{ID: name, Engine: course.Engine(engine)}}
	for _, part := range strings.Split(rest, "\n-- ") {
		title, body, _ := strings.Cut(part, "\n")
		what, of, _ := strings.Cut(title, " ")
		switch what {
		case "seed":
			l.Exercise.Files = append(l.Exercise.Files, course.File{Name: of, Lang: strings.TrimPrefix(path.Ext(of), "."), Text: body})
		case "honest":
			l.Honest.Files = append(l.Honest.Files, check.File{Name: of, Text: body})
		case "test":
			l.Exercise.Tests = append(l.Exercise.Tests, course.Test{Says: of, Lang: "js", Code: body})
		case "pytest":
			l.Exercise.Tests = append(l.Exercise.Tests, course.Test{Says: of, Lang: "py", Code: body})
		case "tools":
			l.Exercise.Tools = strings.Fields(of)
		default:
			return nil, fmt.Errorf("a part %q", what)
		}
	}
	return l, nil
}

// readCheat reads the lines lesson: and tries:, an empty line, and the answer.
// Of several files, each but the first begins with a line "-- name".
func readCheat(name, text string, known map[string]*Lesson) (Cheat, error) {
	head, body, _ := strings.Cut(text, "\n\n")
	c := Cheat{Name: name}
	for line := range strings.Lines(head + "\n") {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "lesson":
			c.Lesson = known[value]
		case "tries":
			c.Tries = value
		default:
			return c, fmt.Errorf("a line %q", key)
		}
	}
	if c.Lesson == nil || c.Tries == "" || len(c.Lesson.Exercise.Files) == 0 {
		return c, errors.New(`no lesson of that name, or no line "tries: …"`)
	}
	of := c.Lesson.Exercise.Files[0].Name
	for i, part := range strings.Split(body, "\n-- ") {
		if i > 0 {
			of, part, _ = strings.Cut(part, "\n")
		}
		c.Answer.Files = append(c.Answer.Files, check.File{Name: of, Text: part})
	}
	return c, nil
}
