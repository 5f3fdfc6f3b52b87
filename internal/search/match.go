package search

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"
)

// Hit is a document that was found.
type Hit struct {
	*Document
	Score float32
}

// Found is the answer to a question.
type Found struct {
	Hits  []Hit // those of the page that was asked for
	Total int
	// Loose says that no document has all of the words, and these have some.
	Loose bool
	// Words are all words that were looked for, in every form that was taken
	// for what was typed.
	Words map[string]bool
	// How many were found, by what one can choose; each without regard to its
	// own choice.
	ByKind   map[Kind]int
	ByLang   map[string]int
	ByCourse map[string]int
}

// Bounds of what a typed word may stand for.
const (
	mostForms = 150 // forms of one word
	fewEnough = 3   // so few documents have the word itself that slips are looked for
)

// How much a form counts that is not what was typed.
const (
	exactly   float32 = 1
	beginning float32 = .6
	slipped   float32 = .35
)

// form is a word of the index that a typed word may stand for.
type form struct {
	word  int
	worth float32
}

// Find answers a question with the hits from one to another, by score and
// then by path, so that the same question has the same answer.
func (x *Index) Find(q Query, from, to int) Found {
	terms := parse(q.Text)
	f := Found{Words: map[string]bool{}, ByKind: map[Kind]int{}, ByLang: map[string]int{}, ByCourse: map[string]int{}}
	if len(terms) == 0 {
		return f
	}
	t := newTally(len(x.docs))
	for _, one := range terms {
		forms := x.forms(one)
		for _, form := range forms {
			f.Words[x.words[form.word]] = true
		}
		t.count(x, forms)
	}
	least := uint8(len(terms))
	if !t.any(least) && len(terms) > 1 {
		f.Loose, least = true, 1
	}
	x.collect(q, t, least, to, &f)
	f.best(to)
	f.Hits = f.Hits[min(from, len(f.Hits)):]
	return f
}

// best keeps the first hits.
func (f *Found) best(n int) {
	slices.SortFunc(f.Hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Key, b.Key))
	})
	f.Hits = f.Hits[:min(n, len(f.Hits))]
}

// tally is the score of each document while words are counted.
type tally struct {
	score, best []float32
	hits        []uint8
}

func newTally(n int) *tally {
	return &tally{score: make([]float32, n), best: make([]float32, n), hits: make([]uint8, n)}
}

// count adds one word, in its best form for each document. A word that few
// have tells more.
func (t *tally) count(x *Index, forms []form) {
	clear(t.best)
	have := 0
	for _, f := range forms {
		places(x.list(f.word), func(doc uint32, w weight) {
			if t.best[doc] == 0 {
				have++
			}
			t.best[doc] = max(t.best[doc], f.worth*worth[w])
		})
	}
	if have == 0 {
		return
	}
	rare := float32(math.Log(1 + float64(x.Len())/float64(have)))
	for doc, best := range t.best {
		if best > 0 {
			t.score[doc] += best * rare * x.sizes[doc]
			t.hits[doc]++
		}
	}
}

func (t *tally) any(least uint8) bool {
	return slices.ContainsFunc(t.hits, func(n uint8) bool { return n >= least })
}

// kindWorth puts a course before its lessons where both fit alike.
var kindWorth = map[Kind]float32{Course: 1.15, Lesson: 1, Article: 1, Episode: 1}

// preferred is for documents in the reader's language.
const preferred = 1.2

// atOnce is how many hits are gathered before all but the best are dropped.
const atOnce = 512

// collect keeps the best hits and counts all, by what one can choose.
func (x *Index) collect(q Query, t *tally, least uint8, most int, f *Found) {
	counts := x.traits.counter()
	wanted := x.traits.wanted(q)
	floor := float32(0)
	for n, d := range x.docs {
		if t.hits[n] < least || !counts.see(x.traits.of[n], wanted) {
			continue
		}
		f.Total++
		score := t.score[n] * kindWorth[d.Kind] * float32(t.hits[n])
		if d.Lang == q.Prefer {
			score *= preferred
		}
		if score < floor {
			continue
		}
		if f.Hits = append(f.Hits, Hit{d, score}); len(f.Hits) >= most+atOnce {
			f.best(most)
			floor = f.Hits[most-1].Score
		}
	}
	counts.tell(f)
}

// forms are the words that a typed word may stand for: itself, those that it
// begins, and, if hardly any document has those, those that a slip of the
// finger makes of it.
func (x *Index) forms(t term) []form {
	from, to := x.beginning(t.folded)
	var forms []form
	have := 0
	for i := from; i < to; i++ {
		if x.words[i] == t.folded {
			forms = append(forms, form{i, exactly})
			have += x.atMost(i, fewEnough)
			continue
		}
		if t.open || len(t.folded) >= 4 {
			forms = append(forms, form{i, beginning})
			have += x.atMost(i, fewEnough)
		}
	}
	if have < fewEnough {
		forms = append(forms, x.slips(t.folded)...)
	}
	if len(forms) > mostForms {
		slices.SortStableFunc(forms, func(a, b form) int {
			return cmp.Or(cmp.Compare(b.worth, a.worth), cmp.Compare(len(x.words[a.word]), len(x.words[b.word])))
		})
		forms = forms[:mostForms]
	}
	return forms
}

// atMost counts the documents of a word, up to a number.
func (x *Index) atMost(word, most int) int {
	n := 0
	for _, b := range x.list(word) {
		if b < 0x80 {
			if n++; n == most {
				break
			}
		}
	}
	return n
}

// slipsOf is how many slips are forgiven in a word.
func slipsOf(w string) int {
	switch n := utf8.RuneCountInString(w); {
	case n < 4:
		return 0
	case n < 8:
		return 1
	}
	return 2
}

// slips are the words within a few slips of a word.
func (x *Index) slips(w string) []form {
	most := slipsOf(w)
	if most == 0 {
		return nil
	}
	var forms []form
	runes, mask := []rune(w), maskOf(w)
	var d distances
	for i, other := range x.words {
		// A slip changes at most two letters of the set.
		if bits.OnesCount32(mask^x.masks[i]) > 2*most || len(other) > len(w)+4*most || len(w) > len(other)+4*most {
			continue
		}
		if n := d.between(runes, other, most); n > 0 && n <= most {
			forms = append(forms, form{i, slipped / float32(n)})
		}
	}
	return forms
}

// distances compares words without making new tables each time.
type distances struct {
	b             []rune
	last, row, up []int
}

// between counts letters that were added, left out, changed or swapped with
// their neighbour. More than most is all the same.
func (d *distances) between(a []rune, other string, most int) int {
	d.b = append(d.b[:0], []rune(other)...)
	b := d.b
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	d.last, d.row, d.up = sized(d.last, len(b)+1), sized(d.row, len(b)+1), sized(d.up, len(b)+1)
	for j := range d.row {
		d.row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		d.last, d.up, d.row = d.up, d.row, d.last
		d.row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d.row[j] = min(d.up[j]+1, d.row[j-1]+1, d.up[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d.row[j] = min(d.row[j], d.last[j-2]+1)
			}
			least = min(least, d.row[j])
		}
		if least > most {
			return least
		}
	}
	return d.row[len(b)]
}

func sized(s []int, n int) []int {
	if cap(s) < n {
		return make([]int, n, 2*n)
	}
	return s[:n]
}
