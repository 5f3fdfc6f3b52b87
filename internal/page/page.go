// Package page owns everything between a handler and a browser: templates and
// the layout around them, texts in the reader's language, forms, static files,
// the wrapper that turns an error into a calm page, and the chain of handlers
// that every request passes (limits, headers, compression, request log).
//
// It knows no feature. A feature hands over its templates as a Source and its
// handlers as Routes; app gives the Site its name, colour and links. It refuses
// half a page (everything is rendered before the first byte is sent), inline
// scripts and styles, cookies for visitors (the one exception is a message
// after a form was sent, see Site.Notify), and any address, path, query or
// form value in a log.
//
// Start with New, Head and Site.Render; then Route and Site.Handler.
package page

import (
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"
)

// Config is what app knows and a Site needs. Fields without a note are required.
type Config struct {
	Community string // the name at the top of every page
	Hue       int    // 0 to 359, the only colour a community sets
	Base      string // "https://kept.example": absolute addresses come from here, never from a request
	Language  string // of a reader of whom nothing is known; empty means "en"

	Sources []Source // templates, one source per feature
	Static  fs.FS    // files served under /static/; kept.css and kept.svg must be among them
	Texts   fs.FS    // NAME.json per language; nil means the built-in ones

	Nav     []Link   // at the top; sign-in or the member's own links follow by themselves
	Foot    []Link   // below the counterpart
	Paths   Paths    // where account answers; an empty path leaves its link out
	Notices []Notice // every message that Notify may show

	NoticeKey []byte         // signs the notice's cookie; nil means random, enough for one process
	Limits    Limits         // zero values mean the defaults
	MaxBody   int64          // bytes of a request's body where its Route says nothing; 0 means 1 MiB
	Proxies   []netip.Prefix // whose X-Forwarded-For is believed; empty means nobody's
	Hosts     []string       // names this site answers to; empty means any
	CacheSize int64          // bytes of rendered fragments and pages; 0 means 32 MiB
	Requests  *RequestLog    // nil means no request log
	// Ahead stands above each page of a member while its text is not empty.
	Ahead Link
	// Knows is what every page remembers of a member, for the pages of errors.
	Knows func(*Language) string
	Log   *slog.Logger // errors, once each
	Now   func() time.Time

	Dev   bool // read templates and static files again at every request
	Count bool // count executed templates, for Unexecuted
}

// Paths are the links of the layout that account answers.
type Paths struct{ SignIn, YourPage, YourData, SignOut string }

// Link is an entry of the navigation; Path is a path of this site. Text is the English text and so the
// key of its translation; Live, if set, makes the text anew for every page
// and must be quick. A link without a text is left out.
type Link struct {
	Path string
	Text string
	Live func(*Language) string
}

func (l Link) label(lang *Language) string {
	if l.Live != nil {
		return l.Live(lang)
	}
	return lang.Text(l.Text)
}

// Site renders pages and serves routes. It is safe for concurrent use once
// its routes are added.
type Site struct {
	cfg       Config
	base      *url.URL
	secure    bool
	languages *Catalogue
	sets      atomic.Pointer[map[string]*set]
	executed  *counter
	static    *static
	fragments *cache[string]
	pages     *cache[*finished]
	notices   map[string]Notice
	flood     *flood
	cross     *http.CrossOriginProtection
	routes    []Route
	mux       *http.ServeMux // every route, and miss for all else
	exact     *http.ServeMux // the routes alone
	policy    []string
	perms     []string
}

// New parses every template in every language, so that a mistake in one of
// them ends the start-up and not a reader's visit.
func New(cfg Config) (*Site, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("page: base address %q: want one like https://kept.example", cfg.Base)
	}
	cfg.defaults()
	s := &Site{
		cfg: cfg, base: base, secure: base.Scheme == "https", executed: newCounter(), mux: http.NewServeMux(), exact: http.NewServeMux(),
		fragments: newCache(cfg.CacheSize/2, func(html string) int64 { return int64(len(html)) }),
		pages:     newCache(cfg.CacheSize/2, (*finished).size),
		flood:     newFlood(cfg.Limits),
		cross:     http.NewCrossOriginProtection(),
	}
	s.mux.HandleFunc("/", s.miss)
	s.policy, s.perms = []string{s.Policy(nil)}, []string{permissions}
	return s, s.load()
}

func (cfg *Config) defaults() {
	if cfg.Language == "" {
		cfg.Language = "en"
	}
	if cfg.Texts == nil {
		cfg.Texts = builtinTexts()
	}
	if cfg.NoticeKey == nil {
		cfg.NoticeKey = make([]byte, 32)
		rand.Read(cfg.NoticeKey)
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = 1 << 20
	}
	if cfg.CacheSize == 0 {
		cfg.CacheSize = 32 << 20
	}
	cfg.Limits.defaults()
}

func (s *Site) load() (err error) {
	if s.languages, err = LoadCatalogue(s.cfg.Texts, s.cfg.Language); err != nil {
		return err
	}
	if s.notices, err = noticeTable(s.cfg.Notices); err != nil {
		return err
	}
	if s.static, err = loadStatic(s.cfg.Static, s.cfg.Hue); err != nil {
		return err
	}
	if err = s.parse(); err != nil {
		return err
	}
	return s.addStatic()
}

// Absolute makes an address with host from a path of this site, which may be
// escaped and have a query.
func (s *Site) Absolute(path string) string {
	to, err := url.Parse(path)
	if err != nil || to.Host != "" || to.Scheme != "" {
		to = &url.URL{Path: path} // no other site, whatever it looks like
	}
	return s.base.ResolveReference(to).String()
}

// Catalogue gives the texts to those who write without a page, as mail does.
func (s *Site) Catalogue() *Catalogue { return s.languages }
