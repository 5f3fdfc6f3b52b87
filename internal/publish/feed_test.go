package publish_test

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// element is any element of a feed.
type element struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []element  `xml:",any"`
}

const (
	atomSpace    = "http://www.w3.org/2005/Atom"
	itunesSpace  = "http://www.itunes.com/dtds/podcast-1.0.dtd"
	podcastSpace = "https://podcastindex.org/namespace/1.0"
)

func (e element) all(space, name string) (found []element) {
	for _, c := range e.Children {
		if c.XMLName.Space == space && c.XMLName.Local == name {
			found = append(found, c)
		}
	}
	return found
}

// one is the only child of a name.
func (e element) one(t *testing.T, space, name string) element {
	t.Helper()
	found := e.all(space, name)
	if len(found) != 1 {
		t.Fatalf("%s has %d of %s, want 1", e.XMLName.Local, len(found), name)
	}
	return found[0]
}

func (e element) attr(name string) string {
	for _, a := range e.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (w *world) feed(t *testing.T, path, kind string) element {
	t.Helper()
	got := w.get(path)
	if got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), kind) {
		t.Fatalf("%s: %d %s", path, got.Code, got.Header().Get("Content-Type"))
	}
	var root element
	if err := xml.Unmarshal(got.Body.Bytes(), &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func absolute(t *testing.T, address string) {
	t.Helper()
	if u, err := url.Parse(address); err != nil || !u.IsAbs() || u.Host == "" {
		t.Errorf("%q is not an address with a host", address)
	}
}

// checkAtom asks for what RFC 4287 asks for.
func checkAtom(t *testing.T, feed element) {
	t.Helper()
	if feed.XMLName.Space != atomSpace || feed.XMLName.Local != "feed" {
		t.Fatalf("the root is %v", feed.XMLName)
	}
	self := false
	for _, l := range feed.all(atomSpace, "link") {
		absolute(t, l.attr("href"))
		self = self || l.attr("rel") == "self"
	}
	if !self {
		t.Error("the feed does not say where it lies")
	}
	ids := map[string]bool{}
	for _, e := range append(feed.all(atomSpace, "entry"), feed) {
		for _, name := range []string{"title", "id", "updated"} {
			if e.one(t, atomSpace, name).Text == "" {
				t.Errorf("an empty %s", name)
			}
		}
		if _, err := time.Parse(time.RFC3339, e.one(t, atomSpace, "updated").Text); err != nil {
			t.Error(err)
		}
		id := e.one(t, atomSpace, "id").Text
		absolute(t, id)
		if ids[id] {
			t.Errorf("%s is there twice", id)
		}
		ids[id] = true
	}
	if len(feed.all(atomSpace, "author")) == 0 {
		t.Error("the feed has no author")
	}
}

func TestAtomFeedsAreWhole(t *testing.T) {
	w := sampled(t)
	all, tag := w.feed(t, "/articles/feed.xml", "application/atom+xml"), w.feed(t, "/articles/tags/learning/feed.xml", "application/atom+xml")
	checkAtom(t, all)
	checkAtom(t, tag)
	if a, b := len(all.all(atomSpace, "entry")), len(tag.all(atomSpace, "entry")); a != 3 || b != 1 {
		t.Errorf("%d and %d entries, want 3 and 1", a, b)
	}
	first := all.all(atomSpace, "entry")[0]
	if got := first.one(t, atomSpace, "id").Text; got != "http://harbour.example/articles/twenty-minutes-a-day" {
		t.Errorf("the newest is %s", got)
	}
	if got := all.one(t, atomSpace, "updated").Text; got != "2026-11-20T00:00:00Z" {
		t.Errorf("updated %s", got)
	}
	if got := w.get("/articles/tags/none/feed.xml").Code; got != http.StatusNotFound {
		t.Errorf("a tag that is not there: %d", got)
	}
	checkAtom(t, newWorld(t, nil, nil).feed(t, "/articles/feed.xml", "application/atom+xml"))
}

func TestFeedThatDidNotChangeIsNotSentAgain(t *testing.T) {
	w := sampled(t)
	for _, path := range []string{"/articles/feed.xml", show + "/feed.xml"} {
		for _, gzip := range []string{"", "gzip"} {
			tag := w.get(path, "Accept-Encoding", gzip).Header().Get("Etag")
			if got := w.get(path, "Accept-Encoding", gzip, "If-None-Match", tag); tag == "" || got.Code != http.StatusNotModified || got.Body.Len() > 0 {
				t.Errorf("%s, %q: tag %s, then %d with %d bytes", path, gzip, tag, got.Code, got.Body.Len())
			}
		}
	}
}

func TestPodcastFeedIsWhole(t *testing.T) {
	rss := cast(t).feed(t, "/podcasts/knots/feed.xml", "application/rss+xml")
	if rss.XMLName.Local != "rss" || rss.attr("version") != "2.0" {
		t.Fatalf("the root is %v", rss.XMLName)
	}
	c := rss.one(t, "", "channel")
	for _, name := range []string{"title", "link", "description", "language"} {
		if c.one(t, "", name).Text == "" {
			t.Errorf("an empty %s", name)
		}
	}
	absolute(t, c.one(t, itunesSpace, "image").attr("href"))
	if got := c.one(t, itunesSpace, "category").attr("text"); got != "Education" {
		t.Errorf("category %q", got)
	}
	if got := c.one(t, itunesSpace, "explicit").Text; got != "false" {
		t.Errorf("explicit %q", got)
	}
	if got := c.one(t, atomSpace, "link").attr("href"); got != "http://harbour.example/podcasts/knots/feed.xml" {
		t.Errorf("self %q", got)
	}
	items := c.all("", "item")
	if len(items) != 3 {
		t.Fatalf("%d items, want 3", len(items))
	}
	for _, item := range items {
		checkItem(t, item)
	}
	cues := items[2]
	if e := cues.one(t, "", "enclosure"); e.attr("url") != "http://harbour.example/podcasts/knots/files/1.mp3" || e.attr("length") != "10" || e.attr("type") != "audio/mpeg" {
		t.Errorf("enclosure %v", e.Attrs)
	}
	if got := cues.one(t, itunesSpace, "duration").Text; got != "62" {
		t.Errorf("duration %s", got)
	}
	scripts := cues.all(podcastSpace, "transcript")
	if len(scripts) != 2 || scripts[0].attr("type") != "text/vtt" || scripts[1].attr("type") != "text/plain" {
		t.Errorf("transcripts %v", scripts)
	}
	if e := items[0].one(t, "", "enclosure"); e.attr("url") != "https://sound.example/a.m4a?x=1" || e.attr("length") != "900000" || e.attr("type") != "audio/mp4" {
		t.Errorf("enclosure elsewhere %v", e.Attrs)
	}
}

// checkItem asks for what directories ask for.
func checkItem(t *testing.T, item element) {
	t.Helper()
	if g := item.one(t, "", "guid"); g.Text == "" || g.attr("isPermaLink") != "false" {
		t.Errorf("guid %v", g)
	}
	if _, err := time.Parse(time.RFC1123Z, item.one(t, "", "pubDate").Text); err != nil {
		t.Error(err)
	}
	absolute(t, item.one(t, "", "link").Text)
	e := item.one(t, "", "enclosure")
	absolute(t, e.attr("url"))
	if n, err := strconv.Atoi(e.attr("length")); err != nil || n <= 0 {
		t.Errorf("length %q", e.attr("length"))
	}
}

func TestFeedAddressesOfOtherScriptsAreEscapedOnce(t *testing.T) {
	w := written(t, map[string]string{"größe.md": "---\ntitle: Größe\ndate: 2027-01-01\nauthors: [I]\ntags: [Maß]\nlanguage: de\nlicence: CC0 1.0\n---\n\nText\n"})
	feed := w.feed(t, "/articles/feed.xml", "application/atom+xml")
	at := feed.all(atomSpace, "entry")[0].one(t, atomSpace, "id").Text
	if at != "http://harbour.example/articles/gr%C3%B6%C3%9Fe" {
		t.Errorf("address %s", at)
	}
	w.see(strings.TrimPrefix(at, "http://harbour.example")).One(`link[rel=canonical][href=http://harbour.example/articles/gr%C3%B6%C3%9Fe]`)
	w.see("/articles/tags/ma%C3%9F")
}
