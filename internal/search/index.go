package search

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
	"strings"
)

// Index finds documents by their words. It does not change; Update makes
// another. It holds words and numbers, no texts: about as much as a tenth of
// the texts that it is made of.
type Index struct {
	docs  []*Document // by number
	sizes []float32   // by number: what a long text takes off each of its words
	keys  map[string]uint32
	traits

	words []string // sorted
	masks []uint32 // the letters of each word, to compare quickly
	ends  []uint32 // where each word's places end in posts
	posts []byte   // for each word: documents, ascending, with weights
}

// NewIndex makes an index of documents.
func NewIndex(docs []Document) *Index { return new(Index).Update(docs) }

// Len is the number of documents.
func (x *Index) Len() int { return len(x.keys) }

// Update makes an index of exactly these documents. Those that are the same
// as before are not read again.
func (x *Index) Update(docs []Document) *Index {
	next := &Index{keys: make(map[string]uint32, len(docs)), traits: newTraits()}
	stays := make([]bool, len(x.docs))
	var fresh []*Document
	for i := range docs {
		d := &docs[i]
		if _, doubled := next.keys[d.Key]; doubled {
			continue
		}
		next.keys[d.Key] = 0
		if n, known := x.keys[d.Key]; known && same(x.docs[n], d) {
			stays[n] = true
			continue
		}
		fresh = append(fresh, d)
	}
	numbers := next.number(x, stays, fresh)
	next.merge(x, numbers, gather(next, fresh))
	return next
}

func same(a, b *Document) bool {
	return a.Of == b.Of && a.Kind == b.Kind && a.Lang == b.Lang && a.Course == b.Course && a.Within == b.Within && a.Title == b.Title && a.Path == b.Path
}

// gone is the number of a document that is no more.
const gone = math.MaxUint32

// number gives documents their numbers: those that stay in the order that they
// had, then the new ones. So the places of a word stay in order. It tells what
// became of the old numbers; nil if they are the same.
func (x *Index) number(old *Index, stays []bool, fresh []*Document) []uint32 {
	clear(x.keys)
	x.docs, x.sizes = make([]*Document, 0, len(old.docs)+len(fresh)), make([]float32, 0, len(old.docs)+len(fresh))
	numbers := make([]uint32, len(old.docs))
	for n, d := range old.docs {
		if numbers[n] = gone; stays[n] {
			numbers[n] = uint32(len(x.docs))
			x.put(d, old.sizes[n])
		}
	}
	same := len(x.docs) == len(old.docs)
	for _, d := range fresh {
		x.put(d, 1)
	}
	if same {
		return nil
	}
	return numbers
}

func (x *Index) put(d *Document, size float32) {
	x.keys[d.Key] = uint32(len(x.docs))
	x.docs, x.sizes = append(x.docs, d), append(x.sizes, size)
	x.traits.put(d)
}

// found is where a word stands in the documents that are read.
type found struct {
	last  uint32
	field Field
	times int
	posts []byte
	prev  uint32 // the last document that is in posts
	any   bool
}

// gather reads documents.
func gather(x *Index, docs []*Document) map[string]*found {
	all := map[string]*found{}
	for _, d := range docs {
		n, words := x.keys[d.Key], 0
		note := func(field Field, text string) {
			eachWord(plain(text), func(w word) bool {
				words++
				all[clone(all, w.folded)].see(n, field)
				return true
			})
		}
		note(Title, d.Title)
		if d.Within != "" {
			note(Body, d.Within)
		}
		for field, text := range d.Text {
			note(field, text)
		}
		x.sizes[n] = float32(1 / (1 + math.Log1p(float64(words)/200)/4))
	}
	for _, f := range all {
		f.close()
	}
	return all
}

// clone puts a word in with its own copy, so that no text is kept for it.
func clone(all map[string]*found, w string) string {
	if _, known := all[w]; !known {
		w = strings.Clone(w)
		all[w] = new(found)
	}
	return w
}

