package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// longestWord is how many bytes of a word count. Nobody types more, and what
// is longer is no word.
const longestWord = 48

// word is a word of a text: how it is looked up, and where it stands.
type word struct {
	folded   string
	from, to int // bytes in the text
	part     bool
}

// eachWord calls yield for the words of a text in their order: runs of letters
// and digits, folded. An identifier is a word and so is each of its parts:
// "forEach" is "foreach", "for" and "each". Scripts without spaces give pairs
// of neighbours.
func eachWord(text string, yield func(word) bool) {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		switch {
		case unspaced(r):
			to := at + size
			next, more := utf8.DecodeRuneInString(text[to:])
			if unspaced(next) {
				to += more
			}
			if !yield(word{fold(text[at:to]), at, to, false}) {
				return
			}
			at += size
			if to > at && !pairGoesOn(text[to:]) {
				at = to
			}
		case inWord(r):
			to := endOfWord(text, at)
			if !wordAndParts(text, at, to, yield) {
				return
			}
			at = to
		default:
			at += size
		}
	}
}

// pairGoesOn tells whether another letter of such a script follows.
func pairGoesOn(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unspaced(r)
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
}

// unspaced are letters of scripts that write no spaces between words.
func unspaced(r rune) bool {
	return r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// endOfWord goes to the end of a word. "c++" and "c#" are words as well.
func endOfWord(text string, at int) int {
	to := at
	for to < len(text) {
		r, size := utf8.DecodeRuneInString(text[to:])
		if !inWord(r) || unspaced(r) {
			break
		}
		to += size
	}
	if to-at == 1 {
		for _, sign := range []string{"++", "#"} {
			if strings.HasPrefix(text[to:], sign) {
				return to + len(sign)
			}
		}
	}
	return to
}

func wordAndParts(text string, from, to int, yield func(word) bool) bool {
	whole := text[from:min(to, from+4*longestWord)]
	if folded := fold(whole); folded != "" && !yield(word{folded, from, to, false}) {
		return false
	}
	begin := 0
	for i := range whole {
		if i > begin && humps(whole, i) {
			if !yieldPart(whole[begin:i], from+begin, yield) {
				return false
			}
			begin = i
		}
	}
	return begin == 0 || yieldPart(whole[begin:], from+begin, yield)
}

func yieldPart(part string, from int, yield func(word) bool) bool {
	folded := fold(part)
	return len(folded) < 2 || yield(word{folded, from, from + len(part), true})
}

// humps tells whether an identifier's part begins at i: "for|Each",
// "HTML|Element".
func humps(s string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:i])
	here, size := utf8.DecodeRuneInString(s[i:])
	if !unicode.IsUpper(here) {
		return false
	}
	next, _ := utf8.DecodeRuneInString(s[i+size:])
	return unicode.IsLower(before) || unicode.IsUpper(before) && unicode.IsLower(next)
}

// fold makes words alike that differ in case or in marks only.
func fold(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			plain = false
			break
		}
	}
	if !plain {
		s = foldMarks(s)
	} else {
		s = strings.ToLower(s)
	}
	if len(s) > longestWord {
		s = strings.ToValidUTF8(s[:longestWord], "")
	}
	return s
}

// alike are letters that people who lack them write otherwise.
var alike = strings.NewReplacer("ß", "ss", "ø", "o", "æ", "ae", "œ", "oe", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ς", "σ")

func foldMarks(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch {
		case r >= 0x0300 && r <= 0x036F, r >= 0x0591 && r <= 0x05C7, r >= 0x064B && r <= 0x065F, r == utf8.RuneError:
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return alike.Replace(norm.NFC.String(b.String()))
}

// plain takes what is not read out of Markdown and HTML: addresses, tags and
// marks. What stays is good for looking up and for an excerpt, not for a page.
func plain(text string) string {
	if !strings.ContainsAny(text, "<](`*#\\&") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); {
		skip, instead := unread(text, i)
		if skip == 0 {
			b.WriteByte(text[i])
			i++
			continue
		}
		b.WriteString(instead)
		i += skip
	}
	return unescaped.Replace(b.String())
}

// unread is how many bytes at i are no text, and what to read instead.
func unread(text string, i int) (skip int, instead string) {
	rest := text[i:]
	lineStart := i == 0 || text[i-1] == '\n'
	switch {
	case lineStart && strings.HasPrefix(rest, "```"):
		return len(rest) - len(afterLine(rest)), "\n"
	case rest[0] == '`':
		return 1, ""
	case rest[0] == '<':
		return tagEnd(rest), " "
	case rest[0] == '[' && isLink(rest):
		return 1, ""
	case strings.HasPrefix(rest, "]("):
		return max(2, strings.IndexAny(rest, ")\n")+1), ""
	case strings.HasPrefix(rest, "**"):
		return 2, ""
	case rest[0] == '*' && nextToLetter(text, i):
		return 1, ""
	case rest[0] == '#' && lineStart:
		return len(rest) - len(strings.TrimLeft(rest, "#")), ""
	}
	return 0, ""
}

func afterLine(text string) string {
	_, rest, _ := strings.Cut(text, "\n")
	return rest
}

// longestLabel is how far the end of a link's words is looked for.
const longestLabel = 300

func isLink(text string) bool {
	label := text[:min(len(text), longestLabel)]
	end := strings.IndexByte(label, ']')
	return end > 0 && strings.HasPrefix(text[end:], "](")
}

// nextToLetter tells a mark of emphasis from a sign of multiplication.
func nextToLetter(text string, i int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	return unicode.IsLetter(before) != unicode.IsLetter(after)
}

var unescaped = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&", "&nbsp;", " ", "&quot;", `"`, "&#39;", "'")

// tagEnd is how long a tag is that a text begins with; 0 if it is none.
func tagEnd(text string) int {
	if len(text) < 3 || text[1] != '/' && text[1] != '!' && (text[1]|0x20 < 'a' || text[1]|0x20 > 'z') {
		return 0
	}
	end := strings.IndexByte(text[:min(len(text), 2000)], '>')
	return end + 1
}
