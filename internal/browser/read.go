package browser

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Eval evaluates a JavaScript expression in the page, waiting for a promise.
func Eval[R any](p *Page, expression string) R {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[R](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return got
}

// URL is the address of the page.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, "location.href")
}

// Title is the title of the page.
func (p *Page) Title() string {
	p.t.Helper()
	return Eval[string](p, "document.title")
}

// Text is what an element shows, as it is laid out.
func (p *Page) Text(f Find) string {
	p.t.Helper()
	return askNow[string](p, f, `function() { return this.innerText ?? this.textContent }`, nil)
}

// Value is what stands in a field.
func (p *Page) Value(f Find) string {
	p.t.Helper()
	return askNow[string](p, f, `function() { return this.value ?? this.innerText }`, nil)
}

// Attr is an attribute of an element, empty when it has none.
func (p *Page) Attr(f Find, name string) string {
	p.t.Helper()
	return askNow[string](p, f, `function(name) { return this.getAttribute(name) ?? "" }`, name)
}

// Count is how many elements the selector matches now.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Eval[int](p, "document.querySelectorAll("+quote(selector)+").length")
}

// See waits until the page shows the text.
func (p *Page) See(text string) {
	p.t.Helper()
	p.wait("see "+quote(text), "document.body?.innerText.includes("+quote(text)+") === true")
}

// Gone waits until the page no longer shows the text.
func (p *Page) Gone(text string) {
	p.t.Helper()
	p.wait("see no "+quote(text), "document.body?.innerText.includes("+quote(text)+") === false")
}

// At waits until the address has that path and query.
func (p *Page) At(path string) {
	p.t.Helper()
	p.wait("be at "+path, "location.pathname + location.search === "+quote(path)+" && document.readyState === 'complete'")
}

// Until waits until a JavaScript expression is true, or a promise of it.
func (p *Page) Until(expression string) {
	p.t.Helper()
	p.wait("wait until "+expression, expression)
}

func (p *Page) wait(what, expression string) {
	p.t.Helper()
	p.until(what, func(ctx context.Context) (string, error) {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
			"(v => v instanceof Promise ? v.then(Boolean) : !!v)("+expression+")", chromedp.EvalAwaitPromise))
		if err == nil && ok {
			return "", nil
		}
		return "not so", err
	})
}

// Focused is the role and accessible name of what has the keyboard's focus.
func (p *Page) Focused() (role, name string) {
	p.t.Helper()
	res := must(p, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	if res.Result == nil || res.Result.ObjectID == "" {
		return "", ""
	}
	tree := must(p, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{
		ObjectID: res.Result.ObjectID, FetchRelatives: new(false),
	})
	if len(tree.Nodes) == 0 {
		return "", ""
	}
	return axText(tree.Nodes[0].Role), axText(tree.Nodes[0].Name)
}

func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	return strings.Trim(string(v.Value), `"`)
}

// Cookies are all cookies of this person's jar, of whatever host.
func (p *Page) Cookies() []*network.Cookie {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, p.patience)
	defer cancel()
	res, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: p.jar})
	if err != nil {
		p.t.Fatalf("read the cookies: %v", err)
	}
	return res.Cookies
}

// Stored is what the page's origin keeps in the browser besides cookies.
type Stored struct {
	Local, Session map[string]string   // the whole of localStorage and sessionStorage
	Databases      map[string][]string // IndexedDB: "database/store" and its keys
	Caches         []string            // the addresses that Cache Storage holds
	Workers        []string            // scopes of service workers
}

// Empty tells whether nothing at all is kept.
func (s Stored) Empty() bool {
	return len(s.Local)+len(s.Session)+len(s.Databases)+len(s.Caches)+len(s.Workers) == 0
}

const readStored = `(async () => {
	const done = r => new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error) });
	const out = {Local: {...localStorage}, Session: {...sessionStorage}, Databases: {}, Caches: [], Workers: []};
	for (const {name} of await indexedDB.databases()) {
		const db = await done(indexedDB.open(name));
		for (const store of db.objectStoreNames) {
			const keys = await done(db.transaction(store).objectStore(store).getAllKeys());
			out.Databases[name + "/" + store] = keys.map(String);
		}
		db.close();
	}
	for (const name of await caches.keys())
		for (const r of await (await caches.open(name)).keys()) out.Caches.push(r.url);
	for (const w of await navigator.serviceWorker.getRegistrations()) out.Workers.push(w.scope);
	return out;
})()`

// Stored reads what the page's origin keeps.
func (p *Page) Stored() Stored {
	p.t.Helper()
	var got Stored
	p.withScript(func() { got = Eval[Stored](p, readStored) })
	return got
}

// where and excerpt describe the page in a failure; they must not fail themselves.
func (p *Page) where() string { return p.try("location.href") }

func (p *Page) excerpt() string {
	return "; the page shows: " + inLine(p.try("document.body?.innerText ?? ''"), 300)
}

func (p *Page) try(expression string) string {
	ctx, cancel := context.WithTimeout(p.ctx, p.patience/5)
	defer cancel()
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](expression))
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return got
}
