package crashfs

import (
	"io"
	"slices"
)

type file struct {
	d    *Disk
	n    *inode
	life int
}

func (f *file) alive() error {
	if f.d.down || f.life != f.d.life {
		return ErrCrashed
	}
	return nil
}

// ReadAt shows unflushed writes too.
func (f *file) ReadAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.alive(); err != nil {
		return 0, err
	}
	if off >= int64(len(f.n.now)) {
		return 0, io.EOF
	}
	n := copy(b, f.n.now[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes what there is space for.
func (f *file) WriteAt(b []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.alive(); err != nil {
		return 0, err
	}
	if err := f.d.change(); err != nil {
		return 0, err
	}
	fits := f.fits(int64(len(b)), off)
	f.n.write(b[:fits], off)
	if fits < int64(len(b)) {
		return int(fits), errFull
	}
	return len(b), nil
}

func (f *file) fits(size, off int64) int64 {
	grows := off + size - int64(len(f.n.now))
	if f.d.limit == 0 || grows <= 0 {
		return size
	}
	space := max(f.d.limit-1-f.d.used(), 0)
	return max(size-max(grows-space, 0), 0)
}

// Sync makes the file's bytes durable; one that was told to fail drops them.
func (f *file) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.alive(); err != nil {
		return err
	}
	if err := f.d.change(); err != nil {
		if !f.d.down {
			f.n.pending = nil
		}
		return err
	}
	for _, change := range f.n.pending {
		f.n.durable = change(f.n.durable)
	}
	f.n.pending = nil
	return nil
}

// Truncate cuts or lengthens with zeros.
func (f *file) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.alive(); err != nil {
		return err
	}
	if err := f.d.change(); err != nil {
		return err
	}
	f.n.truncate(size)
	return nil
}

// Size is the length with unflushed writes.
func (f *file) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.n.now)), f.alive()
}

// Close flushes nothing.
func (f *file) Close() error { return nil }

// write splits at sectors: each is lost or kept on its own.
func (n *inode) write(b []byte, off int64) {
	for len(b) > 0 {
		part := slices.Clone(b[:min(int64(len(b)), sector-off%sector)])
		at := off
		n.do(func(data []byte) []byte {
			data = resize(data, max(int64(len(data)), at+int64(len(part))))
			copy(data[at:], part)
			return data
		})
		b, off = b[len(part):], off+int64(len(part))
	}
}

func (n *inode) truncate(size int64) {
	n.do(func(data []byte) []byte { return resize(data, size) })
}

func (n *inode) do(change func([]byte) []byte) {
	n.now = change(n.now)
	n.pending = append(n.pending, change)
}

func resize(data []byte, size int64) []byte {
	if size <= int64(len(data)) {
		return data[:size]
	}
	return append(data, make([]byte, size-int64(len(data)))...)
}
