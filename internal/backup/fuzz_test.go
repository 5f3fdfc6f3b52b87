package backup

import (
	"bytes"
	"testing"

	"kept/internal/db"
)

// FuzzChunk feeds the parser of groups: whoever can write to the place of the
// backups must not be able to crash a restore, or to write SQL.
func FuzzChunk(f *testing.F) {
	p := newPacker()
	t := db.Table{Name: "t", Columns: []db.Column{{Name: "a"}, {Name: "b", Bytes: true}, {Name: "c", Bool: true}}}
	row, err := appendRow(nil, t.Columns, []any{anyOf("text"), anyOf([]byte{1, 2}), anyOf(int64(1))})
	if err != nil {
		f.Fatal(err)
	}
	p.add(t, row, rowID{})
	z, err := newEncoder()
	if err != nil {
		f.Fatal(err)
	}
	c := p.seal(z)
	d, err := newDecoder()
	if err != nil {
		f.Fatal(err)
	}
	whole, err := d.DecodeAll(c.file, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add([]byte(chunkMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := parseChunk(b)
		if err != nil {
			return
		}
		for _, table := range u.tables {
			if !plainName.MatchString(table.Name) {
				t.Errorf("the name %q came through", table.Name)
			}
		}
		for row, err := range u.each() {
			if err != nil {
				return
			}
			if _, err := u.appendValues(nil, row); err != nil {
				return
			}
		}
	})
}

// FuzzManifest feeds the reader of manifests.
func FuzzManifest(f *testing.F) {
	b, err := encodeManifest(&Snapshot{Format: snapshotFormat, ID: "x", Chunks: []Part{{Name: "a", Rows: 9, Live: []byte{1, 1}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeManifest("x", b)
		if err != nil {
			return
		}
		for i := range s.Chunks {
			s.Chunks[i].count()
		}
	})
}

func anyOf(v any) any { return &v }

func TestARowReadsBackAsItWas(t *testing.T) {
	columns := []db.Column{{Name: "null"}, {Name: "int"}, {Name: "text"}, {Name: "bytes", Bytes: true}, {Name: "yes", Bool: true}, {Name: "no"}, {Name: "float"}, {Name: "sqlite", Bool: true}}
	values := []any{nil, int64(-5), "Ünï\x00", []byte{0, 255}, true, false, 1.5, int64(1)}
	want := []any{nil, int64(-5), "Ünï\x00", []byte{0, 255}, true, false, 1.5, true}
	var to []any
	for _, v := range values {
		to = append(to, anyOf(v))
	}
	b, err := appendRow(nil, columns, to)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		got, rest, err := readValue(b)
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := want[i].([]byte); ok {
			if !bytes.Equal(got.([]byte), w) {
				t.Errorf("%s: got %v, want %v", columns[i].Name, got, w)
			}
		} else if got != want[i] {
			t.Errorf("%s: got %v, want %v", columns[i].Name, got, want[i])
		}
		b = rest
	}
	if len(b) > 0 {
		t.Errorf("%d bytes are left", len(b))
	}
}
