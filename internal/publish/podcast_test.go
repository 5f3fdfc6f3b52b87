package publish_test

import (
	"net/http"
	"strings"
	"testing"
)

const castHead = "---\ntitle: Show\nsummary: About *knots*.\nlanguage: en\nlicence: CC0 1.0\nauthors: [Ida]\ncategory: Education\ncover: c.svg\ncover alt: x\n---\n\nNotes\n"

// cast is a show with three episodes: one here with cues, one here with a
// transcript in Markdown, one elsewhere.
func cast(t *testing.T) *world {
	return written(t, map[string]string{
		"cast/knots/show.md":               castHead,
		"cast/knots/c.svg":                 `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"/>`,
		"cast/knots/1-cues.md":             "---\nid: k1\ntitle: Cues\nsummary: One.\ndate: 2027-01-01\naudio: 1.mp3\nduration: 1:02\ntranscript: 1.vtt\nnumber: 1\nseason: 2\n---\n\nSee [the next](2-timed.md).\n",
		"cast/knots/1.mp3":                 "0123456789",
		"cast/knots/1.vtt":                 "WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ida>Hello &amp; welcome.\n\n00:04.500 --> 00:06.000\n<v Ida>Today: <i>knots</i>.\n\n00:07.000 --> 00:08.000\n<v Kofi>Why?\n",
		"cast/knots/2-timed.md":            "---\nid: k2\ntitle: Timed\ndate: 2027-01-02\naudio: 1.mp3\nduration: 10\n---\n",
		"cast/knots/2-timed.transcript.md": "[0:00] **Ida:** first\n\nstill first\n\n[0:12] **Kofi:** second [not a time]\n",
		"cast/knots/3-away.md":             "---\nid: k3\ntitle: Away\ndate: 2027-01-03\naudio: https://sound.example/a.m4a?x=1\nkilobytes: 900\nduration: 1:00:00\ntranscript: 3.md\n---\n",
		"cast/knots/3.md":                  "---\ntitle: no\n---\n",
	})
}

func TestEpisodeHereHasAPlayerAndTimesThatJump(t *testing.T) {
	w := cast(t)
	p := w.see("/podcasts/knots/cues")
	audio := p.One("audio")
	if audio.Attr("src") != "/podcasts/knots/files/1.mp3" || audio.Attr("preload") != "none" || !audio.Has("controls") {
		t.Errorf("player %s", audio.HTML())
	}
	parts := p.All(".part-of")
	if len(parts) != 2 {
		t.Fatalf("%d parts, want 2", len(parts))
	}
	if got := parts[0].Text(); got != "0:01 Ida: Hello & welcome. Today: knots." && got != "0:01Ida: Hello & welcome. Today: knots." {
		t.Errorf("first part %q", got)
	}
	if a := parts[1].One("a.at"); a.Attr("href") != "/podcasts/knots/files/1.mp3#t=7" || parts[1].Attr("data-at") != "7" {
		t.Errorf("second part %s", parts[1].HTML())
	}
	p.One(`.prose a[href=/podcasts/knots/timed]`)
	p.One(`nav.turn a[rel=next][href=/podcasts/knots/timed]`)
	if got := len(w.see("/podcasts/knots/timed").All(".part-of")); got != 2 {
		t.Errorf("%d parts of Markdown, want 2", got)
	}
	if got := w.get("/podcasts/knots/transcripts/cues.txt").Body.String(); got != "[0:01] Ida: Hello & welcome. Today: knots.\n\n[0:07] Kofi: Why?\n\n" {
		t.Errorf("plain transcript %q", got)
	}
}

func TestEpisodeElsewhereIsALinkThatNamesItsHost(t *testing.T) {
	w := cast(t)
	p := w.see("/podcasts/knots/away")
	p.None("audio, iframe, video, [src^=http]")
	wants(t, p.One(".film").Text(), "This episode plays at sound.example. They will see that you listen; we send nothing else.")
	if a := p.One(".film a"); a.Attr("rel") != "noreferrer" || a.Attr("href") != "https://sound.example/a.m4a?x=1" {
		t.Errorf("link %s", a.HTML())
	}
	wants(t, w.see("/podcasts/knots").One("main").Text(), "plays at sound.example", "1:00:00")
}

func TestOwnSoundIsSentInParts(t *testing.T) {
	w := cast(t)
	got := w.get("/podcasts/knots/files/1.mp3", "Range", "bytes=3-5")
	if got.Code != http.StatusPartialContent || got.Body.String() != "345" || got.Header().Get("Content-Type") != "audio/mpeg" {
		t.Errorf("%d %q %v", got.Code, got.Body, got.Header())
	}
	if got.Header().Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Error("programs that are pages cannot play the sound")
	}
	tag := got.Header().Get("Etag")
	if again := w.get("/podcasts/knots/files/1.mp3", "If-None-Match", tag).Code; again != http.StatusNotModified {
		t.Errorf("asked again: %d, want 304", again)
	}
	for _, name := range []string{"show.md", "none.mp3", "2-timed.transcript.md", "../show.md", "%2e%2e/x.mp3"} {
		if got := w.get("/podcasts/knots/files/" + name).Code; got == http.StatusOK {
			t.Errorf("%s is sent", name)
		}
	}
}

func TestPodcastWarningsSayWhatToDo(t *testing.T) {
	w := written(t, map[string]string{
		"cast/s/show.md": "---\nsumary: x\n---\n",
		"cast/s/1.md":    "---\ntitle: One\ndate: 2027-01-01\n---\n",
		"cast/s/2.md":    "---\nid: x\ntitle: Two\ndate: 2027-13-01\naudio: ../2.mp3\nduration: soon\ntranscript: 2.vtt\n---\n",
		"cast/s/3.md":    "---\nid: x\ntitle: Three\ndate: 2027-01-01\naudio: https://a.example/3\n---\n",
		"cast/s/2.vtt":   "WEBVT\n\n00:02.000 --> 00:01.000\nback\n\nnonsense\nmore\n",
	})
	wants(t, w.said(), "s/show.md:1: has no title", `s/show.md:2: "sumary" is not a known field`, "s/show.md:1: has no cover", "s/1.md:1: has no sound; add audio:",
		"s/1.md:1: has no id", "s/1.md:1: has no transcript", "s/2.md:4: date is not a day; write it as in date: 2027-01-31",
		`s/2.md:5: audio "../2.mp3" leads out of the folder`, "s/2.md:6: duration is not a length of time", "s/3.md:1: has the id \"x\" of s/2.md and is left out",
		"s/3.md:5: says not how large", "s/2.vtt:1: does not begin with WEBVTT", "s/2.vtt:3: ends before it begins", "s/2.vtt:7: is not a time")
	for _, line := range strings.Split(strings.TrimSpace(w.said()), "\n") {
		if !strings.Contains(line, ";") {
			t.Errorf("%q does not say what to do", line)
		}
	}
}
