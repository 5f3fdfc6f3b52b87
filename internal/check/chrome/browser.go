package chrome

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"kept/internal/check"
)

var (
	errStart  = errors.New("chrome: the browser does not start")
	errLate   = errors.New("chrome: no answer in time")
	errMemory = errors.New("chrome: too much memory")
	errClosed = errors.New("chrome: closed")
)

// browser is one running Chromium.
type browser struct {
	ctx   context.Context
	close func()
	guard *memoryGuard
}

// tab is one page with the frame in it, in a cookie jar of its own.
type tab struct {
	ctx   context.Context
	close func()
	of    *browser
	used  int
}

// flags keep Chromium from its maker, from the network, and small.
func (e *Engine) flags() []chromedp.ExecAllocatorOption {
	own := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(e.opts.Path), chromedp.DisableGPU, chromedp.NoInheritEnv,
		chromedp.Flag("proxy-server", e.wire.addr),
		chromedp.Flag("proxy-bypass-list", "<-loopback>"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("force-webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("webrtc-ip-handling-policy", "disable_non_proxied_udp"),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("no-pings", true),
		chromedp.Flag("disable-features", "AutofillServerCommunication,OptimizationHints,SpareRendererForSitePerProcess,Translate,MediaRouter,DialMediaRouteProvider"),
		chromedp.Flag("js-flags", "--max-old-space-size=256"),
		chromedp.Flag("disk-cache-size", "33554432"),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("mute-audio", true),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"), // nobody is here to click
		chromedp.Flag("lang", "en-GB"),
	}
	if !Sandboxed() {
		own = append(own, chromedp.NoSandbox)
	}
	return append(chromedp.DefaultExecAllocatorOptions[:], own...)
}

// allocate is for one Chromium. It is killed in the end, and leaves what lies beside its profile: in a folder that goes
// with it.
func allocate(ctx context.Context, flags []chromedp.ExecAllocatorOption) (context.Context, func(), error) {
	dir, err := os.MkdirTemp("", "kept-chromium-")
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errStart, err)
	}
	alloc, stop := chromedp.NewExecAllocator(ctx, append(flags, chromedp.Env("TMPDIR="+dir))...)
	return alloc, func() { stop(); _ = os.RemoveAll(dir) }, nil
}

func (e *Engine) start() (*browser, error) {
	alloc, stop, err := allocate(context.Background(), e.flags())
	if err != nil {
		return nil, err
	}
	ctx, cancel := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		cancel()
		stop()
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	b := &browser{ctx: ctx, guard: watchMemory(e.opts.Memory)}
	b.close = sync.OnceFunc(func() {
		b.guard.stop()
		cancel()
		stop()
	})
	return b, nil
}

// running is the browser, started if there is none or if it died.
func (e *Engine) running() (*browser, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, errClosed
	}
	if e.browser != nil && e.browser.ctx.Err() == nil {
		return e.browser, nil
	}
	if e.browser != nil {
		e.browser.close()
		e.browser = nil
	}
	b, err := e.start()
	if err == nil {
		e.browser = b
	}
	return b, err
}

func (e *Engine) open(ctx context.Context) (*tab, error) {
	b, err := e.running()
	if err != nil {
		return nil, err
	}
	own, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		p.ProxyServer, p.ProxyBypassList = e.wire.addr, "<-loopback>"
	}))
	t := &tab{ctx: own, close: cancel, of: b}
	// The first command makes the tab and binds it to its context, so it has no deadline of its own.
	if err := chromedp.Do(own); err != nil {
		cancel()
		return nil, fmt.Errorf("chrome: open a tab: %w", err)
	}
	limited, done := bounded(own, ctx, 30*time.Second)
	defer done()
	if err := chromedp.Do(limited, chromedp.Navigate(origin+"/"), chromedp.WaitReady("html[data-ready]")); err != nil {
		cancel()
		return nil, fmt.Errorf("chrome: open the frame: %w", err)
	}
	return t, nil
}

// bounded is the context of a tab that ends with the caller's too, or after d.
func bounded(own, caller context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(own, d)
	stop := context.AfterFunc(caller, cancel)
	return limited, func() { stop(); cancel() }
}

// try takes a tab, runs the call in it, and gives the tab back or away.
func (e *Engine) try(ctx context.Context, call string) (got answered, err error) {
	var t *tab
	select {
	case t = <-e.tabs:
	case <-ctx.Done():
		return got, ctx.Err()
	}
	defer func() { e.tabs <- e.after(t, got, err) }()
	if t == nil || t.ctx.Err() != nil || t.of.ctx.Err() != nil {
		if t, err = e.open(ctx); err != nil {
			return got, err
		}
	}
	t.used++
	killed := t.of.guard.count()
	limited, done := bounded(t.ctx, ctx, e.opts.Whole+time.Minute) // Python may have to start first, on a machine that has other work
	defer done()
	got, err = chromedp.Run(limited, chromedp.Evaluate[answered](call, chromedp.EvalAwaitPromise))
	switch {
	case (err != nil || got.Why == "timeout" || got.Why == "crash") && t.of.guard.count() != killed:
		return got, errMemory
	case err != nil && errors.Is(limited.Err(), context.DeadlineExceeded):
		return got, errLate
	}
	return got, err
}

// after keeps a tab whose run came to its end, unless it is old. A cheat that
// was noticed leaves nothing: what it changed is gone with its realm.
func (e *Engine) after(t *tab, got answered, err error) *tab {
	if t == nil {
		return nil
	}
	if err != nil || got.Why != "" && got.Why != string(check.Cheat) && got.Why != string(check.Output) || t.used >= e.opts.Renew {
		t.close()
		return nil
	}
	return t
}
