// Package browser drives a real Chromium for tests and for pictures of pages.
//
// It owns: starting the browser, a fresh cookie jar for each page, finding things as a person or a screen reader would,
// and the record of what a page asked for, stored and complained about. It refuses: a page that speaks to a host beyond
// this machine (the request is recorded and answered with an error), and an element that is named twice or covered by
// another. Start at Open and Browser.Page; Axe checks what a page shows.
//
// Every method ends the test by T.Fatalf when it cannot do its work, so a test reads as what a person does.
package browser

import (
	"context"
	"os"
	"os/exec"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// T is what this package needs of a test: *testing.T is one, and so is what the tests of this package watch a failure
// with.
type T interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	TempDir() string
}

// patience is how long a page may take to become what a test waits for, if nothing else is said. It is long because it
// only counts when a test fails: a loaded machine is no reason for one.
const patience = time.Minute

// Browser is one running Chromium.
type Browser struct {
	ctx context.Context
}

// Open starts Debian's Chromium without a window and stops it when t ends. It takes about half a second: tests of one
// package share it by opening it in the parent test and a Page in each subtest.
func Open(t T) *Browser {
	t.Helper()
	return open(t)
}

// OpenFilming is Open with a camera before which a film runs again and again, and which every page may use. The film is a
// file of YUV4MPEG2.
func OpenFilming(t T, film string) *Browser {
	t.Helper()
	return open(t, chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true),
		chromedp.Flag("use-file-for-fake-video-capture", film))
}

func open(t T, more ...chromedp.ExecAllocatorOption) *Browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("start the browser: %v (apt-get install chromium, or run ./check, which does)", err)
	}
	dir, err := os.MkdirTemp("", "kept-chromium-")
	if err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	more = append(more, chromedp.Env("TMPDIR="+dir)) // it leaves files there
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(flags(path), more...)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

// flags keep Chromium from speaking to its maker and from needing a sandbox, which root cannot have. The profile is a
// temporary folder that chromedp makes and removes.
func flags(path string) []chromedp.ExecAllocatorOption {
	own := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		// Forms would be described to the maker's servers to learn what their fields mean.
		chromedp.Flag("disable-features", "AutofillServerCommunication,OptimizationHints,SpareRendererForSitePerProcess,Translate"),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("lang", "en-GB"),
		chromedp.Flag("no-pings", true),
	}
	return append(chromedp.DefaultExecAllocatorOptions[:], own...)
}

// Options say what kind of visitor a page has. The zero value is a desktop in daylight with JavaScript.
type Options struct {
	Phone         bool // 360 × 740, touch, two device pixels to one of CSS; otherwise 1280 × 900 and a mouse
	Dark          bool // prefers-color-scheme: dark
	ReducedMotion bool // prefers-reduced-motion: reduce
	NoScript      bool // the page's own JavaScript does not run
}

// Page is one tab. It belongs to one test and one goroutine.
type Page struct {
	t    T
	ctx  context.Context
	opts Options
	jar  cdp.BrowserContextID
	wire *wire
	rec  *record

	patience time.Duration
}

// Page opens a blank tab with a cookie jar, cache and storage of its own; both go when t ends. Start the server that it
// will visit first, so that the page is gone when the server waits for its last requests.
func (b *Browser) Page(t T, o Options) *Page {
	t.Helper()
	w := newWire(t)
	return newTab(t, b.ctx, o, w, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer = w.address()
		p.ProxyBypassList = "<-loopback>"
	}))
}

// Tab opens a second tab of the same person: same cookies, same storage, a record of its own.
func (p *Page) Tab() *Page {
	p.t.Helper()
	return newTab(p.t, p.ctx, p.opts, p.wire)
}

func newTab(t T, parent context.Context, o Options, w *wire, more ...chromedp.ContextOption) *Page {
	t.Helper()
	rec := &record{}
	ctx, cancel := chromedp.NewContext(parent, append(more, chromedp.WithListener(rec.see))...)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx, opts: o, wire: w, rec: rec, patience: patience}
	// The first command makes the tab and binds it to its context, so it has no deadline of its own.
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	p.jar = chromedp.FromContext(ctx).BrowserContextID
	p.prepare()
	return p
}

// do runs steps on the page within patience.
func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v%s", what, err, p.rec.hint())
	}
}

// call sends one command of the protocol within patience.
func call[P, R any](p *Page, cmd cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	return chromedp.Call(ctx, cmd, params)
}

// must sends one command that has no reason to fail.
func must[P, R any](p *Page, cmd cdp.Command[P, R], params P) R {
	p.t.Helper()
	res, err := call(p, cmd, params)
	if err != nil {
		p.t.Fatalf("%s: %v%s", cmd.Method, err, p.rec.hint())
	}
	return res
}
