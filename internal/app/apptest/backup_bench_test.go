package apptest

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"kept/internal/app"
	"kept/internal/backup"
	"kept/internal/prove"
	"kept/vault"
)

var backupMB = flag.Int("backup-mb", 0, "measure backups on a generated data folder of so many MB; needs restic and zstd")

// TestMeasureBackups compares our backups with others on one generated folder,
// in one run. Without its flag it measures nothing.
func TestMeasureBackups(t *testing.T) {
	if *backupMB == 0 {
		return
	}
	m := &measured{t: t, s: Start(t, app.ScratchOptions{Folder: t.TempDir()})}
	m.fill(int64(*backupMB) * 1e6)
	m.t.Logf("database: %.0f MB, %d owners, %d records", float64(m.size())/1e6, len(m.owners), m.records)
	vacuum := m.timed("VACUUM INTO, then zstd -3", m.vacuum)
	first := m.timed("first backup", m.backup)
	m.t.Logf("  stored %.1f MB; %.2f × the time of the other", float64(m.made.Stored)/1e6, first.Seconds()/vacuum.Seconds())
	stored := m.made.Stored
	m.restic("init")
	m.settle()
	m.timed("restic, first", func() { m.restic("backup", m.database()) })
	resticFirst := m.folderSize("restic")
	m.scatter(0.01)
	m.timed("second backup, after 1 % changed", m.backup)
	m.t.Logf("  stored %.1f MB, %.1f %% of the first", float64(m.made.Stored)/1e6, 100*float64(m.made.Stored)/float64(stored))
	m.settle()
	m.timed("restic, second", func() { m.restic("backup", m.database()) })
	m.t.Logf("  stored %.0f %% of the first", 100*float64(m.folderSize("restic")-resticFirst)/float64(resticFirst))
	ours := m.timed("restore, until it may serve", m.restore)
	theirs := m.timed("restic restore", func() { m.restic("restore", "latest", "--target", m.folder("restic-out")) })
	m.t.Logf("  %.2f × the time of restic", ours.Seconds()/theirs.Seconds())
	m.pages(10)
}

