// Package web holds what a browser is given besides pages: the stylesheet, the
// favicon and the little JavaScript there is. It owns the files and nothing
// else; internal/page serves them under addresses that carry a hash of their
// content. Start with kept.css, which is ordered tokens, elements, page, parts,
// print.
package web

import "embed"

// Files are served under /static/.
//
//go:embed *.css *.svg *.js editor
var Files embed.FS
