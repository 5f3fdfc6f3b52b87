package browser_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kept/internal/browser"
)

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"

const good = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Good</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head>
<body><header><a href="#main">Skip to content</a></header><main id="main"><h1>A good page</h1>
<p id="state">nothing yet</p>
<form action="/sent" method="post"><p><label for="mail">E-mail</label> <input id="mail" name="mail" type="email" autocomplete="email"></p>
<p><label for="colour">Colour</label> <select id="colour" name="colour"><option value="r">Red</option><option value="g">Green</option></select></p>
<p><label for="file">Picture</label> <input id="file" name="file" type="file"></p>
<p><label><input type="checkbox" name="yes" value="1"> I agree</label></p>
<p><button>Send me a link</button></p></form>
<p><button type="button" id="say">Say hello</button></p>
</main></body></html>`

// bad breaks, on purpose: image-alt, label, color-contrast, button-name, html-has-lang.
const bad = `<!doctype html><html><head><meta charset="utf-8"><title>Bad</title></head><body><main><h1>Bad</h1>
<img src="/pixel.png"><input type="text"><button></button><p style="color:#bbb;background:#fff">pale words</p></main></body></html>`

const script = `
document.getElementById("say").addEventListener("click", () => { document.getElementById("state").textContent = "hello"; });
document.getElementById("say").addEventListener("touchstart", () => { document.body.dataset.touched = "yes"; }, {passive: true});
`

// Colours, dark and light, so that a screenshot and a question to the style tell which one holds.
const style = `body { font: 16px/1.7 serif; background: #fff; color: #111 } input, button, select { min-height: 44px }
button { color: #111; background: #eee; border: 1px solid #555 } a { display: inline-block; min-height: 24px }
@media (prefers-color-scheme: dark) { body { background: #111; color: #eee } a { color: #9cf } }`

func newSite(t *testing.T, more map[string]http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			fmt.Fprint(w, body)
		}
	}
	strict := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", policy)
			text("text/html", body)(w, r)
		}
	}
	mux.HandleFunc("GET /good", strict(good))
	mux.HandleFunc("GET /bad", text("text/html", bad))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /style.css", text("text/css", style))
	mux.HandleFunc("GET /script.js", text("text/javascript", script))
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/good", http.StatusSeeOther) })
	mux.HandleFunc("POST /sent", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-session", Value: "s", Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, "/thanks?"+url.Values{"to": {r.FormValue("mail")}, "in": {r.FormValue("colour")}, "file": {r.FormValue("file")}}.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /thanks", func(w http.ResponseWriter, r *http.Request) {
		strict("<!doctype html><html lang=en><title>Thanks</title><main><h1>Thank you</h1></main>")(w, r)
	})
	for pattern, h := range more {
		mux.HandleFunc(pattern, h)
	}
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site
}

func TestBrowser(t *testing.T) {
	b := browser.Open(t)
	tests := []struct {
		name string
		run  func(*testing.T, *browser.Browser)
	}{
		{"a person fills in a form", fillForm},
		{"a phone taps and is small", phone},
		{"keys move the focus", keys},
		{"without JavaScript", noScript},
		{"light and dark", darkness},
		{"axe-core finds planted faults", plantedFaults},
		{"axe-core passes a good page under a strict policy", goodPage},
		{"a request to another host is seen", otherHost},
		{"a service worker's request to another host is seen", workerHost},
		{"what is stored is seen", stored},
		{"what the page complains about is seen", problems},
		{"offline and back", offline},
		{"a slow line", slowLine},
		{"streams and sockets pass", streams},
		{"a covered button is not clicked", covered},
		{"what is named twice is not chosen", twice},
		{"jars are apart, tabs of one jar are not", jars},
		{"pictures", pictures},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, b) })
	}
}