func (f *found) see(doc uint32, field Field) {
	if f.times > 0 && f.last != doc {
		f.close()
	}
	f.last, f.field, f.times = doc, max(f.field, field), f.times+1
}

// close writes the document that is being read.
func (f *found) close() {
	if f.times == 0 {
		return
	}
	f.posts = appendPlace(f.posts, f.last, f.prev, f.any, weigh(f.field, f.times))
	f.prev, f.any, f.times, f.field = f.last, true, 0, Body
}

// appendPlace writes the distance to the place before and the weight.
func appendPlace(to []byte, doc, before uint32, any bool, w weight) []byte {
	gap := doc
	if any {
		gap = doc - before
	}
	return binary.AppendUvarint(to, uint64(gap)<<3|uint64(w))
}

// places calls yield for the documents in an encoded list.
func places(list []byte, yield func(doc uint32, w weight)) {
	doc := uint32(0)
	for len(list) > 0 {
		v, n := binary.Uvarint(list)
		if n <= 0 {
			return
		}
		list = list[n:]
		doc += uint32(v >> 3)
		yield(doc, weight(v&7))
	}
}

// merge joins what stays of an older index with what was read.
func (x *Index) merge(old *Index, numbers []uint32, fresh map[string]*found) {
	added := make([]string, 0, len(fresh))
	for w := range fresh {
		added = append(added, w)
	}
	slices.Sort(added)
	var joined strings.Builder
	var lengths []int
	place := func(w string, list []byte) {
		if len(list) == 0 {
			return
		}
		joined.WriteString(w)
		lengths = append(lengths, len(w))
		x.posts = append(x.posts, list...)
		x.ends = append(x.ends, uint32(len(x.posts)))
	}
	x.posts = make([]byte, 0, len(old.posts)+len(old.posts)/16)
	var scratch []byte
	i := 0
	for n, w := range old.words {
		for ; i < len(added) && added[i] < w; i++ {
			place(added[i], fresh[added[i]].posts)
		}
		var more *found
		if i < len(added) && added[i] == w {
			more = fresh[w]
			i++
		}
		scratch = join(scratch[:0], old.list(n), numbers, more)
		place(w, scratch)
	}
	for ; i < len(added); i++ {
		place(added[i], fresh[added[i]].posts)
	}
	x.posts = slices.Clip(x.posts)
	x.cut(joined.String(), lengths)
}

// join writes the places of a word that stay, and then the new ones.
func join(to, list []byte, numbers []uint32, more *found) []byte {
	last, any := uint32(0), false
	if numbers == nil && more == nil {
		return append(to, list...)
	}
	places(list, func(doc uint32, w weight) {
		if numbers != nil {
			doc = numbers[doc]
		}
		if doc != gone {
			to = appendPlace(to, doc, last, any, w)
			last, any = doc, true
		}
	})
	if more != nil {
		places(more.posts, func(doc uint32, w weight) {
			to = appendPlace(to, doc, last, any, w)
			last, any = doc, true
		})
	}
	return to
}

// cut makes all words parts of one text, which costs less than many.
func (x *Index) cut(joined string, lengths []int) {
	x.words, x.masks = make([]string, len(lengths)), make([]uint32, len(lengths))
	for i, n := range lengths {
		x.words[i], joined = joined[:n], joined[n:]
		x.masks[i] = maskOf(x.words[i])
	}
}

func (x *Index) list(n int) []byte {
	from := uint32(0)
	if n > 0 {
		from = x.ends[n-1]
	}
	return x.posts[from:x.ends[n]]
}

// maskOf has a bit for each letter of a word.
func maskOf(w string) uint32 {
	var mask uint32
	for i := range len(w) {
		mask |= 1 << (w[i] & 31)
	}
	return mask
}

// range of words that begin with a prefix.
func (x *Index) beginning(prefix string) (from, to int) {
	from = sort.SearchStrings(x.words, prefix)
	to = from + sort.Search(len(x.words)-from, func(i int) bool { return !strings.HasPrefix(x.words[from+i], prefix) })
	return from, to
}
