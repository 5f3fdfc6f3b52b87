package render

import (
	"context"
	"io/fs"

	"kept/internal/course"
)

// fixed is a loader of one course that is there already.
type fixed struct{ course *course.Course }

func (fixed) Name() string { return "fixed" }

func (fixed) Detect(fs.FS) bool { return true }

func (f fixed) Load(context.Context, fs.FS) (*course.Shelf, []course.Warning, error) {
	return &course.Shelf{Courses: []*course.Course{f.course}}, nil, nil
}
