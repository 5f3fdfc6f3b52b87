package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"
)

// TestEditorIsAsItWasBuiltAndSmall compares web/editor with its manifest, and
// adds up what all of it weighs on the line: every language together.
func TestEditorIsAsItWasBuiltAndSmall(t *testing.T) {
	const most = 200_000
	manifest, err := fs.ReadFile(Files, "editor/MANIFEST.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed, weight := map[string]bool{"MANIFEST.tsv": true}, 0
	for line := range strings.Lines(string(manifest)) {
		part := strings.Split(strings.TrimSpace(line), "\t")
		if part[0] != "file" {
			continue
		}
		body, err := fs.ReadFile(Files, "editor/"+part[1])
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != part[2] {
			t.Errorf("%s is not as it was built: run tools/editor", part[1])
		}
		listed[part[1]] = true
		if strings.HasSuffix(part[1], ".js") {
			weight += packed(t, body)
		}
	}
	entries, err := fs.ReadDir(Files, "editor")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !listed[entry.Name()] {
			t.Errorf("%s stands in no manifest", entry.Name())
		}
	}
	t.Logf("the editor with every language: %d bytes packed", weight)
	if weight == 0 || weight > most {
		t.Errorf("the editor weighs %d bytes, want at most %d", weight, most)
	}
}

func packed(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}
