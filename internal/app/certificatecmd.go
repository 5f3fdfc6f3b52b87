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
		_, err := fmt.Fprintf(std.out, "%d certificates wait to be sent; /operator/certificates shows how far it is\n", len(rows))
		return err
	}
	return c.wait(ctx, std, a, batch)
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

// wait works on the jobs and shows a bar.
func (c *certificateIssue) wait(ctx context.Context, std *streams, a *App, batch string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); a.Jobs.Run(ctx) }()
	meter := newMeter(std.err, c.Quiet) // it knows whether this is a terminal
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
			cancel()
			<-done
			if meter.terminal {
				fmt.Fprintln(meter.w)
			}
			_, err := fmt.Fprintf(std.out, "%d certificates sent, %d could not be\n", b.Done, b.Failed)
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
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
