package portfolio

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"kept/internal/prove"
	"kept/vault"
)

// Checks are how the promises of this package are tried: from outside, as the
// member and as a stranger.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F6", How: "A new member fills a page; strangers ask for it in every form before the yes, after it, and after a no.", Try: f.tryYes},
		{Promise: "F7", How: "Every record that can be shown is planted, looked at as a stranger, hidden, and looked for on the very next request: page, JSON, feed, picture, search, site map.", Try: f.tryHiding},
		{Promise: "F15", How: "A member makes a page public; everything planted is looked for at its one address, for people and as JSON.", Try: f.tryAddress},
		{Promise: "C1", How: "A member who gave nothing makes the page public; nothing may stand there, and no record may have appeared.", Try: f.tryNothingAdded},
	}
}

// Plants put a record of each kind with a marker.
func (f *Feature) Plants() []prove.Plant {
	text := func(marker string) Text { return Text{marker} }
	return []prove.Plant{
		plant("name", f.kinds.name, text), plant("location", f.kinds.location, text), plant("about", f.kinds.about, text),
		plant("picture", f.kinds.picture, markedPicture),
		plant("link", f.kinds.links, func(marker string) Link { return Link{Label: marker, Address: "https://link.example"} }),
		plant("project", f.kinds.projects, func(marker string) Project {
			return Project{Title: marker, What: "a thing", Address: "https://thing.example"}
		}),
		plant("page-settings", f.kinds.settings, func(marker string) Settings { return Settings{Search: marker} }),
	}
}

func plant[T any](name string, kind vault.Kind[T], value func(marker string) T) prove.Plant {
	return prove.Plant{Kind: name, Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
		rec, err := kind.Put(ctx, tx, vault.Self(owner), vault.Record[T]{Owner: owner, Value: value(marker)})
		return rec.ID, err
	}}
}

// markedPicture carries the marker in its words, and behind the end of both
// files, where every program that shows them leaves it alone.
func markedPicture(marker string) Picture {
	p := Picture{Words: marker}
	blank := image.NewGray(image.Rect(0, 0, largeSide, largeSide))
	p.Large, _ = square(blank, largeSide, 1) // memory takes every byte
	p.Small, _ = square(blank, smallSide, 1)
	p.Large, p.Small = append(p.Large, marker...), append(p.Small, marker...)
	return p
}

// trial is one member with everything planted that strangers could be shown.
type trial struct {
	ctx      context.Context
	site     *prove.Site
	member   *prove.Member
	stranger *http.Client
	planted  []planted
}

type planted struct {
	kind, id, marker string
	ours             bool
}

// ours are the kinds of this package that can be shown.
var ours = []string{"name", "location", "about", "picture", "link", "project"}

func newTrial(ctx context.Context, s *prove.Site) (*trial, error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return nil, err
	}
	return &trial{ctx: ctx, site: s, member: m, stranger: s.Browser()}, nil
}

// plantAll plants every kind of any feature that strangers could be shown.
func (t *trial) plantAll() error {
	return t.site.DB.Transact(t.ctx, func(tx *sql.Tx) error {
		t.planted = nil
		for _, p := range t.site.Plants {
			if !t.canBeShown(p.Kind) {
				continue
			}
			marker := prove.Marker()
			id, err := p.Put(t.ctx, tx, t.member.Owner, marker)
			if err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
			t.planted = append(t.planted, planted{p.Kind, id, marker, slices.Contains(ours, p.Kind)})
		}
		return nil
	})
}

// canBeShown leaves out what its owner cannot hide, as a handle, which is hidden
// with the page.
func (t *trial) canBeShown(kind string) bool {
	return slices.ContainsFunc(t.site.Vault.Kinds(), func(info vault.Info) bool {
		return info.Name == kind && slices.Contains(info.Audiences, vault.AnyoneMaySee) && slices.Contains(info.Audiences, vault.OnlyMe)
	})
}

// forms are the endings of a page's address.
var forms = []string{"", ".json", ".atom", ".png", ".96.jpg", ".256.jpg", "?solutions=all"}

func (t *trial) page(ending string) string { return "/@" + t.member.Handle + ending }

func (t *trial) get(client *http.Client, path string) (int, string, error) {
	r, err := http.NewRequestWithContext(t.ctx, http.MethodGet, t.site.URL+path, nil)
	if err != nil {
		return 0, "", err
	}
	w, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	return w.StatusCode, string(body), err
}

// look gathers what a stranger gets of the page in all its forms, and wherever
// else this program might tell of it.
func (t *trial) look() (string, error) {
	var all strings.Builder
	paths := []string{"/", "/sitemap.xml", "/search?q=" + url.QueryEscape(t.member.Handle), "/feed"}
	for _, form := range forms {
		paths = append(paths, t.page(form))
	}
	for _, path := range paths {
		_, body, err := t.get(t.stranger, path)
		if err != nil {
			return "", err
		}
		all.WriteString(body)
	}
	return all.String(), nil
}

