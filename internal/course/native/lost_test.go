package native_test

import (
	"html"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"kept/courses"
	"kept/internal/course"
	"kept/internal/course/frontmatter"
	"kept/internal/course/render"
)

// What is markup in a lesson file and so does not stand on the page.
var markup = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^# (Task|Files|Tests|Solution|Hints|Questions|Steps|Needs):?`),
	regexp.MustCompile("(?m)^ *```.*$"),
	regexp.MustCompile(`(?m)^\s*// </?yours>$`),
	regexp.MustCompile(`(?m)^- \[[ x]\]`),
	regexp.MustCompile(`(?m)^[0-9]+\. `),
	regexp.MustCompile(`\]\([^ )]+`),
	regexp.MustCompile(`(?m)^## [a-z]+\.js$`),
}

// Tags inside a word do not end it, all others do.
var (
	inline = regexp.MustCompile(`</?(span|em|strong|code|b|a|kbd)( [^>]*)?>`)
	tags   = regexp.MustCompile(`<[^>]*>`)
)

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// shown is everything of a lesson that a page shows, as text.
func shown(v *course.Version) string {
	r := render.New(render.English)
	var b strings.Builder
	add := func(s string) { b.WriteString(s + "\n") }
	for _, page := range r.Pages(render.Home{}, render.Lists(v)...) {
		for _, alt := range regexp.MustCompile(`alt="([^"]*)"`).FindAllStringSubmatch(string(page.HTML), -1) {
			add(html.UnescapeString(alt[1]))
		}
		add(html.UnescapeString(tags.ReplaceAllString(inline.ReplaceAllString(string(page.HTML), ""), " ")))
	}
	for _, task := range v.Tasks {
		add(html.UnescapeString(tags.ReplaceAllString(inline.ReplaceAllString(string(r.Inline(task)), ""), " ")))
	}
	works := v.Exercise
	if works == nil {
		return b.String()
	}
	add(works.Title)
	for _, test := range works.Tests {
		add(test.Says + "\n" + test.Why + "\n" + test.Code)
	}
	for _, files := range append([][]course.File{works.Files}, works.Solutions...) {
		for _, file := range files {
			add(file.Text)
		}
	}
	for _, hint := range works.Hints {
		add(hint.Title)
	}
	return b.String()
}

// lost lists the words of a source that are shown less often than written.
func lost(source, page string) []string {
	for _, m := range markup {
		source = m.ReplaceAllString(source, " ")
	}
	count := map[string]int{}
	for _, w := range words(page) {
		count[w]++
	}
	var missing []string
	for _, w := range words(source) {
		if count[w]--; count[w] < 0 {
			missing = append(missing, w)
		}
	}
	return missing
}

func TestNoTextIsLost(t *testing.T) {
	catalogue := sample(t)
	for _, c := range catalogue.Courses {
		for _, lesson := range c.Lessons {
			v := lesson.Versions[0]
			raw, err := fs.ReadFile(courses.Files, v.File)
			if err != nil {
				t.Fatal(err)
			}
			var warnings []course.Warning
			body := frontmatter.Read(v.File, string(raw), &warnings).Body
			if missing := lost(body, shown(v)); len(missing) > 0 {
				t.Errorf("%s loses %q", v.File, missing)
			}
		}
	}
}

func TestLostWordsAreSeen(t *testing.T) {
	if got := lost("one two two", "one two"); len(got) != 1 || got[0] != "two" {
		t.Errorf("got %q, want one lost word", got)
	}
}
