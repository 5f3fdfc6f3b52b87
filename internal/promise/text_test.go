package promise

import (
	"strings"
	"testing"

	"kept/internal/outbound"
	"kept/vault"
)

func TestAVersionIsWritten(t *testing.T) {
	facts := Facts{Community: escape("A*B <i>"), Contact: "ask@example.org", LogHours: 1, BackupDays: 7,
		Kinds:      []vault.Info{{Name: "note", Title: "Note", Audience: vault.AnyoneMaySee, Retention: vault.For(30)}},
		Processors: []outbound.Processor{{Name: "relay"}}}
	for _, c := range []struct{ text, want string }{
		{"{{.Community}}", "<p>A*B &lt;i&gt;</p>\n"},
		{"{{said .Controller}}", "<p><em>(not stated yet by whoever runs this site)</em></p>\n"},
		{"{{hours .LogHours}}, {{days .BackupDays}}", "<p>1 hour, 7 days</p>\n"},
		{`{{kept "note"}}`, "<p>30 days after it was written</p>\n"},
		{`{{if has "gift"}}{{kept "gift"}}{{end}}none`, "<p>none</p>\n"},
		{"{{list .Shown}}; {{list .Held}}", "<p>note; nothing</p>\n"},
		{"{{mailto .Contact}}", `<p><a href="mailto:ask@example.org">ask@example.org</a></p>` + "\n"},
		{"## Who?\n\nWe.", "<h2 id=\"who\">Who?</h2>\n<p>We.</p>\n"},
	} {
		d, err := write(Version{Number: 1, Text: c.text}, facts)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		}
		if string(d.HTML) != c.want {
			t.Errorf("%s\n got %s want %s", c.text, d.HTML, c.want)
		}
	}
}

func TestAMistakeInAVersionIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		`{{kept "gift"}}`: "not declared", "{{.Nobody}}": "Nobody", "{{if}}": "missing value", "a <b>b</b>": "HTML",
	} {
		if _, err := write(Version{Number: 1, Text: text}, Facts{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

func TestEnumerations(t *testing.T) {
	for want, items := range map[string][]string{"nothing": nil, "a": {"a"}, "a and b": {"a", "b"}, "a, b and c": {"a", "b", "c"}} {
		if got := enumerate(items); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for title, want := range map[string]string{"Handle": "handle", "Email": "email", "URL of you": "URL of you", "": ""} {
		if got := lower(title); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
