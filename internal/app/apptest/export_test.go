package apptest

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestAnExportIsValidByThePublishedSchema(t *testing.T) {
	Each(t, func(t *testing.T, s *Program) {
		me := member(t, s)
		plant(t, s, me.Owner)
		_, published := read(t, s.Browser(), s.URL+"/schema/export.json")
		_, doc := read(t, me.Browser, s.URL+"/you/data/export")
		if err := valid(t, published, doc); err != nil {
			t.Errorf("the export: %v", err)
		}
		for _, broken := range []string{
			strings.Replace(doc, `"audience":`, `"audiense":`, 1),
			strings.Replace(doc, `"schema":1`, `"schema":"one"`, 1),
			strings.Replace(doc, `"format":"kept-export-1"`, `"format":"other"`, 1),
		} {
			if valid(t, published, broken) == nil {
				t.Error("the schema accepts a document that was broken")
			}
		}
	})
}

func valid(t *testing.T, schema, doc string) error {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("export.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("export.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		return err
	}
	return compiled.Validate(value)
}
