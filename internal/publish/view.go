package publish

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/course/render"
)

// view is an edition as readers see it at a time: without drafts and without
// what has its day ahead. It ends when the next text has its day.
type view struct {
	*Edition
	until    time.Time // zero: it does not end by itself
	version  string    // different for each view of this process
	stamp    string    // different for each process too
	articles []*Article
	bySlug   map[string]int // of articles
	tags     []group
	authors  []group
	shows    []*showView
	hidden   map[fileKey]bool // files that nothing but hidden texts name
	rendered *render.Cache[renderKey, *rendered]
}

// group are the articles under a tag or by an author.
type group struct {
	Slug, Name string
	Articles   []*Article
}

// showView is a show with the episodes that are out.
type showView struct {
	*Show
	Episodes []*Episode
}

type fileKey struct {
	of   *course.Course
	file string // in the source
}

// renderMemory is how many bytes of rendered texts are kept.
const renderMemory = 8 << 20

// view is the present one.
func (f *Feature) view() *view {
	e, now := f.c.Library.Edition(), f.Now()
	if v := f.current.Load(); v != nil && v.Edition == e && (v.until.IsZero() || now.Before(v.until)) {
		return v
	}
	v := newView(e, now)
	v.version = strconv.FormatInt(f.views.Add(1), 36)
	v.stamp = strconv.FormatInt(now.UnixNano(), 36) + v.version
	f.current.Store(v)
	return v
}

func newView(e *Edition, now time.Time) *view {
	v := &view{Edition: e, bySlug: map[string]int{}, hidden: map[fileKey]bool{},
		rendered: render.NewCache[renderKey](renderMemory, (*rendered).size)}
	for _, a := range e.Articles {
		if v.takes(&a.Text, now) {
			v.bySlug[a.Slug] = len(v.articles)
			v.articles = append(v.articles, a)
		}
	}
	for _, s := range e.Shows {
		v.addShow(s, now)
	}
	v.unhide()
	v.tags = groups(v.articles, func(a *Article) []string { return a.Tags })
	v.authors = groups(v.articles, func(a *Article) []string { return a.Rights.Authors })
	return v
}

// takes says whether a text is shown, and notes when that changes.
func (v *view) takes(t *Text, now time.Time) bool {
	if t.shownAt(now) {
		return true
	}
	if !t.Draft && (v.until.IsZero() || t.Date.Before(v.until)) {
		v.until = t.Date
	}
	v.hidden[fileKey{t.course, t.File}] = true
	if t.Cover != nil {
		v.hidden[fileKey{t.course, t.Cover.File}] = true
	}
	return false
}

// addShow takes a show whose own day, if it has one, has come.
func (v *view) addShow(s *Show, now time.Time) {
	shown := v.takes(&s.Text, now)
	out := &showView{Show: s}
	for _, e := range s.Episodes {
		if shown && v.takes(&e.Text, now) {
			out.Episodes = append(out.Episodes, e)
			continue
		}
		for _, file := range e.files() {
			v.hidden[fileKey{s.course, file}] = true
		}
	}
	if shown {
		v.shows = append(v.shows, out)
	}
}

// unhide shows the files that something shown names as well.
func (v *view) unhide() {
	for _, a := range v.articles {
		if a.Cover != nil {
			delete(v.hidden, fileKey{a.course, a.Cover.File})
		}
	}
	for _, s := range v.shows {
		if s.Cover != nil {
			delete(v.hidden, fileKey{s.course, s.Cover.File})
		}
		for _, e := range s.Episodes {
			for _, file := range e.files() {
				delete(v.hidden, fileKey{s.course, file})
			}
		}
	}
}

// files are those that an episode names.
func (e *Episode) files() []string {
	var files []string
	if e.Sound.File != "" {
		files = append(files, e.Sound.File)
	}
	if e.Transcript != nil {
		files = append(files, e.Transcript.File)
	}
	if e.Cover != nil {
		files = append(files, e.Cover.File)
	}
	return files
}

// groups sorts articles under names, those with most first.
func groups(articles []*Article, names func(*Article) []string) []group {
	at := map[string]int{}
	var all []group
	for _, a := range articles {
		for _, name := range names(a) {
			slug := course.Slug(name)
			i, known := at[slug]
			if !known {
				i = len(all)
				at[slug] = i
				all = append(all, group{Slug: slug, Name: name})
			}
			if in := all[i].Articles; len(in) == 0 || in[len(in)-1] != a {
				all[i].Articles = append(in, a)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b group) int {
		return cmp.Or(len(b.Articles)-len(a.Articles), compareText(a.Name, b.Name))
	})
	return all
}

func find(in []group, slug string) (group, bool) {
	i := slices.IndexFunc(in, func(g group) bool { return g.Slug == slug })
	if i < 0 {
		return group{}, false
	}
	return in[i], true
}

func (v *view) article(slug string) (*Article, bool) {
	i, ok := v.bySlug[slug]
	if !ok {
		return nil, false
	}
	return v.articles[i], true
}

func (v *view) show(slug string) (*showView, bool) {
	i := slices.IndexFunc(v.shows, func(s *showView) bool { return s.Slug == slug })
	if i < 0 {
		return nil, false
	}
	return v.shows[i], true
}

func (s *showView) episode(slug string) (int, bool) {
	i := slices.IndexFunc(s.Episodes, func(e *Episode) bool { return e.Slug == slug })
	return i, i >= 0
}

// Addresses of pages. They hold no escapes; slugs need none but for letters
// that are not ASCII.
func tagPath(slug string) string    { return "/articles/tags/" + slug }
func authorPath(slug string) string { return "/articles/authors/" + slug }

const (
	articlesPath = "/articles"
	podcastsPath = "/podcasts"
	feedEnd      = "/feed.xml"
)

// filePath is the address of a file that a text brings along, without escapes.
func filePath(of *course.Course, file string) string {
	if of.Dir != "." {
		file = strings.TrimPrefix(file, of.Dir+"/")
	}
	return assetPath(of, file)
}

// assetPath is filePath for a name in the course's own folder.
func assetPath(of *course.Course, file string) string {
	if of.Chapters[0].Label == ofPodcasts {
		return podcastsPath + "/" + of.Slug + "/files/" + file
	}
	return articlesPath + "/files/" + of.Slug + "/" + file
}

// escaped is a path as it stands in a page.
func escaped(path string) string { return (&url.URL{Path: path}).EscapedPath() }

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// dirOf is the direction that a language is written in.
func dirOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if slices.Contains([]string{"ar", "fa", "he", "ur", "yi"}, base) {
		return "rtl"
	}
	return "ltr"
}

// clockText is a time in a recording: 0:07, 12:34, 1:02:03.
func clockText(at time.Duration) string {
	s := int(at / time.Second)
	two := func(n int) string { return strconv.Itoa(n/10) + strconv.Itoa(n%10) }
	if s < 3600 {
		return strconv.Itoa(s/60) + ":" + two(s%60)
	}
	return strconv.Itoa(s/3600) + ":" + two(s/60%60) + ":" + two(s%60)
}
