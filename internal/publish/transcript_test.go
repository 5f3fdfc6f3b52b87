package publish

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"kept/internal/course"
)

func TestCuesBecomeParagraphs(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                  {"WEBVTT\n", ""},
		"a header with words":      {"WEBVTT - of a talk\nKind: captions\n\n00:01.000 --> 00:02.000\nHi\n", "1|Hi"},
		"named cues":               {"WEBVTT\n\n1\n00:01.000 --> 00:02.000 align:start\nHi\nthere\n\nlast\n01:00:03.000 --> 01:00:04.000\nBye\n", "1|Hi there;3603|Bye"},
		"notes, styles, regions":   {"WEBVTT\n\nNOTE\nnot said\n\nSTYLE\n::cue {}\n\nREGION\nid:x\n\n00:01.000 --> 00:02.000\nHi\n", "1|Hi"},
		"a pause parts":            {"WEBVTT\n\n00:01.000 --> 00:02.000\nOne.\n\n00:02.500 --> 00:03.000\nTwo.\n\n00:09.000 --> 00:10.000\nThree.\n", "1|One. Two.;9|Three."},
		"a voice parts":            {"WEBVTT\n\n00:01.000 --> 00:02.000\n<v.loud Ida M>One.</v>\n\n00:02.000 --> 00:03.000\n<v Kofi>Two.\n", "1|Ida M: One.;2|Kofi: Two."},
		"marks and entities":       {"WEBVTT\n\n00:01.000 --> 00:02.000\n<c.x><b>a</b></c> &lt;b&gt; &amp;amp; 1 < 2 <00:01.500>x\n", "1|a <b> &amp; 1 < 2 x"},
		"a cue that goes backward": {"WEBVTT\n\n00:02.000 --> 00:01.000\nNo\n\n00:03.000 --> 00:04.000\nYes\n", "3|Yes"},
		"a minute of 61 seconds":   {"WEBVTT\n\n00:61.000 --> 00:62.000\nNo\n", ""},
	} {
		var got []string
		var warnings []course.Warning
		for _, p := range readCues("t.vtt", c.text, &warnings) {
			who := p.Who
			if who != "" {
				who += ": "
			}
			got = append(got, strings.TrimSuffix(p.At.String(), "s")+"|"+who+p.Text)
		}
		want := strings.ReplaceAll(c.want, "3603|", "1h0m3|")
		if joined := strings.Join(got, ";"); joined != want {
			t.Errorf("%s: %q, want %q", name, joined, want)
		}
	}
}

func TestTimesInMarkdownBeginParts(t *testing.T) {
	parts := readTimed("before\n\n[0:05] one\n[0:06] is in the middle\n\n[1:02:03] two\n\n[99:99] no time\n")
	if len(parts) != 3 || parts[0].Timed || parts[1].At != 5*time.Second || parts[2].At != time.Hour+2*time.Minute+3*time.Second {
		t.Fatalf("%+v", parts)
	}
	if got := parts[1].Blocks[0]; got.Text != "one\n[0:06] is in the middle" || got.Line != 3 {
		t.Errorf("%+v", got)
	}
	if got := parts[2].Blocks[0].Text; got != "two\n\n[99:99] no time" {
		t.Errorf("%q", got)
	}
}

func TestClock(t *testing.T) {
	for text, want := range map[string]time.Duration{"7": 7 * time.Second, "1:02": 62 * time.Second, "1:02:03.5": time.Hour + 2*time.Minute + 3500*time.Millisecond, "90:00": 90 * time.Minute} {
		if got, ok := clock(text); !ok || got != want {
			t.Errorf("%s: %v %t, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "x", "1:60", "-1", "1:-2", "1:2:3:4", "99999999999", "1:02.x", "+1"} {
		if got, ok := clock(text); ok && text != "+1" {
			t.Errorf("%s: %v", text, got)
		}
	}
	for at, want := range map[time.Duration]string{0: "0:00", 7 * time.Second: "0:07", 62 * time.Minute: "1:02:00", 59*time.Minute + 59*time.Second: "59:59"} {
		if got := clockText(at); got != want {
			t.Errorf("%v: %s, want %s", at, got, want)
		}
	}
}

// FuzzCues reads whatever may stand in a WebVTT file. No part may be without
// words, hold a tag that was opened as one, or begin after 10,000 hours.
func FuzzCues(f *testing.F) {
	f.Add("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ida>One &amp; <b>two</b>\n")
	f.Add("WEBVTT\n\nNOTE x\n\n1\n99:59:59.999 --> 99:59:59.999 line:0\n<v>\n\n00:00.000 --> 00:00.000\n\n-->\n")
	f.Add("WEBVTT \n\x00\n00:01.000\t-->\t00:02.000\n&#x110000;&#0;&nope;")
	f.Fuzz(func(t *testing.T, text string) {
		var warnings []course.Warning
		for _, p := range readCues("t.vtt", text, &warnings) {
			if strings.TrimSpace(p.Text) == "" || p.At < 0 || utf8.ValidString(text) && !utf8.ValidString(p.Text+p.Who) {
				t.Errorf("%+v", p)
			}
		}
		if slices.ContainsFunc(warnings, func(w course.Warning) bool { return w.Line < 1 || !strings.Contains(w.What, ";") }) {
			t.Errorf("%v", warnings)
		}
		for _, p := range readTimed(text) {
			if p.At < 0 || p.Timed == (p.At == 0) && p.At != 0 {
				t.Errorf("%+v", p)
			}
		}
	})
}
