package portfolio_test

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"

	"kept/internal/prove"
)

// proving is the house as a scratch site.
func proving(t *testing.T, h *house) *prove.Site {
	server := httptest.NewServer(h.handler)
	t.Cleanup(server.Close)
	members := 0
	return &prove.Site{URL: server.URL, Vault: h.vault, DB: h.db, Plants: h.f.Plants(),
		Browser: func() *http.Client { return browserOf(t, server.URL, "") },
		SignIn: func(context.Context) (*prove.Member, error) {
			members++
			name := "member" + strconv.Itoa(members)
			return &prove.Member{Owner: h.join(name), Handle: name, Browser: browserOf(t, server.URL, name)}, nil
		}}
}

func browserOf(t *testing.T, base, member string) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if member != "" {
		at, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		jar.SetCookies(at, []*http.Cookie{{Name: "member", Value: member, Path: "/"}})
	}
	return &http.Client{Jar: jar}
}

// verdicts tries every check and tells which promises are kept.
func verdicts(t *testing.T, h *house) map[string]error {
	site := proving(t, h)
	all := map[string]error{}
	for _, c := range h.f.Checks() {
		seen, err := c.Try(context.Background(), site)
		if seen == "" && err == nil {
			t.Errorf("%s: nothing was seen", c.Promise)
		}
		all[c.Promise] = err
	}
	return all
}

func TestPromises(t *testing.T) {
	everyEngine(t, func(t *testing.T, h *house) {
		for promise, err := range verdicts(t, h) {
			if err != nil {
				t.Errorf("%s: %v", promise, err)
			}
		}
	})
}
