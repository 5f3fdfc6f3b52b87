package search

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	manyDocuments = 16_000
	mostTaken     = 20 * time.Millisecond
)

// made are documents of words that are as unevenly used as those of a
// language, the same each time.
func made(n int) []Document {
	chance := rand.New(rand.NewPCG(1, 2))
	vocabulary := make([]string, 60_000)
	for i := range vocabulary {
		var w strings.Builder
		for range 2 + chance.IntN(4) {
			w.WriteByte("bcdfghklmnprst"[chance.IntN(14)])
			w.WriteByte("aeiou"[chance.IntN(5)])
		}
		vocabulary[i] = w.String()
	}
	zipf := rand.NewZipf(chance, 1.1, 20, uint64(len(vocabulary)-1))
	docs := make([]Document, n)
	for i := range docs {
		words := make([]string, 250)
		for j := range words {
			words[j] = vocabulary[zipf.Uint64()]
		}
		docs[i] = doc(fmt.Sprint("lesson-", i), words[3]+" "+words[4], strings.Join(words, " "))
		docs[i].Course = fmt.Sprint("course-", i%60)
	}
	return docs
}

// BenchmarkFind asks for rare and common words, beginnings, slips and several
// words, with the excerpts of a page.
func BenchmarkFind(b *testing.B) {
	x := NewIndex(made(manyDocuments))
	common := commonWords(x)
	for name, q := range map[string]string{
		"common": common[0], "five": strings.Join(common[:5], " "), "letter": "b", "slip": common[3] + "xq", "long-slip": "bacadafahakala", "nothing": "zzzzzzzz",
	} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				f := x.Find(Query{Text: q}, 0, perPage)
				for _, h := range f.Hits {
					h.excerpt(f.Words)
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "ms-p95")
			// What else the machine does is in the slowest, not in the middle one.
			if middle := took[len(took)/2]; middle > mostTaken {
				b.Errorf("half of the answers took longer than %s, at most %s are allowed", middle, mostTaken)
			}
		})
	}
	b.Run("update-one", func(b *testing.B) {
		docs := made(manyDocuments)
		for b.Loop() {
			docs[7].Of = time.Now()
			x = x.Update(docs)
		}
	})
}

// commonWords are words of the index, those in most documents first.
func commonWords(x *Index) []string {
	order := make([]int, len(x.words))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return len(x.list(b)) - len(x.list(a)) })
	words := make([]string, 10)
	for i := range words {
		words[i] = x.words[order[i]]
	}
	return words
}
