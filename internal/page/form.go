package page

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"kept/internal/fault"
)

// Form keeps what was typed and what is wrong with it, so that the page can
// be shown again with both. The zero Form, and a nil one, are an empty form.
type Form struct {
	values url.Values
	files  map[string][]byte
	wrong  []Wrong
}

// Wrong is one line of the error summary. ID is the field that it leads to,
// empty if it is about the whole form.
type Wrong struct{ ID, Name, Message string }

// mostFields bounds how many values one form may carry.
const mostFields = 1000

// inMemory is more than any body may have (the chain limits those), so that
// an upload never touches the disk.
const inMemory = 1 << 40

// ParseForm reads the body of a request; the query is not part of it.
func ParseForm(r *http.Request) (*Form, error) {
	if err := parseBody(r); err != nil {
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, err
		}
		return nil, fault.Invalid{Fields: []fault.Field{{Message: "Send the form again from its page."}}}
	}
	if len(r.PostForm) > mostFields {
		return nil, fault.Invalid{Fields: []fault.Field{{Message: "Send fewer fields."}}}
	}
	form := &Form{values: r.PostForm}
	return form, form.readFiles(r)
}

func parseBody(r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.ContentLength != 0 {
		return err
	}
	if kind == "multipart/form-data" {
		return r.ParseMultipartForm(inMemory)
	}
	return r.ParseForm()
}

func (f *Form) readFiles(r *http.Request) error {
	if r.MultipartForm == nil {
		return nil
	}
	f.files = map[string][]byte{}
	for name, headers := range r.MultipartForm.File {
		if len(headers) == 0 {
			continue
		}
		file, err := headers[0].Open()
		if err != nil {
			return err
		}
		data, err := io.ReadAll(file)
		file.Close()
		if err != nil {
			return err
		}
		f.files[name] = data
	}
	return nil
}

// FormOf makes a form of values from elsewhere: a query, or what is stored.
func FormOf(values url.Values) *Form { return &Form{values: values} }

// Text returns one value as a person meant it: without space around it,
// control characters or broken encoding, lines ended by \n.
func (f *Form) Text(name string) string { return strings.TrimSpace(f.Raw(name)) }

// Raw is Text without trimming, for code and passages.
func (f *Form) Raw(name string) string {
	if f == nil {
		return ""
	}
	return clean(f.values.Get(name))
}

func clean(value string) string {
	value = strings.ReplaceAll(value, "\r\n", "\n")
	if !utf8.ValidString(value) {
		value = strings.ToValidUTF8(value, "\uFFFD")
	}
	return strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, value)
}

// Has reports whether a box was ticked or a value sent.
func (f *Form) Has(name string) bool { return f != nil && f.values.Has(name) }

// All returns every value of a name, as of several boxes.
func (f *Form) All(name string) []string {
	if f == nil {
		return nil
	}
	out := make([]string, len(f.values[name]))
	for i, value := range f.values[name] {
		out[i] = clean(value)
	}
	return out
}

// File returns the bytes of an upload; its file name is not kept.
func (f *Form) File(name string) []byte { return f.files[name] }

// Set replaces a value, for instance with what is stored.
func (f *Form) Set(name, value string) {
	if f.values == nil {
		f.values = url.Values{}
	}
	f.values.Set(name, value)
}

// Wrong notes what to do about a field, in the reader's language. The first
// complaint about a field counts.
func (f *Form) Wrong(name, message string) {
	if f.errorOf(name) != "" {
		return
	}
	id := ""
	if name != "" {
		id = fieldID(name)
	}
	f.wrong = append(f.wrong, Wrong{ID: id, Name: name, Message: message})
}

// Take notes the fields of an error of kind Invalid and reports whether it
// was one; any other error is for the wrapper.
func (f *Form) Take(err error) bool {
	invalid, ok := errors.AsType[fault.Invalid](err)
	if !ok {
		return false
	}
	for _, field := range invalid.Fields {
		f.Wrong(field.Name, field.Message)
	}
	return true
}

// OK reports that nothing is wrong so far.
func (f *Form) OK() bool { return f == nil || len(f.wrong) == 0 }

// Errors are the lines of the summary, in the order in which they were noted.
func (f *Form) Errors() []Wrong {
	if f == nil {
		return nil
	}
	return f.wrong
}

func (f *Form) errorOf(name string) string {
	if f == nil {
		return ""
	}
	for _, w := range f.wrong {
		if w.Name == name {
			return w.Message
		}
	}
	return ""
}

func fieldID(name string) string { return "f-" + name }
