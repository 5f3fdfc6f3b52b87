package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Piece is a run of text. Hit tells that it is a word that was looked for.
type Piece struct {
	Text string
	Hit  bool
}

// excerptLength is about how many bytes of a text are shown.
const excerptLength = 200

// mostExcerpted bounds how much of a text is looked through for an excerpt.
const mostExcerpted = 64 << 10

// span is a word of a text that was looked for.
type span struct {
	folded   string
	from, to int
}

// mark splits a text where it has words that were looked for.
func mark(text string, words map[string]bool) []Piece {
	var out []Piece
	at := 0
	for _, s := range spans(text, words) {
		if s.from < at {
			continue
		}
		if s.from > at {
			out = append(out, Piece{Text: text[at:s.from]})
		}
		out = append(out, Piece{text[s.from:s.to], true})
		at = s.to
	}
	if at < len(text) {
		out = append(out, Piece{Text: text[at:]})
	}
	return out
}

// spans are the words of a text that were looked for. Of an identifier and its
// parts, the whole comes first.
func spans(text string, words map[string]bool) []span {
	var all []span
	eachWord(text, func(w word) bool {
		if words[w.folded] {
			all = append(all, span{w.folded, w.from, w.to})
		}
		return true
	})
	return all
}

// excerpt is the part of a document that has most of the words.
func (d *Document) excerpt(words map[string]bool) []Piece {
	best, most, first, read := "", 0, "", 0
	for field, text := range d.Text {
		if read += len(text); read > mostExcerpted {
			break
		}
		text = strings.Join(strings.Fields(plain(text)), " ")
		if first == "" && field == Body {
			first = text
		}
		if from, n := richest(spans(text, words)); n > most {
			best, most = around(text, from), n
		}
	}
	if most == 0 {
		best = around(first, 0)
	}
	return mark(best, words)
}

// richest is where the words that were looked for stand closest, and how many
// different ones do.
func richest(all []span) (from, most int) {
	for i, s := range all {
		seen := map[string]bool{}
		for _, other := range all[i:] {
			if other.to-s.from > excerptLength*3/4 {
				break
			}
			seen[other.folded] = true
		}
		if len(seen) > most {
			from, most = s.from, len(seen)
		}
	}
	return from, most
}

// around cuts a piece out of a text, at words.
func around(text string, from int) string {
	begin := max(0, from-excerptLength/4)
	end := min(len(text), begin+excerptLength)
	before, after := "", ""
	if begin > 0 {
		begin, before = wordEdge(text, begin), "… "
	}
	if end < len(text) {
		end, after = wordEdge(text, end), " …"
	}
	if begin >= end || begin > from {
		begin = from
	}
	return before + strings.TrimSpace(text[begin:max(begin, end)]) + after
}

// wordEdge goes on to the next space, or to the next letter where there is
// none near.
func wordEdge(text string, at int) int {
	for i, r := range text[at:] {
		if unicode.IsSpace(r) {
			return at + i
		}
		if i > 30 {
			break
		}
	}
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	return at
}
