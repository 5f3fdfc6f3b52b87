package outbound

import (
	"errors"
	"io"
	"net/http"
	"testing"
)

func TestInsideReachesOneHandlerAndKeepsSecureCookies(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /in", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "who", Value: "me", Path: "/", Secure: true})
		http.Redirect(w, r, "/out", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /out", func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie("who"); err == nil {
			io.WriteString(w, c.Value)
		}
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://anywhere.example/in", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := Inside(mux).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || string(body) != "me" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestInsideCutsTheAnswerOfAHandlerThatPanics(t *testing.T) {
	client := Inside(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/half" {
			io.WriteString(w, "half")
		}
		panic(http.ErrAbortHandler)
	}))
	if _, err := client.Get("http://kept/none"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("before the header: %v, want %v", err, io.ErrUnexpectedEOF)
	}
	answer, err := client.Get("http://kept/half")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if body, err := io.ReadAll(answer.Body); string(body) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("after the header: %q, %v", body, err)
	}
}
