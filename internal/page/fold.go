package page

import (
	"html/template"
	"text/template/parse"
)

// fold works out, once per language, what will be the same on every page:
// {{t "Sign in"}}, {{static "kept.css"}}, {{icon "tick"}}. An action costs
// about a microsecond when a page is made; text costs nothing. The values are
// escaped for text and for quoted attributes, the only places where
// templates of this site may put them: there are no inline scripts or styles.
func (s *Site) fold(all *template.Template, lang *Language) {
	for _, t := range all.Templates() {
		if t.Tree != nil {
			f := folder{s, lang}
			f.list(t.Tree.Root)
		}
	}
}

type folder struct {
	site *Site
	lang *Language
}

func (f folder) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	out := list.Nodes[:0]
	for _, node := range list.Nodes {
		node = f.node(node)
		text, isText := node.(*parse.TextNode)
		if isText && len(out) > 0 {
			if before, ok := out[len(out)-1].(*parse.TextNode); ok {
				before.Text = append(before.Text[:len(before.Text):len(before.Text)], text.Text...)
				continue
			}
		}
		out = append(out, node)
	}
	list.Nodes = out
}

func (f folder) node(node parse.Node) parse.Node {
	switch n := node.(type) {
	case *parse.ActionNode:
		if text, ok := f.constant(n.Pipe); ok {
			return &parse.TextNode{NodeType: parse.NodeText, Pos: n.Pos, Text: []byte(text)}
		}
	case *parse.IfNode:
		f.branch(&n.BranchNode)
	case *parse.RangeNode:
		f.branch(&n.BranchNode)
	case *parse.WithNode:
		f.branch(&n.BranchNode)
	}
	return node
}

func (f folder) branch(n *parse.BranchNode) {
	f.list(n.List)
	f.list(n.ElseList)
}

// constant evaluates a call whose words are all written out. A mistake in it
// stays in place and shows when the template runs.
func (f folder) constant(pipe *parse.PipeNode) (string, bool) {
	if len(pipe.Decl) > 0 || len(pipe.Cmds) != 1 {
		return "", false
	}
	name, words, ok := writtenOut(pipe.Cmds[0])
	if !ok {
		return "", false
	}
	switch {
	case name == "t" && len(words) == 1:
		return template.HTMLEscapeString(f.lang.Text(words[0])), true
	case name == "static" && len(words) == 1 && !f.site.cfg.Dev:
		address, err := f.site.Static(words[0])
		return template.HTMLEscapeString(address), err == nil
	case name == "icon" && len(words) == 1:
		html, err := icon(words[0])
		return string(html), err == nil
	case name == "mark" && len(words) > 0:
		html, err := mark(words[0], words[1:]...)
		return string(html), err == nil
	}
	return "", false
}

func writtenOut(cmd *parse.CommandNode) (name string, words []string, ok bool) {
	ident, ok := cmd.Args[0].(*parse.IdentifierNode)
	if !ok {
		return "", nil, false
	}
	for _, arg := range cmd.Args[1:] {
		word, ok := arg.(*parse.StringNode)
		if !ok {
			return "", nil, false
		}
		words = append(words, word.Text)
	}
	return ident.Ident, words, true
}
