package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// doctorCommand looks at a site from outside its pages. It changes nothing that
// kept serve would not change at its start.
type doctorCommand struct {
	Config string `type:"path" help:"The configuration file." env:"KEPT_CONFIG"`
}

func (c *doctorCommand) Run(ctx context.Context, std *streams) error {
	config, err := LoadConfig(c.Config, std.getenv)
	if err != nil {
		return err
	}
	a, err := Open(ctx, config, Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	defer a.Close()
	findings, err := a.examine(ctx)
	if err != nil {
		return err
	}
	return report(std.out, findings)
}

// finding is one thing the doctor looked at.
type finding struct {
	what string
	bad  string // empty if all is well
	do   string
}

func report(w io.Writer, findings []finding) error {
	var ill int
	for _, f := range findings {
		if f.bad == "" {
			fmt.Fprintf(w, "  ok    %s\n", f.what)
			continue
		}
		ill++
		fmt.Fprintf(w, "  look  %s: %s\n        %s\n", f.what, f.bad, f.do)
	}
	if ill > 0 {
		fmt.Fprintf(w, "%d of %d need a look\n", ill, len(findings))
		return errSilent
	}
	fmt.Fprintf(w, "all well, %d looked at\n", len(findings))
	return nil
}

func (a *App) examine(ctx context.Context) ([]finding, error) {
	findings := a.examineConfig()
	for _, look := range []func(context.Context) ([]finding, error){a.examineJobs, a.examineKinds} {
		more, err := look(ctx)
		if err != nil {
			return nil, err
		}
		findings = append(findings, more...)
	}
	findings = append(findings, a.examineSecurity())
	findings = append(findings, a.examineBackups(ctx)...)
	findings = append(findings, a.examineChecking(ctx)...)
	return append(findings, a.examineFiles()...), nil
}

func (a *App) examineConfig() []finding {
	c := a.Config
	blank := func(what, value, do string) finding {
		f := finding{what: what}
		if value == "" {
			f.bad, f.do = "not set", do
		}
		return f
	}
	plain := finding{what: "encryption on the way"}
	if c.TLS == "off" && !strings.HasPrefix(c.Base, "http://127.") && !strings.HasPrefix(c.Base, "http://localhost") {
		plain.bad, plain.do = "pages go unencrypted", `set tls to "autocert", or to "proxy" behind a web server`
	}
	return []finding{
		blank("mail relay", c.Mail.Relay, "set mail.relay: without it nobody can sign in"),
		blank("mail sender", c.Mail.From, "set mail.from, as in kept@example.org"),
		blank("policy: who is responsible", c.Policy.Controller, "set policy.controller"),
		blank("policy: postal address", c.Policy.Address, "set policy.address"),
		blank("policy: contact", c.Policy.Contact, "set policy.contact"),
		blank("policy: where data is stored", c.Policy.Storage, "set policy.storage"),
		blank("policy: supervisory authority", c.Policy.Authority, "set policy.authority"),
		plain,
	}
}

func (a *App) examineJobs(ctx context.Context) ([]finding, error) {
	stats, err := a.Jobs.Stats(ctx)
	if err != nil {
		return nil, err
	}
	dead := 0
	for _, s := range stats {
		dead += s.Dead
	}
	f := finding{what: "jobs"}
	if dead > 0 {
		f.bad, f.do = fmt.Sprintf("%d were given up", dead), "see them on /operator, where each can be tried again or dropped"
	}
	return []finding{f}, nil
}

func (a *App) examineKinds(ctx context.Context) ([]finding, error) {
	unknown, err := a.Vault.UnreadableKinds(ctx)
	f := finding{what: "kinds of records"}
	if len(unknown) > 0 {
		f.bad = "this program does not know " + strings.Join(unknown, ", ")
		f.do = "run the version that made them, or one that says what becomes of them"
	}
	return []finding{f}, err
}

// securityNotice is how long before its end security.txt is to be looked at.
const securityNotice = 30 * 24 * time.Hour

func (a *App) examineSecurity() finding {
	f := finding{what: "security.txt"}
	if ends := a.features.policy.SecurityExpires(); ends.Before(a.options.Now().Add(securityNotice)) {
		f.bad = "it says that it holds until " + ends.Format(time.DateOnly)
		f.do = "look whether the contact still holds, then set policy.security_expires to a later day"
	}
	return f
}

func (a *App) examineFiles() []finding {
	keys := finding{what: "keys folder"}
	if inside(a.Config.Keys, filepath.Dir(a.Config.Data)) && filepath.Dir(a.Config.Keys) == filepath.Dir(a.Config.Data) {
		keys.bad = "it lies beside the data folder"
		keys.do = "a backup of the folder above would hold both; move it to another disk if you can"
	}
	mode := finding{what: "who may read the keys folder"}
	if info, err := os.Stat(a.Config.Keys); err == nil && info.Mode().Perm()&0o077 != 0 {
		mode.bad, mode.do = "others than this user", "chmod 700 "+a.Config.Keys
	}
	return []finding{keys, mode}
}
