package freecodecamp

import (
	"encoding/json"
	"path"
	"strings"

	"kept/internal/course"
)

// intros are the texts about superblocks in one language, by their name there.
type intros map[string]intro

type intro struct {
	Title        string
	Intro        texts
	Summary      texts
	Note         texts
	Blocks       map[string]introOf
	Chapters     map[string]string
	Modules      map[string]string
	ModuleIntros map[string]introOf `json:"module-intros"`
}

type introOf struct {
	Title string
	Intro texts
	Note  texts
}

// texts is written as a list or as a single text.
type texts []string

// UnmarshalJSON is called by json.
func (t *texts) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*t = make(texts, 1)
		return json.Unmarshal(raw, &(*t)[0])
	}
	return json.Unmarshal(raw, (*[]string)(t))
}

// markdown joins paragraphs. Those that are items of a list stay together.
func (t texts) markdown() string {
	var b strings.Builder
	for i, text := range t {
		text = strings.TrimSpace(text)
		switch {
		case i == 0 || text == "" || b.Len() == 0:
		case strings.HasPrefix(text, "- ") && strings.HasPrefix(t[i-1], "- "):
			b.WriteString("\n")
		default:
			b.WriteString("\n\n")
		}
		b.WriteString(text)
	}
	return b.String()
}

// otherNames are superblocks that intro.json calls something else than their
// files do.
var otherNames = map[string]string{
	"responsive-web-design-22":                     "2022/responsive-web-design",
	"javascript-algorithms-and-data-structures-22": "javascript-algorithms-and-data-structures-v8",
	"relational-databases":                         "relational-database",
	"full-stack":                                   "full-stack-developer",
}

// readIntros reads intro.json of every language.
func (r *reader) readIntros() {
	r.intros = map[string]intros{}
	for _, lang := range r.langs {
		for _, dir := range []string{"client/i18n/locales", "client"} {
			file := path.Join(r.root.top, dir, lang.folder, "intro.json")
			if isFile(r.fsys, file) {
				r.intros[lang.folder] = r.rememberIntro(file)
				break
			}
		}
	}
}

func (r *reader) rememberIntro(file string) intros {
	type read struct {
		intros   intros
		warnings []course.Warning
	}
	was := course.Remember(r.fsys, "intro "+file, []string{file}, func() read {
		own := &reader{fsys: r.fsys}
		return read{own.readIntro(file), own.warnings}
	})
	r.warnings = append(r.warnings, was.warnings...)
	return was.intros
}

// readIntro reads each superblock on its own, so that a mistake in one does
// not take the words of the others.
func (r *reader) readIntro(file string) intros {
	var raw map[string]json.RawMessage
	text, _ := r.readJSON(file, &raw)
	all := intros{}
	for name, one := range raw {
		var in intro
		if err := json.Unmarshal(one, &in); err != nil {
			_, why := jsonProblem("", err)
			r.warn(file, lineIn(text, name), "the words about %q cannot be read (%s); correct them", short(name), why)
			continue
		}
		all[name] = in
	}
	return all
}

// intro finds the words about a superblock.
func (r *reader) intro(lang language, name string) (intro, bool) {
	all := r.intros[lang.folder]
	if in, ok := all[name]; ok {
		return in, true
	}
	in, ok := all[otherNames[name]]
	return in, ok
}

// words asks for a title and a summary in each language. Where the original
// has none, one is made of the name.
func (r *reader) words(name string, pick func(lang language) (title, summary string)) []course.Words {
	var all []course.Words
	for i, lang := range r.langs {
		title, summary := pick(lang)
		if title == "" && i == 0 {
			title = spoken(name)
		}
		if title != "" {
			all = append(all, course.Words{Lang: lang.tag, Title: title, Summary: summary})
		}
	}
	return all
}

// spoken makes "Basic javascript" of "basic-javascript".
func spoken(name string) string {
	text := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '/' }), " ")
	if text == "" {
		return name
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

func (r *reader) superWords(s *super) ([]course.Words, []course.Intro) {
	var first []course.Intro
	words := r.words(s.name, func(lang language) (string, string) {
		in, ok := r.intro(lang, s.name)
		if !ok {
			return "", ""
		}
		blocks := append(markdown(in.Intro.markdown(), 0), markdown(in.Note.markdown(), 0)...)
		if len(blocks) > 0 {
			first = append(first, course.Intro{Lang: lang.tag, Blocks: blocks})
		}
		return in.Title, in.Summary.markdown()
	})
	return words, first
}

func (r *reader) groupWords(s *super, g group, module bool) []course.Words {
	return r.words(g.name, func(lang language) (string, string) {
		in, _ := r.intro(lang, s.name)
		if !module {
			return in.Chapters[g.name], ""
		}
		more := in.ModuleIntros[g.name]
		title := in.Modules[g.name]
		if title == "" {
			title = more.Title
		}
		return title, joinTexts(more.Note, more.Intro)
	})
}

func (r *reader) blockWords(s *super, b *block) []course.Words {
	return r.words(b.name, func(lang language) (string, string) {
		in, _ := r.intro(lang, s.name)
		own := in.Blocks[b.name]
		title := own.Title
		if title == "" && lang == r.langs[0] {
			title = b.meta.Name
		}
		return title, joinTexts(own.Intro, own.Note)
	})
}

func joinTexts(a, b texts) string {
	return append(append(texts{}, a...), b...).markdown()
}
