package pagetest

import (
	"fmt"
	"strings"

	"golang.org/x/net/html"
)

// step is one compound of a selector, as li.state[hidden].
type step struct {
	tag, id    string
	classes    []string
	attributes []condition
	child      bool // stands directly below the step before it
}

type condition struct {
	name, value string
	how         byte // 0: there at all; '=': equal; '^': begins with
}

func parseSelector(text string) ([]step, error) {
	var path []step
	child := false
	for _, word := range words(text) {
		if word == ">" {
			child = true
			continue
		}
		s, err := parseStep(word)
		if err != nil {
			return nil, err
		}
		s.child = child
		child = false
		path = append(path, s)
	}
	if len(path) == 0 || child {
		return nil, fmt.Errorf("nothing to look for")
	}
	return path, nil
}

// words splits at space outside of brackets.
func words(text string) []string {
	depth := 0
	return strings.FieldsFunc(text, func(c rune) bool {
		switch c {
		case '[':
			depth++
		case ']':
			depth--
		}
		return depth == 0 && c == ' '
	})
}

func parseStep(word string) (step, error) {
	var s step
	for word != "" {
		end := 1 + strings.IndexAny(word[1:], ".#[")
		if end == 0 {
			end = len(word)
		}
		if word[0] == '[' {
			if end = 1 + strings.IndexByte(word, ']'); end == 0 {
				return s, fmt.Errorf("%s: bracket not closed", word)
			}
		}
		s.add(word[:end])
		word = word[end:]
	}
	return s, nil
}

func (s *step) add(part string) {
	switch part[0] {
	case '.':
		s.classes = append(s.classes, part[1:])
	case '#':
		s.id = part[1:]
	case '[':
		s.attributes = append(s.attributes, parseCondition(strings.Trim(part, "[]")))
	default:
		s.tag = part
	}
}

func parseCondition(text string) condition {
	name, value, found := strings.Cut(text, "=")
	c := condition{name: name, value: strings.Trim(value, `"'`)}
	switch {
	case !found:
	case strings.HasSuffix(name, "^"):
		c.name, c.how = strings.TrimSuffix(name, "^"), '^'
	default:
		c.how = '='
	}
	return c
}

// matches reads the path from its end upwards; root bounds the way.
func matches(n *html.Node, path []step, root *html.Node) bool {
	last := path[len(path)-1]
	if !last.fits(n) {
		return false
	}
	if len(path) == 1 {
		return true
	}
	for up := n.Parent; up != nil; up = up.Parent {
		if matches(up, path[:len(path)-1], root) {
			return true
		}
		if last.child || up == root {
			return false
		}
	}
	return false
}

func (s step) fits(n *html.Node) bool {
	if n.Type != html.ElementNode || (s.tag != "" && s.tag != "*" && s.tag != n.Data) {
		return false
	}
	if id, _ := attribute(n, "id"); s.id != "" && s.id != id {
		return false
	}
	classes, _ := attribute(n, "class")
	for _, class := range s.classes {
		if !strings.Contains(" "+classes+" ", " "+class+" ") {
			return false
		}
	}
	for _, c := range s.attributes {
		value, ok := attribute(n, c.name)
		if !ok || (c.how == '=' && value != c.value) || (c.how == '^' && !strings.HasPrefix(value, c.value)) {
			return false
		}
	}
	return true
}
