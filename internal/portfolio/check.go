package portfolio

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// bounded says what is wrong with the length of a text.
func bounded(text string, least, most int) error {
	n := utf8.RuneCountInString(text)
	if n < least || n > most || !utf8.ValidString(text) {
		return fmt.Errorf("a text must have %d to %d characters", least, most)
	}
	return nil
}

func ordered(n int) error {
	if n < 0 || n > maxOrder {
		return fmt.Errorf("a place must be from 0 to %d", maxOrder)
	}
	return nil
}

var errAddress = errors.New("an address must begin with https:// and name a host")

// secureAddress lets only addresses of the web through that a page may lead to:
// https, a host with a name, nobody's password.
func secureAddress(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil, len(address) > maxAddress, strings.ContainsFunc(address, neverInAddress):
		return errAddress
	case !strings.HasPrefix(address, "https://"), u.Scheme != "https", u.User != nil:
		return errAddress
	case u.Hostname() == "", strings.Contains(u.Host, "\\"), strings.HasPrefix(u.Hostname(), "."):
		return errAddress
	}
	return nil
}

func neverInAddress(r rune) bool {
	return unicode.IsControl(r) || unicode.IsSpace(r) || strings.ContainsRune("<>\"`\\", r) || unicode.Is(unicode.Bidi_Control, r)
}

// oneLine is a text without line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// withScheme completes an address as people type it.
func withScheme(typed string) string {
	if typed != "" && !strings.Contains(typed, ":") && strings.Contains(typed, ".") {
		return "https://" + typed
	}
	return typed
}
