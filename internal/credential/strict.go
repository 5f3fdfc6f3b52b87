package credential

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Bounds of a document: far above what a credential needs.
const (
	MaxFile  = 1 << 20 // bytes
	maxDepth = 24
)

var (
	errJSON    = errors.New("credential: not JSON in UTF-8")
	errDoubled = errors.New("credential: a name stands twice in one object")
	errDeep    = errors.New("credential: nested too deeply")
	errSize    = errors.New("credential: larger than 1 MB")
)

// parse reads a JSON object in which every name stands once. Readers that take
// the last of two equal names, and readers that take the first, would see
// different credentials under one signature.
func parse(file []byte) (object, error) {
	if len(file) > MaxFile {
		return nil, errSize
	}
	if !utf8.Valid(file) {
		return nil, errJSON
	}
	names, err := countNames(file)
	if err != nil {
		return nil, err
	}
	var doc object
	if err := json.Unmarshal(file, &doc); err != nil || doc == nil {
		return nil, errJSON
	}
	if ownNames(doc) != names {
		return nil, errDoubled
	}
	return doc, nil
}

// countNames counts the names that stand in the source: texts with a colon
// behind them.
func countNames(file []byte) (names int, err error) {
	depth := 0
	for i := 0; i < len(file); i++ {
		switch file[i] {
		case '{', '[':
			if depth++; depth > maxDepth {
				return 0, errDeep
			}
		case '}', ']':
			depth--
		case ':':
			names++
		case '"':
			for i++; i < len(file) && file[i] != '"'; i++ {
				if file[i] == '\\' {
					i++
				}
			}
		}
	}
	return names, nil
}

// ownNames counts the names that were read.
func ownNames(value any) (names int) {
	switch value := value.(type) {
	case object:
		names = len(value)
		for _, one := range value {
			names += ownNames(one)
		}
	case []any:
		for _, one := range value {
			names += ownNames(one)
		}
	}
	return names
}

// Encode writes a document in one line, names in order, letters as they are.
func Encode(doc map[string]any) ([]byte, error) {
	return appendValue(make([]byte, 0, 2048), doc)
}

// appendValue writes the values that documents are made of without reflection:
// encoding/json would take longer than the signature.
func appendValue(out []byte, value any) (_ []byte, err error) {
	switch value := value.(type) {
	case string:
		return appendText(out, value), nil
	case object:
		return appendObject(out, value)
	case []any:
		out = append(out, '[')
		for i, one := range value {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendValue(out, one); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case bool:
		return strconv.AppendBool(out, value), nil
	case int64:
		return strconv.AppendInt(out, value, 10), nil
	}
	other, err := json.Marshal(value)
	return append(out, other...), err
}

func appendObject(out []byte, doc object) (_ []byte, err error) {
	names := make([]string, 0, 16)
	for name := range doc {
		names = append(names, name)
	}
	slices.Sort(names)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, name), ':')
		if out, err = appendValue(out, doc[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// appendText writes a JSON string. Only what must be is escaped.
func appendText(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, r := range text { // what is not UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, '\\', 'n')
		case r < 0x20:
			out = append(out, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"')
}
