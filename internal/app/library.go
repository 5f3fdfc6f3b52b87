package app

import (
	"context"
	"fmt"

	"kept/courses"
	"kept/internal/course"
	"kept/internal/course/freecodecamp"
	"kept/internal/course/myst"
	"kept/internal/course/native"
)

// openLibrary reads the courses: the configured folders, or the sample that
// comes with the program where none is configured.
func (a *App) openLibrary(ctx context.Context) (*course.Library, error) {
	sources := []course.Source{{Name: "sample", Root: courses.Files}}
	if len(a.Config.Courses) > 0 {
		sources = nil
	}
	for _, c := range a.Config.Courses {
		folder, err := course.OpenFolder(c.Path)
		if err != nil {
			return nil, hinted(fmt.Errorf("courses: %w", err), "set path of [[courses]] to a folder that can be read")
		}
		a.closers = append(a.closers, folder.Close)
		sources = append(sources, course.Source{Name: c.Path, Root: folder, Format: c.Format})
	}
	library := course.NewLibrary(loaders(), sources)
	if err := library.Reload(ctx); err != nil {
		return nil, fmt.Errorf("courses: %w", err)
	}
	return library, nil
}

// loaders are the formats that courses are read from.
func loaders() []course.Loader {
	return []course.Loader{native.Loader{}, freecodecamp.Loader{}, myst.Loader{}}
}
