//go:build !unix

package quickjs

import "time"

var began = time.Now()

// worked is the time since the process began, where processor time is not to be
// had.
func worked() time.Duration { return time.Since(began) }
