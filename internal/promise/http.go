package promise

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"kept/internal/fault"
	"kept/internal/page"
)

// The addresses.
const (
	pathPolicy     = "/privacy"
	pathVersions   = "/privacy/versions"
	pathCompare    = "/privacy/compare"
	pathFeed       = "/privacy/feed.xml"
	pathRegister   = "/privacy/register.json"
	pathProcessors = "/privacy/processors"
	pathPromises   = "/privacy/promises"
	pathContact    = "/privacy/contact"
	pathSent       = "/privacy/contact/sent"
	pathClosed     = "/privacy/contact/closed"
	pathAnswered   = "/privacy/contact/answered/" // and a token
	pathSecurity   = "/.well-known/security.txt"
	pathGPC        = "/.well-known/gpc.json"
)

func versionPath(n int) string         { return fmt.Sprintf("%s/%d", pathPolicy, n) }
func comparePath(from, to int) string  { return pathCompare + compareQuery(from, to) }
func compareQuery(from, to int) string { return fmt.Sprintf("?from=%d&to=%d", from, to) }

// maxQuestion is how large the form's body may be, in bytes.
const maxQuestion = 64 << 10

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET /privacy", Handler: f.showPolicy},
		{Pattern: "GET /privacy/{version}", Handler: f.showVersion},
		{Pattern: "GET /privacy/versions", Handler: f.showVersions},
		{Pattern: "GET /privacy/compare", Handler: f.showCompare},
		{Pattern: "GET /privacy/feed.xml", Handler: f.feed},
		{Pattern: "GET /privacy/register.json", Handler: f.register},
		{Pattern: "GET /privacy/processors", Handler: f.showProcessors},
		{Pattern: "GET /privacy/promises", Handler: f.showPromises},
		{Pattern: "GET /privacy/contact", Handler: f.showContact},
		{Pattern: "POST /privacy/contact", Handler: f.ask, MaxBody: maxQuestion},
		{Pattern: "GET /privacy/contact/sent", Handler: f.showSent},
		{Pattern: "GET /privacy/contact/answered/{token}", Handler: f.showAnswered},
		{Pattern: "POST /privacy/contact/answered/{token}", Handler: f.answered},
		{Pattern: "GET /privacy/contact/closed", Handler: f.showClosed},
		{Pattern: "GET /.well-known/security.txt", Handler: f.security},
		{Pattern: "GET /.well-known/gpc.json", Handler: f.gpc},
	}
}

// head is what the pages share. They remember nothing of a visitor, and of a
// member what every page does.
func (f *Feature) head(r *http.Request, title string) page.Head {
	lang := f.Site.Printer(r.Context())
	h := page.Head{Title: title, Current: pathPolicy, Knows: f.Site.KnowsNothing(lang)}
	if page.ViewerOf(r.Context()).SignedIn && f.c.Knows != nil {
		h.Knows = f.c.Knows(lang)
	}
	return h
}

// state names what the pages depend on besides their path: they change with the
// day, when a version is posted or takes effect.
func (f *Feature) state() string { return strconv.Itoa(int(f.today())) }

// shared writes a page that is the same for all visitors.
func (f *Feature) shared(w http.ResponseWriter, r *http.Request, name, template string, make func() page.Page) error {
	return f.Site.Shared(w, r, name, f.state(), func() (page.Finished, error) {
		return page.Finished{Status: http.StatusOK, Name: template, Page: make()}, nil
	})
}

type policyPage struct {
	page.Head
	Community string
	Doc       document
	Now       Version   // in force
	Pending   []Version // posted, not in force
	Latest    bool      // the text is of the version in force
	Coming    bool      // the text is of a version not yet in force
	Versions  int
	Kinds     []kindRow
	Before    int // number of the version before, 0 if none
}

func (p *policyPage) Compare(from, to int) string { return comparePath(from, to) }

func (f *Feature) showPolicy(w http.ResponseWriter, r *http.Request) error {
	return f.shared(w, r, pathPolicy, "promise/policy.html", func() page.Page { return f.policyPage(r, f.PolicyVersion()) })
}

func (f *Feature) showVersion(w http.ResponseWriter, r *http.Request) error {
	n, ok := f.readVersion(r.PathValue("version"))
	if !ok {
		return fault.NotFound{What: "version of the policy"}
	}
	return f.shared(w, r, versionPath(n), "promise/policy.html", func() page.Page { return f.policyPage(r, n) })
}

// readVersion reads the number of a version that is posted.
func (f *Feature) readVersion(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || strconv.Itoa(n) != text {
		return 0, false
	}
	_, ok := f.versions.posted(f.today()).number(n)
	return n, ok
}

