package mail

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"name@example.org":          "name@example.org",
		"  name@example.org\n":      "name@example.org",
		"Ada.L+x@Example.ORG":       "Ada.L+x@example.org",
		"o'hara@example.org":        "o'hara@example.org",
		"ada@bücher.example":        "ada@xn--bcher-kva.example",
		"ada@BÜCHER.example":        "ada@xn--bcher-kva.example",
		"jose\u0301@example.org":    "jos\u00e9@example.org",
		"用户@例子.广告":                  "用户@xn--fsqu00a.xn--4rr70v",
		"a@ｅｘａｍｐｌｅ.org":             "a@example.org",
		"name@sub.department.ac.uk": "name@sub.department.ac.uk",
	} {
		if got, err := ParseAddress(in); err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestParseAddressSaysWhatToDo(t *testing.T) {
	for in, want := range map[string]*AddressError{
		"":                                     errEmpty,
		" \t ":                                 errEmpty,
		"name":                                 errNoAt,
		"name.example.org":                     errNoAt,
		"a@b@example.org":                      errAlone,
		"Ada <ada@example.org>":                errAlone,
		"mailto:ada@example.org":               errAlone,
		"ada@example.org, bo@example.org":      errAlone,
		"ada @example.org":                     errAlone,
		"ada@example.org\r\nBcc: x":            errAlone,
		"\"ada l\"@example.org":                errAlone,
		"ada@[127.0.0.1]":                      errAlone,
		"a\u202eb@example.org":                 errAlone,
		"a\u200bb@example.org":                 errAlone,
		"a\x00b@example.org":                   errAlone,
		"@example.org":                         errBefore,
		".a@example.org":                       errBefore,
		"a.@example.org":                       errBefore,
		"a..b@example.org":                     errBefore,
		"a\xff@example.org":                    errBefore,
		"😀@example.org":                        errBefore,
		strings.Repeat("a", 65) + "@a.org":     errBefore,
		"a@":                                   errAfter,
		"a@localhost":                          errAfter,
		"a@example.":                           errAfter,
		"a@.example.org":                       errAfter,
		"a@exa_mple.org":                       errAfter,
		"a@-example.org":                       errAfter,
		"a@127.0.0.1":                          errAfter,
		"a@" + strings.Repeat("a", 64) + ".de": errAfter,
		strings.Repeat("a", 60) + "@" + strings.Repeat("abcdefgh.", 22) + "de": errTooLong,
		strings.Repeat("a", 2000) + "@a.org":                                   errTooLong,
	} {
		_, err := ParseAddress(in)
		if got, ok := errors.AsType[*AddressError](err); !ok || got != want {
			t.Errorf("%.40q: got %v, want %v", in, err, want)
		}
	}
}

func TestAddressSpellings(t *testing.T) {
	a := address(t, "Ada@BÜCHER.example")
	if got, want := a.Shown(), "Ada@bücher.example"; got != want {
		t.Errorf("shown as %q, want %q", got, want)
	}
	if got, want := a.Key(), "ada@xn--bcher-kva.example"; got != want {
		t.Errorf("key %q, want %q", got, want)
	}
	if address(t, "josé@example.org").needsUTF8() != true || a.needsUTF8() {
		t.Error("SMTPUTF8 is needed for letters before the @ alone")
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, s := range []string{"name@example.org", "用户@例子.广告", "a@xn--bcher-kva.example", "\"a\"@b.c", "a@b.c\r\nTo: x", "a@ß.de", "İ@example.org"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddress(s)
		if err != nil {
			if _, ok := errors.AsType[*AddressError](err); !ok {
				t.Fatalf("%q: error of another type: %v", s, err)
			}
			return
		}
		out := a.String()
		if len(out) > maxAddress || strings.ContainsFunc(out, unicode.IsControl) || strings.ContainsAny(out, " <>\"") {
			t.Fatalf("%q became %q", s, out)
		}
		if again, err := ParseAddress(out); err != nil || again != a {
			t.Fatalf("%q became %q, then %q, %v", s, out, again, err)
		}
		if parsed, err := mail.ParseAddress(out); err != nil || parsed.Address != out {
			t.Fatalf("net/mail reads %q as %v, %v", out, parsed, err)
		}
	})
}
