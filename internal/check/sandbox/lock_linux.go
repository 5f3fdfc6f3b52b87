//go:build linux && (amd64 || arm64)

package sandbox

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const separates = true

// executable is the file that runs, even if another took its name since.
func executable(string) string { return "/proc/self/exe" }

// separate gives a child namespaces of its own: no network but a dead loopback,
// no process but itself in sight, no privilege.
func separate(cmd *exec.Cmd) {
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}},
	}
}

// used is the processor time of a process, as /proc tells it in hundredths of a
// second.
func used(pid int) (time.Duration, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, ok := strings.Cut(string(text), ") ") // its name stands in brackets
	fields := strings.Fields(rest)
	if err != nil || !ok || len(fields) < 13 {
		return 0, false
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, err1 == nil && err2 == nil
}

// Limits of a child.
const (
	mostFiles = 16   // it has three, and the runtime's own
	mostCPU   = 3600 // seconds in all its life; each check has its own limit
)

// Lock takes from this process all that computing does not need, for good. It
// tries whether that holds.
func Lock() Report {
	closeInherited()
	return Report{Limits: limit() == nil, Filter: filter() == nil && locked()}
}

// closeInherited closes what the parent had open without meaning to hand it on.
// The runtime's own files stay: its events, and the limits of its group.
func closeInherited() {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return
	}
	for _, entry := range open {
		fd, err := strconv.Atoi(entry.Name())
		name, gone := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil && gone == nil && fd > 2 && !strings.HasPrefix(name, "anon_inode:") && !strings.HasPrefix(name, "/sys/fs/cgroup/") {
			_ = unix.Close(fd)
		}
	}
}

func limit() error {
	for what, most := range map[int]uint64{
		unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_NOFILE: mostFiles, unix.RLIMIT_CPU: mostCPU,
		unix.RLIMIT_DATA: mostData, unix.RLIMIT_MEMLOCK: 0, unix.RLIMIT_MSGQUEUE: 0,
	} {
		if err := unix.Setrlimit(what, &unix.Rlimit{Cur: most, Max: most}); err != nil {
			return err
		}
	}
	return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// allowed are the system calls that Go's runtime makes while it only computes
// and speaks over pipes that are open already.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_CLOSE, unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_RT_SIGACTION,
	unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK, unix.SYS_GETTID, unix.SYS_GETPID,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_EXIT, unix.SYS_EXIT_GROUP, unix.SYS_EPOLL_PWAIT,
	unix.SYS_GETRANDOM, unix.SYS_RESTART_SYSCALL, unix.SYS_GETRUSAGE, unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
}

// Places of seccomp's data: the call's number, the machine, the arguments.
const (
	atNumber  = 0
	atMachine = 4
	atArgs    = 16
)

// Answers of a filter.
const (
	permit  = unix.SECCOMP_RET_ALLOW
	refuse  = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
)

func load(at uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
}

func answer(with uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: with}
}

// jump compares what was loaded: how is BPF_JEQ or BPF_JSET.
func jump(how uint16, with uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, Jt: yes, Jf: no, K: with}
}

// rules is the program of the filter. Besides what is allowed outright: memory
// that is not executable, threads that are no processes, signals to itself.
func rules() []unix.SockFilter {
	p := []unix.SockFilter{load(atMachine), jump(unix.BPF_JEQ, machine, 1, 0), answer(unix.SECCOMP_RET_KILL_PROCESS), load(atNumber)}
	for _, call := range allowed {
		p = append(p, jump(unix.BPF_JEQ, call, 0, 1), answer(permit))
	}
	for _, call := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} {
		p = append(p, jump(unix.BPF_JEQ, call, 0, 4), load(atArgs+2*8), jump(unix.BPF_JSET, unix.PROT_EXEC, 0, 1), answer(refuse), answer(permit))
	}
	p = append(p, jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4), load(atArgs), jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0), answer(refuse), answer(permit))
	p = append(p, jump(unix.BPF_JEQ, unix.SYS_TGKILL, 0, 4), load(atArgs), jump(unix.BPF_JEQ, uint32(os.Getpid()), 1, 0), answer(refuse), answer(permit))
	// A thread library that is told that this call does not exist takes clone.
	p = append(p, jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), answer(unknown))
	return append(p, answer(refuse))
}

// filter installs the rules on all threads.
func filter() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := rules()
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 || r != 0 {
		return unix.EPERM // or the number of a thread that could not follow
	}
	return nil
}

// locked tries what must not work any more.
func locked() bool {
	_, open := unix.Open("/", unix.O_RDONLY, 0)
	_, socket := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	return open == unix.EPERM && socket == unix.EPERM
}
