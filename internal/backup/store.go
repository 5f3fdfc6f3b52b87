package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// A Store keeps files by name: a folder or an object store. Names are made of
// lower-case letters, digits, dashes, dots and slashes.
type Store interface {
	// Put stores a file wholly or not at all; what had the name is replaced.
	Put(ctx context.Context, name string, content []byte) error
	// Get reads a file; one that is not there is fs.ErrNotExist.
	Get(ctx context.Context, name string) ([]byte, error)
	// Remove removes a file for good; one that is not there is no error.
	Remove(ctx context.Context, name string) error
	// List gives the files whose names begin so, by name.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Examine says what is wrong with the place itself, as words and remedy.
	Examine(ctx context.Context) []Finding
	// Key names the credential that opens the place, for comparing two places.
	Key() string
}

// Object is a file in a store.
type Object struct {
	Name    string
	Size    int64
	Changed time.Time
}

// Folder is a store in a folder, which is made when something is put there.
type Folder string

// Put writes beside, flushes, renames, and flushes the folder.
func (f Folder) Put(_ context.Context, name string, content []byte) error {
	path := filepath.Join(string(f), filepath.FromSlash(name))
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path+unfinished, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path+unfinished))
	}
	if err := os.Rename(path+unfinished, path); err != nil {
		return err
	}
	return syncFolder(dir)
}

// adopt moves a file into the folder, flushed. On another disk it is syscall.EXDEV.
func (f Folder) adopt(name, path string) error {
	to := filepath.Join(string(f), filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := os.Rename(path, to); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(to))
}

// unfinished ends the names of files that are being written.
const unfinished = ".tmp"

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get reads a file.
func (f Folder) Get(_ context.Context, name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(name)))
}

// Remove removes a file.
func (f Folder) Remove(_ context.Context, name string) error {
	path := filepath.Join(string(f), filepath.FromSlash(name))
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// List walks the folder. What a broken-off Put left is listed, too, so that it
// is removed with what belongs to no backup.
func (f Folder) List(_ context.Context, prefix string) ([]Object, error) {
	var all []Object
	err := filepath.WalkDir(string(f), func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(string(f), path)
		if err != nil {
			return err
		}
		if name = filepath.ToSlash(name); !strings.HasPrefix(name, prefix) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		all = append(all, Object{name, info.Size(), info.ModTime()})
		return nil
	})
	return all, err
}

// Examine looks whether others may read the folder.
func (f Folder) Examine(context.Context) []Finding {
	info, err := os.Stat(string(f))
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return []Finding{{Bad: "others than this user may read " + string(f), Do: "chmod 700 " + string(f)}}
	}
	return nil
}

// Key is the same for all folders: whoever runs as this user can read them.
func (f Folder) Key() string { return "" }

// slow is a store that is used no faster than a limit.
type slow struct {
	Store
	limit *rate.Limiter
}

// limited makes a store slow down to so many bytes a second; 0 is no limit.
func limited(s Store, bytesPerSecond int) Store {
	if bytesPerSecond <= 0 {
		return s
	}
	return slow{s, rate.NewLimiter(rate.Limit(bytesPerSecond), max(bytesPerSecond, 64<<10))}
}

func (s slow) wait(ctx context.Context, n int) error {
	for n > 0 {
		part := min(n, s.limit.Burst())
		if err := s.limit.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

func (s slow) Put(ctx context.Context, name string, content []byte) error {
	if err := s.wait(ctx, len(content)); err != nil {
		return err
	}
	return s.Store.Put(ctx, name, content)
}

func (s slow) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := s.Store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	return b, s.wait(ctx, len(b))
}

// ringSink is a store as package keyring wants it.
type ringSink struct{ Store }

func (s ringSink) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	b, err := s.Store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (s ringSink) Put(ctx context.Context, name string, content io.Reader) error {
	b, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	return s.Store.Put(ctx, name, b)
}

func (s ringSink) List(ctx context.Context) ([]string, error) {
	objects, err := s.Store.List(ctx, "")
	var names []string
	for _, o := range objects {
		names = append(names, o.Name)
	}
	return names, err
}
