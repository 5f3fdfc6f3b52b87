package vault

import (
	"bufio"
	"context"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"io"

	"kept/vault/keyring"
	"kept/vault/sabotage"
)

type keyOf struct {
	aead  cipher.AEAD
	class keyring.Class
}

// ExportFormat is the value of "format" in an export.
const ExportFormat = "kept-export-1"

// exported is one record in an export.
type exported struct {
	ID       string          `json:"id"`
	Schema   int             `json:"schema"`
	Audience string          `json:"audience"`
	Scope    string          `json:"scope,omitempty"`
	Anchor   string          `json:"anchor,omitempty"`
	Policy   int             `json:"policy"`
	Made     string          `json:"made"`
	Expires  string          `json:"expires"`
	Value    json.RawMessage `json:"value"`
}

// Export streams everything held about an owner as one JSON document, without
// secrets, in memory that does not grow with the number of records. Give it a
// read transaction to have one moment in time.
func (v *Vault) Export(ctx context.Context, q Querier, owner OwnerID, w io.Writer) error {
	o, err := v.Owner(ctx, q, owner)
	if err != nil {
		return err
	}
	out := exporter{w: bufio.NewWriterSize(w, 64<<10)}
	out.head(o, v.Today())
	err = v.each(ctx, q, owner, "", func(d *decl, s stored, raw []byte) error {
		if sabotage.Is(sabotage.ExportDropsKind) && d.Portable {
			return nil
		}
		shown, err := d.withoutSecrets(raw)
		if err != nil {
			return s.fault(err)
		}
		return out.record(s, shown)
	})
	if err != nil {
		return err
	}
	return out.end()
}

type exporter struct {
	w    *bufio.Writer
	kind string
	buf  []byte
}

func (e *exporter) head(o Owner, today Day) {
	objects, _ := json.Marshal(append([]string{}, o.Objects...)) // strings: cannot fail
	fmt.Fprintf(e.w, `{"format":%q,"made":%q,"owner":{"open":%t,"restricted":%t,"private":%t,"objections":%s},"kinds":{`,
		ExportFormat, today, o.Open, o.Restricted, o.Private, objects)
}

func (e *exporter) record(s stored, value []byte) error {
	switch {
	case e.kind == s.kind:
		e.w.WriteString(",\n")
	case e.kind == "":
		fmt.Fprintf(e.w, "\n%q:[\n", s.kind)
	default:
		fmt.Fprintf(e.w, "\n],\n%q:[\n", s.kind)
	}
	e.kind = s.kind
	e.buf = s.appendHead(e.buf[:0])
	e.w.Write(e.buf)
	e.w.Write(value)
	return e.w.WriteByte('}') // a bufio.Writer keeps its first error
}

// appendHead writes all of an exported record but its value. Ids, scopes and
// anchors are of the program's own making; JSON escapes them all the same.
func (s stored) appendHead(b []byte) []byte {
	text := func(name, value string) {
		quoted, _ := json.Marshal(value) // a string: cannot fail
		b = append(append(append(b, `,"`...), name...), `":`...)
		b = append(b, quoted...)
	}
	b = fmt.Appendf(b, `{"schema":%d,"policy":%d`, s.schema, s.policy)
	text("id", s.id)
	text("audience", s.seen.String())
	text("made", s.made.String())
	text("expires", s.expires.String())
	if s.scope != "" {
		text("scope", s.scope)
	}
	if s.anchor != "" {
		text("anchor", s.anchor)
	}
	return append(b, `,"value":`...)
}

func (e *exporter) end() error {
	if e.kind != "" {
		e.w.WriteString("\n]")
	}
	e.w.WriteString("\n}}\n")
	return e.w.Flush()
}

// withoutSecrets takes the secret fields out of a value.
func (d *decl) withoutSecrets(raw []byte) ([]byte, error) {
	if len(d.Secrets) == 0 || sabotage.Is(sabotage.SecretsExported) {
		return raw, nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	for _, name := range d.Secrets {
		delete(fields, name)
	}
	return json.Marshal(fields)
}
