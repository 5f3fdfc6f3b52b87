package portfolio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// Routes lists the pages.
func (f *Feature) Routes() []page.Route {
	must := func(do func(asked) error) page.Handler { return f.c.Required(f.member(do)) }
	return []page.Route{
		{Pattern: "GET /{handle}", Handler: f.public},
		{Pattern: "GET /you/page", Handler: must(f.showEditor)},
		{Pattern: "GET /you/page/stranger", Handler: must(f.showStranger)},
		{Pattern: "GET /you/page/picture.jpg", Handler: must(f.showOwnPicture)},
		{Pattern: "POST /you/page/open", Handler: must(f.open)},
		{Pattern: "POST /you/page/close", Handler: must(f.close)},
		{Pattern: "POST /you/page/details", Handler: must(f.saveDetails)},
		{Pattern: "POST /you/page/picture", Handler: must(f.savePicture), MaxBody: maxUpload + 64<<10},
		{Pattern: "GET /you/page/link", Handler: must(f.showLink)},
		{Pattern: "POST /you/page/link", Handler: must(f.saveLink)},
		{Pattern: "GET /you/page/project", Handler: must(f.showProject)},
		{Pattern: "POST /you/page/project", Handler: must(f.saveProject)},
		{Pattern: "GET /you/page/deeds", Handler: must(f.showDeeds)},
		{Pattern: "POST /you/page/deeds", Handler: must(f.saveDeeds)},
		{Pattern: "POST /you/page/settings", Handler: must(f.saveSettings)},
		{Pattern: "POST /you/page/show", Handler: must(f.show)},
		{Pattern: "POST /you/page/erase", Handler: must(f.erase)},
	}
}

// Endings of a page's address, and the names under which documents are kept.
const (
	endJSON  = "json"
	endAtom  = "atom"
	endCard  = "png"
	endSmall = "96.jpg"
	endLarge = "256.jpg"
)

var docNames = []string{endJSON, endAtom, endCard, endSmall, endLarge}

// pageName is the name of an owner's page in the site's memory. Owners stand in
// no address, so it never meets another name.
func pageName(owner vault.OwnerID) string { return "@" + string(owner) }

// public answers /@handle and /@handle.ending. The mux has no pattern for the @.
func (f *Feature) public(w http.ResponseWriter, r *http.Request) error {
	rest, ok := strings.CutPrefix(r.PathValue("handle"), "@")
	handle, ending, dotted := strings.Cut(rest, ".")
	if !ok || dotted && !isDocument(ending) {
		return fault.NotFound{What: "page"}
	}
	at, err := f.find(r.Context(), strings.ToLower(handle))
	if err != nil {
		return err
	}
	if at.noIndex {
		w.Header().Set("X-Robots-Tag", "noindex")
	}
	if at.current != handle {
		return moved(w, r, pathOf(at.current)+rest[len(handle):])
	}
	if dotted {
		return f.writeDocument(w, r, at, ending)
	}
	return f.writePage(w, r, at)
}

func isDocument(ending string) bool {
	switch ending {
	case endJSON, endAtom, endCard, endSmall, endLarge:
		return true
	}
	return false
}

// moved leads from a former handle. No browser is to remember it for longer
// than it is true.
func moved(w http.ResponseWriter, r *http.Request, to string) error {
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusPermanentRedirect)
	return nil
}

func (f *Feature) writePage(w http.ResponseWriter, r *http.Request, at found) error {
	all := r.URL.RawQuery == "solutions=all"
	name := pageName(at.owner)
	if all {
		name = allName(at.owner)
	}
	return f.Site.Shared(w, r, name, at.version, func() (page.Finished, error) {
		s, err := f.readPublic(r.Context(), at.owner, at.current)
		if err != nil {
			return page.Finished{}, err
		}
		lang := f.Site.Printer(r.Context())
		v := viewOf(lang, s)
		if all {
			v.Solutions, v.MoreSolved, v.AllSolution = solutions(s.sorted(Solved)), 0, true
		}
		return page.Finished{Status: http.StatusOK, Name: "portfolio/public.html", Page: f.pageOf(lang, s, v, f.knows(r.Context(), lang))}, nil
	})
}

func allName(owner vault.OwnerID) string { return pageName(owner) + "?solutions" }

func (f *Feature) knows(ctx context.Context, lang *page.Language) string {
	if page.ViewerOf(ctx).SignedIn {
		return f.c.Knows(lang)
	}
	return f.Site.KnowsNothing(lang)
}

// writeDocument writes what programs read: made once a version.
func (f *Feature) writeDocument(w http.ResponseWriter, r *http.Request, at found, ending string) error {
	name := ending + string(at.owner)
	body, ok := f.docs.get(name, at.version)
	if !ok {
		var err error
		if body, err = f.makeDocument(r.Context(), at, ending); err != nil {
			return err
		}
		f.docs.put(name, at.version, body)
	}
	kind := map[string]string{endJSON: "application/json; charset=utf-8", endAtom: "application/atom+xml; charset=utf-8", endCard: "image/png"}[ending]
	if kind == "" {
		kind = "image/jpeg"
	}
	writeBytes(w, r, kind, body)
	return nil
}

func (f *Feature) makeDocument(ctx context.Context, at found, ending string) ([]byte, error) {
	s, err := f.readPublic(ctx, at.owner, at.current)
	if err != nil {
		return nil, err
	}
	switch ending {
	case endJSON:
		return f.jsonOf(s)
	case endAtom:
		return f.atomOf(s)
	case endCard:
		return f.cardOf(s)
	}
	return pictureOf(s, ending)
}

func pictureOf(s *sheet, ending string) ([]byte, error) {
	switch {
	case s.picture == nil:
		return nil, fault.NotFound{What: "picture"}
	case ending == endSmall:
		return s.picture.Value.Small, nil
	}
	return s.picture.Value.Large, nil
}

// writeBytes writes bytes that nothing can be made of but what they are. They
// are asked for again each time, because they may be hidden at any time.
func writeBytes(w http.ResponseWriter, r *http.Request, kind string, body []byte) {
	sum := sha256.Sum256(body)
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	h.Set("Content-Disposition", "inline")
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Etag", `"`+base64.RawURLEncoding.EncodeToString(sum[:12])+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}
