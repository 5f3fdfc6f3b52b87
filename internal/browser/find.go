package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Find says which one element is meant. Role and Name are those of the accessibility tree, Name the whole name; CSS is a
// selector it must match too, or the only mark. In is a selector of the one element to look within.
type Find struct{ Role, Name, CSS, In string }

// Button is the button with that accessible name.
func Button(name string) Find { return Find{Role: "button", Name: name} }

// Link is the link with that accessible name.
func Link(name string) Find { return Find{Role: "link", Name: name} }

// Heading is the heading with that text.
func Heading(name string) Find { return Find{Role: "heading", Name: name} }

// Field is the thing to fill in, tick or choose that is labelled so.
func Field(label string) Find {
	return Find{Name: label, CSS: "input, textarea, select, [contenteditable]"}
}

// CSS is the one element that the selector matches.
func CSS(selector string) Find { return Find{CSS: selector} }

// Within is the same element, looked for inside the one that the selector matches.
func (f Find) Within(selector string) Find {
	f.In = selector
	return f
}

func (f Find) String() string {
	var words []string
	for _, w := range []struct{ mark, value string }{{"", f.Role}, {"named ", f.Name}, {"matching ", f.CSS}, {"in ", f.In}} {
		if w.value != "" {
			words = append(words, w.mark+fmt.Sprintf("%q", w.value))
		}
	}
	return strings.Join(words, " ")
}

// element waits until exactly one element fits and returns it.
func (p *Page) element(f Find) runtime.RemoteObjectID {
	p.t.Helper()
	var id runtime.RemoteObjectID
	p.until("find "+f.String(), func(ctx context.Context) (missing string, err error) {
		id, err = p.one(ctx, f)
		return "", err
	})
	return id
}

// one is the only element that fits now.
func (p *Page) one(ctx context.Context, f Find) (runtime.RemoteObjectID, error) {
	found, err := p.all(ctx, f)
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d elements fit", len(found))
	}
	return found[0], nil
}

// all lists what fits now.
func (p *Page) all(ctx context.Context, f Find) ([]runtime.RemoteObjectID, error) {
	root := "document"
	if f.In != "" {
		root = fmt.Sprintf("document.querySelector(%s)", quote(f.In))
	}
	if f.Role == "" && f.Name == "" {
		return elements(ctx, fmt.Sprintf("[...(%s?.querySelectorAll(%s) ?? [])]", root, quote(f.CSS)))
	}
	res, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: root})
	if err != nil || res.Result == nil || res.Result.ObjectID == "" {
		return nil, err
	}
	tree, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
		ObjectID: res.Result.ObjectID, AccessibleName: f.Name, Role: f.Role,
	})
	if err != nil {
		return nil, err
	}
	return p.pick(ctx, tree.Nodes, f)
}

// pick keeps the nodes of the accessibility tree that are elements and match the selector. A name alone is also that of
// the text inside a control, which is no element.
func (p *Page) pick(ctx context.Context, nodes []*accessibility.Node, f Find) ([]runtime.RemoteObjectID, error) {
	css := f.CSS
	if css == "" {
		css = "*"
	}
	var out []runtime.RemoteObjectID
	for _, n := range nodes {
		if n.Ignored || n.BackendDOMNodeID == 0 {
			continue
		}
		res, err := chromedp.Call(ctx, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: n.BackendDOMNodeID})
		if err != nil {
			return nil, err
		}
		fits, err := ask[bool](ctx, res.Object.ObjectID, `function(css) { return this.nodeType === 1 && this.matches(css) }`, css)
		if err != nil {
			return nil, err
		}
		if fits {
			out = append(out, res.Object.ObjectID)
		}
	}
	return out, nil
}

// elements evaluates an expression that gives an array of elements.
func elements(ctx context.Context, expression string) ([]runtime.RemoteObjectID, error) {
	list, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: expression})
	if err != nil {
		return nil, err
	}
	if list.ExceptionDetails != nil {
		return nil, fmt.Errorf("%s: %s", expression, describe(list.ExceptionDetails))
	}
	props, err := chromedp.Call(ctx, runtime.GetProperties, runtime.GetPropertiesParams{
		ObjectID: list.Result.ObjectID, OwnProperties: new(true),
	})
	if err != nil {
		return nil, err
	}
	var out []runtime.RemoteObjectID
	for _, prop := range props.Result {
		if prop.Value != nil && prop.Value.Subtype == runtime.RemoteObjectSubtypeNode {
			out = append(out, prop.Value.ObjectID)
		}
	}
	return out, nil
}

// ask calls a JavaScript function on an element, with one argument.
func ask[R any](ctx context.Context, on runtime.RemoteObjectID, function string, arg any) (R, error) {
	return chromedp.Run(ctx, chromedp.CallFunctionOn[R](function, func(c *runtime.CallFunctionOnParams) {
		c.ObjectID = on
	}, arg))
}

// askOne calls a function on the only element that fits now.
func askOne[R any](ctx context.Context, p *Page, f Find, function string, arg any) (got R, err error) {
	id, err := p.one(ctx, f)
	if err != nil {
		return got, err
	}
	return ask[R](ctx, id, function, arg)
}

// askNow is askOne as soon as one fits, within patience. The function must be one that may be called again.
func askNow[R any](p *Page, f Find, function string, arg any) (got R) {
	p.t.Helper()
	p.until("find "+f.String(), func(ctx context.Context) (missing string, err error) {
		got, err = askOne[R](ctx, p, f, function, arg)
		return "", err
	})
	return got
}

// until looks again and again until look has nothing more to say. A page that is being replaced answers with errors for
// a moment, so errors only count when time is up.
func (p *Page) until(what string, look func(context.Context) (missing string, err error)) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for last := "no answer"; ; {
		missing, err := look(ctx)
		switch {
		case missing == "" && err == nil:
			return
		case ctx.Err() != nil: // this look was cut short: what the one before saw is the better answer
		case err != nil:
			last = err.Error()
		default:
			last = missing
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("%s: %s after %v, at %s%s%s", what, last, p.patience, p.where(), p.excerpt(), p.rec.hint())
			return
		case <-tick.C:
		}
	}
}

func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}
