//go:build linux && (amd64 || arm64)

package sandbox

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// acts are what a child does in tests.
var acts = map[string]func(){
	"attack": attack,
	"wait":   func() { _, _ = io.ReadAll(os.Stdin) },
	"silent": func() { Lock(); _, _ = io.ReadAll(os.Stdin) },
	"hoard":  hoard,
	"flood": func() {
		for junk := make([]byte, 1<<16); ; {
			for i := range junk {
				junk[i] = 0xff
			}
			if _, err := os.Stdout.Write(junk); err != nil {
				os.Exit(3)
			}
		}
	},
}

// tried is what an attack found.
type tried struct {
	Walls   Report
	Environ int
	Open    []string // beside the three, once it is locked in
	Broken  []string
	Uid     int
}

// attack tries everything that a program would want to do to others.
func attack() {
	_, _ = ReadFrame(os.Stdin, 100)
	found := tried{Environ: len(os.Environ()), Uid: os.Getuid()}
	closeInherited()
	found.Open = openFiles()
	parent := os.Getppid()
	found.Walls = Lock()
	for name, try := range map[string]func() error{
		"reads a file":           func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"reads its own program":  func() error { _, err := os.Open("/proc/self/exe"); return err },
		"lists a folder":         func() error { _, err := os.ReadDir("/"); return err },
		"writes a file":          func() error { return os.WriteFile(filepath.Join(os.TempDir(), "kept-escape"), []byte("x"), 0o600) },
		"removes a file":         func() error { return unix.Unlink("/tmp/kept-escape") },
		"asks about a file":      func() error { var s unix.Stat_t; return unix.Stat("/etc/passwd", &s) },
		"changes its folder":     func() error { return unix.Chdir("/tmp") },
		"opens a TCP connection": func() error { _, err := net.Dial("tcp", "127.0.0.1:1"); return onlyRefusal(err) },
		"opens a UDP socket":     func() error { _, err := net.ListenPacket("udp", "127.0.0.1:0"); return err },
		"opens a unix socket":    func() error { _, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"makes a pair":           func() error { _, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0); return err },
		"starts a program":       func() error { return exec.Command("/bin/true").Run() },
		"becomes a program":      func() error { return syscall.Exec("/bin/true", []string{"true"}, nil) },
		"forks":                  func() error { return fork(unix.SYS_CLONE, uintptr(unix.SIGCHLD)) },
		"forks by clone3":        func() error { return fork(unix.SYS_CLONE3, 0) },
		"signals its parent":     func() error { return unix.Kill(parent, 0) },
		"signals everybody":      func() error { return unix.Kill(-1, 0) },
		"traces":                 func() error { return unix.PtraceAttach(1) },
		"loads code": func() error {
			_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
			return err
		},
		"makes memory code":      func() error { return makeCode() },
		"mounts":                 func() error { return unix.Mount("none", "/tmp", "tmpfs", 0, "") },
		"makes a namespace":      func() error { return unix.Unshare(unix.CLONE_NEWUSER) },
		"changes its user":       func() error { return unix.Setuid(0) },
		"raises a limit":         func() error { return unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}) },
		"makes a file in memory": func() error { _, err := unix.MemfdCreate("x", 0); return err },
		"copies a descriptor":    func() error { _, err := unix.Dup(0); return err },
		"reads other memory":     func() error { _, err := unix.ProcessVMReadv(parent, nil, nil, 0); return err },
		"asks for the machine":   func() error { var u unix.Utsname; return unix.Uname(&u) },
	} {
		if try() == nil {
			found.Broken = append(found.Broken, name)
		}
	}
	say(found)
}

// openFiles names what is open beside the three and the runtime's own.
func openFiles() []string {
	var names []string
	for fd := 3; fd < 256; fd++ {
		name, err := os.Readlink("/proc/self/fd/" + strconv.Itoa(fd))
		if err == nil && !strings.HasPrefix(name, "anon_inode:[event") && !strings.HasPrefix(name, "/sys/fs/cgroup/") {
			names = append(names, name)
		}
	}
	return names
}

// onlyRefusal makes nothing of an answer by the network: that there was one is
// too much already.
func onlyRefusal(err error) error {
	if err != nil && !errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

func fork(call, flags uintptr) error {
	pid, _, errno := syscall.RawSyscall6(call, flags, 0, 0, 0, 0, 0)
	switch {
	case errno != 0:
		return errno
	case pid == 0:
		os.Exit(0)
	}
	return nil
}

func makeCode() error {
	memory, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	return unix.Mprotect(memory, unix.PROT_READ|unix.PROT_EXEC)
}

// hoard takes memory until it has none, and says how much that was.
func hoard() {
	_, _ = ReadFrame(os.Stdin, 100)
	Lock()
	total := 0
	for total < 8<<30 {
		if _, err := unix.Mmap(-1, 0, 64<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE); err != nil {
			break
		}
		total += 64 << 20
	}
	say(total)
}

func TestChildCanDoNothingButCompute(t *testing.T) {
	secret := "KEPT_TEST_SECRET"
	t.Setenv(secret, "x")
	var found tried
	c := begin(t, "attack")
	ask(t, c, &found)
	if !found.Walls.Limits || !found.Walls.Filter {
		t.Errorf("walls: %+v", found.Walls)
	}
	for _, what := range found.Broken {
		t.Errorf("a locked child %s", what)
	}
	if found.Environ != 0 {
		t.Errorf("it sees %d variables of the environment", found.Environ)
	}
	for _, file := range found.Open {
		t.Errorf("it was given an open file: %s", file)
	}
	if c.Apart() && found.Uid != 65534 {
		t.Errorf("it is user %d of its namespace", found.Uid)
	}
}

func TestChildHasNoNetworkEvenBeforeItIsLocked(t *testing.T) {
	c := begin(t, "wait")
	if !c.Apart() {
		t.Log("this kernel gives no namespaces; the filter alone keeps the network out")
		return
	}
	mine, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	its, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(c.cmd.Process.Pid), "ns/net"))
	if err != nil {
		t.Fatal(err)
	}
	if mine == its {
		t.Error("the child is in its parent's network")
	}
}

func TestChildHasAnEndToItsMemory(t *testing.T) {
	var got int
	ask(t, begin(t, "hoard"), &got)
	if got > mostData {
		t.Errorf("it got %d MB, want at most %d", got>>20, mostData>>20)
	}
}

func TestKilledChildIsGone(t *testing.T) {
	c := begin(t, "silent")
	c.Kill()
	select {
	case <-c.Gone():
	case <-time.After(time.Minute):
		t.Error("it is still there")
	}
	c.Kill() // once more does no harm
}
