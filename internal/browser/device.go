package browser

import (
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// prepare makes the tab the device that the options ask for and turns on what the record listens to.
func (p *Page) prepare() {
	p.t.Helper()
	must(p, audits.Enable, cdp.Empty{})
	// Without this only one tab at a time has the focus, and the others neither blink nor run timers in time.
	must(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	must(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: p.opts.NoScript})
	must(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: p.media()})
	if p.opts.Phone {
		p.do("be a phone", chromedp.EmulateViewport(360, 740, chromedp.EmulateScale(2),
			chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait))
		return
	}
	p.do("be a desktop", chromedp.EmulateViewport(1280, 900))
}

func (p *Page) media() []*emulation.MediaFeature {
	scheme, motion := "light", "no-preference"
	if p.opts.Dark {
		scheme = "dark"
	}
	if p.opts.ReducedMotion {
		motion = "reduce"
	}
	return []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme},
		{Name: "prefers-reduced-motion", Value: motion},
	}
}

// Resize gives the window another size in CSS pixels.
func (p *Page) Resize(width, height int64) {
	p.t.Helper()
	p.do("resize", chromedp.EmulateViewport(width, height))
}

// Offline cuts or restores every connection of this person, those of other tabs and of service workers too, and tells
// the page so.
func (p *Page) Offline(off bool) {
	p.t.Helper()
	p.wire.cut(off)
	must(p, network.OverrideNetworkState, network.OverrideNetworkStateParams{
		Offline: off, DownloadThroughput: -1, UploadThroughput: -1,
	})
}

// PastWorkers lets this tab ask the server itself, past service workers, as a first visit does.
func (p *Page) PastWorkers() {
	p.t.Helper()
	must(p, network.SetBypassServiceWorker, network.SetBypassServiceWorkerParams{Bypass: true})
}

// Slow gives this tab a line with the latency in milliseconds and the speed in bytes per second, both ways.
func (p *Page) Slow(latency, speed float64) {
	p.t.Helper()
	must(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{
			{Latency: latency, DownloadThroughput: speed, UploadThroughput: speed},
		},
	})
}
