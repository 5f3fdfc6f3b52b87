package prove

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Page opens a page and returns its status and text.
func Page(ctx context.Context, browser *http.Client, address string) (status int, body string, err error) {
	answer, err := Get(ctx, browser, address)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(raw), err
}

// Submit opens a page and sends one of its forms as a person would: with the
// values that stand in it, but for those given. The form is the one whose
// action ends with the given text, or the first that posts.
func Submit(ctx context.Context, browser *http.Client, address, action string, values url.Values) (*http.Response, error) {
	at, err := Get(ctx, browser, address)
	if err != nil {
		return nil, err
	}
	defer at.Body.Close()
	root, err := html.Parse(at.Body)
	if err != nil {
		return nil, err
	}
	form := findForm(root, action)
	if form == nil {
		return nil, fmt.Errorf("%s (%d) has no form %q", at.Request.URL.Path, at.StatusCode, action)
	}
	filled := formValues(form)
	for name, value := range values {
		filled[name] = value
	}
	to, err := at.Request.URL.Parse(attr(form, "action"))
	if err != nil {
		return nil, err
	}
	return Post(ctx, browser, to.String(), filled)
}

// Get opens a page.
func Get(ctx context.Context, browser *http.Client, address string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	return browser.Do(r)
}

// Post sends values to an address, as a form of the same site does, and reads
// the whole answer, so that what it causes has happened; its body can be read
// once more.
func Post(ctx context.Context, browser *http.Client, address string, values url.Values) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(values.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := browser.Do(r)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(answer.Body)
	answer.Body.Close()
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(raw))
	if answer.StatusCode >= http.StatusBadRequest {
		return answer, fmt.Errorf("%s answered %d", r.URL.Path, answer.StatusCode)
	}
	return answer, nil
}

func findForm(root *html.Node, action string) *html.Node {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == "form" && strings.EqualFold(attr(n, "method"), "post") &&
			strings.HasSuffix(attr(n, "action"), action) && !strings.HasSuffix(attr(n, "action"), "/sign-out") {
			return n
		}
	}
	return nil
}

// formValues are what a browser would send if nothing was typed.
func formValues(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			if kind := attr(n, "type"); (kind == "checkbox" || kind == "radio") && !has(n, "checked") || kind == "file" {
				continue
			}
			values.Add(name, attr(n, "value"))
		case "textarea":
			values.Add(name, text(n))
		case "select":
			values.Add(name, selected(n))
		}
	}
	return values
}

func selected(sel *html.Node) string {
	first := ""
	for n := range sel.Descendants() {
		if n.Type != html.ElementNode || n.Data != "option" {
			continue
		}
		if has(n, "selected") {
			return attr(n, "value")
		}
		if first == "" {
			first = attr(n, "value")
		}
	}
	return first
}

func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimPrefix(b.String(), "\n")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
