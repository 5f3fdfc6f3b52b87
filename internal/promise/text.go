package promise

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	texttemplate "text/template"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	goldtext "github.com/yuin/goldmark/text"

	"kept/internal/outbound"
	"kept/vault"
)

// Facts are what a version of the policy can name in {{ }}. Texts are escaped
// for Markdown.
type Facts struct {
	Community, Controller, Address, Contact, Storage, Authority string

	Age         int // years; 0 if nobody is asked
	LogHours    int
	BackupDays  int
	JournalDays int // how long the list of what was erased is kept
	AnswerDays  int
	NoticeDays  int

	Kinds      []vault.Info
	Processors []outbound.Processor
}

func (f *Feature) facts() Facts {
	o := f.c.Operator
	facts := Facts{Community: escape(f.c.Community), Controller: escape(o.Controller), Address: escape(o.Address),
		Contact: o.Contact, Storage: escape(o.Storage), Authority: escape(o.Authority),
		Age: o.Age, LogHours: o.LogHours, BackupDays: o.BackupDays,
		JournalDays: int(vault.JournalDays), AnswerDays: int(answerDays), NoticeDays: int(noticeDays),
		Kinds: f.Vault.Kinds()}
	for _, p := range f.Gate.Processors() {
		p.Name, p.Country = escape(p.Name), escape(p.Country)
		facts.Processors = append(facts.Processors, p)
	}
	return facts
}

// Shown are the titles of what strangers can see if its owner wants that.
func (f Facts) Shown() []string {
	return f.titles(func(k vault.Info) bool {
		return k.Audience == vault.AnyoneMaySee || slices.Contains(k.Audiences, vault.AnyoneMaySee)
	})
}

// Roles says of each kind that roles may read which ones these are.
func (f Facts) Roles() []string {
	var all []string
	for _, k := range f.Kinds {
		for _, r := range k.Roles {
			all = append(all, escape(r.Name+" sees "+k.Title))
		}
	}
	return all
}

// Held are the titles of what a law keeps after an erasure.
func (f Facts) Held() []string {
	return f.titles(func(k vault.Info) bool { return k.Retention.Law() != "" })
}

func (f Facts) titles(want func(vault.Info) bool) []string {
	var all []string
	for _, k := range f.Kinds {
		if want(k) {
			all = append(all, escape(lower(k.Title)))
		}
	}
	return all
}

func (f Facts) kind(name string) (vault.Info, bool) {
	i := slices.IndexFunc(f.Kinds, func(k vault.Info) bool { return k.Name == name })
	if i < 0 {
		return vault.Info{}, false
	}
	return f.Kinds[i], true
}

// funcs are the words that a version can use.
func (f Facts) funcs() texttemplate.FuncMap {
	return texttemplate.FuncMap{
		"has":    func(kind string) bool { _, ok := f.kind(kind); return ok },
		"kept":   f.keptFor,
		"said":   said,
		"mailto": mailto,
		"list":   enumerate,
		"days":   func(n int) string { return counted(n, "day") },
		"hours":  func(n int) string { return counted(n, "hour") },
		"years":  func(n int) string { return counted(n, "year") },
		"count":  func(kinds []vault.Info) int { return len(kinds) },
	}
}

func (f Facts) keptFor(kind string) (string, error) {
	k, ok := f.kind(kind)
	if !ok {
		return "", fmt.Errorf("the kind %q is not declared: ask {{if has}} first", kind)
	}
	return escape(k.Retention.String()), nil
}

// notSaid stands where the operator has left a setting empty.
const notSaid = "*(not stated yet by whoever runs this site)*"

func said(text string) string {
	if strings.TrimSpace(text) == "" {
		return notSaid
	}
	return text
}

func mailto(address string) string {
	if address == "" {
		return notSaid
	}
	return "<" + address + ">"
}

func enumerate(items []string) string {
	switch len(items) {
	case 0:
		return "nothing"
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

func counted(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return strconv.Itoa(n) + " " + unit + "s"
}

// lower begins a title with a small letter, but leaves an abbreviation alone.
func lower(title string) string {
	r := []rune(title)
	if len(r) > 1 && unicode.IsUpper(r[1]) {
		return title
	}
	if len(r) > 0 {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}

const marks = "\\`*_{}[]<>()#+-.!|~&"

// escape makes a text stay the characters it is in Markdown.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(text), " ") {
		if strings.ContainsRune(marks, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// document is a version with its figures filled in.
type document struct {
	Version
	Markdown string
	HTML     template.HTML
	Headings []heading
}

type heading struct{ ID, Text string }

// write fills in a version's figures and renders it.
func write(v Version, f Facts) (document, error) {
	t, err := texttemplate.New("policy").Option("missingkey=error").Funcs(f.funcs()).Parse(v.Text)
	if err != nil {
		return document{}, fmt.Errorf("policy version %d: %w", v.Number, err)
	}
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return document{}, fmt.Errorf("policy version %d: %w", v.Number, err)
	}
	d := document{Version: v, Markdown: b.String()}
	d.HTML, d.Headings, err = renderMarkdown(d.Markdown)
	if err != nil {
		return d, fmt.Errorf("policy version %d: %w", v.Number, err)
	}
	return d, nil
}

var errRawHTML = errors.New("HTML cannot stand in a policy")

// renderMarkdown gives each heading an anchor. HTML in the text is a mistake.
func renderMarkdown(markdown string) (template.HTML, []heading, error) {
	source := []byte(markdown)
	md := goldmark.New(goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	doc := md.Parser().Parse(goldtext.NewReader(source))
	var headings []heading
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.RawHTML, *ast.HTMLBlock:
			return ast.WalkStop, errRawHTML
		case *ast.Heading:
			if id, ok := n.AttributeString("id"); entering && ok {
				headings = append(headings, heading{string(id.([]byte)), words(n, source)})
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return "", nil, err
	}
	var b bytes.Buffer
	if err := md.Renderer().Render(&b, source, doc); err != nil {
		return "", nil, err
	}
	return template.HTML(b.String()), headings, nil
}

// words is the text of a node without its marks.
func words(parent ast.Node, source []byte) string {
	var b strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Value(source))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.AutoLink:
			b.Write(n.Label(source))
		default:
			b.WriteString(words(n, source))
		}
	}
	return b.String()
}
