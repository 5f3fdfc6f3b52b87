package app

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// sample is the configuration with an explanation of each line.
//
//go:embed kept.toml
var sample []byte

// initCommand writes a configuration to start from.
type initCommand struct {
	Config string `default:"kept.toml" help:"Where to write it."`
}

func (c *initCommand) Run(std *streams) error {
	f, err := os.OpenFile(c.Config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return hinted(fmt.Errorf("%s is there already", c.Config), "name another file with --config, or move this one away")
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(sample); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "wrote %s\nnext: read it, set community, base, keys and [policy]; then kept serve --config %s\n", c.Config, c.Config)
	return err
}

// streams are the program's standard streams and environment.
type streams struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	getenv func(string) string
}
