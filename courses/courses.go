// Package courses brings the project's own sample courses inside the program.
// They are plain files in the format of docs/lesson-format.md, under CC BY 4.0.
package courses

import "embed"

// Files are the sample courses, a folder each.
//
//go:embed first-steps-in-javascript
var Files embed.FS
