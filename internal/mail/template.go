package mail

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"unicode"
)

// suffix ends the name of every template: NAME.mail.txt, or NAME.de.mail.txt
// for a language.
const suffix = ".mail.txt"

// Templates are the mails that one feature sends. See the package comment for
// how one is written.
type Templates struct {
	byName map[string]*form // "NAME" or "NAME.LANG"
}

// form is one template with its head lines.
type form struct {
	name, lang string
	subject    *template.Template
	why, keep  *template.Template // keep may be nil
	body       *template.Template
}

// Draft is a mail written, not yet addressed. Body, Why and Keep are Markdown.
type Draft struct {
	Template string // its name, which tells the person what the mail was
	Lang     string // of the template that was found; empty for the default one
	Subject  string
	Body     string
	Why      string // why the receiver gets it
	Keep     string // what we keep of it; empty stands for the usual line
	// Unsubscribe is an https address that ends a subscription with one POST,
	// for the mails that can be ended (RFC 8058).
	Unsubscribe string
	// Bulk says that nobody waits for this mail: it goes after all that
	// somebody waits for.
	Bulk bool
}

// Parse reads every template of a feature's folder.
func Parse(files fs.FS) (*Templates, error) {
	names, err := fs.Glob(files, "*"+suffix)
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	t := &Templates{byName: make(map[string]*form)}
	for _, name := range names {
		f, err := parseFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("mail template %s: %w", name, err)
		}
		t.byName[strings.TrimSuffix(name, suffix)] = f
	}
	return t, t.complete()
}

// complete asks for a template without a language wherever one has one, since
// it is what everybody else gets.
func (t *Templates) complete() error {
	for _, f := range t.byName {
		if t.byName[f.name] == nil {
			return fmt.Errorf("mail template %s%s is missing", f.name, suffix)
		}
	}
	return nil
}

// Names returns the names of the mails, without languages, in order.
func (t *Templates) Names() []string {
	var names []string
	for key, f := range t.byName {
		if key == f.name {
			names = append(names, key)
		}
	}
	slices.Sort(names)
	return names
}

func parseFile(files fs.FS, name string) (*form, error) {
	src, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	head, body, _ := strings.Cut(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n\n")
	f := &form{}
	f.name, f.lang, _ = strings.Cut(strings.TrimSuffix(path.Base(name), suffix), ".")
	if err := f.parseHead(head); err != nil {
		return nil, err
	}
	if strings.TrimSpace(body) == "" {
		return nil, errors.New("has no text after its head")
	}
	f.body, err = parseMarkdown("text", body)
	return f, err
}

func (f *form) parseHead(head string) (err error) {
	if !strings.HasPrefix(head, "Subject:") {
		return errors.New("does not begin with a Subject line")
	}
	for line := range strings.SplitSeq(head, "\n") {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case value == "":
			return fmt.Errorf("line %q says nothing", line)
		case key == "Subject":
			f.subject, err = strict("subject").Parse(value)
		case key == "Why":
			f.why, err = parseMarkdown("why", value)
		case key == "Keep":
			f.keep, err = parseMarkdown("keep", value)
		default:
			err = fmt.Errorf("does not know %q in its head", key)
		}
		if err != nil {
			return err
		}
	}
	if f.why == nil {
		return errors.New("does not say why the mail comes, in a Why line")
	}
	return nil
}

func strict(name string) *template.Template {
	return template.New(name).Option("missingkey=error").Funcs(template.FuncMap{escaper: escapeValue})
}

// parseMarkdown parses a template whose values are made harmless, as
// html/template does for pages: a name that looks like a link, a heading or a
// tag stays the text it is.
func parseMarkdown(name, src string) (*template.Template, error) {
	t, err := strict(name).Parse(src)
	if err != nil {
		return nil, err
	}
	for _, each := range t.Templates() {
		escapeActions(each.Root)
	}
	return t, nil
}

// escaper is the function put at the end of every action.
const escaper = "markdown_escaped"

func escapeActions(n parse.Node) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, each := range n.Nodes {
			escapeActions(each)
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 {
			call := parse.NewIdentifier(escaper).SetPos(n.Pos)
			n.Pipe.Cmds = append(n.Pipe.Cmds, &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{call}})
		}
	case *parse.IfNode:
		escapeBranch(&n.BranchNode)
	case *parse.RangeNode:
		escapeBranch(&n.BranchNode)
	case *parse.WithNode:
		escapeBranch(&n.BranchNode)
	}
}

func escapeBranch(n *parse.BranchNode) {
	escapeActions(n.List)
	escapeActions(n.ElseList)
}

func escapeValue(v any) (string, error) {
	if r := reflect.ValueOf(v); !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil() {
		return "", errors.New("a value is missing")
	}
	return escapeMarkdown(fmt.Sprint(v)), nil
}

// escapeMarkdown makes text that reads the same and means nothing in Markdown.
// It stays on one line.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s) {
		if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// oneLine turns every run of blanks and controls into one space and drops
// invisible marks that reorder text; the two joiners are letters' business.
func oneLine(s string) string {
	const nonJoiner, joiner = '\u200c', '\u200d'
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		case r != nonJoiner && r != joiner && unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

// Write fills the template of that name, in the language if there is one, in
// its base language ("de" of "de-CH"), or as it is.
func (t *Templates) Write(name, lang string, data any) (Draft, error) {
	f := t.find(name, lang)
	if f == nil {
		return Draft{}, fmt.Errorf("there is no mail template %q", name)
	}
	d := Draft{Template: f.name, Lang: f.lang}
	for _, part := range []struct {
		to   *string
		from *template.Template
	}{{&d.Subject, f.subject}, {&d.Body, f.body}, {&d.Why, f.why}, {&d.Keep, f.keep}} {
		if part.from == nil {
			continue
		}
		var b strings.Builder
		if err := part.from.Execute(&b, data); err != nil {
			return Draft{}, fmt.Errorf("mail template %s, %s: %w", f.name, part.from.Name(), withoutValues(err))
		}
		*part.to = strings.TrimSpace(b.String())
	}
	d.Subject = oneLine(d.Subject)
	return d, d.check()
}

// withoutValues keeps the place of a template's error and drops its text,
// which can quote what was to be printed.
func withoutValues(err error) error {
	if e, ok := errors.AsType[template.ExecError](err); ok {
		return fmt.Errorf("%s does not fit its data", e.Name)
	}
	return errors.New("does not fit its data")
}

func (t *Templates) find(name, lang string) *form {
	base, _, _ := strings.Cut(lang, "-")
	for _, key := range []string{name + "." + lang, name + "." + base, name} {
		if f := t.byName[key]; f != nil {
			return f
		}
	}
	return nil
}

// maxSubject is in runes: what phones and lists show of a subject is shorter.
const maxSubject = 200

func (d Draft) check() error {
	if d.Subject == "" || len([]rune(d.Subject)) > maxSubject {
		return fmt.Errorf("mail template %s: subject is empty or longer than %d characters", d.Template, maxSubject)
	}
	for _, text := range []string{d.Body, d.Why, d.Keep} {
		if err := checkMarkdown(text); err != nil {
			return fmt.Errorf("mail template %s: %w", d.Template, err)
		}
	}
	return nil
}
