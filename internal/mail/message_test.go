package mail

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"
)

var wantHeaders = []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress"}

// read parses a message as a receiver would, and checks its frame.
func read(t *testing.T, p Parcel, headers []string) *mail.Message {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatalf("not a message: %v\n%s", err, p.Data)
	}
	if got := slices.Sorted(maps.Keys(m.Header)); !slices.Equal(got, headers) {
		t.Fatalf("headers %v, want %v\n%s", got, headers, p.Data)
	}
	for name, values := range m.Header {
		if len(values) != 1 {
			t.Fatalf("%s stands %d times", name, len(values))
		}
	}
	return m
}

func decoded(t *testing.T, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzHeadersCannotBeInjected(f *testing.F) {
	for _, s := range []string{
		"Ada", "a\r\nBcc: x@example.org", "a\n\nbody", "\x00", "=?utf-8?q?=0D=0ABcc:?=", "=??B??=", "Ädä 😀", "a\u2028b", "\"<x@y.z>, \"",
		strings.Repeat("x", 65) + "      y       z", strings.Repeat("ab ", 60), strings.Repeat("漢", 150), strings.Repeat("x", 2000),
	} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, name, subject string) {
		l := Letter{To: "ada@example.net", Name: name, Subject: subject, Body: "text", Why: "why", Keep: "keep"}
		p := pack(t, l)
		m := read(t, p, wantHeaders)
		if got, want := decoded(t, m.Header.Get("Subject")), headerText(subject, maxSubject); got != want {
			t.Fatalf("subject %q, want %q", got, want)
		}
		to, err := m.Header.AddressList("To")
		if err != nil || len(to) != 1 || to[0].Address != "ada@example.net" {
			t.Fatalf("To: %v, %v", to, err)
		}
		for line := range bytes.SplitSeq(p.Data, []byte("\r\n")) {
			if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
				t.Fatalf("line of %d bytes, or a bare line break", len(line))
			}
		}
	})
}

func TestSubjectSurvivesFolding(t *testing.T) {
	for n := 40; n < 90; n++ {
		for _, gap := range []string{" ", "     ", strings.Repeat(" ", 160)} {
			start := strings.Repeat("x", n)
			l := Letter{To: "ada@example.net", Subject: start + gap + "y" + gap + "z", Body: "text", Why: "w", Keep: "k"}
			if got, want := read(t, pack(t, l), wantHeaders).Header.Get("Subject"), start+" y z"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

func TestMessageOfALetter(t *testing.T) {
	l := letter(t, "sign-in", "", sample())
	p := pack(t, l)
	m := read(t, p, wantHeaders)
	for name, want := range map[string]string{
		"From": `"Code & Friends" <hello@example.org>`, "To": `"Ada" <ada@example.net>`,
		"Subject": "Sign in to Code & Friends", "Auto-Submitted": "auto-generated", "Date": "Sat, 21 Nov 2026 12:00:00 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	parts := alternatives(t, m)
	if got := strings.ReplaceAll(parts["text/plain"], "\r\n", "\n"); got != p.Text {
		t.Errorf("plain part is\n%s", got)
	}
	if got := strings.ReplaceAll(parts["text/html"], "\r\n", "\n"); got != p.HTML {
		t.Errorf("html part is\n%s", got)
	}
}

func alternatives(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return parts
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
		parts[kind] = string(body)
	}
}

func TestMessageIDIsTheRecords(t *testing.T) {
	l := letter(t, "sign-in", "", sample())
	id := func(l Letter, record string, now time.Time) string {
		p, err := site(t).pack(l, record, now)
		if err != nil {
			t.Fatal(err)
		}
		return read(t, p, wantHeaders).Header.Get("Message-Id")
	}
	first := id(l, "r1", noon)
	other := l
	other.To, other.Name = "bo@example.net", "Bo"
	if id(l, "r1", noon.Add(time.Hour)) != first || id(other, "r1", noon) != first {
		t.Error("depends on more than the record")
	}
	if id(l, "r2", noon) == first || strings.Contains(first, "r1") || !strings.HasSuffix(first, "@example.org>") {
		t.Errorf("got %s", first)
	}
}

func TestUnsubscribeHeaders(t *testing.T) {
	l := letter(t, "sign-in", "", sample())
	l.Unsubscribe = "https://example.org/leave/abc"
	m := read(t, pack(t, l), slices.Sorted(slices.Values(append([]string{"List-Unsubscribe", "List-Unsubscribe-Post"}, wantHeaders...))))
	if got := m.Header.Get("List-Unsubscribe"); got != "<https://example.org/leave/abc>" {
		t.Errorf("got %q", got)
	}
	for _, bad := range []string{"http://example.org/x", "mailto:x@example.org", "https://example.org/\r\nBcc: x", "https://example.org/>,<mailto:x", "https://example.org/" + strings.Repeat("x", 900)} {
		l.Unsubscribe = bad
		if _, err := site(t).pack(l, "r1", noon); err == nil || strings.Contains(err.Error(), "example") {
			t.Errorf("%.40q: got %v", bad, err)
		}
	}
}

func TestSiteIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Site){
		"url":      func(s *Site) { s.URL = "example.org" },
		"name":     func(s *Site) { s.Name = "A\r\nBcc: x" },
		"sender":   func(s *Site) { s.From = Address{} },
		"utf8":     func(s *Site) { s.From = address(t, "josé@example.org") },
		"language": func(s *Site) { s.Lang = "" },
	} {
		s := site(t)
		change(&s)
		if s.check() == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	if err := site(t).check(); err != nil {
		t.Error(err)
	}
}
