package render

import (
	"net/url"
	"path"

	"kept/internal/course"
)

// Lint renders every lesson in every language and gives all that authors
// should look at: links that lead nowhere, pictures that are missing, markup
// that is taken away. What loaders found is in Catalogue.Warnings.
func Lint(catalogue *course.Catalogue) []course.Warning {
	r := New(English)
	var warnings []course.Warning
	for _, c := range catalogue.Courses {
		for _, intro := range c.Intro {
			home := lintHome(catalogue, c, introFile(c, intro))
			warnings = append(warnings, r.Page(home, intro.Blocks).Warnings...)
		}
		for _, lesson := range c.Lessons {
			for _, v := range lesson.Versions {
				warnings = append(warnings, r.lint(lintHome(catalogue, c, v.File), v)...)
			}
		}
	}
	course.SortWarnings(warnings)
	return warnings
}

func (r *Renderer) lint(home Home, v *course.Version) []course.Warning {
	if lists := Lists(v); len(lists) > 0 {
		return r.Pages(home, lists...)[0].Warnings
	}
	return nil
}

// introFile is where the first page's text comes from, for its links and for
// warnings.
func introFile(c *course.Course, intro course.Intro) string {
	if intro.File != "" {
		return intro.File
	}
	return path.Join(c.Dir, "course.md")
}

func lintHome(catalogue *course.Catalogue, of *course.Course, file string) Home {
	return Home{Course: of, Catalogue: catalogue, File: file,
		Lesson: func(p *course.Place) string {
			return "/" + url.PathEscape(p.Course.Slug) + "/" + url.PathEscape(p.Slug)
		},
		CoursePage: func(c *course.Course) string { return "/" + url.PathEscape(c.Slug) },
		Asset:      func(c *course.Course, name string) string { return "/" + url.PathEscape(c.Slug) + "/" + name }}
}

// Lists are all the blocks of a lesson in the order of the page, one list for
// each place where they stand.
func Lists(v *course.Version) [][]course.Block {
	var lists [][]course.Block
	add := func(blocks []course.Block) {
		if len(blocks) > 0 {
			lists = append(lists, blocks)
		}
	}
	add(v.Blocks)
	add(v.Needs)
	if v.Exercise != nil {
		add(v.Exercise.Task)
		for _, hint := range v.Exercise.Hints {
			add(hint.Text)
		}
	}
	if v.Video != nil {
		add(v.Video.Transcript)
	}
	if v.Blanks != nil {
		add(v.Blanks.Before)
		add(v.Blanks.After)
	}
	return append(lists, questionLists(v.Quizzes)...)
}

func questionLists(sets []course.QuestionSet) [][]course.Block {
	var lists [][]course.Block
	for _, set := range sets {
		for _, q := range set.Questions {
			lists = append(lists, q.Text)
			for _, a := range q.Answers {
				lists = append(lists, a.Text, a.Feedback)
			}
			lists = append(lists, q.After)
		}
	}
	return lists
}
