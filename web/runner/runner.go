// Package runner holds the frame in which learners' code runs, as files: the
// page's parts, the client that a lesson's page speaks to it with, and what it
// needs by others (vendor, with its manifest and licences). It owns the files
// and nothing else; internal/check/frame serves them.
package runner

import "embed"

// Files are the frame's own scripts and the vendored ones.
//
//go:embed *.js *.html vendor
var Files embed.FS
