//go:build unix

package quickjs

import (
	"syscall"
	"time"
)

// worked is the processor time that this process has used. Limits are measured
// in it, so that a busy machine fails nobody.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
