package publish

import (
	"context"
	"path"
	"regexp"
	"strings"

	"kept/internal/course"
)

// Article is a text by itself.
type Article struct {
	Text
	Tags []string
}

// Path is its address, without escapes.
func (a *Article) Path() string { return "/articles/" + a.Slug }

// articles reads a folder. What is wrong with one text is a warning.
func (r *reader) articles(ctx context.Context) ([]*Article, *course.Shelf, error) {
	c := courseOf(r.source, r.source, ofArticles)
	var all []*Article
	skip := r.showDirs()
	for _, file := range r.files(".", mostDeep) {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if inAny(file, skip) {
			continue
		}
		if a := r.article(file); a != nil {
			a.course = c
			c.Chapters[0].Lessons = append(c.Chapters[0].Lessons, a.lesson)
			all = append(all, a)
		}
	}
	return all, &course.Shelf{Courses: []*course.Course{c}}, nil
}

// What a course's only chapter is called, by what its texts are.
const (
	ofArticles = "articles"
	ofPodcasts = "podcasts"
)

// courseOf is the frame in which a folder's texts stand for the catalogue.
func courseOf(id, slug, label string) *course.Course {
	words := []course.Words{{Lang: "en", Title: slug}}
	return &course.Course{ID: id, Slug: slug, Dir: ".", Words: words,
		Chapters: []*course.Chapter{{ID: id + "/all", Slug: "all", Label: label, Words: words}}}
}

func inAny(file string, dirs []string) bool {
	for _, dir := range dirs {
		if dir == "." || strings.HasPrefix(file, dir+"/") {
			return true
		}
	}
	return false
}

func (r *reader) article(file string) *Article {
	head, ok := r.open(file)
	if !ok {
		return nil
	}
	a := &Article{Text: r.text(head, file, slugOf(file))}
	a.Tags = r.names(head, file, "tags", mostTags)
	if a.Lang == "" {
		a.Lang = "en"
		r.warn(file, 1, "has no language and is taken for English; add language: en")
	}
	if a.Rights.Licence == "" {
		r.warn(file, 1, "has no licence, so nobody knows how it may be used; add licence: CC BY 4.0, or another")
	}
	if len(a.Rights.Authors) == 0 {
		r.warn(file, 1, "has no author; add authors: [Name]")
	}
	head.Finish()
	r.checkDate(&a.Text)
	a.lesson = lessonOf(r.source, &a.Text, markdown(head.Body, head.BodyLine))
	return a
}

// lessonOf is how the catalogue knows a text, so that others can link to it.
func lessonOf(id string, t *Text, blocks []course.Block) *course.Lesson {
	return &course.Lesson{ID: id + "/" + t.File, Slug: t.Slug, Kind: course.Reading, Versions: []*course.Version{
		{Lang: t.Lang, Title: t.Title, Summary: t.Summary, File: t.File, Blocks: blocks}}}
}

// markdown makes a block of text, with the line that its first word is in.
func markdown(text string, line int) []course.Block {
	trimmed := strings.TrimLeft(text, "\n")
	line += len(text) - len(trimmed)
	return course.MarkdownBlocks(strings.TrimRight(trimmed, " \t\n"), line)
}

// dated is a day or a number before a file's name.
var dated = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}|\d{1,4})-`)

// slugOf makes the end of an address out of a file's name; of a file called
// index.md, out of its folder's.
func slugOf(file string) string {
	name := strings.TrimSuffix(path.Base(file), ".md")
	if dir := path.Dir(file); name == "index" && dir != "." {
		name = path.Base(dir)
	}
	if slug := course.Slug(dated.ReplaceAllString(name, "")); slug != "" {
		return slug
	}
	if slug := course.Slug(name); slug != "" {
		return slug
	}
	return "text"
}
