package browser

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/page"
)

// Screenshot writes the whole page, as long as it is, as a PNG file and makes the folders on the way.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	p.Until("document.fonts.status === 'loaded' && [...document.images].every(i => i.complete || i.loading === 'lazy')")
	p.save(path, true)
}

// ScreenshotView writes what the window shows, without what must be scrolled to.
func (p *Page) ScreenshotView(path string) {
	p.t.Helper()
	p.save(path, false)
}

func (p *Page) save(path string, whole bool) {
	p.t.Helper()
	res := must(p, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(whole), Clip: p.clip(whole),
	})
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatalf("make room for a screenshot: %v", err)
	}
	if err := os.WriteFile(path, res.Data, 0o644); err != nil {
		p.t.Fatalf("write a screenshot: %v", err)
	}
}

func (p *Page) clip(whole bool) *page.Viewport {
	p.t.Helper()
	if !whole {
		return nil
	}
	size := must(p, page.GetLayoutMetrics, struct{}{}).CSSContentSize
	return &page.Viewport{Width: size.Width, Height: size.Height, Scale: 1}
}

// PDF is the page as it prints.
func (p *Page) PDF() []byte {
	p.t.Helper()
	res := must(p, page.PrintToPDF, page.PrintToPDFParams{PreferCSSPageSize: new(true), PrintBackground: new(true)})
	return res.Data
}
