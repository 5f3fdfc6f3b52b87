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
	var found []Violation
	p.withScript(func() {
		world := p.isolatedWorld()
		run[any](p, world, axeSource+";0")
		found = run[[]Violation](p, world, runAxe)
	})
	return found
}

// Axe fails the test with a readable list of what axe-core finds wrong with the page.
func Axe(t T, p *Page) {
	t.Helper()
	found := p.Violations()
	if len(found) == 0 {
		return
	}
	t.Errorf("axe-core: %d rules broken at %s (%s)%s", len(found), p.URL(), p.opts, list(found))
}

func list(found []Violation) string {
	var b strings.Builder
	for _, v := range found {
		fmt.Fprintf(&b, "\n%s (%s): %s\n  %s", v.ID, v.Impact, v.Help, v.HelpURL)
		for _, n := range v.Nodes {
			fmt.Fprintf(&b, "\n  - %v\n    %.160s\n    %s", n.Target, n.HTML,
				strings.ReplaceAll(n.FailureSummary, "\n", "\n    "))
		}
	}
	return b.String()
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

func (p *Page) isolatedWorld() runtime.ExecutionContextID {
	p.t.Helper()
	tree := must(p, page.GetFrameTree, cdp.Empty{})
	res := must(p, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{
		FrameID: tree.FrameTree.Frame.ID, WorldName: "kept",
	})
	return res.ExecutionContextID
}

func run[R any](p *Page, world runtime.ExecutionContextID, expression string) R {
	p.t.Helper()
	var got R
	p.do("run axe-core", chromedp.Func(func(ctx context.Context, t *chromedp.Target) (err error) {
		got, err = chromedp.Evaluate[R](expression, chromedp.EvalAwaitPromise, func(e *runtime.EvaluateParams) {
			e.ContextID = world
		})(ctx, t)
		return err
	}))
	return got
}
