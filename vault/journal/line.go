package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// line is what stands in one line: the name of a file, a batch of entries, or
// the end of a shipped journal.
type line struct {
	Format  int     `json:"format,omitempty"`
	Journal string  `json:"journal,omitempty"`
	Entries []Entry `json:"entries,omitempty"`
	End     int     `json:"end,omitempty"` // entries shipped, and one more
}

const (
	format   = 1
	lead     = `{"crc":"`
	textAt   = len(lead) + 8 + 1 // after the checksum and its quote
	nameSize = 68                // first lines without their newline all have this length
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// freshFile is an empty journal.
func freshFile() ([]byte, error) { return encode(line{Format: format, Journal: NewID()}) }

func encode(l line) ([]byte, error) {
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	text[0] = ','
	b := fmt.Appendf(nil, "%s%08x\"", lead, crc32.Checksum(text, castagnoli))
	return append(append(b, text...), '\n'), nil
}

// decode refuses whatever encode would not have written.
func decode(b []byte) (*line, bool) {
	if len(b) < textAt+2 || !bytes.HasPrefix(b, []byte(lead)) || b[textAt-1] != '"' {
		return nil, false
	}
	sum, err := strconv.ParseUint(string(b[len(lead):textAt-1]), 16, 32)
	text := bytes.Clone(b[textAt:])
	if err != nil || text[0] != ',' || uint32(sum) != crc32.Checksum(text, castagnoli) {
		return nil, false
	}
	text[0] = '{'
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return nil, false
	}
	named := l.Journal != ""
	return &l, named == (l.Format == format) && (named || len(l.Entries) > 0 || l.End > 0)
}

// WriteTo writes the whole journal, and an end by which ReadFrom tells that
// nothing is missing. The count is of bytes.
func (j *File) WriteTo(w io.Writer) (int64, error) {
	b, err := j.bytes()
	if err != nil {
		return 0, err
	}
	entries := 0
	whole, err := scan(b, func(_ int64, l *line) error {
		entries += len(l.Entries)
		return nil
	})
	if err != nil {
		return 0, err
	}
	end, err := encode(line{End: entries + 1})
	if err != nil {
		return 0, err
	}
	n, err := w.Write(append(b[:whole:whole], end...))
	return int64(n), err
}

// ReadFrom adds the entries of a shipped journal that are not here yet, told
// by their ids, in one append. The count is of bytes read.
//
// Errors: [ErrTruncated] when its end is missing, [ErrCorrupt] for damage,
// those of Append and of r. Then nothing was added.
func (j *File) ReadFrom(r io.Reader) (int64, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return int64(len(b)), err
	}
	shipped, err := unship(b)
	if err != nil {
		return int64(len(b)), err
	}
	here := map[string]bool{}
	err = j.Read(func(e Entry) error {
		here[e.ID] = true
		return nil
	})
	if err != nil {
		return int64(len(b)), err
	}
	var missing []Entry
	for _, e := range shipped {
		if !here[e.ID] {
			here[e.ID] = true
			missing = append(missing, e)
		}
	}
	return int64(len(b)), j.Append(missing)
}

func unship(b []byte) (entries []Entry, err error) {
	end := 0
	whole, err := scan(b, func(at int64, l *line) error {
		if end > 0 {
			return &CorruptError{at}
		}
		end = l.End
		entries = append(entries, l.Entries...)
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case end != len(entries)+1 || whole != int64(len(b)):
		return nil, ErrTruncated
	}
	return entries, nil
}
