package course

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// Folder is a course folder on disk that nothing inside can lead out of:
// neither ".." nor a symbolic link. It tells of links, so that a loader can
// warn of them.
type Folder struct {
	dir  string
	root atomic.Pointer[os.Root]
}

var _ fs.ReadLinkFS = (*Folder)(nil)

// OpenFolder opens a folder of courses.
func OpenFolder(dir string) (*Folder, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the course folder: %w", err)
	}
	root, err := os.OpenRoot(full)
	if err != nil {
		return nil, fmt.Errorf("open the course folder: %w", err)
	}
	f := &Folder{dir: full}
	f.root.Store(root)
	return f, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Load().Close() }

// renew follows a folder that was replaced by another of its name, as some
// ways of publishing do. The one before closes itself when nobody reads from
// it any more.
func (f *Folder) renew() error {
	there, err := os.Stat(f.dir)
	if err != nil {
		return fmt.Errorf("open the course folder: %w", err)
	}
	here, err := f.root.Load().Stat(".")
	if err == nil && os.SameFile(there, here) {
		return nil
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return fmt.Errorf("open the course folder: %w", err)
	}
	f.root.Store(root)
	return nil
}

// Open opens a file.
func (f *Folder) Open(name string) (fs.File, error) { return f.root.Load().FS().Open(name) }

// ReadDir lists a folder.
func (f *Folder) ReadDir(name string) ([]fs.DirEntry, error) {
	return fs.ReadDir(f.root.Load().FS(), name)
}

// Stat tells about a file, or about what a link leads to.
func (f *Folder) Stat(name string) (fs.FileInfo, error) { return fs.Stat(f.root.Load().FS(), name) }

// ReadFile reads a file.
func (f *Folder) ReadFile(name string) ([]byte, error) { return fs.ReadFile(f.root.Load().FS(), name) }

// Lstat tells about a file, and of a link that it is one.
func (f *Folder) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(f.root.Load().FS(), name) }

// ReadLink tells where a link leads.
func (f *Folder) ReadLink(name string) (string, error) { return fs.ReadLink(f.root.Load().FS(), name) }

// Limits for one text file. A lesson that is longer is a mistake or an attack.
const (
	MaxFile = 2 << 20   // bytes
	MaxLine = 256 << 10 // bytes in one line
)

// FileError says why a file is not read, and what to do.
type FileError struct {
	File string
	What string
	Err  error // the system's reason, if it has one
}

func (e *FileError) Error() string { return e.File + ": " + e.What }

func (e *FileError) Unwrap() error { return e.Err }

// Warning is the error as a warning.
func (e *FileError) Warning() Warning { return Warning{File: e.File, What: e.What} }

// ReadText reads a text file of a course. Line ends become "\n" and a byte
// order mark goes. All errors are of type *FileError.
func ReadText(fsys fs.FS, name string) (string, error) {
	size, err := readable(fsys, name)
	if err != nil {
		return "", err
	}
	f, err := fsys.Open(name)
	if err != nil {
		return "", unreadable(name, err)
	}
	defer f.Close()
	// One allocation of the right size, and no copy: this is most of what
	// loading thousands of lessons leaves behind.
	var text strings.Builder
	text.Grow(int(size))
	if _, err := io.Copy(&text, io.LimitReader(f, MaxFile+1)); err != nil {
		return "", unreadable(name, err)
	}
	return cleanText(name, text.String())
}

// readable looks before opening: opening a pipe would wait for ever.
func readable(fsys fs.FS, name string) (size int64, err error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return 0, unreadable(name, err)
	case !info.Mode().IsRegular():
		return 0, &FileError{File: name, What: "is not an ordinary file; put a text file in its place"}
	case info.Size() > MaxFile:
		return 0, &FileError{File: name, What: fmt.Sprintf("has %d bytes and at most %d are read; split it", info.Size(), MaxFile)}
	}
	return info.Size(), nil
}

func unreadable(name string, err error) error {
	what := "cannot be read; look at its permissions"
	if errors.Is(err, fs.ErrNotExist) {
		what = "does not exist; correct the name or add the file"
	} else if strings.Contains(err.Error(), "escapes") {
		what = "leads out of the course's folder; put a copy inside"
	}
	return &FileError{File: name, What: what, Err: err}
}

func cleanText(name, text string) (string, error) {
	if len(text) > MaxFile {
		return "", &FileError{File: name, What: fmt.Sprintf("has more than %d bytes; split it", MaxFile)}
	}
	text = strings.TrimPrefix(text, "\uFEFF")
	if strings.ContainsRune(text, '\r') {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	if strings.ContainsRune(text, 0) {
		return "", &FileError{File: name, What: "holds a zero byte and so is not text; save it as UTF-8"}
	}
	if n := longestLine(text); n > MaxLine {
		return "", &FileError{File: name, What: fmt.Sprintf("has a line of %d bytes and at most %d are read; break it up", n, MaxLine)}
	}
	return strings.ToValidUTF8(text, "\uFFFD"), nil
}

func longestLine(text string) int {
	longest := 0
	for len(text) > 0 {
		n := strings.IndexByte(text, '\n')
		if n < 0 {
			return max(longest, len(text))
		}
		longest = max(longest, n)
		text = text[n+1:]
	}
	return longest
}

// Within resolves an address in a course file, relative to the folder that
// the file lies in, and tells whether it stays inside dir.
func Within(dir, file, address string) (string, bool) {
	if path.IsAbs(address) || strings.Contains(address, "\\") {
		return "", false
	}
	full := path.Join(path.Dir(file), address)
	if dir == "" || dir == "." {
		return full, full != ".." && !strings.HasPrefix(full, "../")
	}
	return full, full == dir || strings.HasPrefix(full, dir+"/")
}
