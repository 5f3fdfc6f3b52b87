package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Go opens an address and returns the status of the answer, after redirects.
func (p *Page) Go(address string) int {
	p.t.Helper()
	return p.load("open "+address, func(ctx context.Context) error {
		res, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: address})
		if err == nil && res.ErrorText != "" {
			return &chromedp.LoadError{ErrorText: res.ErrorText}
		}
		return err
	})
}

// Reload loads the page again and returns the status.
func (p *Page) Reload() int {
	p.t.Helper()
	return p.load("reload", func(ctx context.Context) error {
		_, err := chromedp.Call(ctx, page.Reload, page.ReloadParams{})
		return err
	})
}

// Back goes one step back in the history of the tab. The browser may show the page as it was left, without a request.
func (p *Page) Back() {
	p.t.Helper()
	past := must(p, page.GetNavigationHistory, cdp.Empty{})
	if past.CurrentIndex == 0 {
		p.t.Fatalf("go back: this is the first page of the tab")
	}
	to := past.Entries[past.CurrentIndex-1]
	// A page kept in memory comes back without a load event, so wait for the address instead.
	must(p, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: to.ID})
	p.wait("go back", "location.href === "+quote(to.URL)+" && document.readyState === 'complete'")
}

// Follow clicks what leads to another page, waits until that one is loaded, and returns its status.
func (p *Page) Follow(f Find) int {
	p.t.Helper()
	return p.load("follow "+f.String(), func(context.Context) error {
		p.Click(f)
		return nil
	})
}

func (p *Page) load(what string, start func(context.Context) error) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	res, err := chromedp.RunResponse(ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		return start(ctx)
	}))
	switch {
	case err != nil:
		p.t.Fatalf("%s: %v%s", what, err, p.rec.hint())
	case res == nil:
		return 0 // about:blank and data: have no answer
	}
	return int(res.Status)
}

// spot is where an element can be clicked, or what is in the way.
type spot struct {
	X, Y float64
	Bad  string
}

// reach scrolls an element into view and finds the middle of its first box. A click goes to what lies on top there: that
// must be the element, something in it, or the label that works it.
const reach = `function() {
	this.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
	const seen = this.getClientRects().length ? this : this.labels?.[0] ?? this;
	const box = [...seen.getClientRects()].find(r => r.width > 0 && r.height > 0);
	if (!box) return {Bad: "it is not shown"};
	if (this.disabled) return {Bad: "it is disabled"};
	const x = box.left + box.width / 2, y = box.top + box.height / 2;
	const hit = document.elementFromPoint(x, y);
	const label = hit?.closest("label");
	if (!hit || !(this.contains(hit) || hit.contains(this) || label?.control === this))
		return {Bad: "it is covered by " + (hit ? hit.outerHTML.slice(0, 80) : "the edge of the window")};
	return {X: x, Y: y, Bad: ""};
}`

// Click clicks the middle of an element, or taps it on a phone, once it has come to rest there: what loads later may
// push it away. If it was pushed away in the very moment, it is clicked again.
func (p *Page) Click(f Find) {
	p.t.Helper()
	for range 5 {
		at := p.atRest(f)
		if p.opts.Phone {
			p.do("tap "+f.String(), chromedp.TapXY(at.X, at.Y))
		} else {
			p.do("click "+f.String(), chromedp.MouseClickXY(at.X, at.Y))
		}
		if p.opts.NoScript || p.wasClicked(f) { // without JavaScript nothing can note it
			return
		}
	}
	p.t.Fatalf("click %s: it moves away each time, at %s", f, p.where())
}

// atRest waits until an element stands still, has it note whether it is clicked, and gives its middle.
func (p *Page) atRest(f Find) (at spot) {
	p.t.Helper()
	p.until("click "+f.String(), func(ctx context.Context) (string, error) {
		now, err := askOne[spot](ctx, p, f, reach, nil)
		switch {
		case err != nil || now.Bad != "":
			return now.Bad, err
		case now != at:
			at = now
			return "it does not stand still", nil
		}
		_, err = askOne[bool](ctx, p, f, `function() {
			this.clickedByTest = false;
			this.addEventListener("click", () => { this.clickedByTest = true }, {capture: true, once: true});
			return true;
		}`, nil)
		return "", err
	})
	return at
}

