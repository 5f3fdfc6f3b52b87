package app

import (
	"context"
	"fmt"
	"time"

	"kept/vault"
)

// retentionCommand says what will have gone by a day. It opens no record.
type retentionCommand struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
	At     string `required:"" placeholder:"DATE" help:"A day, as 2027-01-31."`
}

func (c *retentionCommand) Run(ctx context.Context, std *streams) error {
	at, err := time.Parse(time.DateOnly, c.At)
	if err != nil {
		return hinted(fmt.Errorf("%q is not a day", c.At), "write it as in 2027-01-31")
	}
	a, err := openFor(ctx, c.Config, std)
	if err != nil {
		return err
	}
	defer a.Close()
	going, err := a.features.backup.GoingBy(ctx, vault.DayOf(at))
	if err != nil {
		return err
	}
	total := 0
	for _, e := range going.Records {
		total += e.Count
		fmt.Fprintf(std.out, "%8d  %s, until %s at the latest\n", e.Count, e.Info.Title, e.Day)
	}
	for kind, n := range going.Owners {
		fmt.Fprintf(std.out, "%8d  owners that are a %s, with all that is theirs\n", n, kind)
	}
	_, err = fmt.Fprintf(std.out, "%8d  records are gone on %s, an hour after midnight UTC\n", total, c.At)
	return err
}
