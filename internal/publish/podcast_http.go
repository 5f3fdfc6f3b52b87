package publish

import (
	"html/template"
	"net/http"
	"strings"
	"time"

	"kept/internal/course/asset"
	"kept/internal/fault"
	"kept/internal/page"
)

// podcastsPage lists the shows.
type podcastsPage struct {
	page.Head
	Shows []showLine
}

type showLine struct {
	Path, Title, Lang, Dir, Says string
	Summary                      template.HTML
	Cover                        *coverView
	Episodes                     int
	Latest                       []episodeLine
}

// episodeLine is an episode in a list.
type episodeLine struct {
	Path, Title, Lang, Dir string
	Summary                template.HTML
	Date                   time.Time
	Length                 string
	Host                   string // where it lies, if it is not here
	Words                  bool   // there is a transcript
}

// latestShown is how many episodes stand under each show of the list.
const latestShown = 3

func (f *Feature) showPodcasts(w http.ResponseWriter, r *http.Request) error {
	v, lang := f.view(), f.Site.Printer(r.Context())
	return f.Site.Shared(w, r, "publish.podcasts", v.version, func() (page.Finished, error) {
		p := &podcastsPage{Head: page.Head{Title: lang.Text("Podcasts"), Current: podcastsPath, Canonical: podcastsPath,
			Description: lang.Text("Podcasts by %s, each with everything that is said in words.", f.c.Community), Knows: f.knows(r, lang)}}
		for _, s := range v.shows {
			line := showLine{Path: s.Path(), Title: s.Title, Says: joined(s.Rights.Authors), Cover: coverOf(&s.Text),
				Episodes: len(s.Episodes), Summary: f.renderers[lang.Tag].Inline(s.Summary)}
			line.Lang, line.Dir = foreign(&s.Text, lang)
			line.Latest = f.episodeLines(s.Episodes[:min(len(s.Episodes), latestShown)], lang)
			p.Shows = append(p.Shows, line)
			p.Feeds = append(p.Feeds, page.Feed{Path: escaped(s.Path() + feedEnd), Title: s.Title, Type: rssType})
		}
		return page.Finished{Status: http.StatusOK, Name: "publish/podcasts.html", Page: p}, nil
	})
}

func (f *Feature) episodeLines(all []*Episode, lang *page.Language) []episodeLine {
	lines := make([]episodeLine, len(all))
	for i, e := range all {
		lines[i] = episodeLine{Path: e.Path(), Title: e.Title, Date: e.Date, Host: e.Sound.Host, Words: e.Transcript != nil,
			Summary: f.renderers[lang.Tag].Inline(e.Summary)}
		lines[i].Lang, lines[i].Dir = foreign(&e.Text, lang)
		if e.Sound.Length > 0 {
			lines[i].Length = clockText(e.Sound.Length)
		}
	}
	return lines
}

// showPage is one show.
type showPage struct {
	page.Head
	T        textView
	Feed     string
	Episodes []episodeLine
}

// mostEpisodes is how many stand on the page of a show; the feed has as many.
const mostEpisodes = 300

func (f *Feature) showShow(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	s, ok := v.show(r.PathValue("show"))
	if !ok {
		return fault.NotFound{What: "podcast"}
	}
	lang := f.Site.Printer(r.Context())
	return f.Site.Shared(w, r, "publish.show "+s.Slug, v.version, func() (page.Finished, error) {
		p := &showPage{T: f.textView(s.Show, f.render(v, s.Show, lang), lang), Feed: s.Path() + feedEnd,
			Episodes: f.episodeLines(s.Episodes[:min(len(s.Episodes), mostEpisodes)], lang)}
		p.Head = f.head(r, &s.Text, s.Path(), podcastsPath, lang)
		p.Scripts = scriptsFor(p.T, nil)
		p.Feeds = []page.Feed{{Path: escaped(p.Feed), Title: s.Title, Type: rssType}}
		return page.Finished{Status: http.StatusOK, Name: "publish/show.html", Page: p}, nil
	})
}

// episodePage is one episode.
type episodePage struct {
	page.Head
	T            textView
	Show         link
	Number       int
	Sound        soundView
	Parts        []spoken
	PlainPath    string // of the transcript as a file
	Newer, Older *link
}

