package outbound

import (
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
