//go:build linux

package sandbox

import "golang.org/x/sys/unix"

const machine = unix.AUDIT_ARCH_X86_64
