package course

import (
	"strings"
	"unicode"
)

// maxSlug is long enough to be told apart and short enough to be read out.
const maxSlug = 80

// Slug makes a part of an address out of a title: letters and digits of any
// script, small, joined by hyphens. It is empty if text has none of them.
func Slug(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			gap = b.Len() > 0
			continue
		}
		if b.Len() >= maxSlug {
			break
		}
		if gap {
			b.WriteByte('-')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
