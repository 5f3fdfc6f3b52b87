//go:build !race

package sandbox

// mostData is how many bytes a child can ever write to.
const mostData = 1536 << 20
