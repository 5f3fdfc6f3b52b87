package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"kept/internal/certificate"
)

// certificateCommand is for those who run a site.
type certificateCommand struct {
	Issue    certificateIssue    `cmd:"" help:"Issue certificates to the people of a list."`
	Retry    certificateRetry    `cmd:"" help:"Try the failed lines of a bulk issue again."`
	Withdraw certificateWithdraw `cmd:"" help:"Withdraw a certificate by presenting it."`
	Key      certificateKey      `cmd:"" name:"new-key" help:"Make a new key for the issuer; what the old one signed still holds."`
}

// openQuietly opens the configured site for a command.
func openQuietly(ctx context.Context, path string, std *streams) (*App, error) {
	config, err := LoadConfig(path, std.getenv)
	if err != nil {
		return nil, err
	}
	return Open(ctx, config, Options{Now: time.Now, Log: newLog(std.err)})
}

type certificateIssue struct {
	Config      string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	CSV         string `name:"csv" type:"existingfile" required:"" help:"The list: columns address, name, role; the last two may be left out."`
	Title       string `required:"" help:"What the certificates are for."`
	Description string `help:"What the holders did, in a sentence."`
	Day         string `help:"The day on it, as 2027-03-14; today if it is left out."`
	Template    string `help:"Its look."`
	Wait        bool   `help:"Do the work here and show how far it is, instead of leaving it to the running site."`
	Quiet       bool   `help:"Say nothing but what went wrong."`
}

type certificateRetry struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	Batch  string `arg:"" help:"The bulk issue, as kept certificate issue names it."`
	Wait   bool   `help:"Do the work here and show how far it is, instead of leaving it to the running site."`
	Quiet  bool   `help:"Say nothing but what went wrong."`
}

func (c *certificateRetry) Run(ctx context.Context, std *streams) error {
	a, err := openQuietly(ctx, c.Config, std)
	if err != nil {
		return err
	}
	defer a.Close()
	n, err := a.features.certificate.Retry(ctx, c.Batch)
	if err != nil {
		return err
	}
	if !c.Wait {
		_, err := fmt.Fprintf(std.out, "%d lines wait to be tried again\n", n)
		return err
	}
	return waitForBatch(ctx, std, a, c.Batch, c.Quiet)
}

func (c *certificateIssue) Run(ctx context.Context, std *streams) error {
	rows, set, err := c.read()
	if err != nil {
		return err
	}
	a, err := openQuietly(ctx, c.Config, std)
	if err != nil {
		return err
	}
	defer a.Close()
	batch, err := a.features.certificate.IssueAll(ctx, set, rows)
	if err != nil {
		return err
	}
	if !c.Wait {
		_, err := fmt.Fprintf(std.out, "bulk issue %s: %d certificates wait to be issued; /operator/certificates shows how far it is\n", batch, len(rows))
		return err
	}
	return waitForBatch(ctx, std, a, batch, c.Quiet)
}

func (c *certificateIssue) read() ([]certificate.Row, certificate.NewSet, error) {
	now := time.Now()
	set := certificate.NewSet{Title: c.Title, Description: c.Description, Template: c.Template, Day: now, Until: certificate.UntilLate(now)}
	if c.Day != "" {
		day, err := time.Parse(time.DateOnly, c.Day)
		if err != nil {
			return nil, set, hinted(fmt.Errorf("%q is no day", c.Day), "write it as 2027-03-14")
		}
		set.Day = day
	}
	list, err := os.Open(c.CSV)
	if err != nil {
		return nil, set, err
	}
	defer list.Close()
	rows, err := certificate.ReadRows(list)
	if err != nil {
		return nil, set, hinted(err, "nothing was issued: put these lines right and send the list again")
	}
	return rows, set, nil
}

// waitForBatch works on the jobs and shows a bar, until each line is issued or
// has failed.
func waitForBatch(ctx context.Context, std *streams, a *App, batch string, quiet bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); a.Jobs.Run(ctx) }()
	meter := newMeter(std.err, quiet) // it knows whether this is a terminal
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		b, err := a.features.certificate.BatchOf(ctx, batch)
		if err != nil {
			return err
		}
		if meter.terminal {
			fmt.Fprint(meter.w, "\r"+barOf(b))
		}
		if b.Over() {
			if meter.terminal {
				fmt.Fprintln(meter.w)
			}
			err := sayBatch(ctx, std, a, b)
			cancel()
			<-done
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// mostNamed is how many failed lines are named.
const mostNamed = 1000

// sayBatch says how a bulk issue ended, with each line that failed.
func sayBatch(ctx context.Context, std *streams, a *App, b certificate.Batch) error {
	fmt.Fprintf(std.out, "%d certificates issued, %d failed\n", b.Done, b.Failed)
	failed, err := a.features.certificate.FailedRows(ctx, b.ID, mostNamed)
	if err != nil || len(failed) == 0 {
		return err
	}
	again := false
	for _, one := range failed {
		fmt.Fprintf(std.out, "line %d: %s\n", one.Line, one.Why())
		again = again || one.Again
	}
	err = fmt.Errorf("%d of %d lines failed", b.Failed, b.Total)
	if !again {
		return err
	}
	return hinted(err, "once the reason is gone: kept certificate retry "+b.ID)
}

// barOf shows how far a bulk issue is.
func barOf(b certificate.Batch) string {
	full := meterWidth * b.Reached() / max(b.Total, 1)
	return fmt.Sprintf("[%s%s] %d of %d", strings.Repeat("#", full), strings.Repeat(".", meterWidth-full), b.Reached(), b.Total)
}

type certificateWithdraw struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	File   string `arg:"" type:"existingfile" help:"The certificate: JSON, JWT, PDF or picture."`
}

func (c *certificateWithdraw) Run(ctx context.Context, std *streams) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	a, err := openQuietly(ctx, c.Config, std)
	if err != nil {
		return err
	}
	defer a.Close()
	result, err := a.features.certificate.Withdraw(ctx, file)
	if err != nil {
		return err
	}
	if !result.Genuine() {
		v := certificate.VerdictOf(english{}, result, plainDay)
		return hinted(fmt.Errorf("not withdrawn: %s", v.Short), v.Long)
	}
	_, err = fmt.Fprintln(std.out, "withdrawn; whoever checks it from now on is told so")
	return err
}

type certificateKey struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	Stolen bool   `help:"Somebody else may have the old key: nothing that it signed holds any more."`
}

func (c *certificateKey) Run(std *streams) error {
	config, err := LoadConfig(c.Config, std.getenv)
	if err != nil {
		return err
	}
	id, err := certificate.RotateKey(config.Keys, config.Base, c.Stolen, time.Now)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "the issuer signs with %s from now on\n", id)
	return err
}
