package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"kept/internal/receipt"
	"kept/internal/transparency"
)

// logCommand looks at copies of a site's public log.
type logCommand struct {
	Verify logVerifyCommand `cmd:"" help:"Check a copy of a site's public log, as /log/export gives it."`
}

type logVerifyCommand struct {
	Log     string `arg:"" type:"existingfile" help:"The copy."`
	Older   string `type:"existingfile" help:"An older copy: check that nothing in it was changed or taken out."`
	Receipt string `type:"existingfile" help:"A receipt: check that the log holds its entry."`
	Key     string `help:"The log's key, as you wrote it down earlier. Without it, the one in the copy is believed."`
}

func (c *logVerifyCommand) Run(std *streams) error {
	log, err := readLog(c.Log)
	if err != nil {
		return err
	}
	if c.Key != "" && c.Key != log.Key {
		return fmt.Errorf("%s is signed by another key than yours: %s", c.Log, log.Key)
	}
	last, err := log.Verify()
	if err != nil {
		return fmt.Errorf("%s: %w", c.Log, err)
	}
	fmt.Fprintf(std.out, "ok   %s: %d entries, signed on %s; %d checkpoints fit\n", last.Origin, last.Size, last.Day, len(log.Checkpoints))
	if c.Older != "" {
		older, err := readLog(c.Older)
		if err != nil {
			return err
		}
		if err := log.Extends(older); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "ok   it goes on from the older copy")
	}
	if c.Receipt != "" {
		return c.holds(std, log)
	}
	return nil
}

func (c *logVerifyCommand) holds(std *streams, log *transparency.Document) error {
	document, err := os.ReadFile(c.Receipt)
	if err != nil {
		return err
	}
	body, err := receipt.Body(document)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Receipt, err)
	}
	index, ok := log.Holds(transparency.Commit(body))
	if !ok {
		return hinted(errors.New("the log does not hold this receipt's entry"), "entries go in once a day; hand the receipt in at /log to have it noted again")
	}
	fmt.Fprintf(std.out, "ok   the receipt is entry %d\n", index)
	return nil
}

func readLog(path string) (*transparency.Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var d transparency.Document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, hinted(fmt.Errorf("%s is no log: %w", path, err), "get one from the site's /log/export")
	}
	return &d, nil
}
