package app

import (
	"context"
	"fmt"
	"net"

	"kept/internal/mail"
	"kept/internal/outbound"
)

// relayProcessor is the mail relay's name in the register of processors.
const relayProcessor = "mail relay"

// processors is the register: whoever the program may connect to.
func (a *App) processors() []outbound.Processor {
	var all []outbound.Processor
	if m := a.Config.Mail; m.Relay != "" && a.options.Outbox == nil {
		all = append(all, outbound.Processor{Name: relayProcessor, Country: m.Country, Purpose: "Sends the mails of this site. It is run by " + m.Operator + ".", Since: m.Since,
			PolicyURL: m.PolicyURL, Hosts: []string{m.Relay}, Kinds: []string{"mail"}, Private: m.Private})
	}
	all = append(all, a.Config.backupProcessors()...)
	if a.Config.TLS == "autocert" {
		all = append(all, a.Config.ACME.processor())
	}
	if g := a.options.guest; g.name != "" {
		all = append(all, g.processor)
	}
	return all
}

// relayName is what the register calls the relay, or empty where nothing leaves.
func (a *App) relayName() string {
	if a.options.Outbox != nil || a.Config.Mail.Relay == "" {
		return ""
	}
	return relayProcessor
}

// openPost makes the way for mail: the relay, the outbox of a demo, or a
// refusal that keeps mails waiting until the operator names a relay.
func (a *App) openPost() (*mail.Post, error) {
	site, err := a.mailSite()
	if err != nil {
		return nil, err
	}
	sender, err := a.sender()
	if err != nil {
		return nil, err
	}
	return mail.New(mail.Config{DB: a.DB, Vault: a.Vault, Kind: a.letters, Queue: a.Jobs, Sender: sender, Site: site,
		Now: a.options.Now, Log: a.options.Log})
}

func (a *App) mailSite() (mail.Site, error) {
	from := a.Config.Mail.From
	if from == "" {
		from = "kept@" + mailHost(a.Config.host())
	}
	address, err := mail.ParseAddress(from)
	if err != nil {
		return mail.Site{}, bad("mail.from", "write one address, as in kept@example.org")
	}
	return mail.Site{Name: a.Config.Community, URL: a.Config.Base, From: address, Lang: a.Config.Language}, nil
}

// mailHost gives a site that is tried under a bare address a name to write from.
func mailHost(host string) string {
	if net.ParseIP(host) != nil || host == "localhost" {
		return "kept.example"
	}
	return host
}

func (a *App) sender() (mail.Sender, error) {
	if a.options.Outbox != nil {
		return a.options.Outbox, nil
	}
	m := a.Config.Mail
	if m.Relay == "" {
		return noRelay{}, nil
	}
	relay, err := mail.NewRelay(mail.RelayConfig{Gate: a.Gate, Processor: relayProcessor, Addr: m.Relay,
		Hello: mailHost(a.Config.host()), User: m.User, PasswordFile: m.PasswordFile})
	if err != nil {
		return nil, hinted(fmt.Errorf("mail: %w", err), "look at [mail] in the configuration")
	}
	a.closers = append(a.closers, func() error { relay.Close(); return nil })
	return relay, nil
}

// noRelay keeps mails in the queue: kept doctor says why.
type noRelay struct{}

func (noRelay) Send(context.Context, mail.Parcel) error { return errNoRelay }

var errNoRelay = fmt.Errorf("no mail relay is configured")
