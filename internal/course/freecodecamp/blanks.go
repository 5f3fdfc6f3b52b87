package freecodecamp

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"kept/internal/course"
)

// blank stands in a sentence for what is to be filled in.
const blank = "BLANK"

func (d *draft) fillIn(p part) {
	d.strangers(p, "sentence", "blanks")
	d.extra = append(d.extra, d.prose(p.text, p.from)...)
	var sentence string
	var gaps []course.Gap
	for _, c := range p.parts {
		switch c.name {
		case "sentence":
			d.strangers(c)
			sentence = readSentence(c.text)
		case "blanks":
			gaps = append(gaps, d.gaps(c)...)
		}
	}
	if sentence == "" {
		d.warn(p.line, "there is no sentence to fill in; add ## --sentence--")
	}
	d.version.Blanks = d.fit(p, sentence, gaps)
}

// readSentence makes Markdown of paragraphs that stand in back quotes, which
// here mean that nothing in them is markup.
func readSentence(text string) string {
	var out []string
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		paragraph = strings.TrimSpace(paragraph)
		inner := strings.TrimSuffix(strings.TrimPrefix(paragraph, "`"), "`")
		if len(inner) == len(paragraph)-2 && !strings.Contains(inner, "`") {
			paragraph = escape(inner)
		}
		out = append(out, paragraph)
	}
	return strings.Join(out, "\n\n")
}

const punctuation = "\\`*_{}[]<>()#+!|~&$"

// escape makes text that reads the same as Markdown.
func escape(text string) string {
	var b strings.Builder
	start := true // of a line, where a list, a heading or a rule could begin
	for _, r := range text {
		if strings.ContainsRune(punctuation, r) || start && strings.ContainsRune("-=.:", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		start = r == '\n' || start && strings.ContainsRune(" 0123456789", r)
	}
	return b.String()
}

func (d *draft) gaps(p part) []course.Gap {
	var gaps []course.Gap
	for _, one := range atRules(p.whole, p.from) {
		all := split(one.text, one.from)
		d.strangers(all, "feedback")
		answer := strings.TrimSpace(strings.Trim(strings.TrimSpace(all.text), "`"))
		if answer == "" {
			d.warn(one.from, "a blank has no answer; write it in back quotes, or take one of the lines --- away")
			continue
		}
		gap := course.Gap{Answers: []string{answer}}
		for _, c := range all.parts {
			if c.name == "feedback" {
				gap.Feedback = append(gap.Feedback, d.text(c)...)
			}
		}
		gaps = append(gaps, gap)
	}
	return gaps
}

var twoScripts = regexp.MustCompile(`^(.+?)\s*\((.+)\)$`)

// bothWays takes "你 (nǐ)" apart.
func bothWays(answer string) (script, sound string, ok bool) {
	m := twoScripts.FindStringSubmatch(answer)
	if m == nil || strings.IndexFunc(m[1], func(r rune) bool { return unicode.Is(unicode.Han, r) }) < 0 {
		return "", "", false
	}
	return m[1], m[2], true
}

func oneScript(g course.Gap) bool {
	_, _, both := bothWays(g.Answers[0])
	return !both
}

// fit makes a gap of each blank in the sentence.
func (d *draft) fit(p part, sentence string, gaps []course.Gap) *course.Blanks {
	n := strings.Count(sentence, blank)
	switch {
	case n == 2*len(gaps) && !slices.ContainsFunc(gaps, oneScript):
		gaps = twice(gaps)
	case n != len(gaps):
		d.warn(p.line, "the sentence has %d times %s but there are %d answers; write one for each", n, blank, len(gaps))
	}
	for i := range gaps {
		if script, sound, ok := bothWays(gaps[i].Answers[0]); ok {
			gaps[i].Answers = append([]string{script, sound}, gaps[i].Answers...)
		}
	}
	b := &course.Blanks{}
	for len(gaps) > n {
		last := gaps[len(gaps)-1]
		b.After = append(append(b.After, markdown(escape(last.Answers[0]), p.line)...), last.Feedback...)
		gaps = gaps[:len(gaps)-1]
	}
	b.Gaps, b.Text = gaps, strings.Replace(sentence, blank, course.GapMark, len(gaps))
	return b
}

// twice is for a sentence that is given in two scripts, one after the other.
func twice(gaps []course.Gap) []course.Gap {
	first, second := make([]course.Gap, len(gaps)), make([]course.Gap, len(gaps))
	for i, g := range gaps {
		script, sound, _ := bothWays(g.Answers[0])
		first[i], second[i] = g, g
		first[i].Answers, second[i].Answers = []string{script}, []string{sound}
	}
	return append(first, second...)
}