func fillForm(t *testing.T, b *browser.Browser) {
	site := newSite(t, nil)
	p := b.Page(t, browser.Options{})
	if got := p.Go(site.URL + "/moved"); got != 200 {
		t.Fatalf("status %d, want 200 after a redirect", got)
	}
	p.Type(browser.Field("E-mail"), "wrong")
	p.Type(browser.Field("E-mail"), "ada@example.org")
	p.Choose(browser.Field("Colour"), "Green")
	file := filepath.Join(t.TempDir(), "picture.png")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Upload(browser.CSS("#file"), file)
	p.Click(browser.Field("I agree"))
	if !browser.Eval[bool](p, "document.querySelector('[name=yes]').checked") {
		t.Error("the box is not ticked")
	}
	p.Follow(browser.Button("Send me a link"))
	p.At("/thanks?file=picture.png&in=g&to=ada%40example.org")
	if got, want := p.Text(browser.Heading("Thank you")), "Thank you"; got != want {
		t.Errorf("heading %q, want %q", got, want)
	}
	cookies := p.Cookies()
	if len(cookies) != 1 || cookies[0].Name != "__Host-session" || !cookies[0].HTTPOnly {
		t.Errorf("cookies %v, want the one session", cookies)
	}
	p.Back()
	p.See("A good page")
	if got := p.Problems(); len(got) != 0 {
		t.Errorf("problems %v, want none", got)
	}
	checkRedirect(t, p.Requests(), site.URL)
}

func checkRedirect(t *testing.T, requests []browser.Request, base string) {
	t.Helper()
	if len(requests) < 3 {
		t.Fatalf("%d requests recorded, want at least 3: %v", len(requests), requests)
	}
	moved, landed := requests[0], requests[1]
	if moved.URL != base+"/moved" || moved.Status != 303 || landed.URL != base+"/good" || landed.Status != 200 {
		t.Errorf("recorded %+v then %+v, want a 303 and a 200", moved, landed)
	}
	if landed.Bytes < len(good) || landed.Type != "Document" {
		t.Errorf("recorded %d bytes as %s, want a Document of at least %d", landed.Bytes, landed.Type, len(good))
	}
}

func phone(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{Phone: true})
	p.Go(newSite(t, nil).URL + "/good")
	p.Click(browser.Button("Say hello"))
	p.See("hello")
	if got := browser.Eval[string](p, "[innerWidth, innerHeight, devicePixelRatio, document.body.dataset.touched].join(' ')"); got != "360 740 2 yes" {
		t.Errorf("phone is %q, want 360 740 2 and touched", got)
	}
}

func keys(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, nil).URL + "/good")
	p.Press("Tab", "Tab")
	if role, name := p.Focused(); role != "textbox" || name != "E-mail" {
		t.Errorf("after two tabs the focus is on %s %q", role, name)
	}
	p.Press("a", "@", "B")
	if got := p.Value(browser.Field("E-mail")); got != "a@B" {
		t.Errorf("typed %q, want a@B", got)
	}
	p.Press("Shift+Tab")
	if role, name := p.Focused(); role != "link" || name != "Skip to content" {
		t.Errorf("after a step back the focus is on %s %q", role, name)
	}
	p.Focus(browser.Button("Say hello"))
	p.Press("Space")
	p.See("hello")
	p.Focus(browser.Field("E-mail"))
	p.Press("Enter")
	p.At("/thanks?file=&in=r&to=a%40B")
}

func noScript(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{NoScript: true})
	p.Go(newSite(t, nil).URL + "/good")
	p.Click(browser.Button("Say hello"))
	p.Type(browser.Field("E-mail"), "ada@example.org")
	if got := p.Text(browser.CSS("#state")); got != "nothing yet" {
		t.Errorf("the page's script ran: %q", got)
	}
	if found := p.Violations(); len(found) != 0 {
		t.Errorf("axe-core without JavaScript found %v", found)
	}
	if got := p.Stored(); !got.Empty() {
		t.Errorf("stored %+v, want nothing", got)
	}
	p.Follow(browser.Button("Send me a link"))
	p.See("Thank you")
}

func darkness(t *testing.T, b *browser.Browser) {
	site := newSite(t, nil)
	for _, dark := range []bool{false, true} {
		p := b.Page(t, browser.Options{Dark: dark})
		p.Go(site.URL + "/good")
		want := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(17, 17, 17)"}[dark]
		if got := browser.Eval[string](p, "getComputedStyle(document.body).backgroundColor"); got != want {
			t.Errorf("dark %v: background %s, want %s", dark, got, want)
		}
	}
}

func plantedFaults(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, nil).URL + "/bad")
	var ids []string
	for _, v := range p.Violations() {
		ids = append(ids, v.ID)
	}
	for _, want := range []string{"image-alt", "label", "color-contrast", "button-name", "html-has-lang"} {
		if !slices.Contains(ids, want) {
			t.Errorf("axe-core missed %s, found %v", want, ids)
		}
	}
	spy := &spy{T: t}
	browser.Axe(spy, p)
	if !strings.Contains(spy.errors, "color-contrast (serious)") || !strings.Contains(spy.errors, "pale words") {
		t.Errorf("the list does not tell the rule and the place:\n%s", spy.errors)
	}
}

