package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"kept/internal/check"
)

// commands are the program's commands. Long flags have two dashes; secrets come
// by file or environment, never by flag.
type commands struct {
	Serve       serveCommand       `cmd:"" help:"Serve the site."`
	Demo        demoCommand        `cmd:"" help:"Serve a site with sample data from a temporary folder."`
	Init        initCommand        `cmd:"" help:"Write a configuration file to start from."`
	Course      courseCommand      `cmd:"" help:"Look at courses as their authors would."`
	Article     articleCommand     `cmd:"" help:"Look at articles and podcasts as their authors would."`
	Backup      backupCommand      `cmd:"" help:"Make a backup now, list them, or remove one."`
	Restore     restoreCommand     `cmd:"" help:"Bring a site back from a backup, into new folders."`
	Retention   retentionCommand   `cmd:"" help:"Say what will have been deleted by a day."`
	Verify      verifyCommand      `cmd:"" help:"Check a certificate, without a site and without a network."`
	Certificate certificateCommand `cmd:"" help:"Issue certificates to many, withdraw one, make a new key."`
	Log         logCommand         `cmd:"" help:"Check copies of a site's public log."`
	Doctor      doctorCommand      `cmd:"" help:"Say what is wrong with a site, and what to do about it."`
	Prove       proveCommand       `cmd:"" help:"Try every promise on a scratch instance of this program."`
	Version     versionCommand     `cmd:"" help:"Say which version this is."`
}

// Main runs the program and returns its exit status.
func Main(ctx context.Context, args []string, getenv func(string) string, in io.Reader, out, errs io.Writer) int {
	if check.IsChild(args) {
		return check.RunChild()
	}
	err := run(ctx, args, &streams{in, out, errs, getenv})
	if err == nil {
		return 0
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(errs, "kept: %v\n", err)
	}
	var hint *hintError
	if errors.As(err, &hint) {
		fmt.Fprintf(errs, "hint: %s\n", hint.hint)
	}
	return 1
}

// errSilent ends the program with status 1 when everything has been said.
var errSilent = errors.New("said already")

// exit carries the status that kong wants to leave with through its own calls.
type exit int

func run(ctx context.Context, args []string, std *streams) (err error) {
	defer func() {
		if status, ok := recover().(exit); ok && status != 0 {
			err = errSilent
		}
	}()
	var cmd commands
	parser, err := kong.New(&cmd, kong.Name("kept"), kong.Description("A home for a community that teaches, with a privacy policy that it keeps."),
		kong.Writers(std.out, std.err), kong.Exit(func(status int) { panic(exit(status)) }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(std))
	if err != nil {
		return err
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return hinted(err, "kept --help lists the commands")
	}
	return parsed.Run()
}

type versionCommand struct{}

func (versionCommand) Run(std *streams) error {
	_, err := fmt.Fprintln(std.out, "kept", version())
	return err
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "(devel)"
}
