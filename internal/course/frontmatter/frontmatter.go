// Package frontmatter reads the YAML lines between "---" at the top of a
// Markdown file, field by field, so that everything wrong is a warning with
// its line. It refuses aliases, which can grow without end. Start at Read.
package frontmatter

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"kept/internal/course"
)

// maxHead is far more than any front matter needs.
const maxHead = 64 << 10

// Fields are the front matter of one file. Asking for a field marks it as
// known; Finish warns of all others.
type Fields struct {
	Body     string // what follows the front matter
	BodyLine int    // line of the file that Body begins in, from 1

	file     string
	node     *yaml.Node
	asked    []string
	warnings *[]course.Warning
	offset   int // lines of the file before the YAML
}

// Read splits a file. Without front matter all of it is body. Warnings are
// added to the list given.
func Read(file, text string, warnings *[]course.Warning) *Fields {
	f := &Fields{Body: text, BodyLine: 1, file: file, node: &yaml.Node{Kind: yaml.MappingNode}, warnings: warnings, offset: 1}
	head, body, found := split(text)
	if !found {
		if strings.HasPrefix(text, "---\n") {
			f.warn(1, "the front matter has no end; close it with a line ---")
		}
		return f
	}
	f.Body, f.BodyLine = body, strings.Count(head, "\n")+3
	f.decode(head)
	return f
}

func split(text string) (head, body string, found bool) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", text, false
	}
	if rest == "---" || strings.HasPrefix(rest, "---\n") {
		return "", strings.TrimPrefix(rest[3:], "\n"), true
	}
	head, body, ok = strings.Cut(rest, "\n---\n")
	if !ok {
		head, ok = strings.CutSuffix(rest, "\n---")
		body = ""
	}
	return head + "\n", body, ok
}

func (f *Fields) decode(head string) {
	if len(head) > maxHead {
		f.warn(1, "the front matter has %d bytes and is left out; at most %d are read", len(head), maxHead)
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(head), &doc); err != nil {
		f.warn(1, "the front matter is not YAML (%s); put text with a colon or a quotation mark in quotes", yamlReason(err))
		return
	}
	if len(doc.Content) == 0 {
		return
	}
	if doc.Content[0].Kind != yaml.MappingNode {
		f.warn(1, "the front matter must be lines of the form name: value")
		return
	}
	f.node = doc.Content[0]
	f.warnDoubled()
}

func (f *Fields) warnDoubled() {
	seen := map[string]bool{}
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key := f.node.Content[i]
		if seen[key.Value] {
			f.warn(f.line(key), "%s is given twice; the first one counts, remove the other", key.Value)
		}
		seen[key.Value] = true
	}
}

func yamlReason(err error) string {
	if typed, ok := errors.AsType[*yaml.TypeError](err); ok && len(typed.Errors) > 0 {
		return typed.Errors[0]
	}
	return strings.TrimPrefix(err.Error(), "yaml: ")
}

func (f *Fields) line(n *yaml.Node) int { return n.Line + f.offset }

func (f *Fields) warn(line int, format string, args ...any) {
	*f.warnings = append(*f.warnings, course.Warning{File: f.file, Line: line, What: fmt.Sprintf(format, args...)})
}

func (f *Fields) find(name string) *yaml.Node {
	f.asked = append(f.asked, name)
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if f.node.Content[i].Value == name {
			return f.node.Content[i+1]
		}
	}
	return nil
}

// Line is where a field stands, and the file's first line if it does not.
func (f *Fields) Line(name string) int {
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		if f.node.Content[i].Value == name {
			return f.line(f.node.Content[i])
		}
	}
	return 1
}

// Has tells whether a field is there.
func (f *Fields) Has(name string) bool { return f.find(name) != nil }

// Text is a field of one value, or "".
func (f *Fields) Text(name string) string {
	n := f.find(name)
	if n == nil || isNull(n) {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		f.warn(f.line(n), "%s must be one value; write %s: text", name, name)
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// Int is a whole number that is not negative, or 0.
func (f *Fields) Int(name string) int {
	text := f.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		f.warn(f.Line(name), "%s is %q; write a whole number, as in %s: 10", name, text, name)
		return 0
	}
	return n
}

// Bool is true or false.
func (f *Fields) Bool(name string) bool {
	text := f.Text(name)
	switch text {
	case "", "false":
		return false
	case "true":
		return true
	}
	f.warn(f.Line(name), "%s is %q; write true or false", name, text)
	return false
}

// List is a field of several values; a single one is a list of one.
func (f *Fields) List(name string) []string {
	n := f.find(name)
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return []string{strings.TrimSpace(n.Value)}
	}
	if n.Kind != yaml.SequenceNode {
		f.warn(f.line(n), "%s must be a list; begin each line with a hyphen", name)
		return nil
	}
	var list []string
	for _, item := range n.Content {
		if item.Kind != yaml.ScalarNode {
			f.warn(f.line(item), "%s must list plain values; put text with a colon in quotes", name)
			continue
		}
		list = append(list, strings.TrimSpace(item.Value))
	}
	return list
}

// Groups is a list of which each item has fields of its own.
func (f *Fields) Groups(name string) []*Fields {
	n := f.find(name)
	if n == nil || isNull(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		f.warn(f.line(n), "%s must be a list; begin each item with a hyphen", name)
		return nil
	}
	var groups []*Fields
	for _, item := range n.Content {
		if item.Kind != yaml.MappingNode {
			f.warn(f.line(item), "each item of %s must have fields, as in title: text", name)
			continue
		}
		groups = append(groups, &Fields{file: f.file, node: item, warnings: f.warnings, offset: f.offset, BodyLine: f.line(item)})
	}
	return groups
}

// Group is a field with fields of its own. A single value counts as the field
// named by short.
func (f *Fields) Group(name, short string) (*Fields, bool) {
	n := f.find(name)
	if n == nil || isNull(n) {
		return nil, false
	}
	group := &Fields{file: f.file, node: n, warnings: f.warnings, offset: f.offset, BodyLine: f.line(n)}
	switch n.Kind {
	case yaml.MappingNode:
		return group, true
	case yaml.ScalarNode:
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: short, Line: n.Line}
		group.node = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Content: []*yaml.Node{key, n}}
		return group, true
	}
	f.warn(f.line(n), "%s must be one value or have fields of its own", name)
	return nil, false
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Finish warns of every field that nobody asked for.
func (f *Fields) Finish() {
	for i := 0; i+1 < len(f.node.Content); i += 2 {
		key := f.node.Content[i]
		if !slices.Contains(f.asked, key.Value) {
			f.warn(f.line(key), "%q is not a known field; known are %s", key.Value, known(f.asked))
		}
	}
}

func known(asked []string) string {
	names := slices.Clone(asked)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
