package vault

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"
)

// valueSchema makes a JSON Schema (2020-12) of the kind's Go type. A field's
// `doc:"…"` tag becomes its description; secrets are left out, since no export
// has them.
func valueSchema(t reflect.Type) json.RawMessage {
	raw, _ := json.Marshal(schemaOf(t)) // of maps and strings: cannot fail
	return raw
}

func schemaOf(t reflect.Type) map[string]any { return shaper{}.of(t) }

// shaper holds the types it is inside of: one that holds itself is left open.
type shaper map[reflect.Type]bool

func (in shaper) of(t reflect.Type) map[string]any {
	if schema := ownText(t); schema != nil {
		return schema
	}
	if in[t] {
		return map[string]any{}
	}
	in[t] = true
	defer delete(in, t)
	switch t.Kind() {
	case reflect.Pointer:
		return nullable(in.of(t.Elem()))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": []string{"string", "null"}, "contentEncoding": "base64"}
		}
		return map[string]any{"type": []string{"array", "null"}, "items": in.of(t.Elem())}
	case reflect.Array:
		return map[string]any{"type": "array", "items": in.of(t.Elem()), "minItems": t.Len(), "maxItems": t.Len()}
	case reflect.Map:
		return map[string]any{"type": []string{"object", "null"}, "additionalProperties": in.of(t.Elem())}
	case reflect.Struct:
		return in.ofStruct(t)
	}
	return plain(t.Kind())
}

func plain(k reflect.Kind) map[string]any {
	switch {
	case k == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case k == reflect.String:
		return map[string]any{"type": "string"}
	case k == reflect.Float32 || k == reflect.Float64:
		return map[string]any{"type": "number"}
	case k >= reflect.Int && k <= reflect.Uint64:
		return map[string]any{"type": "integer"}
	}
	return map[string]any{}
}

// ownText is the schema of types that write their JSON themselves.
func ownText(t reflect.Type) map[string]any {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return nil // may be null, see nullable
	case t.Implements(reflect.TypeFor[json.Marshaler]()):
		return map[string]any{}
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return map[string]any{"type": "string"}
	}
	return nil
}

func nullable(s map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
}

func (in shaper) ofStruct(t reflect.Type) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, omitted := jsonName(f)
		if name == "" || isSecret(f) {
			continue
		}
		schema := in.of(f.Type)
		if doc := f.Tag.Get("doc"); doc != "" {
			schema["description"] = doc
		}
		properties[name] = schema
		if !omitted {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// jsonName is the field's name in JSON, or empty if it has none; omitted tells
// whether an empty value is left out.
func jsonName(f reflect.StructField) (name string, omitted bool) {
	tag := f.Tag.Get("json")
	if !f.IsExported() || tag == "-" || f.Anonymous {
		return "", false
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	return name, strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
}

func isSecret(f reflect.StructField) bool { return f.Tag.Get("vault") == "secret" }

// secretFields lists the fields tagged `vault:"secret"`, which must stand at the
// top of the value.
func secretFields(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		if name, _ := jsonName(f); name != "" && isSecret(f) {
			names = append(names, name)
		}
	}
	return names
}

// hasNestedSecret finds secrets that withoutSecrets would not reach.
func hasNestedSecret(t reflect.Type, depth int, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return hasNestedSecret(t.Elem(), depth+1, seen)
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if depth > 0 && isSecret(f) || hasNestedSecret(f.Type, depth+1, seen) {
				return true
			}
		}
	}
	return false
}

// ExportSchema is the JSON Schema of the documents that Export writes, with id
// as its $id.
func (r *Registry) ExportSchema(id string) []byte {
	kinds := map[string]any{}
	for _, info := range r.Kinds() {
		kinds[info.Name] = map[string]any{"type": "array", "description": info.Sentence, "items": recordSchema(info)}
	}
	text := map[string]any{"type": "string"}
	doc := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": id, "title": "Everything held about one person",
		"type": "object", "additionalProperties": false, "required": []string{"format", "made", "owner", "kinds"},
		"properties": map[string]any{
			"format": map[string]any{"const": ExportFormat},
			"made":   map[string]any{"type": "string", "format": "date", "description": "day of the export"},
			"owner": map[string]any{"type": "object", "additionalProperties": false,
				"required": []string{"open", "restricted", "private", "objections"},
				"properties": map[string]any{
					"open":       map[string]any{"type": "boolean", "description": "whether anything is public at all"},
					"restricted": map[string]any{"type": "boolean", "description": "whether processing is restricted (GDPR Art. 18)"},
					"private":    map[string]any{"type": "boolean", "description": "whether new records start as narrow as they can"},
					"objections": map[string]any{"type": "array", "items": text, "description": "purposes objected to (GDPR Art. 21)"},
				}},
			"kinds": map[string]any{"type": "object", "additionalProperties": false, "properties": kinds},
		},
	}
	raw, _ := json.MarshalIndent(doc, "", "  ") // of maps and strings: cannot fail
	return raw
}

func recordSchema(info Info) map[string]any {
	text := func(doc string) map[string]any { return map[string]any{"type": "string", "description": doc} }
	number := func(doc string) map[string]any { return map[string]any{"type": "integer", "description": doc} }
	return map[string]any{"type": "object", "additionalProperties": false,
		"required": []string{"id", "schema", "audience", "policy", "made", "expires", "value"},
		"properties": map[string]any{
			"id":       text("unique among the records of this kind"),
			"schema":   number("number of the value's shape"),
			"audience": map[string]any{"enum": []string{"only me", "team", "anyone"}, "description": "who may see it"},
			"scope":    text("the workshop or list that a role may be limited to"),
			"anchor":   text("what its date hangs on"),
			"policy":   number("version of the privacy policy when it was written"),
			"made":     text("UTC day on which it was first written"),
			"expires":  text("last UTC day of its life, or \"until erased\""),
			"value":    info.ValueSchema,
		}}
}

// ExportSchema is Registry.ExportSchema of the vault's own kinds.
func (v *Vault) ExportSchema(id string) []byte { return v.reg.ExportSchema(id) }
