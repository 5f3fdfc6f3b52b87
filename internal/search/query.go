package search

import (
	"strings"
	"unicode/utf8"
)

// Limits of a question.
const (
	LongestQuery = 200 // characters
	mostWords    = 10
)

// Query is what somebody looks for. It is of the moment: nothing keeps it.
type Query struct {
	Text   string
	Kind   Kind   // "" for all
	Lang   string // "" for all
	Course string // slug; "" for all
	Prefer string // language whose documents come first among equals
}

// term is a word that is looked for.
type term struct {
	folded string
	open   bool // the last one may be the beginning of a word
}

// parse takes a question apart into words, each once. The last one is open
// unless a space or a sign follows it.
func parse(text string) []term {
	text = shorten(strings.ToValidUTF8(text, " "), LongestQuery)
	var terms []term
	known := map[string]int{}
	eachWord(text, func(w word) bool {
		if w.part {
			return true
		}
		open := w.to == len(text)
		if i, doubled := known[w.folded]; doubled {
			terms[i].open = terms[i].open || open
			return true
		}
		if w.folded != "" {
			known[w.folded] = len(terms)
			terms = append(terms, term{w.folded, open})
		}
		return len(terms) < mostWords
	})
	return terms
}

// shorten cuts a text to a number of characters.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n == most {
			return s[:i]
		}
		n++
	}
	return s
}

// Empty tells whether nothing is looked for.
func (q Query) Empty() bool { return len(parse(q.Text)) == 0 }
