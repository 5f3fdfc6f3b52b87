package course

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// told is what the system tells of: files that were written to and closed,
// came, went or changed their permissions.
const told = syscall.IN_CLOSE_WRITE | syscall.IN_CREATE | syscall.IN_DELETE | syscall.IN_MOVED_FROM | syscall.IN_MOVED_TO |
	syscall.IN_ATTRIB | syscall.IN_DELETE_SELF | syscall.IN_MOVE_SELF

// ear listens to the folders below one.
type ear struct {
	top   string
	fd    int
	file  *os.File
	paths map[int32]string // by the system's number: path within top
	hear  func(dir string)
}

// listen calls hear with each folder in which something changes, until ctx
// ends; with "" when it cannot say where.
func listen(ctx context.Context, top string, hear func(dir string)) error {
	fd, err := syscall.InotifyInit1(syscall.IN_CLOEXEC | syscall.IN_NONBLOCK)
	if err != nil {
		return fmt.Errorf("%w (%w)", errNoNotice, err)
	}
	e := &ear{top: top, fd: fd, file: os.NewFile(uintptr(fd), "inotify"), paths: map[int32]string{}, hear: hear}
	if err := e.add("."); err != nil {
		e.file.Close()
		return fmt.Errorf("%w (%w)", errNoNotice, err)
	}
	context.AfterFunc(ctx, func() { e.file.Close() })
	go e.run()
	return nil
}

// add listens to a folder and all below it. One that is gone already is none.
func (e *ear) add(dir string) error {
	return filepath.WalkDir(filepath.Join(e.top, filepath.FromSlash(dir)), func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil
		}
		rel, err := filepath.Rel(e.top, name)
		if err != nil {
			return err
		}
		if rel != "." && !looksInto(d.Name()) {
			return fs.SkipDir
		}
		number, err := syscall.InotifyAddWatch(e.fd, name, told|syscall.IN_ONLYDIR|syscall.IN_DONT_FOLLOW)
		switch {
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return err
		}
		e.paths[int32(number)] = filepath.ToSlash(rel)
		return nil
	})
}

// run reads what the system tells. Reading ends when the file is closed.
func (e *ear) run() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := e.file.Read(buffer)
		if err != nil {
			return
		}
		for rest := buffer[:n]; len(rest) >= syscall.SizeofInotifyEvent; {
			length := int(binary.NativeEndian.Uint32(rest[12:]))
			end := syscall.SizeofInotifyEvent + length
			if end > len(rest) {
				break
			}
			name := strings.TrimRight(string(rest[syscall.SizeofInotifyEvent:end]), "\x00")
			e.event(int32(binary.NativeEndian.Uint32(rest)), binary.NativeEndian.Uint32(rest[4:]), name)
			rest = rest[end:]
		}
	}
}

func (e *ear) event(number int32, mask uint32, name string) {
	dir, known := e.paths[number]
	switch {
	case mask&syscall.IN_Q_OVERFLOW != 0:
		e.hear("")
	case !known:
	case mask&syscall.IN_IGNORED != 0:
		delete(e.paths, number)
	case mask&(syscall.IN_DELETE_SELF|syscall.IN_MOVE_SELF) != 0 && dir == ".":
		e.hear("")
	case mask&syscall.IN_ISDIR != 0 && mask&(syscall.IN_CREATE|syscall.IN_MOVED_TO) != 0 && looksInto(name):
		// What could not be listened to is found by looking later.
		if e.add(path.Join(dir, name)) == nil {
			e.hear(dir)
			return
		}
		e.hear("")
	case hidden(name):
	default:
		e.hear(dir)
	}
}

// hidden files, such as those that editors make for a moment, are no course.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") }
