package chrome

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"kept/internal/check/frame"
)

// canary notes whatever reaches it, by TCP or UDP, down to a bare connection.
type canary struct {
	mu   sync.Mutex
	seen []string
	addr string
	stun string
}

func newCanary(t *testing.T) *canary {
	c := &canary{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close(); u.Close() })
	c.addr, c.stun = l.Addr().String(), u.LocalAddr().String()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 256)
				_ = conn.SetReadDeadline(time.Now().Add(time.Second))
				n, _ := conn.Read(buf)
				c.note("tcp " + strings.SplitN(string(buf[:n]), "\r\n", 2)[0])
			}()
		}
	}()
	go func() {
		buf := make([]byte, 2048)
		for {
			if _, _, err := u.ReadFrom(buf); err != nil {
				return
			}
			c.note("udp")
		}
	}()
	return c
}

func (c *canary) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen = append(c.seen, what)
}

func (c *canary) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.seen)
}

// newSite is a site with a cookie and a secret in its storage, whose page holds
// the frame.
func newSite(t *testing.T, asked *canary) *httptest.Server {
	f, err := frame.New()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/runner/", f)
	mux.HandleFunc("GET /host.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write(hostScript)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "secret", Path: "/", SameSite: http.SameSiteLaxMode})
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(hostPage))
	})
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.note(r.Method + " " + r.URL.Path)
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(site.Close)
	return site
}