func (f *Feature) policyPage(r *http.Request, n int) *policyPage {
	lang, today := f.Site.Printer(r.Context()), f.today()
	now := f.versions.inForce(today)
	p := &policyPage{Head: f.head(r, lang.Text("Privacy")), Community: f.c.Community, Doc: f.documents[n-1], Now: now,
		Pending: f.versions.pending(today), Latest: n == now.Number, Coming: n > now.Number,
		Versions: len(f.versions.posted(today)), Kinds: f.kindRows(lang), Before: n - 1}
	p.Description = lang.Text("What this site knows of you, why, for how long, and what you can do about it.")
	p.Feeds = []page.Feed{{Path: pathFeed, Title: lang.Text("Versions of the privacy policy"), Type: atomType}}
	p.Canonical = pathPolicy
	if !p.Latest {
		p.Title, p.Canonical = lang.Text("Privacy, version %d", n), versionPath(n)
	}
	return p
}

type versionsPage struct {
	page.Head
	Versions []VersionState
	Today    Version
}

func (p *versionsPage) Path(n int) string          { return versionPath(n) }
func (p *versionsPage) Compare(n int) string       { return comparePath(n-1, n) }
func (p *versionsPage) Coming(v VersionState) bool { return v.Number > p.Today.Number }

func (f *Feature) showVersions(w http.ResponseWriter, r *http.Request) error {
	return f.shared(w, r, pathVersions, "promise/versions.html", func() page.Page {
		lang := f.Site.Printer(r.Context())
		p := &versionsPage{Head: f.head(r, lang.Text("Versions of the privacy policy")), Versions: f.States(), Today: f.versions.inForce(f.today())}
		p.Feeds = []page.Feed{{Path: pathFeed, Title: p.Title, Type: atomType}}
		return p
	})
}

type comparePage struct {
	page.Head
	Form     *page.Form
	From, To Version
	Options  []page.Option
	Passages []passage
	Single   bool // there is but one version
}

// showCompare shows what differs between two versions, without a query between
// the latest and the one before.
func (f *Feature) showCompare(w http.ResponseWriter, r *http.Request) error {
	posted := f.versions.posted(f.today())
	latest := posted[len(posted)-1].Number
	from, to := max(latest-1, 1), latest
	if query := r.URL.Query(); query.Has("from") || query.Has("to") {
		var okFrom, okTo bool
		from, okFrom = f.readVersion(query.Get("from"))
		to, okTo = f.readVersion(query.Get("to"))
		if !okFrom || !okTo {
			return fault.NotFound{What: "version of the policy"}
		}
	}
	from, to = min(from, to), max(from, to)
	return f.shared(w, r, comparePath(from, to), "promise/compare.html", func() page.Page { return f.comparePage(r, from, to) })
}

func (f *Feature) comparePage(r *http.Request, from, to int) *comparePage {
	lang := f.Site.Printer(r.Context())
	older, newer := f.documents[from-1], f.documents[to-1]
	p := &comparePage{Head: f.head(r, lang.Text("What changed in the privacy policy")), From: older.Version, To: newer.Version,
		Passages: compare(older.Markdown, newer.Markdown), Single: len(f.versions.posted(f.today())) == 1}
	for _, v := range slices.Backward(f.versions.posted(f.today())) {
		p.Options = append(p.Options, page.Option{Value: strconv.Itoa(v.Number), Label: f.label(lang, v)})
	}
	p.Form = page.FormOf(map[string][]string{"from": {strconv.Itoa(from)}, "to": {strconv.Itoa(to)}})
	return p
}

// label names a version by number and the day from which it holds.
func (f *Feature) label(lang *page.Language, v Version) string {
	day, err := lang.Day(v.InForce)
	if err != nil {
		return lang.Text("Version %d", v.Number)
	}
	return lang.Text("Version %d, from %s", v.Number, day)
}

type processorsPage struct {
	page.Head
	Processors []processorRow
}

func (f *Feature) showProcessors(w http.ResponseWriter, r *http.Request) error {
	return f.shared(w, r, pathProcessors, "promise/processors.html", func() page.Page {
		lang := f.Site.Printer(r.Context())
		return &processorsPage{Head: f.head(r, lang.Text("Who works for us")), Processors: f.processorRows(lang)}
	})
}

type promisesPage struct {
	page.Head
	Tried, NotYet []promiseRow
}

// promiseRow is a promise with how each of its checks tries it.
type promiseRow struct {
	Promise
	How []string
}

func (f *Feature) showPromises(w http.ResponseWriter, r *http.Request) error {
	return f.shared(w, r, pathPromises, "promise/promises.html", func() page.Page {
		lang := f.Site.Printer(r.Context())
		p := &promisesPage{Head: f.head(r, lang.Text("What we promise, and how it is tried"))}
		p.Tried, p.NotYet = f.promiseRows()
		return p
	})
}

// promiseRows parts the promises into those that have a check in this program
// and those that nobody can try yet.
func (f *Feature) promiseRows() (tried, notYet []promiseRow) {
	how := map[string][]string{}
	if f.c.Checks != nil {
		for _, c := range f.c.Checks() {
			how[c.Promise] = append(how[c.Promise], c.How)
		}
	}
	for _, p := range All() {
		row := promiseRow{p, how[p.ID]}
		if len(row.How) > 0 {
			tried = append(tried, row)
		} else {
			notYet = append(notYet, row)
		}
	}
	return tried, notYet
}
