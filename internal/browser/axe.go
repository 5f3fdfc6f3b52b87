package browser

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe/axe.min.js
var axeSource string

// Violation is one rule of axe-core that a page breaks.
type Violation struct {
	ID, Impact, Help, HelpURL string
	Nodes                     []struct {
		Target         []any // selectors, nested for frames and shadow roots
		HTML           string
		FailureSummary string
	}
}

// runAxe runs every rule that is not experimental, and the size of targets, which is off unless asked for.
const runAxe = `axe.run(document, {
	resultTypes: ["violations"],
	rules: {"target-size": {enabled: true}},
}).then(r => r.violations)`

// Violations checks what the page shows now with axe-core. It runs in a world of its own, out of reach of the page's
// content policy and scripts, and changes nothing in the page.
func (p *Page) Violations() []Violation {
	p.t.Helper()
	p.wait("check with axe-core", "document.readyState === 'complete'")
	var found []Violation
	p.withScript(func() {
		// A page that goes elsewhere takes the check with it, which then begins again.
		p.until("check with axe-core", func(ctx context.Context) (missing string, err error) {
			found, err = p.audit(ctx)
			return "", err
		})
	})
	return found
}

func (p *Page) audit(ctx context.Context) ([]Violation, error) {
	world, err := p.isolatedWorld(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := run[any](ctx, world, axeSource+";0"); err != nil {
		return nil, err
	}
	return run[[]Violation](ctx, world, runAxe)
}

// Axe fails the test with one line for each rule that the page breaks: the page, the rule, and where.
func Axe(t T, p *Page) {
	t.Helper()
	for _, v := range p.Violations() {
		t.Errorf("axe-core: %s (%s): %s (%s): %s: %s", p.URL(), p.opts, v.ID, v.Impact, v.Help, v.places())
	}
}

// places names the first elements that break the rule, in one line.
func (v Violation) places() string {
	const most = 3
	var places []string
	for i, n := range v.Nodes {
		if i == most {
			places = append(places, fmt.Sprintf("and %d more", len(v.Nodes)-most))
			break
		}
		places = append(places, fmt.Sprintf("%v, %s, %s", n.Target, inLine(n.HTML, 160), inLine(n.FailureSummary, 300)))
	}
	return strings.Join(places, "; ")
}

// inLine is a text in one line, cut where it is too long to read.
func inLine(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + " …"
	}
	return text
}

// String names the device in a failure.
func (o Options) String() string {
	words := []string{"desktop"}
	if o.Phone {
		words[0] = "phone"
	}
	for _, w := range []struct {
		on   bool
		word string
	}{{o.Dark, "dark"}, {o.ReducedMotion, "reduced motion"}, {o.NoScript, "no JavaScript"}} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ", ")
}

// withScript lets our own scripts run where the page's may not: what the page brought has been refused by then.
func (p *Page) withScript(f func()) {
	p.t.Helper()
	if !p.opts.NoScript {
		f()
		return
	}
	must(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	defer must(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	f()
}

func (p *Page) isolatedWorld(ctx context.Context) (runtime.ExecutionContextID, error) {
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return 0, err
	}
	res, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: tree.FrameTree.Frame.ID, WorldName: "kept",
	})
	return res.ExecutionContextID, err
}

func run[R any](ctx context.Context, world runtime.ExecutionContextID, expression string) (R, error) {
	return chromedp.Run(ctx, chromedp.Evaluate[R](expression, chromedp.EvalAwaitPromise, func(e *runtime.EvaluateParams) {
		e.ContextID = world
	}))
}