// openPlain is a browser with the whole network of this machine before it.
func openPlain(t *testing.T) context.Context {
	path, err := Find("auto")
	if err != nil {
		t.Fatalf("%v (apt-get install chromium, or run ./check, which does)", err)
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.DisableGPU,
		chromedp.Flag("disable-features", "Translate,OptimizationHints"), chromedp.Flag("disable-component-update", true))
	if !Sandboxed() {
		opts = append(opts, chromedp.NoSandbox)
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// runIn runs an exercise in a page that holds the frame.
func runIn(t *testing.T, ctx context.Context, exercise map[string]any) answered {
	t.Helper()
	data, err := json.Marshal(exercise)
	if err != nil {
		t.Fatal(err)
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	got, err := chromedp.Run(limited, chromedp.Evaluate[answered]("check("+string(data)+", {})", chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBrowserHostilePageReachesNothing(t *testing.T) {
	birds, asked := newCanary(t), &canary{}
	site := newSite(t, asked)
	html, err := os.ReadFile("testdata/hostile.html")
	if err != nil {
		t.Fatal(err)
	}
	page := strings.NewReplacer("CANARY", birds.addr, "STUN", birds.stun, "SITE", site.URL).Replace(string(html))
	ctx := openPlain(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(site.URL+"/"), chromedp.WaitReady("html[data-ready]")); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](`localStorage.setItem("secret", "of the site"); new BroadcastChannel("site").postMessage("secret"); null`)); err != nil {
		t.Fatal(err)
	}
	wait := "await new Promise((ok) => setTimeout(ok, 3500)); assert.deepEqual(window.got, [])"
	got := runIn(t, ctx, map[string]any{"engine": "page", "files": []any{map[string]any{"name": "index.html", "lang": "html", "text": page}},
		"tests": []any{map[string]any{"says": "gets nothing", "code": wait}}})
	if !got.Passed {
		t.Errorf("the page got through: %+v", got)
	}
	for _, what := range birds.all() {
		t.Errorf("the canary was reached: %s", what)
	}
	for _, what := range asked.all() {
		if !slices.Contains([]string{"GET /", "GET /host.js", "GET /runner/client.js", "GET /favicon.ico"}, what) &&
			!strings.HasPrefix(what, "GET /runner/frame-") && !strings.HasPrefix(what, "GET /runner/room-") && !strings.HasPrefix(what, "GET /runner/vendor/") {
			t.Errorf("the site was asked: %s", what)
		}
	}
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href"))
	if err != nil || at != site.URL+"/" {
		t.Errorf("the page around the frame is at %q (%v)", at, err)
	}
}

// What blocks the frame does not block the page around it, and ends.
func TestBrowserBlockedFrameLeavesThePageAlive(t *testing.T) {
	site := newSite(t, &canary{})
	ctx := openPlain(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(site.URL+"/"), chromedp.WaitReady("html[data-ready]")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, html string }{
		{"a loop", "<script>window.go = () => { for (;;) {} }</script>"},
		{"recursion", "<script>window.go = () => { const f = (n) => n > 70 ? 1 : f(n + 1) + f(n + 1); return f(0); }</script>"},
		{"boxes", "<script>window.go = () => { for (let i = 0; i < 1e5; i++) { alert(i); print(); open('/'); } throw new Error('done'); }</script>"},
	} {
		type measured struct {
			Worst   float64
			Verdict answered
		}
		exercise := `{engine: "page", files: [{name: "index.html", lang: "html", text: ` + quote(t, c.html) + `}], tests: [{says: "a", code: "go()"}]}`
		got, err := chromedp.Run(ctx, chromedp.Evaluate[measured](`(async () => {
			let worst = 0, last = performance.now();
			const timer = setInterval(() => { const now = performance.now(); worst = Math.max(worst, now - last); last = now; }, 20);
			const verdict = await check(`+exercise+`, {ms: 8000, perTestMs: 2000});
			clearInterval(timer);
			return {Worst: worst, Verdict: verdict};
		})()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %q, the page stood still for at most %.0f ms", c.name, got.Verdict.Why, got.Worst)
		if got.Verdict.Passed || got.Worst > 1500 {
			t.Errorf("%s: passed %v, the page stood still for %.0f ms", c.name, got.Verdict.Passed, got.Worst)
		}
	}
}

func quote(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestBrowserPreviewShowsAndPrints(t *testing.T) {
	site := newSite(t, &canary{})
	ctx := openPlain(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(site.URL+"/"), chromedp.WaitReady("html[data-ready]")); err != nil {
		t.Fatal(err)
	}
	type shown struct {
		Errors, Logs, Loading []string
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[shown](`(async () => {
		const { Runner } = await import("/runner/client.js");
		const runner = new Runner(document.body), logs = [], loading = [];
		const one = await runner.preview({engine: "react", tools: ["react"], files: [{name: "index.html", lang: "html", text: "<div id='root'></div>"}, {name: "index.jsx", lang: "jsx",
			text: "ReactDOM.render(<b>{1 + 1}</b>, document.getElementById('root')); console.log(document.body.textContent.trim()); for (;;) {}"}]},
			{onLog: (level, text) => logs.push(level + " " + text)});
		for (let i = 0; i < 100 && logs.length < 2; i++) await new Promise((ok) => setTimeout(ok, 50)); // it goes on printing once it is shown
		const [two] = await Promise.all([runner.preview({engine: "react", files: [{name: "index.jsx", lang: "jsx", text: "<b>"}]}, {onLog: (level, text) => logs.push(text)}),
			runner.run({engine: "page", files: [{name: "index.html", lang: "html", text: "<p>"}], tests: [{says: "a", code: "assert(true)"}]}).then((v) => logs.push("page " + v.passed))]);
		const verdict = await runner.run({engine: "python", files: [{name: "main.py", lang: "py", text: "print(6 * 7)"}], tests: [{says: "a", code: "pass", lang: "py"}]},
			{onLog: (level, text) => logs.push(text), onLoading: (what, bytes, of) => loading.push(what + " " + bytes + " " + (of > 4e6) + " " + (bytes <= of))});
		await new Promise((ok) => setTimeout(ok, 200));
		runner.close();
		return {Errors: [...one.errors, ...two.errors], Logs: [...logs, String(verdict.passed)], Loading: loading};
	})()`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(got.Logs, "\n")
	for _, want := range []string{"log 2", "more than a second", "42", "page true", "true"} {
		if !strings.Contains(all, want) {
			t.Errorf("the console lacks %q:\n%s", want, all)
		}
	}
	if len(got.Errors) != 1 || !strings.Contains(got.Errors[0], "index.jsx") {
		t.Errorf("errors: %q", got.Errors)
	}
	if !slices.Contains(got.Loading, "Python 0 true true") {
		t.Errorf("Python's size was not said before it came: %q", got.Loading)
	}
}
