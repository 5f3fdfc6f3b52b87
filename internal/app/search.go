package app

import (
	"context"
	"iter"
	"strings"

	"kept/internal/account"
	"kept/internal/course"
	"kept/internal/learn"
	"kept/internal/page"
	"kept/internal/search"
)

// openSearch makes the search over everything public: courses and their
// lessons in all languages, articles, episodes.
func (a *App) openSearch() *search.Feature {
	return search.New(search.Config{
		Shelves: []search.Shelf{
			{State: func() any { return a.library.Catalogue() }, Documents: a.courseDocuments},
			{State: func() any { return a.features.publish.Version() }, Documents: a.publishedDocuments},
		},
		CourseTitle: func(slug, lang string) string {
			if c, ok := a.library.Catalogue().Course(slug); ok {
				return c.In(lang).Title
			}
			return slug
		},
		Knows: func(ctx context.Context, lang *page.Language) (string, bool) {
			if account.MemberOf(ctx) == nil {
				return "", false
			}
			return a.knows(lang), true
		},
	})
}

// courseDocuments are all courses, and all lessons at the first place where
// they stand.
func (a *App) courseDocuments() []search.Document {
	catalogue := a.library.Catalogue()
	docs := make([]search.Document, 0, catalogue.Lessons+len(catalogue.Courses))
	for _, c := range catalogue.Courses {
		for _, words := range c.Words {
			docs = append(docs, courseDocument(c, words))
		}
		for p, ok := catalogue.First(c); ok && p != nil; p = p.Next {
			if first, _ := catalogue.LessonByID(p.Lesson.ID); first == p {
				docs = append(docs, lessonDocuments(p)...)
			}
		}
	}
	return docs
}

func courseDocument(c *course.Course, words course.Words) search.Document {
	text := words.Summary + "\n" + strings.Join(words.AbleTo, "\n")
	return search.Document{Key: "course/" + c.Slug + "/" + words.Lang, Of: text, Kind: search.Course, Lang: words.Lang, Course: c.Slug,
		Title: words.Title, Path: learn.CoursePath(c, words.Lang, len(c.Words)), Text: func(yield func(search.Field, string) bool) {
			if !yield(search.Heading, words.Summary) {
				return
			}
			for _, one := range words.AbleTo {
				if !yield(search.Body, one) {
					return
				}
			}
		}}
}

func lessonDocuments(p *course.Place) []search.Document {
	docs := make([]search.Document, len(p.Lesson.Versions))
	for i, v := range p.Lesson.Versions {
		docs[i] = search.Document{Key: p.Lesson.ID + "/" + v.Lang, Of: v, Kind: search.Lesson, Lang: v.Lang, Course: p.Course.Slug,
			Within: p.Course.In(v.Lang).Title, Title: v.Title, Path: learn.LessonPath(p, v.Lang), Text: textOf(v)}
	}
	return docs
}

// textOf is what a reader sees of a lesson. Solutions are no part of it.
func textOf(v *course.Version) iter.Seq2[search.Field, string] {
	return func(yield func(search.Field, string) bool) {
		for field, text := range v.Texts {
			of := search.Body
			if field {
				of = search.Heading
			}
			if !yield(of, text) {
				return
			}
		}
	}
}

func (a *App) publishedDocuments() []search.Document {
	var docs []search.Document
	for d := range a.features.publish.Documents() {
		docs = append(docs, search.Document{Key: "text" + d.Path, Of: d.Text, Kind: search.Kind(d.Kind), Lang: d.Lang, Title: d.Title, Path: d.Path,
			Text: func(yield func(search.Field, string) bool) {
				if yield(search.Heading, d.Summary) {
					yield(search.Body, d.Text)
				}
			}})
	}
	return docs
}

// watchCourses reads courses that change, and brings the search up to date.
func (a *App) watchCourses(ctx context.Context) {
	go a.library.Watch(ctx, func(err error) { a.options.Log.Warn("courses: what cannot be read stays as it was", "error", err) })
	for {
		changed := a.library.Changed()
		a.features.search.Refresh()
		a.fitMemory()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}
