package main

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kept/internal/app"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kept": main})
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// process is the real program, started as an operator starts it.
type process struct {
	cmd *exec.Cmd
	out *bufio.Scanner
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(self, filepath.Join(folder, "kept")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(folder, "kept"), args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{cmd, bufio.NewScanner(out)}
}

// line reads what the program prints until a line begins with a text, and
// returns the rest of that line.
func (p *process) line(t *testing.T, begin string) string {
	t.Helper()
	for p.out.Scan() {
		if rest, ok := strings.CutPrefix(p.out.Text(), begin); ok {
			return rest
		}
	}
	t.Fatalf("the program ended without saying %q", begin)
	return ""
}

func TestTheDemoAnswersAndStopsCleanly(t *testing.T) {
	p := start(t, "demo", "--addr", "127.0.0.1:0")
	base := p.line(t, "open ")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/sign-in", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("the demo answers %d", answer.StatusCode)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(p.cmd.Path), "kept-demo-*")); len(left) > 0 {
		t.Errorf("the demo left %v", left)
	}
}

// TestSIGTERMLosesNothing signs in through the pages, stops the program in the
// middle of answering, starts it again on the same folders and finds the member.
func TestSIGTERMLosesNothing(t *testing.T) {
	folder := t.TempDir()
	config := filepath.Join(folder, "kept.toml")
	text := "community = \"T\"\nbase = \"http://127.0.0.1:1\"\nlisten = \"127.0.0.1:0\"\nadmin = \"\"\ntls = \"off\"\ndata = \"data\"\nkeys = \"keys\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, "serve", "--config", config)
	line := p.line(t, "kept: serving ")
	addr := line[strings.LastIndex(line, " ")+1:]
	asked := make(chan error, 20)
	for range cap(asked) {
		go func() {
			answer, err := http.PostForm("http://"+addr+"/sign-in", map[string][]string{"email": {"ada@example.org"}})
			if err == nil {
				answer.Body.Close()
			}
			asked <- err
		}()
	}
	if err := <-asked; err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	c, err := app.LoadConfig(config, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(t.Context(), c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	var letters int
	if err := a.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM vault_record WHERE kind = 'mail'`).Scan(&letters); err != nil {
		t.Fatal(err)
	}
	if letters == 0 {
		t.Error("a letter that was promised to be sent is lost")
	}
}
