package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"kept/internal/promise"
)

// proveCommand tries every promise on scratch instances of this program.
type proveCommand struct {
	JSON bool `name:"json" help:"Write the results as one JSON document."`
}

func (c *proveCommand) Run(ctx context.Context, std *streams) error {
	show := func(r promise.Result) { showResult(std.out, r) }
	if c.JSON {
		show = func(promise.Result) {}
	}
	compiled, err := os.MkdirTemp("", "kept-prove-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(compiled)
	results, err := promise.Run(ctx, scratches(compiled), show)
	if err != nil {
		return err
	}
	if c.JSON {
		enc := json.NewEncoder(std.out)
		enc.SetIndent("", "  ")
		err = enc.Encode(map[string]any{"promises": results})
	}
	return errors.Join(err, verdict(std.out, results, c.JSON))
}

func showResult(w io.Writer, r promise.Result) {
	fmt.Fprintf(w, "%-4s %s\n", r.ID, r.State)
	for _, t := range r.Tried {
		fmt.Fprintf(w, "       %s\n       seen: %s\n", t.How, t.Seen)
	}
}

// verdict ends the command: status 0 only if nothing failed.
func verdict(w io.Writer, results []promise.Result, quiet bool) error {
	count := map[promise.State]int{}
	for _, r := range results {
		count[r.State]++
	}
	if !quiet {
		fmt.Fprintf(w, "%d kept, %d failed, %d not yet\n", count[promise.Kept], count[promise.Broken], count[promise.NotYet])
	}
	if count[promise.Broken] > 0 {
		return errSilent
	}
	return nil
}
