// Package articles brings the project's own sample articles inside the program.
// They are plain files in the format of docs/articles.md, under CC BY 4.0.
package articles

import "embed"

// Files are the sample articles, with their pictures.
//
//go:embed *.md *.svg
var Files embed.FS
