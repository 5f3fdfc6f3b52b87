package freecodecamp_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
	"kept/internal/course/render"
)

// What is markup outside of code, and so does not stand on the page.
var markup = []*regexp.Regexp{
	regexp.MustCompile(`(?s)<!--.*?-->`),
	regexp.MustCompile(`(?m)^#{1,6} +--[A-Za-z-]+--[ \t]*$`),
	regexp.MustCompile(`(?m)^:::.*$`),
	regexp.MustCompile(`(?m)^::id\{.*$`),
	regexp.MustCompile(`(?m)^ *[0-9]+[.)] `),
	regexp.MustCompile(`\]\([^ )]+`),
	regexp.MustCompile(`</?[a-zA-Z][^<>]*>`),
}

// Whole sections of which other things than words are shown.
var (
	solution = regexp.MustCompile(`(?m)^#+ --video-solution--\s+\d+`)
	audioID  = regexp.MustCompile(`(?m)^#+ --audio-id--\s+\S+`)
	scene    = regexp.MustCompile("(?ms)^#+ --(?:scene|audio)--\\s+```json\n(.*?)^```")
	said     = regexp.MustCompile(`"text":\s*("(?:[^"\\]|\\.)*")`)
	blankOf  = regexp.MustCompile(`BLANK`)
)

// Tags inside a word do not end it, all others do.
var (
	inlineTag = regexp.MustCompile(`</?(span|em|strong|code|b|a|kbd)( [^>]*)?>`)
	anyTag    = regexp.MustCompile(`<[^>]*>`)
	altText   = regexp.MustCompile(`alt="([^"]*)"`)
)

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// formulaOf is what is drawn, and so has other words on the page, in the files
// that hold formulas at all.
var formulaOf = regexp.MustCompile(`(?s)\$\$.+?\$\$|\$[^$\n\x60]+\$`)

// sourceWords are the words of a file outside its markup.
func sourceWords(text string, drawn bool) []string {
	var warnings []course.Warning
	body := frontmatter.Read("x.md", text, &warnings).Body
	body = scene.ReplaceAllStringFunc(body, func(all string) string {
		var b strings.Builder
		for _, m := range said.FindAllStringSubmatch(all, -1) {
			b.WriteString(strings.NewReplacer(`\"`, ` `, `\n`, ` `).Replace(m[1]) + "\n")
		}
		return b.String()
	})
	body = solution.ReplaceAllString(body, "")
	body = audioID.ReplaceAllString(body, "")
	body = blankOf.ReplaceAllString(body, " ")
	if drawn {
		body = formulaOf.ReplaceAllString(body, " ")
	}
	return words(plainText(body))
}

var (
	fenced     = regexp.MustCompile("(?ms)^( {0,6})(```+|~~~+)[^\n]*\n(.*?)^ *(```+|~~~+)[ \t]*$")
	inlineCode = regexp.MustCompile("``[^`].*?``|`[^`]+`")
	regionLine = regexp.MustCompile(`(?m)^\s*--fcc-editable-region--\s*$`)
)

// plainText takes the markup out of what is not code.
func plainText(body string) string {
	var code strings.Builder
	take := func(text string) string {
		code.WriteString(text + "\n")
		return " "
	}
	body = fenced.ReplaceAllStringFunc(body, func(all string) string {
		_, inner, _ := strings.Cut(all, "\n")
		take(regionLine.ReplaceAllString(inner, ""))
		return "\n"
	})
	for _, m := range markup[:2] {
		body = m.ReplaceAllString(body, " ")
	}
	last := 0
	for _, at := range append(inlineCode.FindAllStringIndex(body, -1), []int{len(body), len(body)}) {
		code.WriteString(outsideCode(body[last:at[0]]) + strings.Trim(body[at[0]:at[1]], "`"))
		last = at[1]
	}
	return code.String()
}

func outsideCode(text string) string {
	text = strings.ReplaceAll(inlineTag.ReplaceAllString(text, ""), "**", "")
	for _, m := range markup[2:] {
		text = m.ReplaceAllString(text, " ")
	}
	return html.UnescapeString(text)
}

// shown is everything of a lesson that a page can show, as text.
func shown(r *render.Renderer, v *course.Version) string {
	var b strings.Builder
	add := func(texts ...string) { b.WriteString(strings.Join(texts, "\n") + "\n") }
	for _, page := range r.Pages(render.Home{}, render.Lists(v)...) {
		addPage(&b, string(page.HTML))
	}
	for _, task := range v.Tasks {
		addPage(&b, string(r.Inline(task)))
	}
	if s := v.Scene; s != nil {
		for _, line := range s.Lines {
			add(line.Text)
		}
	}
	if blanks := v.Blanks; blanks != nil {
		addPage(&b, string(r.Inline(strings.ReplaceAll(blanks.Text, course.GapMark, " "))))
		for _, gap := range blanks.Gaps {
			add(gap.Answers[0])
			addPage(&b, string(r.Page(render.Home{}, gap.Feedback).HTML))
		}
	}
	if works := v.Exercise; works != nil {
		add(works.Before, works.BeforeEach, works.AfterEach, works.AfterAll)
		for _, test := range works.Tests {
			addPage(&b, string(r.Inline(test.Says)))
			add(test.Code)
		}
		for _, files := range append([][]course.File{works.Files}, works.Solutions...) {
			for _, file := range files {
				add(file.Before, file.Text, file.After)
			}
		}
	}
	return b.String()
}

func addPage(b *strings.Builder, page string) {
	for _, alt := range altText.FindAllStringSubmatch(page, -1) {
		b.WriteString(html.UnescapeString(alt[1]) + "\n")
	}
	text := anyTag.ReplaceAllString(inlineTag.ReplaceAllString(page, ""), " ")
	// What is left of a tag after this was written as text by the author.
	b.WriteString(html.UnescapeString(text) + "\n")
}

// lost lists the words of a source that are shown less often than written.
func lost(source []string, page string) []string {
	count := map[string]int{}
	for _, w := range words(page) {
		count[w]++
	}
	var missing []string
	for _, w := range source {
		if count[w]--; count[w] < 0 {
			missing = append(missing, w)
		}
	}
	return notJoined(missing, count)
}

// notJoined leaves out words that the page has as one: marks between them,
// as in "`n`*falls*", are no spaces.
func notJoined(missing []string, left map[string]int) []string {
	for i, a := range missing {
		for j, b := range missing {
			if i != j && left[a+b] > 0 {
				left[a+b]--
				rest := slices.Delete(slices.Clone(missing), max(i, j), max(i, j)+1)
				return notJoined(slices.Delete(rest, min(i, j), min(i, j)+1), left)
			}
		}
	}
	return missing
}
