package freecodecamp

import (
	"regexp"
	"slices"
	"strings"

	"kept/internal/course"
)

// maxDirectives is how deep ":::" blocks may stand in each other.
const maxDirectives = 5

// prose makes blocks of Markdown, in which ":::name" opens a box and ":::"
// closes it.
func (d *draft) prose(text string, line int) []course.Block {
	return d.boxes(text, line, 0)
}

func (d *draft) boxes(text string, line, depth int) []course.Block {
	if depth > maxDirectives || !strings.Contains(text, ":::") {
		return markdown(text, line)
	}
	var blocks []course.Block
	for rest, from := text, line; ; {
		found, ok := findDirective(rest, from)
		if !ok {
			return append(blocks, markdown(rest, from)...)
		}
		blocks = append(blocks, markdown(rest[:found.start], from)...)
		blocks = append(blocks, d.box(found, rest[found.body:found.end], depth)...)
		if !found.closed {
			d.warn(found.line, "::: %s is never closed; add a line :::", found.name)
		}
		from += strings.Count(rest[:found.next], "\n")
		rest = rest[found.next:]
	}
}

// directive is where ":::name" stands in a text, in bytes.
type directive struct {
	name                   string
	line                   int
	start, body, end, next int
	closed                 bool
}

var directiveLine = regexp.MustCompile(`^:::+[ \t]*([A-Za-z_-]*)`)

// findDirective finds the first directive that stands in no other.
func findDirective(text string, line int) (directive, bool) {
	found, depth := directive{}, 0
	var f fence
	for pos := 0; pos < len(text); line++ {
		end := lineEnd(text, pos)
		row := strings.TrimRight(text[pos:end], "\n")
		if m := directiveLine.FindStringSubmatch(row); m != nil && !f.see(row) {
			switch {
			case m[1] != "" && depth == 0:
				found = directive{name: m[1], line: line, start: pos, body: end}
				depth++
			case m[1] != "":
				depth++
			case depth == 1:
				found.end, found.next, found.closed = pos, end, true
				return found, true
			case depth > 1:
				depth--
			}
		} else if m == nil {
			f.see(row)
		}
		pos = end
	}
	found.end, found.next = len(text), len(text)
	return found, depth > 0
}

// box shows a directive: an example to play with, or one that is not known.
func (d *draft) box(found directive, body string, depth int) []course.Block {
	if found.name == "interactive_editor" {
		return []course.Block{{Shape: course.Box, Style: "tip", Line: found.line, Blocks: example(body, found.line+1)}}
	}
	d.warn(found.line, "the block ::: %s is not known and becomes a box; write its text without it, or ::: interactive_editor", found.name)
	return []course.Block{{Shape: course.Box, Title: found.name, Line: found.line, Blocks: d.boxes(body, found.line+1, depth+1)}}
}

// example is code to play with. A single piece of JavaScript can be started.
func example(text string, line int) []course.Block {
	blocks, _ := codes(text, line)
	if len(blocks) == 1 && (blocks[0].lang == "js" || blocks[0].lang == "javascript") {
		text = strings.Replace(text, "```"+blocks[0].lang, "```js run", 1)
	}
	return markdown(text, line)
}

var comments = regexp.MustCompile(`(?s)<!--.*?-->`)

// markdown makes a block of text with the line that its first word is in. A
// text that is nothing but comments is none.
func markdown(text string, line int) []course.Block {
	trimmed := strings.TrimLeft(text, "\n")
	line += len(text) - len(trimmed)
	trimmed = strings.TrimRight(trimmed, " \t\n")
	if strings.TrimSpace(trimmed) == "" {
		return nil
	}
	if strings.HasPrefix(trimmed, "<!--") && strings.TrimSpace(comments.ReplaceAllString(trimmed, "")) == "" {
		return nil
	}
	return course.MarkdownBlocks(trimmed, line)
}

// unknown shows a section that is not known, under its own name.
func (d *draft) unknown(p part) {
	d.warn(p.line, "the section --%s-- is not known here and becomes a box; correct its name or its number of #", p.name)
	title := strings.ReplaceAll(p.name, "-", " ")
	d.extra = append(d.extra, course.Block{Shape: course.Box, Title: title, Line: p.line, Blocks: d.prose(p.whole, p.from)})
}

// strangers shows the parts of a section that do not belong there.
func (d *draft) strangers(p part, known ...string) {
	for _, c := range p.parts {
		if !slices.Contains(known, c.name) {
			d.unknown(c)
		}
	}
}
