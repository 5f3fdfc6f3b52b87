package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"regexp"

	"github.com/klauspost/compress/zstd"

	"kept/internal/db"
)

// A chunk is a group of rows that were new or changed in one backup. Its file
// is named for the SHA-256 of what is in it, and never changes:
//
//	zstd( "kept-rows-1\n"
//	      number of tables, for each: name, number of columns, for each: name, type
//	      number of rows, for each: length, table, values )
//
// Numbers are uvarints, texts have their length before them.
const chunkMagic = "kept-rows-1\n"

// chunkTarget is about how many bytes of rows make a chunk: small enough that
// to rewrite one is cheap, large enough that there are few of them.
const chunkTarget = 4 << 20

// maxChunk is how large a chunk may be unpacked. A single row can be larger than
// the target.
const maxChunk = 256 << 20

var errChunk = errors.New("it is not a chunk of rows")

// packer gathers rows into a chunk.
type packer struct {
	tables  []db.Table
	numbers map[string]int
	rows    []byte
	ids     []rowID
}

func newPacker() *packer { return &packer{numbers: map[string]int{}} }

// add takes a row of a table, as appendRow wrote it.
func (p *packer) add(t db.Table, row []byte, id rowID) {
	n, ok := p.numbers[t.Name]
	if !ok {
		n = len(p.tables)
		p.numbers[t.Name] = n
		p.tables = append(p.tables, t)
	}
	size := 1
	if n > 127 {
		size = 2
	}
	p.rows = binary.AppendUvarint(p.rows, uint64(len(row)+size))
	p.rows = binary.AppendUvarint(p.rows, uint64(n))
	p.rows = append(p.rows, row...)
	p.ids = append(p.ids, id)
}

func (p *packer) full() bool { return len(p.rows) >= chunkTarget }

// chunk is a packed group of rows.
type chunk struct {
	name string
	file []byte
	ids  []rowID
}

// seal packs what was gathered.
func (p *packer) seal(z *zstd.Encoder) chunk {
	head := []byte(chunkMagic)
	head = binary.AppendUvarint(head, uint64(len(p.tables)))
	for _, t := range p.tables {
		head = appendString(head, t.Name)
		head = binary.AppendUvarint(head, uint64(len(t.Columns)))
		for _, c := range t.Columns {
			head = appendString(head, c.Name)
			head = append(head, typeOf(c))
		}
	}
	head = binary.AppendUvarint(head, uint64(len(p.ids)))
	var b bytes.Buffer
	b.Grow(len(head) + len(p.rows) + len(p.rows)/64 + 64)
	z.ResetContentSize(&b, int64(len(head)+len(p.rows)))
	z.Write(head) // into memory: they cannot fail
	z.Write(p.rows)
	z.Close()
	return chunk{sumOf(b.Bytes()), b.Bytes(), p.ids}
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func newEncoder() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
}

func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxChunk))
}

// unpacked is a chunk that was read back.
type unpacked struct {
	tables []db.Table
	count  int
	rows   []byte
}

// unpack reads a chunk whose name it must bear out.
func unpack(z *zstd.Decoder, name string, file []byte) (unpacked, error) {
	if sumOf(file) != name {
		return unpacked{}, damaged(name, "its content is not what its name says")
	}
	b, err := z.DecodeAll(file, nil)
	if err != nil {
		return unpacked{}, damaged(name, "it cannot be unpacked")
	}
	u, err := parseChunk(b)
	if err != nil {
		return u, damaged(name, err.Error())
	}
	return u, nil
}

// reader takes apart what appendString and AppendUvarint have written.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() int {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > uint64(maxChunk) {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int(v)
}

func (r *reader) bytes(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) text() string { return string(r.bytes(r.number())) }

// name is a text that can stand in SQL: whoever can write to the store must not
// be able to write statements.
func (r *reader) name() string {
	name := r.text()
	if !plainName.MatchString(name) {
		r.bad = true
	}
	return name
}

var plainName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func parseChunk(b []byte) (unpacked, error) {
	rest, ok := bytes.CutPrefix(b, []byte(chunkMagic))
	if !ok {
		return unpacked{}, errChunk
	}
	r := &reader{b: rest}
	var u unpacked
	for n := r.number(); n > 0 && !r.bad; n-- {
		t := db.Table{Name: r.name()}
		for c := r.number(); c > 0 && !r.bad; c-- {
			column := db.Column{Name: r.name()}
			if flag := r.bytes(1); len(flag) == 1 {
				column.Bytes, column.Bool = flag[0] == 1, flag[0] == 2
			}
			t.Columns = append(t.Columns, column)
		}
		u.tables = append(u.tables, t)
	}
	u.count, u.rows = r.number(), r.b
	if r.bad {
		return unpacked{}, errChunk
	}
	return u, nil
}

// packedRow is a row in a chunk: the number of its table there, and its values
// as appendRow wrote them.
type packedRow struct {
	table  int
	values []byte
}

// each yields the rows in order with their numbers. It ends with an error where
// the chunk does.
func (u unpacked) each() iter.Seq2[packedRow, error] {
	return func(yield func(packedRow, error) bool) {
		r := &reader{b: u.rows}
		for range u.count {
			inner := &reader{b: r.bytes(r.number())}
			row := packedRow{table: inner.number()}
			row.values = inner.b
			if r.bad || inner.bad || row.table >= len(u.tables) {
				yield(row, errChunk)
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if len(r.b) > 0 {
			yield(packedRow{}, errChunk)
		}
	}
}

// ids are the ids of all rows.
func (u unpacked) ids() ([]rowID, error) {
	shapes := make([][8]byte, len(u.tables))
	for i, t := range u.tables {
		shapes[i] = shape(t)
	}
	var all []rowID
	var b []byte
	for row, err := range u.each() {
		if err != nil {
			return nil, err
		}
		b = append(append(b[:0], make([]byte, 8)...), row.values...)
		all = append(all, idOf(shapes[row.table], b))
	}
	return all, nil
}

// appendValues decodes a row.
func (u unpacked) appendValues(to []any, row packedRow) ([]any, error) {
	rest := row.values
	for range u.tables[row.table].Columns {
		value, after, err := readValue(rest)
		if err != nil {
			return to, err
		}
		to, rest = append(to, value), after
	}
	if len(rest) > 0 {
		return to, errRow
	}
	return to, nil
}

// DamagedError says which file of a backup cannot be used, and why.
type DamagedError struct{ Name, Why string }

func damaged(name, why string) error { return &DamagedError{name, why} }

// Error names the file.
func (e *DamagedError) Error() string { return fmt.Sprintf("backup: %s: %s", e.Name, e.Why) }
