package page

import (
	"slices"
	"strings"
)

// ownNames are languages in their own words, for texts in languages that the
// site itself may not speak.
var ownNames = map[string]string{
	"ar": "العربية", "bn": "বাংলা", "cs": "Čeština", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά", "en": "English", "es": "Español", "fa": "فارسی",
	"fi": "Suomi", "fr": "Français", "he": "עברית", "hi": "हिन्दी", "id": "Bahasa Indonesia", "it": "Italiano", "ja": "日本語", "ko": "한국어",
	"nb": "Norsk bokmål", "nl": "Nederlands", "no": "Norsk", "pl": "Polski", "pt": "Português", "pt-BR": "Português (Brasil)", "ro": "Română",
	"ru": "Русский", "sr": "Српски", "sv": "Svenska", "sw": "Kiswahili", "tr": "Türkçe", "uk": "Українська", "vi": "Tiếng Việt",
	"zh": "中文", "zh-Hans": "简体中文", "zh-Hant": "繁體中文",
}

// Reading is this language for somebody who reads texts in another.
func (l *Language) Reading(tag string) *Language {
	other := *l
	other.Reads = tag
	return &other
}

// OwnName is a language's own word for itself, or its tag if that is not
// known here.
func OwnName(tag string) string {
	if name, ok := ownNames[tag]; ok {
		return name
	}
	return tag
}

// DirOf is the direction that a language is written in: "rtl" or "ltr".
func DirOf(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	if slices.Contains([]string{"ar", "fa", "he", "ur", "yi"}, base) {
		return "rtl"
	}
	return "ltr"
}
