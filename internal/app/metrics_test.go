package app

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kept/internal/prove"
)

func TestMetricsHealthAndReadiness(t *testing.T) {
	s, err := OpenScratch(t.Context(), ScratchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	me, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		s.counts.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code, w.Body.String()
	}
	if _, _, err := prove.Page(t.Context(), me.Browser, s.URL+"/nowhere"); err != nil {
		t.Fatal(err)
	}
	_, metrics := ask("/metrics")
	for _, want := range []string{`kept_request_seconds_count{status="4xx"} 1`, `kept_jobs_done_total{kind="mail"} 1`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
	for _, personal := range []string{me.Address, me.Handle, string(me.Owner), "127.0.0.1"} {
		if strings.Contains(metrics, personal) {
			t.Errorf("the metrics hold %q", personal)
		}
	}
	if code, _ := ask("/healthz"); code != http.StatusOK {
		t.Errorf("alive: %d", code)
	}
	if code, _ := ask("/readyz"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
	s.counts.drain()
	if code, body := ask("/readyz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "stopping") {
		t.Errorf("while stopping: %d %s", code, body)
	}
}
