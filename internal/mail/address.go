package mail

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"kept/internal/page"
)

// Address is an email address that was read by [ParseAddress]. The zero value
// is no address.
type Address struct {
	local  string // as the person wrote it, in Unicode's composed form
	domain string // lower case, in the letters of DNS
}

// AddressError says what to do about an address that could not be read. It
// never holds what was typed.
type AddressError struct {
	Message string // an English sentence to the person, a key of the catalogue
}

func (e *AddressError) Error() string { return "address: " + e.Message }

// What a person is told, by what is wrong.
var (
	errEmpty   = &AddressError{page.Key("Write your email address, as in name@example.org.")}
	errNoAt    = &AddressError{page.Key("Write your email address with an @, as in name@example.org.")}
	errAlone   = &AddressError{page.Key("Write one email address and nothing else, as in name@example.org.")}
	errBefore  = &AddressError{page.Key("Check what stands before the @: letters, digits, dots and dashes, as in name@example.org.")}
	errAfter   = &AddressError{page.Key("Check what stands after the @: a name with a dot, as in name@example.org.")}
	errTooLong = &AddressError{page.Key("Write an email address of at most 254 characters, as in name@example.org.")}
)

// Limits of RFC 5321, in bytes.
const (
	maxAddress = 254
	maxLocal   = 64
)

// domains maps what people type to what DNS holds: lower case, full-width
// letters, names in any script.
var domains = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true),
	idna.CheckJoiners(true), idna.VerifyDNSLength(true), idna.Transitional(false))

// ParseAddress reads one address as a person types it. It takes names in every
// script before and after the @, and refuses what no provider hands out:
// quotes, comments, routes, bare host names and numeric hosts.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	if err := plausible(s); err != nil {
		return Address{}, err
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := norm.NFC.String(s[:at]), s[at+1:]
	if !goodLocal(local) {
		return Address{}, errBefore
	}
	domain, ok := goodDomain(domain)
	if !ok {
		return Address{}, errAfter
	}
	if len(local)+1+len(domain) > maxAddress {
		return Address{}, errTooLong
	}
	return Address{local, domain}, nil
}

func plausible(s string) error {
	switch {
	case s == "":
		return errEmpty
	case len(s) > 4*maxAddress:
		return errTooLong
	case !utf8.ValidString(s):
		return errBefore
	case !strings.Contains(s, "@"):
		return errNoAt
	case strings.Count(s, "@") > 1 || strings.ContainsAny(s, "<>(),;:\"[]\\") || strings.ContainsFunc(s, odd):
		return errAlone
	}
	return nil
}

// odd are runes that separate, hide or reorder text.
func odd(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func goodLocal(s string) bool {
	if s == "" || len(s) > maxLocal || strings.HasPrefix(s, ".") || strings.HasSuffix(s, ".") || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf && !strings.ContainsRune(asciiLocal, r) ||
			r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.M, unicode.N) {
			return false
		}
	}
	return true
}

const asciiLocal = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~"

func goodDomain(s string) (ascii string, ok bool) {
	ascii, err := domains.ToASCII(s)
	if err != nil {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 1 || dot == len(ascii)-1 {
		return "", false
	}
	numeric := strings.Trim(ascii[dot+1:], "0123456789") == ""
	return ascii, !numeric
}

// String returns the address as it is sent to: the domain in DNS letters.
func (a Address) String() string {
	if a.IsZero() {
		return ""
	}
	return a.local + "@" + a.domain
}

// Shown returns the address as a person would write it.
func (a Address) Shown() string {
	domain, err := idna.Display.ToUnicode(a.domain)
	if err != nil {
		domain = a.domain
	}
	return Address{a.local, domain}.String()
}

// Key returns the one spelling under which the address is looked up: providers
// that tell Ada@ from ada@ are not known, people who mistype it are.
func (a Address) Key() string {
	return norm.NFC.String(strings.ToLower(a.String()))
}

// IsZero reports whether this is no address.
func (a Address) IsZero() bool { return a.local == "" }

// needsUTF8 reports whether only a relay with SMTPUTF8 can take the address.
func (a Address) needsUTF8() bool {
	return strings.ContainsFunc(a.local, func(r rune) bool { return r >= utf8.RuneSelf })
}

func (a Address) header(name string) *mail.Address {
	return &mail.Address{Name: name, Address: a.String()}
}
