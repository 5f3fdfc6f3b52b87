package browser

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/audits"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Request is one request that a page made, redirects counted singly.
type Request struct {
	URL, Method, Type string // Type as the browser names it: Document, Stylesheet, Script, Image, Fetch …
	Status            int    // 0 while there is no answer
	Bytes             int    // what came over the line, headers included; 0 from the browser's cache
	Failed            string // why there was no answer
	FromWorker        bool   // answered by a service worker

	id network.RequestID
}

// Host is the host and port the request went to, empty for addresses that leave the browser nowhere (data:, blob:).
func (r Request) Host() string {
	u, err := url.Parse(r.URL)
	if err != nil || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return ""
	}
	return u.Host
}

// Problem is something the browser complained about. Kind is csp, exception, console, network or browser.
type Problem struct{ Kind, Text string }

// record collects what the browser tells of one tab. The browser's reader calls see, the test reads: hence the lock.
type record struct {
	mu       sync.Mutex
	requests []Request
	problems []Problem
}

func (r *record) see(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		r.asked(ev)
	case *network.EventWebSocketCreated:
		r.requests = append(r.requests, Request{URL: ev.URL, Method: "GET", Type: "WebSocket", id: ev.RequestID})
	case *network.EventResponseReceived:
		r.change(ev.RequestID, func(q *Request) { q.answered(ev.Response) })
	case *network.EventLoadingFinished:
		r.change(ev.RequestID, func(q *Request) { q.Bytes = int(ev.EncodedDataLength) })
	case *network.EventLoadingFailed:
		r.change(ev.RequestID, func(q *Request) { q.Failed = ev.ErrorText + string(ev.BlockedReason) })
	case *audits.EventIssueAdded:
		r.issue(ev.Issue)
	case *runtime.EventExceptionThrown:
		r.problem("exception", describe(ev.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		r.console(ev)
	case *cdplog.EventEntryAdded:
		r.entry(ev.Entry)
	}
}

func (r *record) asked(ev *network.EventRequestWillBeSent) {
	if ev.RedirectResponse != nil {
		r.change(ev.RequestID, func(q *Request) { q.answered(ev.RedirectResponse) })
	}
	r.requests = append(r.requests, Request{
		URL: ev.Request.URL, Method: ev.Request.Method, Type: string(ev.Type), id: ev.RequestID,
	})
}

// change finds the newest request of that id: a redirect keeps the id of the request it answers.
func (r *record) change(id network.RequestID, f func(*Request)) {
	for i := len(r.requests) - 1; i >= 0; i-- {
		if r.requests[i].id == id {
			f(&r.requests[i])
			return
		}
	}
}

func (q *Request) answered(res *network.Response) {
	q.Status = int(res.Status)
	q.Bytes = int(res.EncodedDataLength)
	q.FromWorker = res.FromServiceWorker
}

func (r *record) issue(issue *audits.InspectorIssue) {
	if issue == nil || issue.Details == nil || issue.Details.ContentSecurityPolicyIssueDetails == nil {
		return
	}
	d := issue.Details.ContentSecurityPolicyIssueDetails
	text := d.ViolatedDirective
	if d.BlockedURL != "" {
		text += " refused " + d.BlockedURL
	}
	if at := d.SourceCodeLocation; at != nil {
		text += fmt.Sprintf(" at %s:%d", at.URL, at.LineNumber+1)
	}
	r.problem("csp", text)
}

func (r *record) console(ev *runtime.EventConsoleAPICalled) {
	if ev.Type != runtime.ConsoleAPICalledTypeError && ev.Type != runtime.ConsoleAPICalledTypeAssert {
		return
	}
	var words []string
	for _, a := range ev.Args {
		if a.Description != "" {
			words = append(words, a.Description)
			continue
		}
		words = append(words, strings.Trim(string(a.Value), `"`))
	}
	r.problem("console", strings.Join(words, " "))
}

// entry takes what the browser itself logs. Its words on the content policy come as issues too, better told.
func (r *record) entry(e *cdplog.Entry) {
	if e.Level != cdplog.EntryLevelError || e.Source == cdplog.EntrySourceSecurity {
		return
	}
	kind := "browser"
	if e.Source == cdplog.EntrySourceNetwork {
		kind = "network"
	}
	r.problem(kind, strings.TrimSpace(e.Text+" "+e.URL))
}

func (r *record) problem(kind, text string) {
	r.problems = append(r.problems, Problem{Kind: kind, Text: text})
}

// hint is what a failed step says of the page's complaints, which are often the reason.
func (r *record) hint() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	for _, p := range r.problems {
		fmt.Fprintf(&b, "; the page said (%s): %s", p.Kind, inLine(p.Text, 300))
	}
	return b.String()
}

func describe(d *runtime.ExceptionDetails) string {
	if d == nil {
		return "an exception without details"
	}
	text := d.Text
	if d.Exception != nil && d.Exception.Description != "" {
		text = d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, d.URL, d.LineNumber+1)
}

// Requests returns what the page asked for since it was opened or Forget was called, oldest first.
func (p *Page) Requests() []Request {
	p.rec.mu.Lock()
	defer p.rec.mu.Unlock()
	return slices.Clone(p.rec.requests)
}

// Problems returns what the browser complained about since the page was opened or Forget was called.
func (p *Page) Problems() []Problem {
	p.rec.mu.Lock()
	defer p.rec.mu.Unlock()
	return slices.Clone(p.rec.problems)
}

// Forget empties the record of requests and problems, so that the next step can be looked at alone.
func (p *Page) Forget() {
	p.rec.mu.Lock()
	defer p.rec.mu.Unlock()
	p.rec.requests, p.rec.problems = nil, nil
}

// OtherHosts lists the hosts beyond own ("127.0.0.1:8080") that this person's browser asked for in any way: pages,
// frames, service workers, prefetches. Forget does not shorten it.
func (p *Page) OtherHosts(own ...string) []string {
	var others []string
	for _, host := range append(p.wire.asked(), p.requestHosts()...) {
		if !slices.Contains(own, host) && !slices.Contains(others, host) {
			others = append(others, host)
		}
	}
	slices.Sort(others)
	return others
}

func (p *Page) requestHosts() []string {
	var hosts []string
	for _, r := range p.Requests() {
		if h := r.Host(); h != "" {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
