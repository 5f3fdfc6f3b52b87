package freecodecamp

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"kept/internal/course"
)

// root is where the parts of a checkout lie.
type root struct {
	curriculum string // the folder with challenges/ in it
	top        string // the folder with client/ in it
	newer      bool   // the layout since 2026
}

// findRoot looks for a checkout, or for the folder curriculum of one.
func findRoot(fsys fs.FS) (root, bool) {
	for _, dir := range []string{"curriculum", "."} {
		r := root{curriculum: dir, top: "."}
		if isFile(fsys, r.at("structure", "curriculum.json")) && isDir(fsys, r.at("challenges")) {
			r.newer = true
			return r, true
		}
		if isDir(fsys, r.at("challenges", "_meta")) {
			return r, true
		}
	}
	return root{}, false
}

// at is a path in the curriculum.
func (r root) at(elements ...string) string {
	return path.Join(append([]string{r.curriculum}, elements...)...)
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}

func isDir(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.IsDir()
}

// dirsIn lists the folders in a folder, but for hidden ones and those that
// begin with "_".
func (r *reader) dirsIn(dir string) []string {
	var names []string
	for _, e := range r.entries(dir) {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !strings.HasPrefix(e.Name(), "_") {
			names = append(names, e.Name())
		}
	}
	return names
}

// filesIn lists the paths of the files of one kind in a folder.
func (r *reader) filesIn(dir, ext string) []string {
	var names []string
	for _, e := range r.entries(dir) {
		if !e.IsDir() && path.Ext(e.Name()) == ext && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// entries is empty for a folder that is not there.
func (r *reader) entries(dir string) []fs.DirEntry {
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.warn(dir, 0, "cannot be opened; look at its permissions")
	}
	return entries
}

// readJSON reads a file into a value and hands back its text. A file that is
// wrong is a warning and leaves the value as it is.
func (r *reader) readJSON(file string, into any) (string, bool) {
	text, err := course.ReadText(r.fsys, file)
	if err != nil {
		r.warnings = append(r.warnings, warningOf(file, err))
		return "", false
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		line, why := jsonProblem(text, err)
		r.warn(file, line, "cannot be read as json (%s); correct it", why)
		return text, false
	}
	return text, true
}

func jsonProblem(text string, err error) (line int, why string) {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return 1 + strings.Count(text[:min(int(e.Offset), len(text))], "\n"), "it is not well formed"
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return 1 + strings.Count(text[:min(int(e.Offset), len(text))], "\n"), e.Field + " has a " + e.Value
	}
	return 0, "it is not what belongs here"
}

func warningOf(file string, err error) course.Warning {
	if e, ok := errors.AsType[*course.FileError](err); ok {
		return e.Warning()
	}
	return course.Warning{File: file, What: "cannot be read; look at its permissions"}
}

// language is a folder of challenges and what the language is called.
type language struct {
	folder string
	tag    string // BCP 47
}

var tags = map[string]string{
	"english": "en", "espanol": "es", "chinese": "zh-Hans", "chinese-traditional": "zh-Hant", "italian": "it",
	"portuguese": "pt-BR", "ukrainian": "uk", "japanese": "ja", "german": "de", "swahili": "sw", "korean": "ko",
	"arabic": "ar", "french": "fr", "russian": "ru", "serbian": "sr", "turkish": "tr", "dutch": "nl", "polish": "pl",
	"hindi": "hi", "indonesian": "id", "vietnamese": "vi", "greek": "el", "romanian": "ro", "hebrew": "he",
	"persian": "fa", "bengali": "bn", "czech": "cs", "swedish": "sv", "finnish": "fi", "norwegian": "no",
}

// readLangs lists the languages of a checkout: English, from which the others
// are translated, and then all others.
func (r *reader) readLangs() {
	for _, folder := range r.dirsIn(r.root.at("challenges")) {
		if r.root.newer && !isDir(r.fsys, r.root.at("challenges", folder, "blocks")) {
			continue
		}
		tag, known := tags[folder]
		if !known {
			tag = "x-" + strings.ReplaceAll(course.Slug(folder), "-", "")
			tag = strings.ToValidUTF8(tag[:min(len(tag), 10)], "")
			r.warn(r.root.at("challenges", folder), 0, "is not the name of a known language and is called %s; write its English name, small", tag)
		}
		r.langs = append(r.langs, language{folder: folder, tag: tag})
	}
	slices.SortStableFunc(r.langs, func(a, b language) int {
		return cmp.Compare(rank(a), rank(b))
	})
}

func rank(l language) int {
	if l.folder == "english" {
		return 0
	}
	return 1
}
