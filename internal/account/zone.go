package account

import (
	_ "embed"
	"errors"
	"strings"
	"time"
)

// zoneLines are "country zone" in the order of the zones, from the list of the
// time zone database, which is in the public domain.
//
//go:embed zones.txt
var zoneLines string

// utc is the zone of whoever chose none.
const utc = "UTC"

// zones lists the time zones to choose from, UTC first.
func zones() []string {
	list := []string{utc}
	for line := range strings.Lines(zoneLines) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, name)
	}
	return list
}

// zone returns a time zone by its name, UTC for one that is not known.
func zone(name string) *time.Location {
	if name == "" {
		return time.UTC
	}
	if at, err := time.LoadLocation(name); err == nil {
		return at
	}
	return time.UTC
}

// guessZone proposes a zone from the country that a browser's languages name
// first, as de-AT does, where that country has one zone. It is only ever the
// choice that stands there before the member looks.
func guessZone(acceptLanguage string) string {
	for part := range strings.SplitSeq(acceptLanguage, ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		for _, subtag := range strings.Split(tag, "-")[1:] {
			if len(subtag) == 2 {
				return onlyZone(strings.ToUpper(subtag))
			}
		}
	}
	return utc
}

func onlyZone(country string) string {
	found := ""
	for line := range strings.Lines(zoneLines) {
		in, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if in != country {
			continue
		}
		if found != "" {
			return utc // a country of several zones
		}
		found = name
	}
	return or(found, utc)
}

var errSetting = errors.New("a setting is longer than any that exists")

// check bounds what is stored; a language, zone or theme that this site does
// not have, as after an import, counts as none.
func (s settings) check() error {
	const longest = 64
	if len(s.Language) > longest || len(s.Zone) > longest || len(s.Theme) > longest {
		return errSetting
	}
	return nil
}
