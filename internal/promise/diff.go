package promise

import (
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	goldtext "github.com/yuin/goldmark/text"
)

// op says what became of a piece of text.
type op string

const (
	same    op = "same"
	added   op = "added"
	removed op = "removed"
)

// piece is a run of words with one fate.
type piece struct {
	Op   op
	Text string
}

// passage is a paragraph or heading in which something differs, with the
// question under which it stands.
type passage struct {
	Under  string
	Pieces []piece
}

// block is a paragraph, list item or heading as plain text.
type block struct {
	heading bool
	text    string
}

// compare lists the passages in which two texts differ, in the order of the
// newer one.
func compare(older, newer string) []passage {
	a, b := blocks(older), blocks(newer)
	var all []passage
	under := ""
	for _, s := range pairUp(steps(a, b)) {
		text := s.newer
		if text.text == "" {
			text = s.older
		}
		if text.heading {
			under = text.text
		}
		if s.older != s.newer {
			all = append(all, passage{Under: under, Pieces: wordDiff(s.older.text, s.newer.text)})
		}
	}
	return all
}

// blocks returns what a reader would take as one passage each.
func blocks(markdown string) []block {
	source := []byte(markdown)
	doc := goldmark.DefaultParser().Parse(goldtext.NewReader(source))
	var all []block
	// The walk never fails: its function returns no error.
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.(type) {
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			if entering {
				_, isHeading := n.(*ast.Heading)
				all = append(all, block{isHeading, strings.TrimSpace(words(n, source))})
			}
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
	return all
}

// step is one line of an alignment: a block on one side, or the same on both.
type step struct{ older, newer block }

func steps(a, b []block) []step {
	var all []step
	for _, m := range align(a, b) {
		var s step
		if m.a >= 0 {
			s.older = a[m.a]
		}
		if m.b >= 0 {
			s.newer = b[m.b]
		}
		all = append(all, s)
	}
	return all
}

// pairUp puts a removed block beside the added one that took its place, so that
// their words can be compared.
func pairUp(all []step) []step {
	var out []step
	for len(all) > 0 {
		n := 0
		for n < len(all) && all[n].older != all[n].newer {
			n++
		}
		out = append(out, paired(all[:n])...)
		all = all[n:]
		if len(all) > 0 {
			out, all = append(out, all[0]), all[1:]
		}
	}
	return out
}

func paired(changes []step) []step {
	var gone, come []block
	for _, s := range changes {
		if s.older.text != "" {
			gone = append(gone, s.older)
		}
		if s.newer.text != "" {
			come = append(come, s.newer)
		}
	}
	var out []step
	for _, g := range gone {
		at := slices.IndexFunc(come, func(c block) bool { return c.heading == g.heading && alike(g.text, c.text) })
		if at < 0 {
			out = append(out, step{older: g})
			continue
		}
		for _, c := range come[:at] {
			out = append(out, step{newer: c})
		}
		out = append(out, step{g, come[at]})
		come = come[at+1:]
	}
	for _, c := range come {
		out = append(out, step{newer: c})
	}
	return out
}

// alike reports whether two passages share more than half of their words.
func alike(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	shared := 0
	for _, m := range align(x, y) {
		if m.a >= 0 && m.b >= 0 {
			shared++
		}
	}
	return 2*shared > max(len(x), len(y))
}

// wordDiff compares two passages word by word.
func wordDiff(older, newer string) []piece {
	a, b := strings.Fields(older), strings.Fields(newer)
	var all []piece
	add := func(o op, word string) {
		if n := len(all); n > 0 && all[n-1].Op == o {
			all[n-1].Text += " " + word
			return
		}
		all = append(all, piece{o, word})
	}
	for _, m := range align(a, b) {
		switch {
		case m.b < 0:
			add(removed, a[m.a])
		case m.a < 0:
			add(added, b[m.b])
		default:
			add(same, b[m.b])
		}
	}
	return all
}

// match is a place in an alignment; -1 is none on that side.
type match struct{ a, b int }

// align finds a longest common subsequence and puts what is left between. It
// takes len(a)·len(b) steps: texts of a policy have some hundred passages of
// some hundred words.
func align[T comparable](a, b []T) []match {
	longest := make([][]int32, len(a)+1)
	for i := range longest {
		longest[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			longest[i][j] = max(longest[i+1][j], longest[i][j+1])
			if a[i] == b[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	var all []match
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			all = append(all, match{i, j})
			i, j = i+1, j+1
		case j == len(b) || (i < len(a) && longest[i+1][j] >= longest[i][j+1]):
			all = append(all, match{i, -1})
			i++
		default:
			all = append(all, match{-1, j})
			j++
		}
	}
	return all
}
