package myst

import (
	"html"
	"strings"

	"kept/internal/course"
)

// markdownOf writes blocks as lines of Markdown with HTML around, so that they
// can stand inside a list item, a quotation or a cell of a table. An empty line
// lets Markdown begin again after a tag.
func markdownOf(blocks []course.Block) []string {
	var out []string
	for _, b := range blocks {
		out = append(out, "")
		out = append(out, blockLines(b)...)
	}
	return append(out, "")
}

func blockLines(b course.Block) []string {
	switch b.Shape {
	case course.Code:
		return codeLines(b)
	case course.HTML:
		return []string{strings.ReplaceAll(b.Text, "\n", " ")}
	case course.Figure:
		return figureLines(b)
	case course.Anchor:
		return []string{`<div id="` + html.EscapeString(b.Address) + `"></div>`}
	case course.Box:
		return around(`<aside class="`+noteClass(b.Style)+`" role="note" aria-label="`+label(b.Title)+`">`, titleLines(b.Title), b, "</aside>")
	case course.Fold:
		return around(foldTag(b.Style), []string{"<summary>", "", oneLine(b.Title), "", "</summary>"}, b, "</details>")
	case course.Tabs:
		return around(`<div class="tabs-of" data-tabs="`+html.EscapeString(tabsName(b.Style))+`">`, nil, b, "</div>")
	case course.Tab:
		name := strings.ReplaceAll(course.Slug(label(b.Title)), "-", " ")
		return around(`<section class="tab-of" data-tab="`+html.EscapeString(name)+`" aria-label="`+label(b.Title)+`">`, titleLines(b.Title), b, "</section>")
	case course.Section:
		return append([]string{"## " + oneLine(b.Title)}, markdownOf(b.Blocks)...)
	}
	return strings.Split(b.Text, "\n")
}

func tabsName(style string) string {
	if style == "" {
		return "tabs"
	}
	return style
}

// noteClass is the class of a box, as far as pages know it.
func noteClass(style string) string {
	switch style {
	case "tip", "warning", "danger", "important", "question", "keys", "exercise":
		return "note " + style
	}
	return "note"
}

func foldTag(style string) string {
	if style == "solution" || style == "instructor" {
		return `<details class="` + style + `">`
	}
	return "<details>"
}

func around(open string, title []string, b course.Block, end string) []string {
	out := append([]string{open}, title...)
	if b.Text != "" {
		out = append(append(out, ""), strings.Split(b.Text, "\n")...)
	}
	out = append(out, markdownOf(b.Blocks)...)
	return append(out, end)
}

func titleLines(title string) []string {
	if title == "" {
		return nil
	}
	return []string{"", "<b>" + oneLine(title) + "</b>"}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// label is a title without marks, for an attribute.
func label(title string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>"`, r) {
			return -1
		}
		return r
	}, plainText(title)))
}

func codeLines(b course.Block) []string {
	mark := fenceFor(b.Text)
	info := b.Lang
	if marked := strings.ReplaceAll(b.Style, " ", ""); marked != "" && strings.Trim(marked, "0123456789,-") == "" {
		info = strings.TrimSpace(info + " {" + marked + "}")
	}
	if b.Title != "" && !strings.ContainsAny(b.Title, "\"`") {
		info = strings.TrimSpace(info + ` "` + oneLine(b.Title) + `"`)
	}
	out := append([]string{mark + info}, strings.Split(b.Text, "\n")...)
	return append(out, mark)
}

// fenceFor is a fence that is longer than any in the text.
func fenceFor(text string) string {
	longest, run := 2, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

func figureLines(b course.Block) []string {
	open := "<figure>"
	if b.Style != "" {
		open = `<figure class="` + html.EscapeString(b.Style) + `">`
	}
	out := []string{open, `<img src="` + html.EscapeString(b.Address) + `" alt="` + html.EscapeString(oneLine(b.Alt)) + `">`}
	if b.Text == "" && len(b.Blocks) == 0 {
		return append(out, "</figure>")
	}
	out = append(out, "<figcaption>", "")
	out = append(out, strings.Split(b.Text, "\n")...)
	out = append(out, markdownOf(b.Blocks)...)
	return append(out, "</figcaption>", "</figure>")
}
