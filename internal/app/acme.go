package app

import (
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"kept/internal/outbound"
)

// ACME is the authority that certifies the site's name under tls = "autocert".
type ACME struct {
	Directory string `toml:"directory"`
	Operator  string `toml:"operator"`
	Country   string `toml:"country"`
	PolicyURL string `toml:"policy_url"`
	Since     string `toml:"since"`
	Private   bool   `toml:"private"`
}

// letsEncrypt is the authority where none is configured.
func letsEncrypt() ACME {
	return ACME{Directory: acme.LetsEncryptURL, Operator: "Let's Encrypt", Country: "United States",
		PolicyURL: "https://letsencrypt.org/privacy/", Since: firstDay}
}

func (c *ACME) check() error {
	directory, err := url.Parse(c.Directory)
	switch {
	case err != nil || directory.Scheme != "https" || directory.Host == "":
		return bad("acme.directory", "write the address of the authority's directory, as in https://ca.example.org/acme/directory")
	case c.Operator == "" || c.Country == "":
		return bad("acme.operator", "write who runs the authority, and acme.country where; the privacy policy says both")
	case !isDay(c.Since):
		return bad("acme.since", "write the day since when the authority is used, as in 2027-01-31")
	}
	return nil
}

// processor is the authority's line in the register.
func (c *ACME) processor() outbound.Processor {
	host := ""
	if directory, err := url.Parse(c.Directory); err == nil { // checked by check
		host = directory.Host
	}
	return outbound.Processor{Name: c.Operator, Country: c.Country, Since: c.Since, PolicyURL: c.PolicyURL,
		Purpose: "Certifies the site's own address. It learns nothing about people.", Hosts: []string{host}, Private: c.Private}
}

// certificates are fetched when first needed and kept in the data folder. They
// name the site, nobody else.
func (a *App) certificates() *autocert.Manager {
	c := a.Config.ACME
	return &autocert.Manager{Prompt: autocert.AcceptTOS, HostPolicy: autocert.HostWhitelist(a.Config.host()),
		Cache:  autocert.DirCache(filepath.Join(a.Config.Data, "certificates")),
		Client: &acme.Client{DirectoryURL: strings.TrimSuffix(c.Directory, "/"), HTTPClient: a.Gate.Client(c.Operator, time.Minute)}}
}
