package publish

import (
	"html"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// Transcript is an episode in words.
type Transcript struct {
	File  string // in the source
	Parts []Part
}

// Part is what is said without a break: a paragraph with the time at which it
// begins.
type Part struct {
	At     time.Duration
	Timed  bool
	Who    string
	Text   string         // plain, of a WebVTT file
	Blocks []course.Block // of a Markdown file
}

// Cues tells whether the file itself is one that players show.
func (t *Transcript) Cues() bool { return strings.EqualFold(path.Ext(t.File), ".vtt") }

// Plain is the transcript as text with times.
func (t *Transcript) Plain() string {
	var b strings.Builder
	for _, p := range t.Parts {
		if p.Timed {
			b.WriteString("[" + clockText(p.At) + "] ")
		}
		if p.Who != "" {
			b.WriteString(p.Who + ": ")
		}
		b.WriteString(p.Text)
		for _, block := range p.Blocks {
			b.WriteString(block.Text)
		}
		b.WriteString("\n\n")
	}
	return b.String()
}

// transcript reads the file that an episode names, or the one beside it that
// is called as it is.
func (r *reader) transcript(head *frontmatter.Fields, file string) *Transcript {
	name, named := head.Text("transcript"), true
	if name == "" {
		name, named = r.transcriptBeside(file)
	}
	if name == "" {
		r.warn(file, 1, "has no transcript, so who cannot hear is left out; add transcript: with a .vtt or a .md file")
		return nil
	}
	full, ok := name, true
	if named {
		full, ok = r.fileOf(file, name, place{head.Line("transcript"), "transcript", course.MaxFile, transcripts})
	}
	if !ok {
		return nil
	}
	text, err := course.ReadText(r.fsys, full)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(full, err))
		return nil
	}
	t := &Transcript{File: full}
	if t.Cues() {
		t.Parts = readCues(full, text, &r.warnings)
	} else {
		t.Parts = readTimed(text)
	}
	return t
}

func (r *reader) transcriptBeside(file string) (string, bool) {
	stem := strings.TrimSuffix(file, ".md")
	for _, end := range []string{".vtt", ".transcript.md"} {
		if _, err := course.ReadText(r.fsys, stem+end); err == nil {
			return stem + end, false
		}
	}
	return "", false
}

// timed is a time in brackets at the beginning of a paragraph.
var timed = regexp.MustCompile(`^\[((?:\d{1,2}:)?\d{1,3}:\d{2})\][ \t]*`)

// mostParts is more than an honest transcript has.
const mostParts = 20_000

// readTimed cuts Markdown at the paragraphs that begin with a time.
func readTimed(text string) []Part {
	var parts []Part
	line, from := 1, 1
	var now []string
	part := Part{}
	flush := func() {
		part.Blocks = markdown(strings.Join(now, "\n"), from)
		if len(part.Blocks) > 0 || part.Timed {
			parts = append(parts, part)
		}
		now, part = nil, Part{}
	}
	blank := true
	for one := range strings.SplitSeq(text, "\n") {
		if m := timed.FindStringSubmatch(one); m != nil && blank && len(parts) < mostParts {
			if at, ok := clock(m[1]); ok {
				flush()
				part.At, part.Timed, from = at, true, line
				one = one[len(m[0]):]
			}
		}
		now = append(now, one)
		blank = strings.TrimSpace(one) == ""
		line++
	}
	flush()
	return parts
}

// vtt reads a WebVTT file.
type vtt struct {
	file     string
	lines    []string
	at       int
	parts    []Part
	last     time.Duration
	warnings *[]course.Warning
}

var cueTimes = regexp.MustCompile(`^((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})[ \t]+-->[ \t]+((?:\d{2,}:)?\d{2}:\d{2}\.\d{3})(?:[ \t].*)?$`)

// readCues reads WebVTT as W3C describes it. Styles and regions are passed
// over; what somebody says without a pause becomes one paragraph.
func readCues(file, text string, warnings *[]course.Warning) []Part {
	v := &vtt{file: file, lines: strings.Split(text, "\n"), warnings: warnings}
	if first := v.lines[0]; first != "WEBVTT" && !strings.HasPrefix(first, "WEBVTT ") && !strings.HasPrefix(first, "WEBVTT\t") {
		v.warn(1, "does not begin with WEBVTT; write that into the first line, with an empty one behind it")
	} else {
		v.block()
	}
	for v.at < len(v.lines) && len(v.parts) < mostParts {
		v.cue()
	}
	return v.parts
}

func (v *vtt) warn(line int, what string) {
	const most = 100
	if len(*v.warnings) < most {
		*v.warnings = append(*v.warnings, course.Warning{File: v.file, Line: line, What: what})
	}
}

// block takes lines up to an empty one.
func (v *vtt) block() (lines []string, from int) {
	for v.at < len(v.lines) && strings.TrimSpace(v.lines[v.at]) == "" {
		v.at++
	}
	from = v.at + 1
	for v.at < len(v.lines) && strings.TrimSpace(v.lines[v.at]) != "" {
		lines = append(lines, v.lines[v.at])
		v.at++
	}
	return lines, from
}

func (v *vtt) cue() {
	lines, from := v.block()
	if len(lines) == 0 || aside(lines[0]) {
		return
	}
	if !strings.Contains(lines[0], "-->") && len(lines) > 1 {
		lines, from = lines[1:], from+1 // the cue's name
	}
	m := cueTimes.FindStringSubmatch(strings.TrimSpace(lines[0]))
	if m == nil {
		v.warn(from, "is not a time as in 00:01.000 --> 00:04.500; correct it, or this part is left out")
		return
	}
	start, ok := clock(m[1])
	end, ends := clock(m[2])
	if !ok || !ends || end < start {
		v.warn(from, "ends before it begins; correct the times, or this part is left out")
		return
	}
	who, said := speech(strings.Join(lines[1:], " "))
	if said != "" {
		v.say(Part{At: start, Timed: true, Who: who, Text: said}, end)
	}
}

// aside tells whether a block is not spoken.
func aside(first string) bool {
	for _, word := range []string{"NOTE", "STYLE", "REGION"} {
		if first == word || strings.HasPrefix(first, word+" ") || strings.HasPrefix(first, word+"\t") {
			return true
		}
	}
	return false
}

// A pause, or so many letters, ends a paragraph.
const (
	pause         = 2 * time.Second
	paragraphEnds = 200
)

func (v *vtt) say(p Part, end time.Duration) {
	if n := len(v.parts); n > 0 {
		last := &v.parts[n-1]
		if last.Who == p.Who && p.At-v.last < pause && utf8.RuneCountInString(last.Text) < paragraphEnds {
			last.Text += " " + p.Text
			v.last = max(v.last, end)
			return
		}
	}
	v.parts = append(v.parts, p)
	v.last = end
}

var (
	voice  = regexp.MustCompile(`^<v(?:\.[^ >]*)?[ \t]+([^>]{1,200})>`)
	cueTag = regexp.MustCompile(`</?[a-zA-Z0-9:.][^>]*>|</?>`)
)

// speech takes the marks out of what is said.
func speech(text string) (who, said string) {
	text = strings.TrimSpace(text)
	if m := voice.FindStringSubmatch(text); m != nil {
		who = strings.TrimSpace(html.UnescapeString(m[1]))
	}
	said = html.UnescapeString(cueTag.ReplaceAllString(text, ""))
	return who, strings.Join(strings.Fields(said), " ")
}
