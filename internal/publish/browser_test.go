package publish_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/browser"
)

// pages are one of each kind.
var pages = []string{"/articles", article, "/articles/tags/beginning", "/podcasts", show, episode}

func (w *world) open(t *testing.T) *httptest.Server {
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	return server
}

func TestBrowserPagesHoldUp(t *testing.T) {
	server := sampled(t).open(t)
	b := browser.Open(t)
	for _, o := range []browser.Options{{Phone: true}, {Dark: true}, {}, {Phone: true, Dark: true}} {
		t.Run(o.String(), func(t *testing.T) {
			p := b.Page(t, o)
			for _, path := range pages {
				p.Go(server.URL + path)
				browser.Axe(t, p)
				if wide := browser.Eval[bool](p, `document.documentElement.scrollWidth > document.documentElement.clientWidth`); wide {
					t.Errorf("%s is wider than the window", path)
				}
				if folder := os.Getenv("KEPT_SCREENSHOTS"); folder != "" {
					p.Screenshot(filepath.Join(folder, "publish"+strings.ReplaceAll(path, "/", "-")+" "+o.String()+".png"))
				}
			}
			if hosts := p.OtherHosts(strings.TrimPrefix(server.URL, "http://")); len(hosts) > 0 {
				t.Errorf("other hosts were asked: %q", hosts)
			}
			if problems := p.Problems(); len(problems) > 0 {
				t.Errorf("the browser complains: %+v", problems)
			}
			if len(p.Cookies()) > 0 || !p.Stored().Empty() {
				t.Error("something is kept of a reader")
			}
		})
	}
}

func TestBrowserPlayerWorksByKeyboard(t *testing.T) {
	server := sampled(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{})
	p.Go(server.URL + episode)
	for _, r := range p.Requests() {
		if strings.Contains(r.URL, ".mp3") {
			t.Errorf("%s is asked for before anybody presses play", r.URL)
		}
	}
	p.Focus(browser.Link("Listen from 0:19"))
	p.Press("Enter")
	p.Until(`document.querySelector("audio").currentTime >= 19 && !document.querySelector("audio").paused`)
	p.Until(`document.querySelector("[data-now] p").textContent.includes("Mugs")`)
	browser.Eval[any](p, `document.querySelector("audio").pause()`) // from here on no time passes
	browser.Eval[any](p, `document.querySelector("audio").currentTime = 20`)
	p.Focus(browser.Button("Back 15 seconds"))
	p.Press("Enter")
	p.Until(`document.querySelector("audio").currentTime < 10`)
	p.Press("Tab", "Enter")
	p.Until(`document.querySelector("audio").currentTime > 17`)
	p.Press("Tab", "ArrowDown")
	p.Until(`document.querySelector("audio").playbackRate === 1.25`)
	if !p.Stored().Empty() || len(p.Cookies()) > 0 {
		t.Error("the player keeps something")
	}
	if problems := p.Problems(); len(problems) > 0 {
		t.Errorf("the browser complains: %+v", problems)
	}
}

func TestBrowserSoundPlaysByItsOwnAddress(t *testing.T) {
	server := sampled(t).open(t)
	p := browser.Open(t).Page(t, browser.Options{NoScript: true})
	p.Go(server.URL + episode)
	if n := browser.Eval[int](p, `[...document.querySelectorAll("[data-player]")].filter((n) => n.getClientRects().length).length`); n != 0 {
		t.Error("without scripts there are buttons that do nothing")
	}
	p.Follow(browser.Link("Listen from 0:19"))
	p.Until(`document.querySelector("video, audio").readyState > 0`)
}
