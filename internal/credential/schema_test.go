package credential

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are our own words for what Open Badges 3.0 asks for, and the published
// schemas where KEPT_CORPUS names a folder with openbadges/*.json.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	files := []string{"testdata/openbadge.schema.json"}
	if corpus := os.Getenv("KEPT_CORPUS"); corpus != "" {
		more, err := filepath.Glob(filepath.Join(corpus, "openbadges", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	if len(files) == 1 {
		t.Log("not run: the schemas of 1EdTech, which KEPT_CORPUS does not have; see docs/certificates.md")
	}
	all := map[string]*jsonschema.Schema{}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		compiler.AssertFormat()
		if err := compiler.AddResource("schema.json", doc); err != nil {
			t.Fatal(err)
		}
		if all[name], err = compiler.Compile("schema.json"); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestValidByTheSchemas(t *testing.T) {
	w := newWorld()
	w.badge.Until = noon.AddDate(1, 0, 0)
	payload, err := Encode(withClaims(w.badge.Document(), noon))
	if err != nil {
		t.Fatal(err)
	}
	lacking := w.badge.Document()
	delete(lacking, "validFrom")
	for name, schema := range schemas(t) {
		for form, file := range map[string][]byte{"embedded": w.forms(t)["embedded"], "jwt": payload} {
			var value any
			if err := json.Unmarshal(file, &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s, %s: %v", filepath.Base(name), form, err)
			}
		}
		if schema.Validate(lacking) == nil {
			t.Errorf("%s takes a badge without its day: the test looks at nothing", filepath.Base(name))
		}
	}
}
