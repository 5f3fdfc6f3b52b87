package transparency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"

	"kept/internal/prove"
	"kept/internal/receipt"
)

// breakForgets is a way to break the promise on purpose; see package sabotage.
const breakForgets = "log-forgets"

// Breaks are the ways to break what this package promises.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{{Name: breakForgets, What: "the public log leaves receipts out", Breaks: []string{"B4"}}}
}

// Checks are what this feature promises and can be tried.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{{Promise: "B4", Try: f.tryReceipt,
		How: "A member erases everything and keeps the receipt. The next checkpoint of the public log must hold its entry and go on from the copy taken before; a receipt in which one letter was changed must be refused."}}
}

func (f *Feature) tryReceipt(ctx context.Context, s *prove.Site) (string, error) {
	if err := f.Today(ctx); err != nil {
		return "", err
	}
	before, err := download(ctx, s)
	if err != nil {
		return "", err
	}
	document, err := eraseSomebody(ctx, s)
	if err != nil {
		return "", err
	}
	if err := f.Today(ctx); err != nil {
		return "", err
	}
	after, err := download(ctx, s)
	if err != nil {
		return "", err
	}
	if err := after.Extends(before); err != nil {
		return "", prove.Failed("the log does not go on from its older copy: %v", err)
	}
	body, err := receipt.Body([]byte(document))
	if err != nil {
		return "", err
	}
	index, ok := after.Holds(Commit(body))
	if !ok {
		return "", prove.Failed("the log of %d entries does not hold the receipt's", len(after.Leaves))
	}
	if err := checked(ctx, s, document, fmt.Sprintf("entry %d of the log", index)); err != nil {
		return "", err
	}
	forged := strings.Replace(document, `"erased":{`, `"erased":{"x":1,`, 1)
	return fmt.Sprintf("the receipt is entry %d of a log of %d; a changed one is refused", index, len(after.Leaves)),
		checked(ctx, s, forged, "signature does not fit")
}

func download(ctx context.Context, s *prove.Site) (*Document, error) {
	status, body, err := prove.Page(ctx, s.Browser(), s.URL+"/log/export")
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(err, fmt.Errorf("the log answers %d", status))
	}
	var d Document
	return &d, json.Unmarshal([]byte(body), &d)
}

// eraseSomebody is a member who erases everything and copies the receipt.
func eraseSomebody(ctx context.Context, s *prove.Site) (document string, err error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	answer, err := prove.Submit(ctx, m.Browser, s.URL+"/you/data", "/you/data/everything", url.Values{"handle": {m.Handle}})
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(string(page), `<code>{`)
	document, _, end := strings.Cut(rest, `</code>`)
	if !ok || !end {
		return "", prove.Failed("an erasure gives no receipt")
	}
	return html.UnescapeString("{" + document), nil
}

// checked hands a receipt in and looks for what the page must say.
func checked(ctx context.Context, s *prove.Site, document, want string) error {
	answer, err := prove.Post(ctx, s.Browser(), s.URL+"/log/check", url.Values{"receipt": {document}})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if !strings.Contains(html.UnescapeString(string(page)), want) {
		return prove.Failed("the page that checks receipts answers %d and does not say %q", answer.StatusCode, want)
	}
	return nil
}