func goodPage(t *testing.T, b *browser.Browser) {
	for _, o := range []browser.Options{{}, {Phone: true, Dark: true}} {
		p := b.Page(t, o)
		p.Go(newSite(t, nil).URL + "/good")
		browser.Axe(t, p)
		if got := p.Problems(); len(got) != 0 {
			t.Errorf("the check itself broke the policy: %v", got)
		}
		if browser.Eval[bool](p, "'axe' in window") {
			t.Error("axe-core is left in the page's own world")
		}
	}
}

func otherHost(t *testing.T, b *browser.Browser) {
	site := newSite(t, map[string]http.HandlerFunc{"GET /leak": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>x</title><img src="http://tracker.example/p.gif"><script>new WebSocket("wss://socket.example/")</script>`)
	}})
	own := strings.TrimPrefix(site.URL, "http://")
	p := b.Page(t, browser.Options{})
	p.Go(site.URL + "/good")
	if got := p.OtherHosts(own); len(got) != 0 {
		t.Errorf("a page that stays at home asked for %v", got)
	}
	p.Go(site.URL + "/leak")
	p.Until("document.images[0].complete")
	got := p.OtherHosts(own)
	if !slices.Contains(got, "tracker.example") || !slices.Contains(got, "socket.example") {
		t.Errorf("other hosts %v, want the tracker and the socket", got)
	}
}

const worker = `self.addEventListener("install", e => e.waitUntil(fetch("http://worker.example/", {mode: "no-cors"}).catch(() => {}).then(() =>
	caches.open("v1").then(c => c.add("/style.css")))))`

func workerSite(t *testing.T) *httptest.Server {
	t.Helper()
	return newSite(t, map[string]http.HandlerFunc{"GET /worker.js": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, worker)
	}})
}

func workerHost(t *testing.T, b *browser.Browser) {
	site := workerSite(t)
	p := b.Page(t, browser.Options{})
	p.Go(site.URL + "/style.css")
	browser.Eval[bool](p, `navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => true)`)
	if got := p.OtherHosts(strings.TrimPrefix(site.URL, "http://")); !slices.Equal(got, []string{"worker.example"}) {
		t.Errorf("other hosts %v, want worker.example", got)
	}
	got := p.Stored()
	if !slices.Equal(got.Workers, []string{site.URL + "/"}) || !slices.Equal(got.Caches, []string{site.URL + "/style.css"}) {
		t.Errorf("stored %+v, want the worker and its cache", got)
	}
}

func stored(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, nil).URL + "/good")
	if got := p.Stored(); !got.Empty() {
		t.Fatalf("stored %+v before anything was, want nothing", got)
	}
	browser.Eval[bool](p, `new Promise((ok, no) => {
		localStorage.setItem("progress", "3"); sessionStorage.setItem("tab", "1");
		const r = indexedDB.open("kept"); r.onerror = no;
		r.onupgradeneeded = () => r.result.createObjectStore("opened").put("x", "lesson-1");
		r.onsuccess = () => { r.result.close(); ok(true) };
	})`)
	got := p.Stored()
	if got.Local["progress"] != "3" || got.Session["tab"] != "1" || !slices.Equal(got.Databases["kept/opened"], []string{"lesson-1"}) {
		t.Errorf("stored %+v, want all three", got)
	}
}

func problems(t *testing.T, b *browser.Browser) {
	site := newSite(t, map[string]http.HandlerFunc{"GET /loud": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>x</title><p style="color:red">inline</p><script>alert(1)</script><img src="/none.png"><script src="/throw.js"></script>`)
	}, "GET /throw.js": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, `console.error("oh", "no"); throw new Error("planted")`)
	}})
	p := b.Page(t, browser.Options{})
	p.Go(site.URL + "/loud")
	text := fmt.Sprint(p.Problems())
	for _, want := range []string{"{csp style-src-attr", "{csp script-src-elem", "{console oh no}", "{exception Error: planted", "{network Failed to load"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q among %s", want, text)
		}
	}
	p.Forget()
	if got := len(p.Problems()) + len(p.Requests()); got != 0 {
		t.Errorf("%d entries after Forget", got)
	}
}

