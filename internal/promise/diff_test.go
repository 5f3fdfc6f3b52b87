package promise

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// written puts a comparison on a line: [+added+], [-removed-].
func written(all []passage) string {
	var out []string
	for _, p := range all {
		line := p.Under + ":"
		for _, piece := range p.Pieces {
			switch piece.Op {
			case added:
				line += " [+" + piece.Text + "+]"
			case removed:
				line += " [-" + piece.Text + "-]"
			default:
				line += " " + piece.Text
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func TestDifferences(t *testing.T) {
	base := "## Mail\n\nWe keep it **30 days** and then it goes.\n\n- one\n- two\n"
	for name, c := range map[string]struct{ newer, want string }{
		"same":         {base, ""},
		"a word":       {strings.Replace(base, "30", "7", 1), "Mail: We keep it [-30-] [+7+] days and then it goes."},
		"a point":      {base + "- three\n", "Mail: [+three+]"},
		"another text": {strings.Replace(base, "We keep it **30 days** and then it goes.", "Nothing at all.", 1), "Mail: [-We keep it 30 days and then it goes.-]\nMail: [+Nothing at all.+]"},
		"a question":   {base + "\n## Backups\n\nNone.\n", "Backups: [+Backups+]\nBackups: [+None.+]"},
		"marks alone":  {strings.ReplaceAll(base, "**", ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := written(compare(base, c.newer)); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Whatever is compared, what is the same and what was added make the newer
// text, and what is the same and what was removed the older one.
func TestADifferenceLeavesNothingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 30)
		older, newer := text.Draw(t, "older"), text.Draw(t, "newer")
		var a, b []string
		for _, p := range wordDiff(strings.Join(older, " "), strings.Join(newer, " ")) {
			if p.Op != added {
				a = append(a, strings.Fields(p.Text)...)
			}
			if p.Op != removed {
				b = append(b, strings.Fields(p.Text)...)
			}
		}
		if !slices.Equal(a, older) || !slices.Equal(b, newer) {
			t.Fatalf("got %v and %v", a, b)
		}
	})
}

func TestEveryPassageIsAccountedFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]string{"a b c", "a b d", "e f g", "h"}), 0, 8)
		older, newer := text.Draw(t, "older"), text.Draw(t, "newer")
		count := map[string]int{}
		for _, p := range compare(strings.Join(older, "\n\n"), strings.Join(newer, "\n\n")) {
			var a, b []string
			for _, piece := range p.Pieces {
				if piece.Op != added {
					a = append(a, piece.Text)
				}
				if piece.Op != removed {
					b = append(b, piece.Text)
				}
			}
			count[strings.Join(a, " ")]--
			count[strings.Join(b, " ")]++
		}
		delete(count, "")
		for _, o := range older {
			count[o]++
		}
		for _, n := range newer {
			count[n]--
		}
		for text, n := range count {
			if n != 0 {
				t.Fatal(fmt.Sprintf("%q: off by %d", text, n))
			}
		}
	})
}
