//go:build !linux

package course

import "context"

// listen is for systems that are looked at only.
func listen(context.Context, string, func(dir string)) error { return errNoNotice }
