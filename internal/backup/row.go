package backup

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"

	"kept/internal/db"
)

// A row is written as its table's number and its values, each with a byte that
// says what it is. Both engines give the same bytes for the same row, so that a
// backup of one restores into the other.
const (
	isNull byte = iota
	isInt
	isText
	isBytes
	isFalse
	isTrue
	isFloat
)

var errRow = errors.New("a row makes no sense")

// rowID is the first half of the SHA-256 of a table's shape and a row of it:
// what makes a row the same row in two backups.
type rowID [16]byte

// appendRow appends the values of a row as database/sql scanned them.
func appendRow(b []byte, columns []db.Column, values []any) ([]byte, error) {
	for i, value := range values {
		switch v := value.(type) {
		case *sql.RawBytes:
			b = appendText(b, columns[i], *v)
		case *any:
			var err error
			if b, err = appendValue(b, columns[i], *v); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

func appendText(b []byte, c db.Column, v []byte) []byte {
	if v == nil {
		return append(b, isNull)
	}
	kind := isText
	if c.Bytes {
		kind = isBytes
	}
	b = binary.AppendUvarint(append(b, kind), uint64(len(v)))
	return append(b, v...)
}

func appendValue(b []byte, c db.Column, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, isNull), nil
	case int64:
		if c.Bool {
			return appendValue(b, c, v != 0)
		}
		return binary.AppendVarint(append(b, isInt), v), nil
	case bool:
		if v {
			return append(b, isTrue), nil
		}
		return append(b, isFalse), nil
	case float64:
		return binary.BigEndian.AppendUint64(append(b, isFloat), math.Float64bits(v)), nil
	case string:
		return appendText(b, c, []byte(v)), nil
	case []byte:
		return appendText(b, c, v), nil
	}
	return nil, fmt.Errorf("column %s holds a %T, which no backup can hold", c.Name, value)
}

// readValue takes one value off the front of b. Bytes are b's own.
func readValue(b []byte) (value any, rest []byte, err error) {
	if len(b) == 0 {
		return nil, nil, errRow
	}
	kind, b := b[0], b[1:]
	switch kind {
	case isNull:
		return nil, b, nil
	case isFalse, isTrue:
		return kind == isTrue, b, nil
	case isInt:
		v, n := binary.Varint(b)
		if n <= 0 {
			return nil, nil, errRow
		}
		return v, b[n:], nil
	case isFloat:
		if len(b) < 8 {
			return nil, nil, errRow
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b)), b[8:], nil
	case isText, isBytes:
		n, head := binary.Uvarint(b)
		if head <= 0 || n > uint64(len(b)-head) {
			return nil, nil, errRow
		}
		text, rest := b[head:head+int(n)], b[head+int(n):]
		if kind == isText {
			return string(text), rest, nil
		}
		return text, rest, nil
	}
	return nil, nil, errRow
}

// typeOf is how a column's type is written: 1 for bytes, 2 for yes and no.
func typeOf(c db.Column) byte {
	switch {
	case c.Bytes:
		return 1
	case c.Bool:
		return 2
	}
	return 0
}

// shape stands for a table's name and columns in the ids of its rows: a table
// that changed its shape has no row in common with what it was.
func shape(t db.Table) [8]byte {
	h := fnv.New64a()
	h.Write([]byte(t.Name))
	for _, c := range t.Columns {
		fmt.Fprintf(h, "\x00%s %d", c.Name, typeOf(c))
	}
	return [8]byte(h.Sum(nil))
}

// idOf needs room before the row for the table's shape: row is b[8:].
func idOf(shape [8]byte, b []byte) rowID {
	copy(b, shape[:])
	sum := sha256.Sum256(b)
	return rowID(sum[:16])
}
