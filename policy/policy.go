// Package policy holds the text of the privacy policy, one Markdown file for
// each version, NNNN.md. Each begins with the day on which it was posted, the
// day from which it holds and what it changed; every figure that code decides
// stands in {{ }} and is filled in by internal/promise, which also says what
// may stand there. A version that was posted is not edited: a change is the
// next file.
package policy

import "embed"

// Files are the versions.
//
//go:embed *.md
var Files embed.FS
