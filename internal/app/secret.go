package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const secretSize = 32

// secret reads a key of the site from the keys folder. Where the site is new it
// makes one, so that it is on the disk before anything depends on it; where the
// site has data already, a missing key is an error: a new one would find nothing.
func secret(folder, name string, fresh bool) ([]byte, error) {
	path := filepath.Join(folder, name)
	key, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		return newSecret(folder, path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, hinted(fmt.Errorf("%s is missing from the keys folder", name), "bring it back from where the keys are kept; the data cannot be used without")
	case err != nil:
		return nil, err
	case len(key) != secretSize:
		return nil, fmt.Errorf("%s has %d bytes, not %d", name, len(key), secretSize)
	}
	return key, nil
}

func newSecret(folder, path string) ([]byte, error) {
	key := make([]byte, secretSize)
	rand.Read(key)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, err
	}
	return key, syncFolder(folder)
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
