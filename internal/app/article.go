package app

import (
	"context"
	"fmt"
	"slices"

	"kept/internal/course"
	"kept/internal/publish"
)

// articleCommand helps those who write articles and podcasts.
type articleCommand struct {
	Lint articleLint `cmd:"" help:"Say what authors should look at; status 1 if there is anything."`
}

type articleLint struct {
	Path string `arg:"" type:"existingdir" help:"A folder with articles, podcasts or both."`
	JSON bool   `name:"json" help:"Write one JSON document."`
}

func (c *articleLint) Run(ctx context.Context, std *streams) error {
	folder, err := course.OpenFolder(c.Path)
	if err != nil {
		return err
	}
	defer folder.Close()
	source := []publish.Source{{Name: "folder", Root: folder}}
	library := publish.NewLibrary(source, publish.WithShows(source))
	if err := library.Reload(ctx); err != nil {
		return err
	}
	e := library.Edition()
	warnings := slices.Concat(e.Warnings, e.Lint())
	course.SortWarnings(warnings)
	episodes := 0
	for _, s := range e.Shows {
		episodes += len(s.Episodes)
	}
	if c.JSON {
		err = writeJSON(std.out, map[string]any{"articles": len(e.Articles), "podcasts": len(e.Shows), "episodes": episodes, "warnings": warnings})
	} else {
		for _, w := range warnings {
			fmt.Fprintln(std.out, w)
		}
		fmt.Fprintf(std.out, "%d articles, %d podcasts, %d episodes read, %d warnings\n", len(e.Articles), len(e.Shows), episodes, len(warnings))
	}
	if err == nil && len(warnings) > 0 {
		return errSilent
	}
	return err
}
