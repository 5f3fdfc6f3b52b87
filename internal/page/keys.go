package page

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

// Keys returns every English text that the templates and the Go files of the
// sources hand to the catalogue, sorted: what a translation must cover. In
// templates these are the constants given to t; in Go those given to a
// method Text or to Key, and the texts of Link and Notice. A t without a
// constant is an error, for its text would be missed.
func Keys(sources []Source) ([]string, error) {
	found := map[string]bool{}
	for _, source := range sources {
		if err := source.templateKeys(found); err != nil {
			return nil, err
		}
		if err := source.goKeys(found); err != nil {
			return nil, err
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func (source Source) templateKeys(found map[string]bool) error {
	names, err := fs.Glob(source.Files, "*.html")
	if err != nil {
		return err
	}
	funcs := (&Site{executed: newCounter()}).funcs(&Language{})
	for _, name := range names {
		text, err := fs.ReadFile(source.Files, name)
		if err != nil {
			return err
		}
		t, err := template.New(source.Name + "/" + name).Funcs(funcs).Parse(string(text))
		if err != nil {
			return err
		}
		for _, part := range t.Templates() {
			if part.Tree == nil {
				continue
			}
			if err := keysIn(part.Tree.Root, found); err != nil {
				return fmt.Errorf("%s/%s: %w", source.Name, name, err)
			}
		}
	}
	return nil
}

// keysIn walks one template.
func keysIn(node parse.Node, found map[string]bool) error {
	switch n := node.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		return eachKey(n.Nodes, found)
	case *parse.ActionNode:
		return keysIn(n.Pipe, found)
	case *parse.TemplateNode:
		return keysIn(n.Pipe, found)
	case *parse.IfNode:
		return branchKeys(&n.BranchNode, found)
	case *parse.RangeNode:
		return branchKeys(&n.BranchNode, found)
	case *parse.WithNode:
		return branchKeys(&n.BranchNode, found)
	case *parse.PipeNode:
		if n == nil {
			return nil
		}
		for _, cmd := range n.Cmds {
			if err := commandKeys(cmd, found); err != nil {
				return err
			}
		}
	}
	return nil
}

func eachKey(nodes []parse.Node, found map[string]bool) error {
	for _, node := range nodes {
		if err := keysIn(node, found); err != nil {
			return err
		}
	}
	return nil
}

func branchKeys(n *parse.BranchNode, found map[string]bool) error {
	if err := keysIn(n.Pipe, found); err != nil {
		return err
	}
	if err := keysIn(n.List, found); err != nil {
		return err
	}
	return keysIn(n.ElseList, found)
}

func commandKeys(cmd *parse.CommandNode, found map[string]bool) error {
	if name, ok := cmd.Args[0].(*parse.IdentifierNode); ok && name.Ident == "t" {
		if len(cmd.Args) < 2 {
			return fmt.Errorf("t without a text")
		}
		text, ok := cmd.Args[1].(*parse.StringNode)
		if !ok {
			return fmt.Errorf("%s: t wants its text written out; use say for one from Go", cmd)
		}
		found[text.Text] = true
	}
	return eachKey(cmd.Args, found)
}

func (source Source) goKeys(found map[string]bool) error {
	names, err := fs.Glob(source.Files, "*.go")
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(source.Files, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), source.Name+"/"+name, text, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			goKey(n, found)
			return true
		})
	}
	return nil
}

func goKey(n ast.Node, found map[string]bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if len(n.Args) > 0 && translates(n.Fun) {
			addLiteral(n.Args[0], found)
		}
	case *ast.CompositeLit:
		if kind := typeName(n.Type); kind == "Link" || kind == "Notice" {
			addFields(n, found)
		}
	}
}

// translates reports whether a call hands its first argument to the
// catalogue: x.Text("…"), t("…") for a method value kept in t, Key("…").
func translates(fun ast.Expr) bool {
	name := typeName(fun)
	if _, method := fun.(*ast.SelectorExpr); method {
		return name == "Text" || name == "Key"
	}
	return name == "t" || name == "Key"
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func addFields(lit *ast.CompositeLit, found map[string]bool) {
	for _, element := range lit.Elts {
		pair, ok := element.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if name := typeName(pair.Key); name == "Text" || name == "State" {
			addLiteral(pair.Value, found)
		}
	}
}

func addLiteral(e ast.Expr, found map[string]bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return
	}
	if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
		found[text] = true
	}
}
