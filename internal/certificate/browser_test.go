package certificate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kept/internal/browser"
	"kept/internal/credential"
	"kept/internal/db"
	"kept/internal/db/dbtest"
	"kept/vault"
)

// live is a world behind a real address, so that what it signs names that.
func live(t *testing.T, change ...func(*Config)) (*world, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	base := "http://" + listener.Addr().String()
	w := newWorldAt(t, dbtest.Open(t, dbtest.Fresh(t, db.SQLite)), time.Now().Add(-time.Minute).UTC(), append(change, func(c *Config) { c.Base = base })...)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: w.handler}}
	server.Start()
	t.Cleanup(server.Close)
	return w, base
}

// peers serves Digital Bazaar's libraries and jose, as tools/credential bundles them.
func peers(t *testing.T, b *browser.Browser) *browser.Page {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir("testdata")))
	t.Cleanup(server.Close)
	p := b.Page(t, browser.Options{})
	p.Go(server.URL + "/peers.html")
	return p
}

// call calls a function of the peers and returns its answer.
func call[R any](p *browser.Page, name string, args ...any) R {
	var all []string
	for _, arg := range args {
		if raw, ok := arg.([]byte); ok {
			arg = json.RawMessage(raw)
		}
		text, err := json.Marshal(arg)
		if err != nil {
			panic(err)
		}
		all = append(all, string(text))
	}
	return browser.Eval[R](p, fmt.Sprintf("import('/peers.js').then(peers => peers.%s(%s))", name, strings.Join(all, ", ")))
}

func TestBrowserOthersVerifyWhatWeSign(t *testing.T) {
	b := browser.Open(t)
	w, _ := live(t)
	p := peers(t, b)
	me := w.member()
	for _, name := range []string{"Noor Halvorsen", "王小明 \"the younger\" \\ <b>", "محمد"} {
		path := w.claimed(me, name)
		embedded, jwt := w.file(me, path+"/certificate.json"), w.file(me, path+"/certificate.jwt")
		issuer, keys := w.file("", "/.well-known/did.json"), w.file("", "/.well-known/jwks.json")
		if refused := call[string](p, "verifyEmbedded", embedded, issuer); refused != "" {
			t.Errorf("%s, @digitalbazaar/vc: %s", name, refused)
		}
		if refused := call[string](p, "verifyJWT", string(jwt), keys); refused != "" {
			t.Errorf("%s, jose: %s", name, refused)
		}
		changed := []byte(strings.Replace(string(embedded), "Programs", "Problems", 1))
		if call[string](p, "verifyEmbedded", changed, issuer) == "" {
			t.Error("@digitalbazaar/vc takes a changed one: the test looks at nothing")
		}
		if refused := call[string](p, "verifyEmbedded", w.listOf(embedded), issuer); refused != "" {
			t.Errorf("the list of withdrawn ones: %s", refused)
		}
	}
}

func TestBrowserOthersStillVerifyAfterANewKey(t *testing.T) {
	b := browser.Open(t)
	w, base := live(t)
	p := peers(t, b)
	me := w.member()
	path := w.claimed(me, "Noor Halvorsen")
	if _, err := RotateKey(w.c.Keys, base, false, w.Now); err != nil {
		t.Fatal(err)
	}
	if refused := call[string](p, "verifyEmbedded", w.file(me, path+"/certificate.json"), w.file("", "/.well-known/did.json")); refused != "" {
		t.Errorf("@digitalbazaar/vc: %s", refused)
	}
	if refused := call[string](p, "verifyJWT", string(w.file(me, path+"/certificate.jwt")), w.file("", "/.well-known/jwks.json")); refused != "" {
		t.Errorf("jose: %s", refused)
	}
}

// sampleBadge is what others sign here.
const sampleBadge = `{"@context":["https://www.w3.org/ns/credentials/v2","https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],"id":"urn:uuid:6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
"type":["VerifiableCredential","OpenBadgeCredential"],"name":"Knots","issuer":{"type":["Profile"],"name":"Another School"},"validFrom":"2026-11-01T09:00:00Z",
"credentialSubject":{"id":"did:example:holder","type":["AchievementSubject"],"identifier":[{"type":"IdentityObject","hashed":false,"identityHash":"Ida Marchetti","identityType":"name"}],
"achievement":{"id":"https://other.example/knots","type":["Achievement"],"name":"Knots","description":"Three knots.","criteria":{"narrative":"Tied all three."}}}}`

// foreign is what the peers made.
type foreign struct {
	Issuer, Embedded json.RawMessage
	JWT              string
}

