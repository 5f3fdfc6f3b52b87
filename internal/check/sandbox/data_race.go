//go:build race

package sandbox

// mostData leaves room for what the race detector maps, which is more than there
// is memory.
const mostData = 1 << 50
