package search

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// doc is a document of a title and a text.
func doc(key, title, text string) Document {
	return Document{Key: key, Of: title + text, Kind: Lesson, Lang: "en", Course: "c", Title: title, Path: "/" + key,
		Text: func(yield func(Field, string) bool) { yield(Body, text) }}
}

func keysFor(x *Index, text string) []string {
	var keys []string
	for _, h := range x.Find(Query{Text: text}, 0, 100).Hits {
		keys = append(keys, h.Key)
	}
	return keys
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"Use forEach, not a loop": "use foreach for each not a loop", "XMLHttpRequest2": "xmlhttprequest2 xml http request2",
		"Größe café ÅNGSTRÖM": "grosse cafe angstrom", "snake_case-name": "snake case name", "C++ and C# and c": "c++ and c# and c",
		"日本語": "日本 本語", "a日": "a 日", "İstanbul": "istanbul", "": "", "!?": "", "ﬁne": "fine", "हिन्दी": "हिन्दी",
	} {
		var got []string
		for w := range func(yield func(word) bool) { eachWord(text, yield) } {
			got = append(got, w.folded)
			if w.from < 0 || w.to > len(text) || w.from >= w.to {
				t.Errorf("%q: %q stands at %d to %d", text, w.folded, w.from, w.to)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: got %q, want %q", text, strings.Join(got, " "), want)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"a [link](https://example.org/x) b": "a link b", "**bold** and `code`": "bold and code", "if a < b then": "if a < b then", "arr[i] * 2": "arr[i] * 2", "```js\nlet a\n```\nb": "\nlet a\n\nb", "# Title\nx": " Title\nx", "*so*": "so",
		"<p class=\"x\">hi</p>": " hi ", "C# is `C#`": "C# is C#", "a &lt;b&gt;": "a <b>", "[open](never": "opennever",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFinding(t *testing.T) {
	x := NewIndex([]Document{
		doc("title", "Functions", "how to write them"), doc("body", "Other things", "a function is a name for some steps"),
		doc("code", "Arrays", "call list.forEach(show) for each of them"), doc("plain", "Loops", "go through each one, for a while"),
		doc("marks", "Café", "Größe und Maß"), doc("cpp", "C++", "a language"), doc("nothing", "Empty", ""),
	})
	for q, want := range map[string]string{
		"functions": "title body", "function": "title body", "fucntion": "title body", "fun": "title body", "cafe": "marks", "GROSSE": "marks",
		"foreach": "code", "forEach": "code", "for each": "code plain", "c++": "cpp", "zzzz": "", "": "", "empty": "nothing", "steps name": "body",
		"arrays loops": "plain code", // none has both
	} {
		if got := strings.Join(keysFor(x, q), " "); got != want {
			t.Errorf("%q: got %q, want %q", q, got, want)
		}
	}
	if f := x.Find(Query{Text: "arrays loops"}, 0, 9); !f.Loose {
		t.Error("nothing has both words, and it is not said")
	}
}

func TestFilters(t *testing.T) {
	de := doc("de", "Funktion", "function")
	de.Lang = "de"
	article := doc("article", "function", "")
	article.Kind, article.Course = Article, ""
	x := NewIndex([]Document{doc("en", "Function", ""), de, article})
	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{Text: "function", Lang: "de"}, "de"}, {Query{Text: "function", Kind: Article}, "article"},
		{Query{Text: "function", Course: "c", Lang: "en"}, "en"}, {Query{Text: "function", Kind: Episode}, ""},
	} {
		f := x.Find(c.q, 0, 9)
		var keys []string
		for _, h := range f.Hits {
			keys = append(keys, h.Key)
		}
		if strings.Join(keys, " ") != c.want {
			t.Errorf("%+v: got %v, want %s", c.q, keys, c.want)
		}
	}
	f := x.Find(Query{Text: "function", Kind: Article}, 0, 9)
	if f.ByKind[Lesson] != 2 || f.ByKind[Article] != 1 || f.ByLang["de"] != 0 {
		t.Errorf("counts are %v and %v", f.ByKind, f.ByLang)
	}
	if hits := x.Find(Query{Text: "funktion function", Prefer: "de"}, 0, 9).Hits; len(hits) == 0 || hits[0].Key != "de" {
		t.Error("the reader's own language does not come first")
	}
}

func TestSlips(t *testing.T) {
	var d distances
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"loop", "loop", 0}, {"loop", "lopo", 1}, {"loop", "lop", 1}, {"loop", "loops", 1}, {"loop", "look", 1}, {"loop", "pool", 2},
		{"function", "fucntion", 1}, {"function", "funktoin", 2}, {"größe", "grosse", 3},
	} {
		got := d.between([]rune(c.a), c.b, 2)
		if got != c.want && (got <= 2 || c.want <= 2) {
			t.Errorf("%s and %s are %d apart, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestExcerptHasTheWords(t *testing.T) {
	text := strings.Repeat("nothing of it here. ", 30) + "The **quick** fox [jumps](/over) the dog. " + strings.Repeat("and so on. ", 40)
	d := doc("a", "A", text)
	x := NewIndex([]Document{d})
	var shown strings.Builder
	marked := map[string]bool{}
	for _, p := range d.excerpt(x.Find(Query{Text: "fox quick"}, 0, 1).Words) {
		shown.WriteString(p.Text)
		if p.Hit {
			marked[p.Text] = true
		}
	}
	if !marked["quick"] || !marked["fox"] || len(marked) != 2 {
		t.Errorf("marked are %v", slices.Sorted(maps.Keys(marked)))
	}
	if got := shown.String(); len(got) > 2*excerptLength || strings.Contains(got, "**") || !utf8.ValidString(got) {
		t.Errorf("the excerpt is %q", got)
	}
}

// Whatever comes and goes, the index is the one that would be made anew.
func TestUpdatedIsLikeMadeAnew(t *testing.T) {
	vocabulary := strings.Fields("loop loops function forEach array string größe cafe c++ 日本語 variable value name each for")
	rapid.Check(t, func(t *rapid.T) {
		texts := map[string]string{}
		x := NewIndex(nil)
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			for range rapid.IntRange(0, 6).Draw(t, "changes") {
				key := rapid.StringMatching(`[a-h]`).Draw(t, "key")
				if rapid.Bool().Draw(t, "remove") {
					delete(texts, key)
					continue
				}
				texts[key] = strings.Join(rapid.SliceOfN(rapid.SampledFrom(vocabulary), 0, 8).Draw(t, "text"), " ")
			}
			var docs []Document
			for _, key := range slices.Sorted(maps.Keys(texts)) {
				docs = append(docs, doc(key, "T "+key, texts[key]))
			}
			x = x.Update(docs)
			sameAnswers(t, x, NewIndex(docs), rapid.SampledFrom(vocabulary).Draw(t, "query"))
		}
	})
}

func sameAnswers(t *rapid.T, got, want *Index, query string) {
	if !slices.Equal(got.words, want.words) || got.Len() != want.Len() {
		t.Fatalf("words are %v, want %v", got.words, want.words)
	}
	for _, q := range []string{query, query[:1], query + " value", "lop", "t"} {
		a, b := got.Find(Query{Text: q}, 0, 100), want.Find(Query{Text: q}, 0, 100)
		if len(a.Hits) != len(b.Hits) {
			t.Fatalf("%q: %d hits, want %d", q, len(a.Hits), len(b.Hits))
		}
		for i := range a.Hits {
			if a.Hits[i].Key != b.Hits[i].Key || a.Hits[i].Score != b.Hits[i].Score {
				t.Fatalf("%q: hit %d is %s with %f, want %s with %f", q, i, a.Hits[i].Key, a.Hits[i].Score, b.Hits[i].Key, b.Hits[i].Score)
			}
		}
	}
}

func TestUnchangedDocumentsAreNotReadAgain(t *testing.T) {
	reads := 0
	d := doc("a", "A", "")
	d.Text = func(func(Field, string) bool) { reads++ }
	x := NewIndex([]Document{d})
	x = x.Update([]Document{d, doc("b", "B", "text")})
	if reads != 1 || x.Len() != 2 {
		t.Errorf("read %d times, %d documents", reads, x.Len())
	}
	for range 50 {
		x = x.Update([]Document{d, doc("b", "B", fmt.Sprint(rand.Int()))})
	}
	if len(x.docs) > 10 {
		t.Errorf("%d numbers are in use for 2 documents", len(x.docs))
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"", "forEach", "c++ c# 日本語", "\xff\xfe", strings.Repeat("a", 500), "ÅÄÖ ́", "<b>&lt;", "[x](", "#"} {
		f.Add(s)
	}
	x := NewIndex([]Document{doc("a", "Functions", "forEach [x](y) <b>日本語</b>"), doc("b", "C++", "ß")})
	f.Fuzz(func(t *testing.T, s string) {
		terms := parse(s)
		if len(terms) > mostWords {
			t.Errorf("%d words", len(terms))
		}
		for _, one := range terms {
			if one.folded == "" || len(one.folded) > longestWord || !utf8.ValidString(one.folded) {
				t.Errorf("%q is a word", one.folded)
			}
		}
		got := x.Find(Query{Text: s}, 0, 10)
		d := doc("f", s, s)
		var shown strings.Builder
		for _, p := range mark(s, got.Words) {
			shown.WriteString(p.Text)
		}
		if shown.String() != s {
			t.Errorf("marking %q gave %q", s, shown.String())
		}
		d.excerpt(got.Words)
		if len(terms) > 0 && len(terms) < mostWords {
			if again := NewIndex([]Document{d}).Find(Query{Text: s}, 0, 1); again.Total == 0 && utf8.ValidString(s) && len(s) < LongestQuery && plain(s) == s {
				t.Errorf("%q is not found in itself", s)
			}
		}
	})
}
