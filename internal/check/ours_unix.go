//go:build unix

package check

import (
	"io/fs"
	"os"
	"syscall"
)

// ours tells whether a file belongs to this user. In a namespace of its own a
// child sees its user as another number, which is the same for both.
func ours(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Getuid()
}
