// Package podcasts brings the project's own sample podcast inside the program.
// It is plain files in the format of docs/articles.md, under CC BY 4.0.
package podcasts

import "embed"

// Files are the sample podcasts, a folder each.
//
//go:embed small-programs-out-loud
var Files embed.FS
