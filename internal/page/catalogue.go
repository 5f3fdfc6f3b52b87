package page

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed text/*.json
var texts embed.FS

func builtinTexts() fs.FS {
	sub, err := fs.Sub(texts, "text")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// Catalogue holds the texts of all offered languages. English source text is
// the key, so English needs an entry only where a number changes the words.
type Catalogue struct {
	all     []*Language // the default first
	byTag   map[string]*Language
	def     *Language
	matcher language.Matcher
}

// Language turns texts, days and numbers into one language. It is safe for
// concurrent use.
type Language struct {
	Tag  string // "en", "pt-BR"
	Name string // the language's own word for itself
	Dir  string // "ltr" or "rtl"
	// Reads is the language in which the reader wants texts that are not the
	// site's own, such as lessons: Tag, unless they chose another.
	Reads string

	printer *message.Printer
	dates   dates
	texts   map[string]string // by English text; "" where the form follows a number
}

// entry is one text of a language's file: either a string, or forms by
// number: {"arg": 1, "one": "%d lesson", "other": "%d lessons"}.
type entry struct {
	text  string
	arg   int
	forms map[string]string
}

// UnmarshalJSON accepts both forms of an entry.
func (e *entry) UnmarshalJSON(data []byte) error {
	if json.Unmarshal(data, &e.text) == nil {
		return nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	e.arg, e.forms = 1, map[string]string{}
	for name, value := range raw {
		if name == "arg" {
			if err := json.Unmarshal(value, &e.arg); err != nil {
				return err
			}
			continue
		}
		var form string
		if err := json.Unmarshal(value, &form); err != nil {
			return err
		}
		e.forms[name] = form
	}
	if e.forms["other"] == "" {
		return fmt.Errorf("forms without %q", "other")
	}
	return nil
}

type textFile struct {
	Name     string           `json:"name"`
	Dir      string           `json:"dir"`
	Dates    dates            `json:"dates"`
	Messages map[string]entry `json:"messages"`
}

// LoadCatalogue reads TAG.json for every language offered; def is the tag of
// the one used when nothing else fits.
func LoadCatalogue(files fs.FS, def string) (*Catalogue, error) {
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalogue{byTag: map[string]*Language{}}
	for _, name := range names {
		lang, err := loadLanguage(files, name)
		if err != nil {
			return nil, fmt.Errorf("page: texts in %s: %w", name, err)
		}
		c.all = append(c.all, lang)
		c.byTag[lang.Tag] = lang
	}
	if c.def = c.byTag[def]; c.def == nil {
		return nil, fmt.Errorf("page: no texts for the default language %q", def)
	}
	slices.SortStableFunc(c.all, func(a, b *Language) int { return rank(a, def) - rank(b, def) })
	tags := make([]language.Tag, len(c.all))
	for i, lang := range c.all {
		tags[i] = language.MustParse(lang.Tag)
	}
	c.matcher = language.NewMatcher(tags)
	return c, nil
}

func rank(l *Language, def string) int {
	if l.Tag == def {
		return 0
	}
	return 1
}

func loadLanguage(files fs.FS, name string) (*Language, error) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	tag, err := language.Parse(strings.TrimSuffix(name, ".json"))
	if err != nil {
		return nil, err
	}
	var file textFile
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if file.Name == "" || len(file.Dates.Months) != 12 {
		return nil, fmt.Errorf("want a name and twelve months")
	}
	return newLanguage(tag, file)
}

func newLanguage(tag language.Tag, file textFile) (*Language, error) {
	builder := catalog.NewBuilder(catalog.Fallback(tag))
	l := &Language{Tag: tag.String(), Reads: tag.String(), Name: file.Name, Dir: "ltr", dates: file.Dates, texts: map[string]string{}}
	if file.Dir == "rtl" {
		l.Dir = "rtl"
	}
	for key, e := range file.Messages {
		if err := e.set(builder, tag, key); err != nil {
			return nil, fmt.Errorf("%q: %w", key, err)
		}
		l.texts[key] = e.text
	}
	l.printer = message.NewPrinter(tag, message.Catalog(builder))
	return l, nil
}

func (e entry) set(b *catalog.Builder, tag language.Tag, key string) error {
	if e.forms == nil {
		return b.SetString(tag, key, e.text)
	}
	cases := make([]any, 0, 2*len(e.forms))
	for _, form := range e.order() {
		cases = append(cases, form, e.forms[form])
	}
	return b.Set(tag, key, plural.Selectf(e.arg, "", cases...))
}

// order puts exact numbers first and "other" last: the first match wins.
func (e entry) order() []string {
	var exact, named []string
	for form := range e.forms {
		switch {
		case form == "other":
		case strings.ContainsAny(form[:1], "=<"):
			exact = append(exact, form)
		default:
			named = append(named, form)
		}
	}
	slices.Sort(exact)
	slices.Sort(named)
	return append(append(exact, named...), "other")
}

// Default returns the community's language.
func (c *Catalogue) Default() *Language { return c.def }

// Language returns the language of a tag, or the default one.
func (c *Catalogue) Language(tag string) *Language {
	if lang := c.byTag[tag]; lang != nil {
		return lang
	}
	return c.def
}

// All returns the languages offered, the default first.
func (c *Catalogue) All() []*Language { return slices.Clone(c.all) }

// longestAccept bounds the work that a stranger's header can cause.
const longestAccept = 200

func (c *Catalogue) accepted(r *http.Request) *Language {
	header := r.Header.Get("Accept-Language")
	if len(c.all) == 1 || header == "" || len(header) > longestAccept {
		return c.def
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(tags) == 0 {
		return c.def
	}
	_, i, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		return c.def
	}
	return c.all[i]
}

// Text translates an English text; args fill its verbs as in fmt, with
// numbers written the way of the language. Without args there are no verbs: a
// percent sign stands for itself.
func (l *Language) Text(english string, args ...any) string {
	if len(args) > 0 {
		return l.printer.Sprintf(english, args...)
	}
	if text := l.texts[english]; text != "" {
		return text
	}
	return english
}

// Has reports whether the language has its own entry for an English text.
func (l *Language) Has(english string) bool {
	_, ok := l.texts[english]
	return ok
}

// Missing returns those of the keys that have no entry. English needs none.
func (l *Language) Missing(keys []string) []string {
	var missing []string
	for _, key := range keys {
		if !l.Has(key) {
			missing = append(missing, key)
		}
	}
	return missing
}

// Key marks an English text in Go code that reaches the catalogue later, so
// that Keys finds it.
func Key(english string) string { return english }
