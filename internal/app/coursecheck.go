package app

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"kept/internal/check"
	"kept/internal/check/frame"
	"kept/internal/course"
)

// courseCheck tries every exercise of a folder of courses.
type courseCheck struct {
	courseFolder
	Lang     string `help:"Only lessons in this language, as \"en\"."`
	Only     string `help:"Only this type of exercise, or this block."`
	AtOnce   int    `name:"at-once" short:"j" help:"How many at once; 0 is one for each processor."`
	Browser  string `default:"auto" help:"auto, off, or the path of a Chromium."`
	Accepted string `type:"existingfile" help:"A file of known disagreements: an id, \"reference\" or \"seed\", and the reason, a line each."`
}

// Help is shown below the command's usage.
func (courseCheck) Help() string {
	return "Every reference solution must pass all tests, or where there is none the next step's files; the files to begin with must not. Status 1 if one disagrees that the accepted file does not list."
}

func (c *courseCheck) Run(ctx context.Context, std *streams) error {
	accepted, err := readAccepted(c.Accepted)
	if err != nil {
		return err
	}
	catalogue, end, err := c.read(ctx)
	if err != nil {
		return err
	}
	defer end()
	var cases []check.Case
	for _, one := range catalogue.Courses {
		cases = append(cases, c.cases(one)...)
	}
	places := c.AtOnce
	if places < 1 {
		places = runtime.NumCPU()
	}
	runner, err := frame.New()
	if err != nil {
		return err
	}
	pool, err := openChecker(c.Browser, checkCache(), places, runner)
	if err != nil {
		return err
	}
	defer pool.Close()
	return c.audit(ctx, std, pool, cases, places, accepted)
}

// cases are those that were asked for.
func (c *courseCheck) cases(of *course.Course) []check.Case {
	return slices.DeleteFunc(check.Cases(of, c.Lang), func(one check.Case) bool {
		return c.Only != "" && one.Type != c.Only && one.Block != c.Only
	})
}

// checkCache is where compiled code stays from one run to the next.
func checkCache() string {
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "kept", "check")
}

func (c *courseCheck) audit(ctx context.Context, std *streams, pool *check.Pool, cases []check.Case, places int, accepted map[string]string) error {
	bar := newAuditBar(std.err, len(cases))
	enc := json.NewEncoder(std.out)
	var all []check.Finding
	err := pool.Audit(ctx, cases, places, func(f check.Finding) {
		all = append(all, f)
		bar.step()
		if c.JSON {
			_ = enc.Encode(f) // a reader that went away ends the command by its signal
		}
	})
	bar.done()
	if err != nil {
		return err
	}
	unknown := disagreements(all, accepted)
	if !c.JSON {
		if err := printAudit(std.out, all, unknown, accepted); err != nil {
			return err
		}
	}
	if len(unknown) > 0 {
		return errSilent
	}
	return nil
}

// disagreements are the findings that nobody has accepted.
func disagreements(all []check.Finding, accepted map[string]string) []check.Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f check.Finding) bool {
		return !(f.Reference == "fail" && accepted[f.ID+" reference"] == "" || f.Seed == "accepted" && accepted[f.ID+" seed"] == "")
	})
}

func printAudit(w io.Writer, all, unknown []check.Finding, accepted map[string]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "type\texercises\tnot checked\treferences\tpass\tfail\tseeds\trejected\taccepted\tmedian ms\t")
	byType := map[string][]check.Finding{}
	for _, f := range all {
		byType[f.Type] = append(byType[f.Type], f)
	}
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		fmt.Fprintln(t, tableLine(name, byType[name]))
	}
	fmt.Fprintln(t, tableLine("all", all))
	if err := t.Flush(); err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b check.Finding) int { return cmp.Or(cmp.Compare(a.Block, b.Block), cmp.Compare(a.ID, b.ID)) })
	for _, f := range all {
		if f.Disagrees() {
			fmt.Fprintf(w, "%s (%s, type %s): %s\n", f.ID, f.Block, f.Type, f.Why)
			for _, what := range []string{"reference", "seed"} {
				if reason := accepted[f.ID+" "+what]; reason != "" {
					fmt.Fprintf(w, "  accepted: %s: %s\n", what, reason)
				}
			}
		}
	}
	_, err := fmt.Fprintf(w, "%d exercises, %d disagreements that are not accepted\n", len(all), len(unknown))
	return err
}

func tableLine(name string, all []check.Finding) string {
	count := func(is func(check.Finding) bool) int {
		n := 0
		for _, f := range all {
			if is(f) {
				n++
			}
		}
		return n
	}
	var times []int64
	for _, f := range all {
		if f.Engine != "" {
			times = append(times, f.MS)
		}
	}
	slices.Sort(times)
	median := int64(0)
	if len(times) > 0 {
		median = times[len(times)/2]
	}
	pass, fail := count(func(f check.Finding) bool { return f.Reference == "pass" }), count(func(f check.Finding) bool { return f.Reference == "fail" })
	rejected, taken := count(func(f check.Finding) bool { return f.Seed == "rejected" }), count(func(f check.Finding) bool { return f.Seed == "accepted" })
	return fmt.Sprintf("%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t", name, len(all), count(func(f check.Finding) bool { return f.Engine == "" }),
		pass+fail, pass, fail, rejected+taken, rejected, taken, median)
}

// readAccepted reads the file of known disagreements, by "id reference" and
// "id seed".
func readAccepted(path string) (map[string]string, error) {
	known := map[string]string{}
	if path == "" {
		return known, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, rest, _ := strings.Cut(line, " ")
		what, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if reason = strings.TrimSpace(reason); reason == "" || what != "reference" && what != "seed" {
			return nil, hinted(fmt.Errorf("%s:%d: not an accepted disagreement", path, n), `write an id, "reference" or "seed", and the reason`)
		}
		known[id+" "+what] = reason
	}
	return known, lines.Err()
}

// auditBar is a line that shows how far a command is, where somebody looks.
type auditBar struct {
	w        io.Writer // nil: nobody looks
	count    int
	all      int
	began    time.Time
	lastShow time.Time
}

func newAuditBar(w io.Writer, all int) *auditBar {
	f, ok := w.(*os.File)
	if !ok {
		return &auditBar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &auditBar{}
	}
	return &auditBar{w: w, all: all, began: time.Now()}
}

func (b *auditBar) step() {
	b.count++
	if b.w == nil || time.Since(b.lastShow) < 100*time.Millisecond {
		return
	}
	b.lastShow = time.Now()
	const width = 30
	full := width * b.count / b.all
	fmt.Fprintf(b.w, "\r[%s%s] %d of %d, %.0f s ", strings.Repeat("=", full), strings.Repeat(" ", width-full), b.count, b.all, time.Since(b.began).Seconds())
}

func (b *auditBar) done() {
	if b.w != nil {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
