// Package sandbox starts this program again as a child that can do nothing but
// compute, and speaks to it.
//
// It owns the child's cage (lock_linux.go): limits, namespaces, a filter of
// system calls; and the frames between parent and child (frame.go). It treats
// the child as an attacker's: whatever it says is bounded in size and time, and
// believed as little as possible by those who use this package. What the kernel
// does not allow is said in a Report, never passed over.
//
// Start at Start in the parent, and at Lock in the child.
package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Report says which walls stand around a child.
type Report struct {
	Limits     bool `json:"limits"`     // on memory, files, processor time
	Filter     bool `json:"filter"`     // no system call but those that computing needs; tried
	Namespaces bool `json:"namespaces"` // no network, no other process in sight
}

// Missing names the walls that do not stand. It is empty if all do.
func (r Report) Missing() string {
	var missing []string
	for _, wall := range []struct {
		stands bool
		name   string
	}{{r.Limits, "limits on memory and files"}, {r.Filter, "a filter of system calls"}, {r.Namespaces, "namespaces of its own"}} {
		if !wall.stands {
			missing = append(missing, wall.name)
		}
	}
	return strings.Join(missing, ", ")
}

// Child is a running child process. It belongs to one goroutine; Kill may be
// called from any.
type Child struct {
	cmd      *exec.Cmd
	in, out  *os.File
	apart    bool
	kill     sync.Once
	finished chan struct{}
}

// Start runs this program again with one argument, an empty environment, and
// no open files but two pipes. The child is to call Lock before it does anything
// for anybody.
func Start(argument string) (*Child, error) {
	c, err := start(argument, true)
	if err != nil {
		c, err = start(argument, false)
	}
	return c, err
}

func start(argument string, apart bool) (*Child, error) {
	fromParent, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	out, toParent, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, fromParent.Close(), in.Close())
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Child{in: in, out: out, apart: apart, finished: make(chan struct{})}
	c.cmd = &exec.Cmd{Path: executable(self), Args: arguments(argument), Env: []string{}, Dir: "/", Stdin: fromParent, Stdout: toParent}
	if apart {
		separate(c.cmd)
	}
	err = errors.Join(c.cmd.Start(), fromParent.Close(), toParent.Close())
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("start a child process: %w", err)
	}
	go func() { _ = c.cmd.Wait(); close(c.finished) }()
	return c, nil
}

// arguments are the child's. A test binary that does not know the argument runs
// no test, and not all of them again.
func arguments(argument string) []string {
	if strings.HasSuffix(os.Args[0], ".test") {
		return []string{os.Args[0], "-test.run=^$", argument}
	}
	return []string{os.Args[0], argument}
}

// Apart tells whether the child has namespaces of its own.
func (c *Child) Apart() bool { return c.apart && separates }

// Ask sends a frame and waits for one, at most for a time. After an error the
// child is good for nothing and is to be killed.
func (c *Child) Ask(question []byte, limit int, patience time.Duration) ([]byte, error) {
	end := time.Now().Add(patience)
	if err := errors.Join(c.in.SetWriteDeadline(end), c.out.SetReadDeadline(end)); err != nil {
		return nil, err
	}
	if question != nil {
		if err := WriteFrame(c.in, question); err != nil {
			return nil, err
		}
	}
	return ReadFrame(c.out, limit)
}

// watchEvery is how often a child's use of the processor is looked at.
const watchEvery = 250 * time.Millisecond

// Within kills the child when it has used more processor time than most from
// now on. stop ends the watching, and tells whether it was killed. Where the
// kernel does not tell how much a child used, only a clock's patience ends it.
func (c *Child) Within(most time.Duration) (stop func() bool) {
	begun, known := used(c.cmd.Process.Pid)
	if !known {
		return func() bool { return false }
	}
	end, result := make(chan struct{}), make(chan bool, 1)
	go func() {
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for {
			select {
			case <-end:
				result <- false
				return
			case <-tick.C:
			}
			if now, ok := used(c.cmd.Process.Pid); ok && now-begun > most {
				c.Kill()
				result <- true
				return
			}
		}
	}()
	return func() bool { close(end); return <-result }
}

// Kill ends the child and waits until it is gone.
func (c *Child) Kill() {
	c.kill.Do(func() {
		_ = c.cmd.Process.Kill() // it may have ended by itself
		<-c.finished
		c.in.Close()
		c.out.Close()
	})
}

// Gone is closed when the child has ended.
func (c *Child) Gone() <-chan struct{} { return c.finished }
