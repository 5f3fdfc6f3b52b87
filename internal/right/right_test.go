package right

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

func TestAFormChangesOnlyWhatItShows(t *testing.T) {
	raw := json.RawMessage(`{"text":"old","yes":true,"count":12345678901234567890,"list":[1],"inner":{"a":1},"none":null}`)
	if got := strings.Join(changeable(raw), " "); got != "count text yes" {
		t.Fatalf("fields that can be changed: %s", got)
	}
	form := page.FormOf(url.Values{"v.text": {"new"}, "v.count": {"12345678901234567890"}})
	got, err := changed(raw, form)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"count":12345678901234567890,"inner":{"a":1},"list":[1],"none":null,"text":"new","yes":false}`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestANumberThatIsNoneIsNamed(t *testing.T) {
	_, err := changed(json.RawMessage(`{"count":1}`), page.FormOf(url.Values{"v.count": {"many"}}))
	invalid, ok := err.(fault.Invalid)
	if !ok || invalid.Fields[0].Name != "v.count" {
		t.Errorf("got %v", err)
	}
}

func TestARequestMustBeAnsweredWithinAMonth(t *testing.T) {
	asked := time.Date(2027, 1, 31, 23, 0, 0, 0, time.UTC)
	if got := AnswerBy(asked).String(); got > "2027-03-03" {
		t.Errorf("asked on 31 January: due %s", got)
	}
}

func TestNobodyIsSentElsewhereAfterAForm(t *testing.T) {
	for typed, want := range map[string]string{
		"/you/data/record?kind=a&id=b": "/you/data/record?kind=a&id=b",
		"https://evil.example/you/":    "/you/data",
		"//evil.example":               "/you/data",
		"/you/\\evil":                  "/you/data",
		"":                             "/you/data",
	} {
		if got := back(page.FormOf(url.Values{"back": {typed}})); got != want {
			t.Errorf("%q leads to %q, want %q", typed, got, want)
		}
	}
}

func TestBarsEndWhereTheLifeEnds(t *testing.T) {
	today := vault.Day(20000)
	for _, c := range []struct {
		expires vault.Day
		want    string
	}{{vault.Never, "384 0l16 6"}, {today + 365, "h384v8"}, {today, "h4v8"}} {
		if got := string(bar(vault.Group{Expires: c.expires}, today, 365)); !strings.Contains(got, c.want) {
			t.Errorf("until %s: got %s, want %s in it", c.expires, got, c.want)
		}
	}
}
