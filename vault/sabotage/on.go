//go:build sabotage

package sabotage

import "sync/atomic"

var broken atomic.Pointer[string]

// On says that the program can be broken on purpose.
const On = true

// Is reports whether the program is broken in the named way.
func Is(name string) bool {
	now := broken.Load()
	return now != nil && *now == name
}

// Break breaks the program in the named way until the returned function is called.
func Break(name string) (mend func()) {
	broken.Store(&name)
	return func() { broken.Store(nil) }
}
