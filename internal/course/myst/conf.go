package myst

import (
	"path"
	"regexp"
	"strings"

	"kept/internal/course"
)

// conf is what a lesson says about itself. It is read from conf.py and
// CITATION.cff as text, never run.
type conf struct {
	project  string
	author   string
	owner    string // copyright
	licence  string
	user     string // on GitHub
	repo     string
	language string
	home     string // where the lesson is published, with a slash at the end
	summary  string
	flat     bool // pages are published as page.html, not page/
	dollars  bool // $…$ is a formula
	ams      bool // \begin{align} is a formula
	figures  bool // figures are numbered
	exclude  []string
	mapping  map[string]string // other projects that links may name
}

var (
	setting  = regexp.MustCompile(`(?m)^([A-Za-z_]+)[ \t]*=[ \t]*(?:[rfu]?)(?:"([^"\n]*)"|'([^'\n]*)')`)
	listOf   = regexp.MustCompile(`(?ms)^([A-Za-z_]+)[ \t]*=[ \t]*\[(.*?)\]`)
	quoted   = regexp.MustCompile(`"([^"\n]*)"|'([^'\n]*)'`)
	mapped   = regexp.MustCompile(`["']([A-Za-z0-9_-]+)["'][ \t]*:[ \t]*\([ \t\n]*["'](https?://[^"'\n]+)["']`)
	numfig   = regexp.MustCompile(`(?m)^numfig[ \t]*=[ \t]*True`)
	citation = regexp.MustCompile(`(?m)^([a-z-]+):[ \t]*"?([^"\n]*?)"?[ \t]*$`)
	remark   = regexp.MustCompile(`(?m)^[ \t]*#.*$`)
)

func readConf(b *book) conf {
	file := path.Join(b.dir, confFile)
	c := conf{language: "en", dollars: true, ams: true, mapping: map[string]string{}}
	text, err := course.ReadText(b.fsys, file)
	if err != nil {
		b.warnings = append(b.warnings, warningOf(file, err))
	}
	text = remark.ReplaceAllString(text, "")
	c.readSettings(text)
	c.readLists(text)
	c.figures = numfig.MatchString(text)
	if i := strings.Index(text, "intersphinx_mapping"); i >= 0 {
		for _, m := range mapped.FindAllStringSubmatch(text[i:], -1) {
			c.mapping[m[1]] = strings.TrimSuffix(m[2], "/") + "/"
		}
	}
	c.readCitation(b)
	c.findLicence(b)
	c.findHome(b)
	return c
}

func (c *conf) readSettings(text string) {
	for _, m := range setting.FindAllStringSubmatch(text, -1) {
		value := strings.TrimSpace(m[2] + m[3])
		switch m[1] {
		case "project":
			c.project = value
		case "author":
			c.author = value
		case "copyright", "project_copyright":
			c.owner = value
		case "license", "licence":
			c.licence = value
		case "github_user":
			c.user = value
		case "github_repo_name":
			c.repo = value
		case "language":
			c.language = value
		case "html_baseurl":
			c.home = value
		}
	}
	if c.language == "" {
		c.language = "en"
	}
}

func (c *conf) readLists(text string) {
	for _, m := range listOf.FindAllStringSubmatch(text, -1) {
		var values []string
		for _, q := range quoted.FindAllStringSubmatch(m[2], -1) {
			values = append(values, q[1]+q[2])
		}
		switch m[1] {
		case "exclude_patterns":
			c.exclude = values
		case "myst_enable_extensions":
			all := " " + strings.Join(values, " ") + " "
			c.dollars = strings.Contains(all, " dollarmath ")
			c.ams = strings.Contains(all, " amsmath ")
		}
	}
}

// excludes tells whether conf.py leaves a file or folder out.
func (c *conf) excludes(name string) bool {
	for _, pattern := range c.exclude {
		pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "**/"), "/**")
		if ok, err := path.Match(pattern, name); ok && err == nil {
			return true
		}
		if ok, err := path.Match(pattern, path.Base(name)); ok && err == nil && !strings.Contains(pattern, "/") {
			return true
		}
	}
	return path.Base(name) == "README.md" || path.Base(name) == "LICENSE.md"
}

// readCitation reads the plain lines of CITATION.cff.
func (c *conf) readCitation(b *book) {
	text, err := course.ReadText(b.fsys, path.Join(b.root, "CITATION.cff"))
	if err != nil {
		return
	}
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		switch m[1] {
		case "url":
			c.home = m[2]
		case "abstract":
			c.summary = m[2]
		case "license":
			if c.licence == "" {
				c.licence = m[2]
			}
		}
	}
}

// licences by the names that people write, small and without hyphens.
var licences = []struct{ sign, name, address string }{
	{"cc by sa 4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
	{"attribution sharealike 4.0 international", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"},
	{"attribution noncommercial", "CC BY-NC", ""},
	{"cc by 4.0", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"},
	{"attribution 4.0 international", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"},
	{"cc0", "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"},
	{"mit license", "MIT", "https://opensource.org/license/mit"},
}

func licenceIn(text string) (name, address string) {
	text = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToLower(text), "-", " ")), " ")
	for _, l := range licences {
		if strings.Contains(text, l.sign) || strings.ToLower(l.name) == text {
			return l.name, l.address
		}
	}
	return "", ""
}

// findLicence looks into the licence's own text if nothing names it.
func (c *conf) findLicence(b *book) {
	if c.licence != "" {
		return
	}
	for _, name := range []string{"LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE"} {
		text, err := course.ReadText(b.fsys, path.Join(b.root, name))
		if err != nil {
			continue
		}
		if c.licence, _ = licenceIn(text[:min(len(text), 4000)]); c.licence != "" {
			return
		}
	}
	if c.licence, _ = licenceIn(c.owner); c.licence == "" {
		b.warn(path.Join(b.dir, confFile), 0, "names no licence and there is no LICENSE that is known, so nobody knows how the lesson may be used; add license to CITATION.cff")
	}
}

func (c *conf) findHome(b *book) {
	if c.home == "" && c.user != "" && c.repo != "" {
		c.home = "https://" + c.user + ".github.io/" + c.repo + "/"
	}
	if !strings.HasPrefix(c.home, "https://") && !strings.HasPrefix(c.home, "http://") {
		c.home = ""
		return
	}
	c.home = strings.TrimSuffix(c.home, "/") + "/"
	for _, name := range []string{".github/workflows/sphinx.yml", ".github/workflows/sphinx.yaml", "Makefile"} {
		text, err := course.ReadText(b.fsys, path.Join(b.root, name))
		if err == nil && strings.Contains(text, "dirhtml") {
			return
		}
	}
	c.flat = true
}

// rights are those of the whole lesson.
func (b *book) rights() course.Rights {
	name, address := licenceIn(b.conf.licence)
	if name == "" {
		name = b.conf.licence
	}
	r := course.Rights{Licence: name, Address: address, Original: b.conf.home}
	if b.conf.author != "" {
		r.Authors = []string{b.conf.author}
	}
	if owner := b.conf.owner; owner != "" && owner != b.conf.author {
		r.Credit = "© " + escapeText(owner)
	}
	return r
}

// original is where a page was first published.
func (b *book) original(p *page) string {
	switch {
	case b.conf.home == "":
		return ""
	case b.conf.flat:
		return b.conf.home + p.doc + ".html"
	}
	return b.conf.home + p.doc + "/"
}
