// Package myst reads lessons written for Sphinx in MyST Markdown, as
// CodeRefinery and others write them with sphinx-lesson: a folder with conf.py,
// an index whose toctree orders the pages, and the pages themselves.
//
// It owns the format: directives, roles, labels, tables of contents, and the
// small part of reStructuredText that such lessons still use. It runs nothing:
// conf.py is read as text. It refuses files outside the lesson's folder and
// symbolic links. What it does not understand is shown as text in a box and
// named in a warning with file and line.
//
// A page is read in two steps. Scanning (scan.go) takes the text apart into
// pieces; writing (write.go) makes blocks of them when the labels of all pages
// are known. Start at Loader.Load.
package myst

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"kept/internal/course"
)

// Loader reads folders of sphinx-lesson.
type Loader struct{}

// Name is "myst".
func (Loader) Name() string { return "myst" }

const (
	confFile = "conf.py"
	maxAbove = 4 // folders above a lesson
)

// Detect looks for a conf.py beside an index.
func (Loader) Detect(fsys fs.FS) bool {
	dirs, _ := lessonDirs(fsys)
	return len(dirs) > 0
}

// Load reads every lesson below the folder. Each becomes a course.
func (Loader) Load(ctx context.Context, fsys fs.FS) (*course.Shelf, []course.Warning, error) {
	dirs, warnings := lessonDirs(fsys)
	if len(dirs) == 0 {
		return nil, warnings, fmt.Errorf("find %s beside index.md or index.rst: %w", confFile, fs.ErrNotExist)
	}
	shelf := &course.Shelf{}
	for _, dir := range dirs {
		one := course.Remember(fsys, "lesson "+dir, []string{dir}, func() read {
			b := newBook(fsys, dir)
			if err := b.read(ctx); err != nil {
				return read{err: err}
			}
			return read{course: b.course(), warnings: b.warnings}
		})
		if one.err != nil {
			return nil, nil, one.err
		}
		shelf.Courses = append(shelf.Courses, one.course)
		warnings = append(warnings, one.warnings...)
	}
	course.SortWarnings(warnings)
	return shelf, slices.Compact(warnings), nil
}

// read is what one folder holds.
type read struct {
	course   *course.Course
	warnings []course.Warning
	err      error
}

// lessonDirs finds the folders that hold conf.py and an index, without going
// into hidden folders or into a lesson.
func lessonDirs(fsys fs.FS) ([]string, []course.Warning) {
	var dirs []string
	var warnings []course.Warning
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			warnings = append(warnings, course.Warning{File: name, What: "cannot be opened; look at its permissions"})
			return fs.SkipDir
		}
		if !d.IsDir() {
			return nil
		}
		if name != "." && (strings.HasPrefix(d.Name(), ".") || strings.Count(name, "/") >= maxAbove) {
			return fs.SkipDir
		}
		if isFile(fsys, path.Join(name, confFile)) && indexOf(fsys, name) != "" {
			dirs = append(dirs, name)
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		warnings = append(warnings, course.Warning{File: ".", What: "cannot be walked through; look at its permissions"})
	}
	return dirs, warnings
}

func indexOf(fsys fs.FS, dir string) string {
	for _, name := range []string{"index.md", "index.rst"} {
		if isFile(fsys, path.Join(dir, name)) {
			return path.Join(dir, name)
		}
	}
	return ""
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Lstat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}