// soundView is what one listens to: Src here, or Address elsewhere.
type soundView struct {
	Src, Address, Host, Type, Length string
	Bytes                            int64
}

func (f *Feature) showEpisode(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	s, ok := v.show(r.PathValue("show"))
	if !ok {
		return fault.NotFound{What: "podcast"}
	}
	at, ok := s.episode(r.PathValue("episode"))
	if !ok {
		return fault.NotFound{What: "episode"}
	}
	lang := f.Site.Printer(r.Context())
	return f.Site.Shared(w, r, "publish.episode "+s.Slug+"/"+s.Episodes[at].Slug, v.version, func() (page.Finished, error) {
		return page.Finished{Status: http.StatusOK, Name: "publish/episode.html", Page: f.episodePage(r, v, s, at, lang)}, nil
	})
}

func (f *Feature) episodePage(r *http.Request, v *view, s *showView, at int, lang *page.Language) *episodePage {
	e := s.Episodes[at]
	out := f.render(v, e, lang)
	p := &episodePage{T: f.textView(e, out, lang), Show: link{s.Path(), s.Title}, Number: e.Number, Sound: soundOf(e), Parts: out.Parts}
	p.Head = f.head(r, &e.Text, e.Path(), podcastsPath, lang)
	p.Original, p.Scripts = e.Rights.Original, scriptsFor(p.T, nil)
	p.Feeds = []page.Feed{{Path: escaped(s.Path() + feedEnd), Title: s.Title, Type: rssType}}
	if p.Sound.Src != "" {
		p.Scripts = append(p.Scripts, playerScript)
		p.Properties = append(p.Properties, page.Property{Name: "og:audio", Content: f.Site.Absolute(filePath(e.course, e.Sound.File))})
	}
	if e.Transcript != nil {
		p.PlainPath = plainPath(e)
	}
	if at > 0 {
		p.Newer = &link{s.Episodes[at-1].Path(), s.Episodes[at-1].Title}
	}
	if at+1 < len(s.Episodes) {
		p.Older = &link{s.Episodes[at+1].Path(), s.Episodes[at+1].Title}
	}
	return p
}

// speed is a choice of the player.
type speed struct{ Value, Says string }

// Speeds are those that one may listen at.
func (p *episodePage) Speeds() []speed {
	return []speed{{"0.75", "0.75 ×"}, {"1", "1 ×"}, {"1.25", "1.25 ×"}, {"1.5", "1.5 ×"}, {"2", "2 ×"}}
}

func soundOf(e *Episode) soundView {
	v := soundView{Address: e.Sound.Address, Host: e.Sound.Host, Type: e.Sound.Type, Bytes: e.Sound.Bytes}
	if e.Sound.File != "" {
		v.Src = escaped(filePath(e.course, e.Sound.File))
	}
	if e.Sound.Length > 0 {
		v.Length = clockText(e.Sound.Length)
	}
	return v
}

// Endings of a transcript as a file.
const plainEnd = ".txt"

func plainPath(e *Episode) string { return e.Show.Path() + "/transcripts/" + e.Slug + plainEnd }

// transcriptFile is what is said as plain text, for programs that show podcasts
// and for whoever wants to keep it.
func (f *Feature) transcriptFile(w http.ResponseWriter, r *http.Request) error {
	s, ok := f.view().show(r.PathValue("show"))
	slug, plain := strings.CutSuffix(r.PathValue("file"), plainEnd)
	if !ok || !plain {
		return fault.NotFound{What: "transcript"}
	}
	at, ok := s.episode(slug)
	if !ok || s.Episodes[at].Transcript == nil {
		return fault.NotFound{What: "transcript"}
	}
	forPrograms(w.Header())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", asset.Policy)
	_, err := w.Write([]byte(s.Episodes[at].Transcript.Plain()))
	return err
}

// podcastFile sends a sound, a picture or a transcript of a show.
func (f *Feature) podcastFile(w http.ResponseWriter, r *http.Request) error {
	v := f.view()
	s, ok := v.show(r.PathValue("show"))
	if !ok {
		return fault.NotFound{What: "file"}
	}
	forPrograms(w.Header())
	return f.send(w, r, v, v.casts, s.course)
}

// forPrograms lets pages of other sites load what belongs to a podcast: some
// of the programs that people listen with are such pages. Nothing of it
// depends on who asks.
func forPrograms(h http.Header) {
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
}
