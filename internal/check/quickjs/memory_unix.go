//go:build unix

package quickjs

import (
	"context"

	"github.com/tetratelabs/wazero/experimental"
	"golang.org/x/sys/unix"
)

// reserve is the one region that all memories of a machine lie in, one after the
// other. Giving it back makes it zero without touching it.
type reserve struct{ region []byte }

// withMemory makes modules that are instantiated with the context lie in the
// reserve.
func withMemory(ctx context.Context) (context.Context, error) {
	region, err := unix.Mmap(-1, 0, memoryPages<<16, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return experimental.WithMemoryAllocator(ctx, &reserve{region}), nil
}

func (r *reserve) Allocate(uint64, uint64) experimental.LinearMemory { return r }

func (r *reserve) Reallocate(size uint64) []byte {
	if size > uint64(len(r.region)) {
		return nil
	}
	return r.region[:size:size]
}

func (r *reserve) Free() {
	if unix.Madvise(r.region, unix.MADV_DONTNEED) != nil {
		clear(r.region)
	}
}
