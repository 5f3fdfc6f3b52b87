package page

import (
	"context"
	"time"
)

// Viewer is what the layout knows of who is asking. The zero value is a
// visitor. Account puts it into the request's context.
type Viewer struct {
	SignedIn bool
	Handle   string
	Lang     string // chosen by the member; empty follows the browser
	Theme    string // "dark", "light" or empty for the system's
	Zone     *time.Location
}

type viewerKey struct{}

// WithViewer returns a context that carries the viewer.
func WithViewer(ctx context.Context, v Viewer) context.Context {
	return context.WithValue(ctx, viewerKey{}, v)
}

// ViewerOf returns the viewer, or the zero Viewer for a visitor.
func ViewerOf(ctx context.Context) Viewer {
	v, _ := ctx.Value(viewerKey{}).(Viewer)
	return v
}

// asked is what one request carries from the chain to the wrapper and back:
// its number, the language its browser prefers and the pattern that matched.
type asked struct {
	id      string
	lang    *Language
	pattern string
}

type askedKey struct{}

func askedOf(ctx context.Context) *asked {
	if a, ok := ctx.Value(askedKey{}).(*asked); ok {
		return a
	}
	return &asked{}
}

// RequestID returns the number under which the log holds this request. It is
// random and says nothing of who asks.
func RequestID(ctx context.Context) string { return askedOf(ctx).id }

// Printer returns the language to answer in: the member's own choice, else
// what the browser asked for, else the community's.
func (s *Site) Printer(ctx context.Context) *Language {
	if chosen := ViewerOf(ctx).Lang; chosen != "" {
		if lang := s.languages.byTag[chosen]; lang != nil {
			return lang
		}
	}
	if lang := askedOf(ctx).lang; lang != nil {
		return lang
	}
	return s.languages.def
}
