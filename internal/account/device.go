package account

import (
	"strings"

	"kept/internal/page"
)

// sign is a word in a User-Agent header and what it means to people. Order
// matters: most browsers also name the ones that they resemble.
type sign struct{ word, name string }

var browsers = []sign{
	{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"},
	{"Safari/", "Safari"},
}

var systems = []sign{
	{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "Chromebook"},
	{"Macintosh", "Mac"}, {"Linux", "Linux"},
}

// deviceOf reads the kind of browser and of device from a User-Agent header, of
// which nothing else is kept: no version, no model.
func deviceOf(userAgent string) (browser, system string) {
	return firstSign(browsers, userAgent, page.Key("Another browser")), firstSign(systems, userAgent, page.Key("another device"))
}

func firstSign(signs []sign, text, otherwise string) string {
	for _, s := range signs {
		if strings.Contains(text, s.word) {
			return s.name
		}
	}
	return otherwise
}