func (t *trial) post(path string, fields url.Values) error {
	r, err := http.NewRequestWithContext(t.ctx, http.MethodPost, t.site.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w, err := t.member.Browser.Do(r)
	if err != nil {
		return err
	}
	w.Body.Close()
	if w.StatusCode >= http.StatusBadRequest {
		return prove.Failed("%s was answered with %d", path, w.StatusCode)
	}
	return nil
}

var seenValue = regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`)

// sayYes looks at the preview and says yes to it.
func (t *trial) sayYes() error {
	_, body, err := t.get(t.member.Browser, editorPath+"/stranger")
	if err != nil {
		return err
	}
	seen := seenValue.FindStringSubmatch(body)
	if seen == nil {
		return prove.Failed("the preview offers no way to make the page public")
	}
	return t.post(editorPath+"/open", url.Values{"seen": {seen[1]}})
}

// none fails if a stranger finds anything of the page.
func (t *trial) none(when string) error {
	for _, form := range forms {
		status, _, err := t.get(t.stranger, t.page(form))
		if err != nil {
			return err
		}
		if status != http.StatusNotFound {
			return prove.Failed("%s the page (%q) was answered with %d", when, form, status)
		}
	}
	all, err := t.look()
	if err != nil {
		return err
	}
	for _, p := range t.planted {
		if strings.Contains(all, p.marker) {
			return prove.Failed("%s a %s was shown", when, p.kind)
		}
	}
	return nil
}

func (f *Feature) tryYes(ctx context.Context, s *prove.Site) (string, error) {
	t, err := newTrial(ctx, s)
	if err != nil {
		return "", err
	}
	if err := t.plantAll(); err != nil {
		return "", err
	}
	if err := t.none("before the yes"); err != nil {
		return "", err
	}
	hidden := t.planted[0]
	if err := t.show(hidden, vault.OnlyMe); err != nil {
		return "", err
	}
	if err := t.sayYes(); err != nil {
		return "", err
	}
	if err := t.exactly(hidden); err != nil {
		return "", err
	}
	if err := t.post(editorPath+"/close", nil); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d records in %d forms of the page: nothing before the yes, after it all but the one hidden, after a no nothing", len(t.planted), len(forms)), t.none("after a no")
}

// exactly fails unless all of ours but one are on the page.
func (t *trial) exactly(but planted) error {
	_, body, err := t.get(t.stranger, t.page(""))
	if err != nil {
		return err
	}
	for _, p := range t.planted {
		if shown := strings.Contains(body, p.marker); p.ours && shown == (p == but) {
			return prove.Failed("after the yes a %s is shown: %v", p.kind, shown)
		}
	}
	return nil
}

func (t *trial) show(p planted, seen vault.Audience) error {
	return t.post(editorPath+"/show", url.Values{"kind": {p.kind}, "id": {p.id}, "audience": {seen.String()}})
}

func (f *Feature) tryHiding(ctx context.Context, s *prove.Site) (string, error) {
	t, err := newTrial(ctx, s)
	if err != nil {
		return "", err
	}
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error { return s.Vault.SetOpen(ctx, tx, t.member.Owner, true) })
	if err != nil {
		return "", err
	}
	_, bare, err := t.get(t.stranger, t.page(endingOf(endCard)))
	if err != nil {
		return "", err
	}
	if err := t.plantAll(); err != nil {
		return "", err
	}
	for _, p := range t.planted {
		if err := t.hides(p); err != nil {
			return "", err
		}
	}
	_, now, err := t.get(t.stranger, t.page(endingOf(endCard)))
	if err == nil && now != bare {
		err = prove.Failed("with everything hidden the preview picture is not what it was without anything")
	}
	return fmt.Sprintf("%d records were hidden one by one; each was gone from page, JSON, feed, picture, search and site map on the next request", len(t.planted)), err
}

func endingOf(form string) string { return "." + form }

// hides looks at the page, so that every memory is warm, hides one record and
// looks again.
func (t *trial) hides(p planted) error {
	before, err := t.look()
	if err != nil {
		return err
	}
	if err := t.show(p, vault.OnlyMe); err != nil {
		return err
	}
	after, err := t.look()
	switch {
	case err != nil:
		return err
	case strings.Contains(after, p.marker):
		return prove.Failed("a %s was hidden and still shown", p.kind)
	case p.ours && !strings.Contains(before, p.marker):
		return prove.Failed("a %s was not shown before it was hidden: hiding it shows nothing", p.kind)
	}
	return nil
}

func (f *Feature) tryAddress(ctx context.Context, s *prove.Site) (string, error) {
	t, err := newTrial(ctx, s)
	if err != nil {
		return "", err
	}
	if err := t.plantAll(); err != nil {
		return "", err
	}
	if err := t.sayYes(); err != nil {
		return "", err
	}
	for _, form := range []string{"", ".json"} {
		status, body, err := t.get(t.stranger, t.page(form))
		if err != nil {
			return "", err
		}
		if status != http.StatusOK {
			return "", prove.Failed("the public page (%q) was answered with %d", form, status)
		}
		for _, p := range t.planted {
			if p.ours && p.kind != "picture" && !strings.Contains(body, p.marker) {
				return "", prove.Failed("a public %s is missing (%q)", p.kind, form)
			}
		}
	}
	return fmt.Sprintf("%d details, links and projects at one address, for people and as JSON", len(ours)-1), nil
}

func (f *Feature) tryNothingAdded(ctx context.Context, s *prove.Site) (string, error) {
	t, err := newTrial(ctx, s)
	if err != nil {
		return "", err
	}
	if err := t.sayYes(); err != nil {
		return "", err
	}
	_, body, err := t.get(t.stranger, t.page(".json"))
	if err != nil {
		return "", err
	}
	var doc document
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		return "", prove.Failed("the page's JSON cannot be read")
	}
	if doc.Name+doc.Location+doc.About+doc.Picture != "" || len(doc.Links)+len(doc.Projects) > 0 {
		return "", prove.Failed("a page shows details that its member never gave")
	}
	for _, kind := range ours {
		items, err := s.Vault.Subject(t.member.Owner).Page(ctx, s.DB.Read, kind, "", "", 1)
		if err != nil {
			return "", err
		}
		if len(items) > 0 {
			return "", prove.Failed("a record of the kind %s appeared by itself", kind)
		}
	}
	return "a public page with its handle and nothing else, and no record of a detail", nil
}
