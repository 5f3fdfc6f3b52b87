package check

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"kept/internal/check/harness"
	"kept/internal/check/quickjs"
	"kept/internal/check/sandbox"
	"kept/web/runner"
)

// ChildArgument is what this program is started with, alone, to be the child in
// which learners' JavaScript runs. A program that uses the engine, tests too,
// hands its arguments to IsChild first of all.
const ChildArgument = "run-learners-code"

// IsChild tells whether the arguments, without the program's name, are those of
// a child. Its caller then does nothing but Child.
func IsChild(args []string) bool {
	return len(args) > 0 && len(args) <= 2 && args[len(args)-1] == ChildArgument
}

// hello is the first thing that a child is told.
type hello struct {
	Cache string `json:"cache"`
}

// ready is the first thing that a child says.
type ready struct {
	Walls sandbox.Report `json:"walls"`
}

// memoryTarget is what the runtime of a child tries to stay below, besides the
// memory of the WebAssembly program.
const memoryTarget = 512 << 20

// Child is the life of a child: it makes a bench, locks itself in, says so, and
// answers one job after the other until in ends.
func Child(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(memoryTarget)
	first, err := sandbox.ReadFrame(in, 1<<16)
	if err != nil {
		return err
	}
	var h hello
	if err := json.Unmarshal(first, &h); err != nil {
		return err
	}
	ctx := context.Background()
	bench, err := newBench(ctx, h.Cache)
	if err != nil {
		return err
	}
	if err := answer(out, ready{sandbox.Lock()}); err != nil {
		return err
	}
	for {
		if err := answerOne(ctx, bench, in, out); err != nil {
			return err
		}
	}
}

// maxJob bounds what a parent sends: an answer, an exercise and its tests.
const maxJob = 8 << 20

func answerOne(ctx context.Context, bench *quickjs.Bench, in io.Reader, out io.Writer) error {
	text, err := sandbox.ReadFrame(in, maxJob)
	if err != nil {
		return err
	}
	var job quickjs.Job
	if err := json.Unmarshal(text, &job); err != nil {
		return err
	}
	result, err := bench.Run(ctx, job)
	if err != nil {
		return err
	}
	return answer(out, result)
}

func answer(out io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return sandbox.WriteFrame(out, text)
}

// newBench makes a bench. The cache is used if it is a folder of this user that
// nobody else can write to; code from it is executed.
func newBench(ctx context.Context, cache string) (*quickjs.Bench, error) {
	packed, err := runner.Files.ReadFile("vendor/assert.js.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	assert, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	from := quickjs.Sources{Assert: string(assert), Realm: harness.Realm, Harden: harness.Harden}
	return quickjs.New(ctx, from, safeFolder(cache))
}

func safeFolder(path string) string {
	if path == "" {
		return ""
	}
	path = filepath.Clean(path)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return ""
	}
	if info, err := os.Lstat(path); err != nil || !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ours(info) {
		return ""
	}
	return path
}

// exitStatus makes what Child said an exit status: the end of the input is how
// a parent lets it go.
func exitStatus(err error) int {
	if err == nil || err == io.EOF {
		return 0
	}
	fmt.Fprintln(os.Stderr, "kept:", err)
	return 1
}

// RunChild is Child on this process's own input and output, with the exit
// status to leave with.
func RunChild() int { return exitStatus(Child(os.Stdin, os.Stdout)) }
