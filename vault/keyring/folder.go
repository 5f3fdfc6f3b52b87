package keyring

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A Folder keeps a ring copy in a folder that exists.
type Folder struct {
	FS  FS // nil is the operating system
	Dir string
}

func (d Folder) fs() FS {
	if d.FS == nil {
		return OS{}
	}
	return d.FS
}

// Get opens a file.
func (d Folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	f, err := d.fs().OpenFile(filepath.Join(d.Dir, name), os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	size, err := f.Size()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return folderFile{io.NewSectionReader(f, 0, size), f}, nil
}

type folderFile struct {
	io.Reader
	io.Closer
}

// Put writes beside, flushes, renames, and flushes the folder.
func (d Folder) Put(_ context.Context, name string, content io.Reader) error {
	path := filepath.Join(d.Dir, name)
	f, err := d.fs().OpenFile(path+".tmp", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.NewOffsetWriter(f, 0), content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := d.fs().Rename(path+".tmp", path); err != nil {
		return err
	}
	return d.fs().SyncDir(d.Dir)
}

// Remove removes a file for good.
func (d Folder) Remove(_ context.Context, name string) error {
	if err := d.fs().Remove(filepath.Join(d.Dir, name)); err != nil {
		return err
	}
	return d.fs().SyncDir(d.Dir)
}

// List gives the files of the folder, also unfinished ones of a [Folder.Put]
// that was broken off, so that they are removed like others of no copy.
func (d Folder) List(context.Context) ([]string, error) {
	names, err := d.fs().List(d.Dir)
	kept := names[:0]
	for _, name := range names {
		if !strings.HasPrefix(name, ".") {
			kept = append(kept, name)
		}
	}
	return kept, err
}