func TestBrowserWeVerifyWhatOthersSign(t *testing.T) {
	b := browser.Open(t)
	made := call[foreign](peers(t, b), "issue", []byte(sampleBadge), "did:web:other.example")
	issuer, err := credential.ParseIssuer(made.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	w, base := live(t)
	v := credential.Verifier{Now: w.now, Issuer: func(id string) (*credential.Issuer, bool) { return issuer, id == issuer.ID }}
	folder := t.TempDir()
	save := func(name string, data []byte) string {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(folder, name)
	}
	document := save("did.json", made.Issuer)
	for name, file := range map[string][]byte{"embedded.json": made.Embedded, "badge.jwt": []byte(made.JWT)} {
		if r := v.Verify(file); !r.Genuine() || r.Badge.Holder.Name != "Ida Marchetti" {
			t.Errorf("%s: %v", name, r.Seen)
		}
		p := b.Page(t, browser.Options{})
		p.Go(base + "/verify")
		p.Upload(browser.CSS("#f-file"), save(name, file))
		p.Until(`document.querySelector('#verifier').dataset.verdict === 'unknown issuer'`)
		p.Upload(browser.CSS("#f-issuer"), document)
		p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
		if hosts := p.OtherHosts(strings.TrimPrefix(base, "http://")); len(hosts) > 0 {
			t.Errorf("%s: the page asked %v", name, hosts)
		}
	}
}

func TestBrowserVerifyPage(t *testing.T) {
	b := browser.Open(t)
	w, base := live(t)
	me := w.member()
	path := w.claimed(me, "Noor Halvorsen")
	p := b.Page(t, browser.Options{})
	folder := t.TempDir()
	verdict := func(name string, file []byte, want string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), file, 0o600); err != nil {
			t.Fatal(err)
		}
		p.Go(base + "/verify")
		p.Upload(browser.CSS("#f-file"), filepath.Join(folder, name))
		p.Until(`document.querySelector('#verifier').dataset.verdict !== undefined`)
		if got := browser.Eval[string](p, `document.querySelector('#verifier').dataset.verdict`); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, form := range []string{"certificate.json", "certificate.jwt", "a4.pdf", "badge.png"} {
		verdict(form, w.file(me, path+"/"+form), "genuine")
	}
	if hosts := p.OtherHosts(strings.TrimPrefix(base, "http://")); len(hosts) > 0 {
		t.Errorf("the page asked %v", hosts)
	}
	embedded := w.file(me, path+"/certificate.json")
	browser.Axe(t, p)
	verdict("changed.json", []byte(strings.Replace(string(embedded), "Noor", "Moor", 1)), "changed")
	verdict("added.json", []byte(strings.Replace(string(embedded), `{"@context"`, `{"honours":"first","@context"`, 1)), "unknown terms")
	verdict("doubled.json", []byte(strings.Replace(string(embedded), `{"@context"`, `{"name":"first","@context"`, 1)), "unreadable")
	verdict("no.txt", []byte("hello"), "unreadable")
	jwt := w.file(me, path+"/certificate.jwt")
	p.Go(base + "/verify#" + string(jwt))
	p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
	for _, r := range p.Requests() {
		if r.Method == http.MethodPost || strings.Contains(r.URL, string(jwt[:20])) && !strings.Contains(r.URL, "#") {
			t.Errorf("the file was sent: %s %.60s", r.Method, r.URL)
		}
	}
	p.Go(base + "/verify")
	p.Type(browser.CSS("#f-text"), base+"/verify#"+string(jwt))
	p.Click(browser.Button("Check it"))
	p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
	p.Go(base + "/verify")
	dropped(p, embedded)
	p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
	p.Follow(browser.Button("Let this site's server check it, too"))
	p.See("not changed since")
	w.withdrawAll(t, me)
	verdict("withdrawn.jwt", jwt, "withdrawn")
	withoutScript(t, b, base, filepath.Join(folder, "certificate.json"))
}

// dropped lets a file fall on the form.
func dropped(p *browser.Page, file []byte) {
	text, err := json.Marshal(string(file))
	if err != nil {
		panic(err)
	}
	browser.Eval[bool](p, `(() => {
		const files = new DataTransfer();
		files.items.add(new File([`+string(text)+`], 'certificate.json'));
		return document.querySelector('#check').dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));
	})()`)
}

// heldID is the id of a member's only certificate.
func (w *world) heldID(t *testing.T, me vault.OwnerID) string {
	t.Helper()
	held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me)
	if err != nil || len(held) != 1 {
		t.Fatalf("%d certificates: %v", len(held), err)
	}
	return held[0].ID
}

func (w *world) withdrawAll(t *testing.T, me vault.OwnerID) {
	t.Helper()
	held, err := w.mine(t.Context(), w.db.Read, vault.Self(me), me)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		w.ask(me, "/you/certificates/withdraw", url.Values{"id": {h.ID}})
	}
}

func withoutScript(t *testing.T, b *browser.Browser, base, file string) {
	t.Helper()
	p := b.Page(t, browser.Options{NoScript: true, Phone: true})
	p.Go(base + "/verify")
	p.Upload(browser.CSS("#f-file"), file)
	p.Follow(browser.Button("Check it"))
	p.See("Withdrawn.")
}

// TestBrowserAndServerAgreeOnChangedFiles: two verifiers, one answer.
func TestBrowserAndServerAgreeOnChangedFiles(t *testing.T) {
	b := browser.Open(t)
	w, base := live(t)
	me := w.member()
	path := w.claimed(me, "Noor Halvorsen")
	p := b.Page(t, browser.Options{})
	chance := rand.New(rand.NewPCG(2027, 6))
	p.Go(base + "/verify")
	const many = 60
	for _, form := range []string{"certificate.json", "certificate.jwt"} {
		file := w.file(me, path+"/"+form)
		for range many {
			changed := append([]byte(nil), file...)
			changed[chance.IntN(len(changed))] = file[chance.IntN(len(file))]
			server := verified(t, w, credential.Find(changed)).Genuine()
			if inBrowser := browserSays(p, changed); server != inBrowser {
				t.Errorf("server %t, browser %t:\n%s", server, inBrowser, changed)
			}
		}
	}
}

// browserSays checks a file on the open page.
func browserSays(p *browser.Page, file []byte) bool {
	text, err := json.Marshal(string(file))
	if err != nil {
		panic(err)
	}
	return browser.Eval[bool](p, `(async () => {
		const panel = document.querySelector('#verifier'), input = document.querySelector('#f-file');
		delete panel.dataset.verdict;
		const files = new DataTransfer();
		files.items.add(new File([`+string(text)+`], 'x'));
		input.files = files.files;
		input.dispatchEvent(new Event('change'));
		while (panel.dataset.verdict === undefined) await new Promise(done => setTimeout(done, 5));
		return panel.dataset.verdict === 'genuine';
	})()`)
}
