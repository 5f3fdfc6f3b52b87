package chrome

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// memoryGuard ends renderers of this process's browser that use more memory
// than they may. Chromium itself bounds only its JavaScript heap; buffers,
// pictures and trees of elements come on top. Where there is no /proc it does
// nothing.
type memoryGuard struct {
	limit int64
	ended atomic.Int64
	quit  chan struct{}
	once  sync.Once
}

const memoryEvery = 200 * time.Millisecond

func watchMemory(limit int64) *memoryGuard {
	g := &memoryGuard{limit: limit, quit: make(chan struct{})}
	go g.watch()
	return g
}

func (g *memoryGuard) count() int64 { return g.ended.Load() }

func (g *memoryGuard) stop() { g.once.Do(func() { close(g.quit) }) }

func (g *memoryGuard) watch() {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		select {
		case <-g.quit:
			return
		case <-tick.C:
			g.look()
		}
	}
}

// look walks down from this process: renderers are children of a zygote, which
// is a child of the browser, which is ours.
func (g *memoryGuard) look() {
	parents := map[int]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return
	}
	for _, file := range stats {
		if pid, parent, ok := parentOf(file); ok {
			parents[pid] = parent
		}
	}
	own := os.Getpid()
	for pid := range parents {
		if below(parents, pid, own) && resident(pid) > g.limit && isRenderer(pid) {
			if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
				g.ended.Add(1)
			}
		}
	}
}

// parentOf reads "pid (name) state ppid …"; a name may hold anything.
func parentOf(file string) (pid, parent int, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, 0, false
	}
	end := bytes.LastIndexByte(data, ')')
	if end < 0 {
		return 0, 0, false
	}
	fields := strings.Fields(string(data[end+1:]))
	pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(file)))
	if len(fields) < 2 || err1 != nil {
		return 0, 0, false
	}
	parent, err = strconv.Atoi(fields[1])
	return pid, parent, err == nil
}

func below(parents map[int]int, pid, ancestor int) bool {
	for range 10 {
		parent, ok := parents[pid]
		if !ok || parent <= 1 {
			return false
		}
		if parent == ancestor {
			return true
		}
		pid = parent
	}
	return false
}

// resident is the memory that a process holds now, in bytes.
func resident(pid int) int64 {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "statm"))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func isRenderer(pid int) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	return err == nil && bytes.Contains(data, []byte("--type=renderer"))
}