// TestMeasureRestore measures restores alone, in turns with restic's.
func TestMeasureRestore(t *testing.T) {
	if *backupMB == 0 {
		return
	}
	m := &measured{t: t, s: Start(t, app.ScratchOptions{Folder: t.TempDir()})}
	m.fill(int64(*backupMB) * 1e6)
	m.t.Logf("database: %.0f MB, %d owners, %d records", float64(m.size())/1e6, len(m.owners), m.records)
	m.timed("backup", m.backup)
	m.settle()
	m.restic("init")
	m.restic("backup", m.database())
	for range 3 {
		theirs := m.timed("restic restore", func() { m.restic("restore", "latest", "--target", m.folder("restic-out")) })
		ours := m.timed("restore, until it may serve", m.restore)
		m.t.Logf("  %.2f × the time of restic", ours.Seconds()/theirs.Seconds())
		for _, folder := range []string{"restic-out", "restored"} {
			if err := os.RemoveAll(m.folder(folder)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestMeasurePagesDuringBackups measures that alone.
func TestMeasurePagesDuringBackups(t *testing.T) {
	if *backupMB == 0 {
		return
	}
	m := &measured{t: t, s: Start(t, app.ScratchOptions{Folder: t.TempDir()})}
	m.fill(int64(*backupMB) * 1e6)
	m.pages(10)
}

// measured is the site that is measured.
type measured struct {
	t       *testing.T
	s       *Program
	owners  []vault.OwnerID
	ids     []string // of records, by owner
	records int
	made    backup.Made
	member  *prove.Member
}

// perOwner is how many records an owner has.
const perOwner = 20

// fill makes owners with finished lessons and their code until the database is
// large enough.
func (m *measured) fill(size int64) {
	m.t.Helper()
	var put prove.Plant
	for _, p := range m.s.ForChecks(m.t.Context()).Plants {
		if p.Kind == "lesson-done" {
			put = p
		}
	}
	var err error
	if m.member, err = m.s.SignIn(m.t.Context()); err != nil {
		m.t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for m.size() < size {
		err := m.s.DB.Transact(m.t.Context(), func(tx *sql.Tx) error {
			made, err := m.s.Vault.NewOwners(m.t.Context(), tx, vault.Person, vault.Never, 50)
			if err != nil {
				return err
			}
			for _, owner := range made {
				m.owners = append(m.owners, owner)
				for range perOwner {
					id, err := put.Put(m.t.Context(), tx, owner, words(random))
					if err != nil {
						return err
					}
					m.ids, m.records = append(m.ids, id), m.records+1
				}
			}
			return nil
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

// words are like code: about 60 words of a small language.
func words(random *rand.Rand) string {
	all := strings.Fields("let const return if else for while function map filter x y total index name value list push length null true false console log")
	var b strings.Builder
	for b.Len() < 180 {
		b.WriteString(all[random.IntN(len(all))] + fmt.Sprint(random.IntN(1000)) + "-")
	}
	return b.String()
}

func (m *measured) size() (n int64) {
	err := m.s.DB.Read.QueryRow(`SELECT p.page_count * s.page_size FROM pragma_page_count p, pragma_page_size s`).Scan(&n)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

func (m *measured) database() string { return m.s.Config.Database }

func (m *measured) folder(name string) string {
	return filepath.Join(filepath.Dir(m.s.Config.Data), name)
}

func (m *measured) folderSize(name string) (n int64) {
	err := filepath.WalkDir(m.folder(name), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		n += info.Size()
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

func (m *measured) timed(what string, do func()) time.Duration {
	m.t.Helper()
	begin, used := time.Now(), processor()
	do()
	took := time.Since(begin)
	m.t.Logf("%-34s %7.2f s, %7.2f s of processors", what, took.Seconds(), (processor() - used).Seconds())
	return took
}

// processor is the time that processors worked for this process and for those
// that it has waited for: where others work beside, the clock says little.
func processor() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return 0
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

func (m *measured) run(name string, args ...string) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), name, args...)
	cmd.Env = append(os.Environ(), "RESTIC_PASSWORD=test", "RESTIC_REPOSITORY="+m.folder("restic"), "RESTIC_CACHE_DIR="+m.folder("restic-cache"))
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func (m *measured) restic(args ...string) { m.run("restic", args...) }

// settle moves the write-ahead log into the file, which is all that restic sees.
func (m *measured) settle() {
	if _, err := m.s.DB.Write.ExecContext(m.t.Context(), `PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		m.t.Fatal(err)
	}
}

func (m *measured) vacuum() {
	out := m.folder("vacuum.db")
	if _, err := m.s.DB.Write.ExecContext(m.t.Context(), `VACUUM INTO $1`, out); err != nil {
		m.t.Fatal(err)
	}
	m.run("zstd", "-q", "-3", "-f", out, "-o", out+".zst")
	info, err := os.Stat(out + ".zst")
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Logf("  stored %.1f MB", float64(info.Size())/1e6)
	os.Remove(out)
	os.Remove(out + ".zst")
}

func (m *measured) backup() {
	var err error
	if m.made, err = m.s.Backups().Backup(m.t.Context(), false, nil); err != nil {
		m.t.Fatal(err)
	}
}

func (m *measured) gently(ctx context.Context) error {
	_, err := m.s.Backups().Backup(ctx, true, nil)
	return err
}

// scatter changes records here and there.
func (m *measured) scatter(share float64) {
	m.t.Helper()
	random := rand.New(rand.NewPCG(3, rand.Uint64()))
	left := int(float64(m.records) * share)
	for left > 0 {
		n := min(left, 500)
		left -= n
		err := m.s.DB.Transact(m.t.Context(), func(tx *sql.Tx) error {
			for range n {
				at := random.IntN(m.records)
				seen := vault.OnlyMe
				if random.IntN(2) == 0 {
					seen = vault.AnyoneMaySee
				}
				if err := m.s.Vault.Subject(m.owners[at/perOwner]).SetAudience(m.t.Context(), tx, "lesson-done", m.ids[at], seen); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *measured) restore() {
	if err := m.s.TryRestore(m.t.Context(), m.folder("restored")); err != nil {
		m.t.Fatal(err)
	}
}

// pages asks for pages, fifty a second, in turns while backups are made one
// after another and while none is, and tells the 99th percentile of each.
func (m *measured) pages(rounds int) {
	m.t.Helper()
	var without, with []time.Duration
	for range rounds {
		without = m.ask(without)
		ctx, cancel := context.WithCancel(m.t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			for ctx.Err() == nil {
				if err := m.gently(ctx); err != nil && ctx.Err() == nil {
					m.t.Error(err)
				}
			}
		}()
		with = m.ask(with)
		cancel()
		<-done
	}
	m.t.Logf("pages, 99th percentile: %.2f ms without a backup, %.2f ms during one (%.2f ×), of %d each",
		percentile(without), percentile(with), percentile(with)/percentile(without), len(with))
}

// ask opens pages for some seconds.
func (m *measured) ask(took []time.Duration) []time.Duration {
	m.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	paths := []string{"/", "/you", "/you/data", "/privacy", "/courses/first-steps-in-javascript"}
	for begin := time.Now(); time.Since(begin) < 6*time.Second; {
		<-tick.C
		at := time.Now()
		status, _, err := prove.Page(m.t.Context(), m.member.Browser, m.s.URL+paths[len(took)%len(paths)])
		if err != nil || status != http.StatusOK {
			m.t.Fatal(status, err)
		}
		took = append(took, time.Since(at))
	}
	return took
}

func percentile(took []time.Duration) float64 {
	slices.Sort(took)
	return float64(took[len(took)*99/100].Microseconds()) / 1000
}