// wasClicked reports whether an element noted the click. One that is gone, or is another one now, did: what was missed
// stays as it was.
func (p *Page) wasClicked(f Find) bool {
	ctx, cancel := context.WithTimeout(p.ctx, 5*time.Second)
	defer cancel()
	for range 20 {
		missed, err := askOne[bool](ctx, p, f, `function() { return this.clickedByTest === false }`, nil)
		if err != nil || !missed {
			return true
		}
		<-time.After(50 * time.Millisecond)
	}
	return false
}

// Save clicks what saves a file and returns that file.
func (p *Page) Save(f Find) []byte {
	p.t.Helper()
	folder := p.t.TempDir()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	if _, err := chromedp.CallBrowser(ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: p.jar, DownloadPath: folder,
	}); err != nil {
		p.t.Fatalf("let files be saved: %v", err)
	}
	p.Click(f)
	var file []byte
	p.until("save "+f.String(), func(context.Context) (string, error) {
		done, err := filepath.Glob(filepath.Join(folder, "*"))
		if err != nil || len(done) != 1 || strings.HasSuffix(done[0], ".crdownload") {
			return "no file came", err
		}
		file, err = os.ReadFile(done[0])
		return "", err
	})
	return file
}

// Type replaces what stands in a field by text, as pasting it would. For single keys, see Press.
func (p *Page) Type(f Find, text string) {
	p.t.Helper()
	p.focus("type into", f, `function() {
		this.focus();
		if (document.activeElement !== this) return false;
		if (this.select) this.select(); else getSelection().selectAllChildren(this);
		return true;
	}`)
	if text == "" {
		p.Press("Delete")
		return
	}
	must(p, input.InsertText, input.InsertTextParams{Text: text})
}

// Focus puts the keyboard's focus on an element.
func (p *Page) Focus(f Find) {
	p.t.Helper()
	p.focus("focus", f, `function() { this.focus(); return document.activeElement === this }`)
}

// focus calls a function on an element until it says that the focus is there. An editor may take the place of the field
// that was found a moment before.
func (p *Page) focus(what string, f Find, function string) {
	p.t.Helper()
	p.until(what+" "+f.String(), func(ctx context.Context) (string, error) {
		taken, err := askOne[bool](ctx, p, f, function, nil)
		if err == nil && !taken {
			return "it does not take the focus", nil
		}
		return "", err
	})
}

// Choose picks the option with that text in a select.
func (p *Page) Choose(f Find, option string) {
	p.t.Helper()
	ok := askNow[bool](p, f, `function(text) {
		const i = [...this.options].findIndex(o => o.label === text);
		if (i < 0) return false;
		this.selectedIndex = i;
		this.dispatchEvent(new Event("input", {bubbles: true}));
		this.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	}`, option)
	if !ok {
		p.t.Fatalf("choose %q in %s: there is no such option", option, f)
	}
}

// Upload puts files into a file field.
func (p *Page) Upload(f Find, paths ...string) {
	p.t.Helper()
	must(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{ObjectID: p.element(f), Files: paths})
}

// Press presses keys one after another: a letter, or a name as KeyboardEvent.key has it (Tab, Enter, Escape, ArrowDown …),
// with Shift+, Control+ or Alt+ before it.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		parts := strings.Split(key, "+")
		name, held := parts[len(parts)-1], parts[:len(parts)-1]
		r, ok := keyNamed(name)
		if !ok {
			p.t.Fatalf("press %s: no such key", key)
		}
		p.do("press "+key, chromedp.KeyEvent(string(r), chromedp.KeyModifiers(modifiers(held)...)))
	}
}

func keyNamed(name string) (rune, bool) {
	if r := []rune(name); len(r) == 1 {
		return r[0], true
	}
	if name == "Space" {
		return ' ', true
	}
	for r, k := range kb.Keys {
		if k.Key == name && k.Code == name {
			return r, true
		}
	}
	return 0, false
}

func modifiers(names []string) []chromedp.Modifier {
	known := map[string]chromedp.Modifier{
		"Shift": kb.ModifierShift, "Control": kb.ModifierCtrl, "Alt": kb.ModifierAlt,
	}
	var out []chromedp.Modifier
	for _, n := range names {
		m, ok := known[n]
		if !ok {
			panic(fmt.Sprintf("browser: no modifier key %q", n))
		}
		out = append(out, m)
	}
	return out
}