func offline(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, nil).URL + "/good")
	p.Offline(true)
	const try = `fetch("/thanks", {cache: "no-store"}).then(r => r.status, () => 0)`
	if got := browser.Eval[int](p, try); got != 0 {
		t.Errorf("offline, a fetch answered %d", got)
	}
	if browser.Eval[bool](p, "navigator.onLine") {
		t.Error("the page believes it is online")
	}
	p.Offline(false)
	if got := browser.Eval[int](p, try); got != 200 {
		t.Errorf("online again, a fetch answered %d", got)
	}
}

func slowLine(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, nil).URL + "/good")
	p.Slow(200, 100_000)
	const took = `(async () => { const t = performance.now(); await fetch("/thanks", {cache: "no-store"}); return performance.now() - t })()`
	if got := browser.Eval[float64](p, took); got < 190 {
		t.Errorf("a request on a slow line took %.0f ms, want at least 190", got)
	}
}

// shake answers the opening handshake of a WebSocket as RFC 6455 says, and then says nothing.
func shake(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	_, _ = conn.Read(make([]byte, 1))
}

func streams(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, map[string]http.HandlerFunc{"GET /socket": shake, "GET /events": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: one\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}}).URL + "/good")
	const event = `new Promise(ok => new EventSource("/events").onmessage = e => ok(e.data))`
	if got := browser.Eval[string](p, event); got != "one" {
		t.Errorf("the stream said %q while it was open, want one", got)
	}
	const socket = `new Promise(ok => { window.s = new WebSocket("ws://" + location.host + "/socket"); s.onopen = () => ok("open"); s.onerror = () => ok("refused") })`
	if got := browser.Eval[string](p, socket); got != "open" {
		t.Errorf("the socket is %s, want open", got)
	}
	p.Offline(true)
	p.Until("s.readyState === WebSocket.CLOSED")
}

func covered(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, map[string]http.HandlerFunc{"GET /covered": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>x</title><button>Go</button><div id="veil" style="position:fixed;inset:0"></div>`)
	}}).URL + "/covered")
	if got := fatal(t, p, func(p *browser.Page) { p.Click(browser.Button("Go")) }); !strings.Contains(got, `covered by <div id="veil"`) {
		t.Errorf("clicking a covered button said %q", got)
	}
}

func twice(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{})
	p.Go(newSite(t, map[string]http.HandlerFunc{"GET /twice": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<title>x</title><ul><li id=a><a href="/good">Open</a></li><li id=b><a href="/thanks">Open</a></li></ul>`)
	}}).URL + "/twice")
	if got := p.Attr(browser.Link("Open").Within("#b"), "href"); got != "/thanks" {
		t.Errorf("the link within #b leads to %q", got)
	}
	if got := fatal(t, p, func(p *browser.Page) { p.Click(browser.Link("Open")) }); !strings.Contains(got, "2 elements fit") {
		t.Errorf("clicking an ambiguous link said %q", got)
	}
}

func jars(t *testing.T, b *browser.Browser) {
	site := newSite(t, nil)
	p := b.Page(t, browser.Options{})
	p.Go(site.URL + "/good")
	p.Follow(browser.Button("Send me a link"))
	if got := b.Page(t, browser.Options{}).Cookies(); len(got) != 0 {
		t.Errorf("a new person has cookies %v", got)
	}
	tab := p.Tab()
	tab.Go(site.URL + "/thanks")
	if got := tab.Cookies(); len(got) != 1 {
		t.Errorf("a second tab has %d cookies, want 1", len(got))
	}
}

func pictures(t *testing.T, b *browser.Browser) {
	p := b.Page(t, browser.Options{Phone: true})
	p.Go(newSite(t, nil).URL + "/good")
	path := filepath.Join(t.TempDir(), "deep", "good.png")
	p.Screenshot(path)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := png.DecodeConfig(f)
	if err != nil || got.Width != 720 || got.Height < 1480 {
		t.Errorf("picture of %d × %d (%v), want 720 wide and the whole page", got.Width, got.Height, err)
	}
	if pdf := p.PDF(); !strings.HasPrefix(string(pdf), "%PDF-") {
		t.Errorf("print begins with %q", pdf[:min(len(pdf), 8)])
	}
}

func TestAxeIsUnchanged(t *testing.T) {
	data, err := os.ReadFile("testdata/axe/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	const want = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("axe.min.js has sha256 %s, want %s", got, want)
	}
}
