// Package scan looks for words in files as they could lie there after a program
// forgot them: in any of the usual encodings, cut at their ends, and inside
// compressed files.
//
// It helps to show that what was erased is gone. It reads everything and changes
// nothing. A scanner that finds nothing may be broken: whoever uses it plants
// words that must be found, too.
//
// Start at New and Scanner.Folder.
package scan

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Cut is how many bytes may be missing at each end of a word.
const Cut = 8

// Least is how long a word must be, so that enough is left of it to be found
// in every encoding and by nothing else.
const Least = 2*Cut + 16

// Hit is a word that was found.
type Hit struct {
	Word   int    // its place among the words given to New
	How    string // "raw", "hex", …
	File   string
	Inside string // "" or the kinds of archive around it: "gzip/zip"
}

func (h Hit) String() string {
	if h.Inside != "" {
		return fmt.Sprintf("word %d as %s in %s (%s)", h.Word, h.How, h.File, h.Inside)
	}
	return fmt.Sprintf("word %d as %s in %s", h.Word, h.How, h.File)
}

// Scanner looks for a set of words.
type Scanner struct {
	begin [1 << 16 / 64]uint64 // which first two bytes any needle has
	by    map[uint64][]needle  // by the first eight
}

type needle struct {
	word int
	how  string
	text []byte
}

// New makes a scanner. Words are texts or keys; shorter ones than Least are an error.
func New(words ...[]byte) (*Scanner, error) {
	s := &Scanner{by: map[uint64][]needle{}}
	for i, word := range words {
		if len(word) < Least {
			return nil, fmt.Errorf("scan: a word of %d bytes; %d are needed", len(word), Least)
		}
		core := word[Cut : len(word)-Cut]
		for how, text := range encodings(core) {
			s.add(needle{i, how, text})
		}
	}
	return s, nil
}

func (s *Scanner) add(n needle) {
	two := binary.LittleEndian.Uint16(n.text)
	s.begin[two/64] |= 1 << (two % 64)
	key := binary.LittleEndian.Uint64(n.text)
	same := func(o needle) bool { return o.word == n.word && string(o.text) == string(n.text) }
	if !slices.ContainsFunc(s.by[key], same) {
		s.by[key] = append(s.by[key], n)
	}
}

// encodings are the ways in which a word can stand in a file. A word whose
// ends are missing begins anywhere, so base64 comes in three alignments.
func encodings(word []byte) map[string][]byte {
	text := string(word)
	all := map[string][]byte{
		"raw":         word,
		"lower case":  []byte(strings.ToLower(text)),
		"upper case":  []byte(strings.ToUpper(text)),
		"UTF-16LE":    wide(word, 0),
		"UTF-16BE":    wide(word, 1),
		"hex":         []byte(hex.EncodeToString(word)),
		"upper hex":   []byte(strings.ToUpper(hex.EncodeToString(word))),
		"percent":     each(word, "%%%02X"),
		"low percent": each(word, "%%%02x"),
		"JSON":        each(word, `\u%04x`),
		"upper JSON":  each(word, `\u%04X`),
	}
	for shift := range 3 {
		for name, alphabet := range alphabets {
			all[fmt.Sprintf("%s, %d", name, shift)] = alphabet.aligned(word, shift)
		}
	}
	return all
}

func wide(word []byte, high int) []byte {
	out := make([]byte, 2*len(word))
	for i, b := range word {
		out[2*i+high] = b
	}
	return out
}

func each(word []byte, format string) []byte {
	var b strings.Builder
	for _, c := range word {
		fmt.Fprintf(&b, format, c)
	}
	return []byte(b.String())
}

// Folder looks through every file below the folders.
func (s *Scanner) Folder(folders ...string) ([]Hit, error) {
	var all []Hit
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			hits, err := s.File(path)
			all = append(all, hits...)
			return err
		})
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// File looks through a file.
func (s *Scanner) File(path string) ([]Hit, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return s.Bytes(path, content), nil
}

// Bytes looks through what a file holds. Each word counts once for each encoding.
func (s *Scanner) Bytes(file string, content []byte) []Hit {
	seen := map[Hit]bool{}
	s.look(content, "", func(n needle, inside string) { seen[Hit{n.word, n.how, file, inside}] = true })
	var all []Hit
	for hit := range seen {
		all = append(all, hit)
	}
	slices.SortFunc(all, func(a, b Hit) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// look goes through content and what is packed inside it.
func (s *Scanner) look(content []byte, inside string, found func(needle, string)) {
	for i := 0; i+8 <= len(content); i++ {
		two := binary.LittleEndian.Uint16(content[i:])
		if s.begin[two/64]&(1<<(two%64)) == 0 {
			continue
		}
		for _, n := range s.by[binary.LittleEndian.Uint64(content[i:])] {
			if len(content)-i >= len(n.text) && string(content[i:i+len(n.text)]) == string(n.text) {
				found(n, inside)
			}
		}
	}
	if strings.Count(inside, "/") < deepest {
		unpack(content, func(kind string, unpacked []byte) { s.look(unpacked, inside+kind+"/", found) })
	}
}
