package freecodecamp_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kept/internal/course"
)

const (
	manyChallenges = 16_000
	mostSeconds    = 5.0 // on two processors
	mostMegabytes  = 250
	mostLive       = 200 * time.Millisecond
)

// BenchmarkLoadMany loads a curriculum of the size of the real one, made of
// our own fixture and, where KEPT_CORPUS is set, of real files.
func BenchmarkLoadMany(b *testing.B) {
	roots := map[string]fs.FS{"fixture": fixture(b, "2025")}
	if dir := os.Getenv("KEPT_CORPUS"); dir != "" {
		roots["corpus"] = os.DirFS(filepath.Join(dir, "freecodecamp", "layout-2025"))
	}
	for name, root := range roots {
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			want := repeat(b, root, dir)
			folder, err := course.OpenFolder(dir)
			if err != nil {
				b.Fatal(err)
			}
			defer folder.Close()
			for b.Loop() {
				loadOnce(b, folder, want)
			}
		})
	}
}

func loadOnce(b *testing.B, root fs.FS, want int) {
	begin, busy := time.Now(), processorSeconds(b)
	catalogue := load(b, root)
	b.ReportMetric(time.Since(begin).Seconds(), "s/load")
	// Other programs on the machine do not count against the limit.
	took := (processorSeconds(b) - busy) / 2
	b.ReportMetric(2*took, "s-processor/load")
	debug.FreeOSMemory()
	resident := residentMegabytes(b)
	b.ReportMetric(resident, "MB-resident")
	if catalogue.Lessons != want {
		b.Errorf("%d lessons were loaded, want %d", catalogue.Lessons, want)
	}
	if took > mostSeconds || resident > mostMegabytes {
		b.Errorf("loading took %.1f s and %.0f MB, at most %.0f s and %d MB are allowed", took, resident, mostSeconds, mostMegabytes)
	}
	runtime.KeepAlive(catalogue)
}

// processorSeconds is what all processors together have worked for us.
func processorSeconds(b *testing.B) float64 {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		b.Fatal(err)
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano()).Seconds()
}

var residentLine = regexp.MustCompile(`VmRSS:\s+([0-9]+) kB`)

func residentMegabytes(b *testing.B) float64 {
	raw, err := os.ReadFile("/proc/self/status")
	m := residentLine.FindSubmatch(raw)
	if err != nil || m == nil {
		b.Fatalf("the system does not say how much memory is in use: %v", err)
	}
	kilobytes, _ := strconv.Atoi(string(m[1]))
	return float64(kilobytes) / 1024
}

var (
	idLine     = regexp.MustCompile(`(?m)^id: `)
	idField    = regexp.MustCompile(`"id": "`)
	superField = regexp.MustCompile(`"superBlock": "[^"]*`)
)

// repeat writes a curriculum again and again, each time with other ids and
// other names of blocks and superblocks, and says how many challenges it has.
func repeat(b *testing.B, root fs.FS, dir string) int {
	b.Helper()
	files := map[string]string{}
	err := fs.WalkDir(root, "curriculum/challenges", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".md") && !strings.HasSuffix(name, "meta.json") || strings.Contains(name, "/espanol/") {
			return err
		}
		raw, err := fs.ReadFile(root, name)
		files[name] = string(raw)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	written := 0
	for n := 0; written < manyChallenges; n++ {
		for name, text := range files {
			written += writeAgain(b, dir, name, text, n)
		}
	}
	return written
}

// writeAgain gives 1 for a challenge.
func writeAgain(b *testing.B, dir, name, text string, n int) int {
	b.Helper()
	folders := strings.Split(filepath.Dir(name), "/")
	for i := 3; i < len(folders); i++ {
		folders[i] += fmt.Sprintf("-%d", n)
	}
	challenge := strings.HasSuffix(name, ".md")
	if challenge {
		text = idLine.ReplaceAllString(text, fmt.Sprintf("id: %dx", n))
	} else {
		text = superField.ReplaceAllString(text, fmt.Sprintf("${0}-%d", n))
		text = idField.ReplaceAllString(text, fmt.Sprintf(`"id": "%dx`, n))
	}
	full := filepath.Join(dir, filepath.Join(folders...))
	if err := os.MkdirAll(full, 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(full, filepath.Base(name)), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
	if challenge {
		return 1
	}
	return 0
}

// BenchmarkOneFileChange measures from a write to the moment when a request
// would be answered with it, in a curriculum of the size of the real one.
func BenchmarkOneFileChange(b *testing.B) {
	dir := b.TempDir()
	repeat(b, fixture(b, "2025"), dir)
	if corpus := os.Getenv("KEPT_CORPUS"); corpus != "" {
		dir = b.TempDir()
		repeat(b, os.DirFS(filepath.Join(corpus, "freecodecamp", "layout-2025")), dir)
	}
	age(b, dir)
	library := libraryOf(b, dir)
	watched(b, library)
	first, _ := library.Catalogue().First(library.Catalogue().Courses[0])
	file := first.Lesson.Versions[0].File
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		took = append(took, awaitChange(b, library, func() { rewrite(b, dir, file, "title: ", fmt.Sprintf("title: %d", n%10)) }))
	}
	slices.Sort(took)
	middle := took[len(took)/2]
	b.ReportMetric(float64(middle.Milliseconds()), "ms-median")
	b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "ms-longest")
	// What else the machine does is in the longest, not in the middle one.
	if len(took) > 4 && middle > mostLive {
		b.Errorf("half of the changes were live after more than %s, at most %s are allowed", middle, mostLive)
	}
}
