package credential

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/piprate/json-gold/ld"
)

// contextFiles are made by tools/credential; see contexts/manifest.txt.
//
//go:embed contexts/*.json contexts/manifest.txt
var contextFiles embed.FS

var errContext = errors.New("credential: it names a context that is not bundled")

// bundled is the only loader there is: it opens no connection.
type bundled map[string]any

// LoadDocument answers with a bundled context.
func (b bundled) LoadDocument(address string) (*ld.RemoteDocument, error) {
	document, ok := b[address]
	if !ok {
		return nil, errContext
	}
	return &ld.RemoteDocument{DocumentURL: address, Document: document}, nil
}

// contexts are read once.
var contexts = sync.OnceValue(func() bundled {
	all, err := readContexts()
	if err != nil {
		panic(err) // the files are part of the program
	}
	return all
})

func readContexts() (bundled, error) {
	manifest, err := contextFiles.ReadFile("contexts/manifest.txt")
	if err != nil {
		return nil, err
	}
	all := bundled{}
	for line := range strings.Lines(string(manifest)) {
		var name, address string
		if _, err := fmt.Sscan(line, &name, &address); err != nil {
			return nil, err
		}
		file, err := contextFiles.ReadFile("contexts/" + name)
		if err != nil {
			return nil, err
		}
		var document any
		if err := json.Unmarshal(file, &document); err != nil {
			return nil, err
		}
		all[address] = document
	}
	return all, nil
}
