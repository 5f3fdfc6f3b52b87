package render

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// lines are those of a piece of code that an author wants to be looked at.
type lines map[int]bool

var markedLines = regexp.MustCompile(`^\{[0-9][0-9,-]*\}$`)

// mostMarked bounds what "1-999999999" costs.
const mostMarked = 2000

// readLines reads "1,3-5". What is no number is passed over.
func readLines(text string) lines {
	marked := lines{}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(first)
		if err != nil || from < 1 {
			continue
		}
		to := from
		if n, err := strconv.Atoi(last); ranged && err == nil {
			to = n
		}
		for n := from; n <= to && len(marked) < mostMarked; n++ {
			marked[n] = true
		}
	}
	return marked
}

// emphasise puts a span around each marked line. A coloured piece that runs
// over several lines is cut at their ends.
func emphasise(code *html.Node, marked lines) {
	if len(marked) == 0 {
		return
	}
	out, number := element("code"), 1
	at := lineIn(out, marked[1])
	for n := code.FirstChild; n != nil; n = n.NextSibling {
		for i, part := range strings.SplitAfter(textOf(n), "\n") {
			if i > 0 {
				number++
				at = lineIn(out, marked[number])
			}
			if part != "" {
				at.AppendChild(likeOf(n, part))
			}
		}
	}
	for code.FirstChild != nil {
		code.RemoveChild(code.FirstChild)
	}
	moveChildren(out, code)
}

// lineIn is where the pieces of a line go.
func lineIn(out *html.Node, marked bool) *html.Node {
	if !marked {
		return out
	}
	line := element("span", "class", "hl")
	out.AppendChild(line)
	return line
}

func likeOf(n *html.Node, part string) *html.Node {
	if n.Type == html.TextNode {
		return text(part)
	}
	span := element("span", "class", attr(n, "class"))
	span.AppendChild(text(part))
	return span
}
