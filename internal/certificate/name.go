package certificate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kept/internal/fault"
	"kept/internal/page"
)

// maxName is the longest name, in characters: the longest that people were seen
// to have, twice.
const maxName = 120

// cleanName reads a name as its bearer writes it, in any script. It keeps the
// marks that scripts need to join letters, and refuses what could make a name
// look like another text: orders of direction, control characters, piles of
// accents.
func cleanName(typed string) (string, error) {
	name := norm.NFC.String(strings.Join(strings.Fields(typed), " ")) // one spelling of what looks the same
	switch {
	case name == "":
		return "", wrongName(page.Key("Write your name, as it shall stand on the certificate."))
	case utf8.RuneCountInString(name) > maxName:
		return "", wrongName(page.Key("Write at most 120 characters."))
	case !strings.ContainsFunc(name, unicode.IsLetter):
		return "", wrongName(page.Key("Write at least one letter."))
	case strings.ContainsFunc(name, hidden) || !joined(name):
		return "", wrongName(page.Key("Take out invisible characters: type the name instead of pasting it."))
	}
	return name, nil
}

func wrongName(message string) error {
	return fault.Invalid{Fields: []fault.Field{{Name: "name", Message: message}}}
}

// Joiners are needed inside words of Persian, Hindi and others.
const (
	nonJoiner = '\u200c'
	joiner    = '\u200d'
)

// hidden are characters that show nothing or turn the text around them.
func hidden(r rune) bool {
	if r == nonJoiner || r == joiner {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) ||
		unicode.Is(unicode.Noncharacter_Code_Point, r) || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0' || unicode.Is(unicode.Variation_Selector, r)
}

// mostMarks is how many accents one letter may carry.
const mostMarks = 4

// joined tells that joiners stand between letters and marks upon them.
func joined(name string) bool {
	marks, last := 0, ' '
	for _, r := range name {
		switch {
		case unicode.IsMark(r):
			if marks++; marks > mostMarks || last == ' ' {
				return false
			}
			continue
		case (r == nonJoiner || r == joiner) && !unicode.IsLetter(last):
			return false
		}
		marks, last = 0, r
	}
	return last != nonJoiner && last != joiner
}
