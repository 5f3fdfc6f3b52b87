package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"kept/vault"
)

// Config is what an operator decides. Its file is TOML, as kept init writes it
// with an explanation of each line; variables named KEPT_… come before the file.
type Config struct {
	Community   string      `toml:"community"`
	Base        string      `toml:"base"`
	Listen      string      `toml:"listen"`
	Admin       string      `toml:"admin"`
	Data        string      `toml:"data"`
	Keys        string      `toml:"keys"`
	Database    string      `toml:"database"`
	TLS         string      `toml:"tls"`
	Proxies     []string    `toml:"proxies"`
	Hue         int         `toml:"hue"`
	Language    string      `toml:"language"`
	LogHours    int         `toml:"log_hours"`
	ACME        ACME        `toml:"acme"`
	Mail        Mail        `toml:"mail"`
	Policy      Policy      `toml:"policy"`
	Courses     []Course    `toml:"courses"`
	Articles    []Folder    `toml:"articles"`
	Backup      Backup      `toml:"backup"`
	Podcasts    []Folder    `toml:"podcasts"`
	Check       Check       `toml:"check"`
	Certificate Certificate `toml:"certificate"`
}

// Mail says how mail leaves.
type Mail struct {
	From         string `toml:"from"`
	Relay        string `toml:"relay"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	Operator     string `toml:"operator"`
	Country      string `toml:"country"`
	PolicyURL    string `toml:"policy_url"`
	Since        string `toml:"since"`
	Private      bool   `toml:"private"`
}

// Policy is what the privacy policy says of the operator.
type Policy struct {
	Controller string `toml:"controller"`
	Address    string `toml:"address"`
	Contact    string `toml:"contact"`
	Storage    string `toml:"storage"`
	Authority  string `toml:"authority"`
	BackupDays int    `toml:"backup_days"`
	Age        int    `toml:"age"`
	// SecurityExpires is a day, as 2027-06-30, on which somebody looks again
	// whether /.well-known/security.txt still holds.
	SecurityExpires string `toml:"security_expires"`
	// End is the last day of the project, as 2027-12-31: what is kept until then
	// goes by it.
	End string `toml:"end"`
}

// Course is a folder with courses.
type Course struct {
	Path   string `toml:"path"`
	Format string `toml:"format"`
}

// firstDay is the day of the first version of the policy: since when a processor
// is used of which nothing else is said.
const firstDay = "2026-11-21"

// defaults are the values of what a configuration leaves out.
func defaults() Config {
	return Config{
		Community: "Kept", Listen: "127.0.0.1:8080", Admin: "127.0.0.1:9090", Data: "data", Keys: "keys",
		TLS: "proxy", Hue: 225, Language: "en", LogHours: 24,
		Mail:   Mail{Operator: "the mail relay of this site", Country: "not stated", Since: firstDay},
		Policy: Policy{BackupDays: 7, Age: 16},
		Backup: backupDefaults(),
		Check:  Check{Chromium: "auto"},
	}
}

// LoadConfig reads the file, if one is named, and the environment.
func LoadConfig(path string, getenv func(string) string) (Config, error) {
	c := defaults()
	if path != "" {
		meta, err := toml.DecodeFile(path, &c)
		if err != nil {
			return c, hinted(fmt.Errorf("configuration: %w", err), "kept init writes a file to start from")
		}
		if unknown := meta.Undecoded(); len(unknown) > 0 {
			return c, hinted(fmt.Errorf("configuration: %s: unknown setting %s", path, unknown[0]), "look for a slip of the pen; kept init writes all that there are")
		}
	}
	if err := c.fromEnvironment(getenv); err != nil {
		return c, err
	}
	c.absolute(filepath.Dir(path))
	return c, c.check()
}

// fromEnvironment lets KEPT_… win over the file. Secrets can come no other way
// than by file or environment.
func (c *Config) fromEnvironment(getenv func(string) string) error {
	for name, to := range map[string]*string{
		"COMMUNITY": &c.Community, "BASE": &c.Base, "LISTEN": &c.Listen, "ADMIN": &c.Admin, "DATA": &c.Data,
		"KEYS": &c.Keys, "DATABASE": &c.Database, "TLS": &c.TLS, "LANGUAGE": &c.Language,
		"MAIL_FROM": &c.Mail.From, "MAIL_RELAY": &c.Mail.Relay, "MAIL_USER": &c.Mail.User,
		"MAIL_PASSWORD_FILE": &c.Mail.PasswordFile,
	} {
		if value := getenv("KEPT_" + name); value != "" {
			*to = value
		}
	}
	if value := getenv("KEPT_LOG_HOURS"); value != "" {
		hours, err := strconv.Atoi(value)
		if err != nil {
			return errors.New("configuration: KEPT_LOG_HOURS must be a number of hours")
		}
		c.LogHours = hours
	}
	return nil
}

// absolute makes paths relative to the file's folder absolute, and fills in what
// follows from other settings.
func (c *Config) absolute(base string) {
	for _, path := range []*string{&c.Data, &c.Keys, &c.Mail.PasswordFile, &c.Certificate.Templates} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(base, *path)
		}
	}
	c.Backup.absolute(base)
	for i := range c.Courses {
		if !filepath.IsAbs(c.Courses[i].Path) {
			c.Courses[i].Path = filepath.Join(base, c.Courses[i].Path)
		}
	}
	for _, folder := range slices.Concat(folderPaths(c.Articles), folderPaths(c.Podcasts)) {
		if !filepath.IsAbs(*folder) {
			*folder = filepath.Join(base, *folder)
		}
	}
	if c.Base == "" {
		c.Base = "http://" + c.Listen
	}
	if c.ACME == (ACME{}) {
		c.ACME = letsEncrypt()
	}
	if c.Database == "" {
		c.Database = filepath.Join(c.Data, "kept.db")
	}
}

// check finds what cannot work, with the setting's name and what to do.
func (c *Config) check() error {
	base, err := url.Parse(c.Base)
	switch {
	case err != nil || base.Host == "" || base.Path != "" || !slices.Contains([]string{"http", "https"}, base.Scheme):
		return bad("base", "write the address that people type, as in https://learn.example.org")
	case !slices.Contains([]string{"proxy", "autocert", "off"}, c.TLS):
		return bad("tls", `write "proxy", "autocert" or "off"`)
	case c.Hue < 0 || c.Hue > 359:
		return bad("hue", "write a number from 0 to 359")
	case c.LogHours < 1 || c.LogHours > 24*30:
		return bad("log_hours", "write a number of hours from 1 to 720")
	case c.Policy.BackupDays < 1 || c.Policy.BackupDays > 7:
		return bad("policy.backup_days", "write a number of days from 1 to 7; the restore journal remembers 8")
	case c.Mail.Relay != "" && !isDay(c.Mail.Since):
		return bad("mail.since", "write the day since when the relay is used, as in 2027-01-31")
	case c.Mail.Relay != "" && !isHostPort(c.Mail.Relay):
		return bad("mail.relay", "write host and port, as in mail.example.org:587")
	case inside(c.Keys, c.Data):
		return bad("keys", "the keys must lie outside the data folder, or a copy of the data would hold them")
	}
	if c.TLS == "autocert" {
		if err := c.ACME.check(); err != nil {
			return err
		}
	}
	if _, err := c.Policy.securityExpires(); err != nil {
		return bad("policy.security_expires", "write a day, as in 2027-06-30, or leave it out")
	}
	if err := c.checkBackup(); err != nil {
		return err
	}
	for _, text := range c.Proxies {
		if _, err := netip.ParsePrefix(text); err != nil {
			return bad("proxies", "write networks, as in 127.0.0.1/32")
		}
	}
	return nil
}

func (c *Config) proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range c.Proxies {
		all = append(all, netip.MustParsePrefix(text)) // checked by check
	}
	return all
}

func (c *Config) logKeep() time.Duration { return time.Duration(c.LogHours) * time.Hour }

// securityExpires is the day as the vault counts it; 0 if none is set.
func (p *Policy) securityExpires() (vault.Day, error) {
	if p.SecurityExpires == "" {
		return 0, nil
	}
	at, err := time.Parse(time.DateOnly, p.SecurityExpires)
	return vault.DayOf(at), err
}

func isDay(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func isHostPort(text string) bool {
	host, port, err := net.SplitHostPort(text)
	return err == nil && host != "" && port != ""
}

// host is the name that people know the site by.
func (c *Config) host() string {
	base, err := url.Parse(c.Base)
	if err != nil {
		return ""
	}
	return base.Hostname()
}

func bad(setting, remedy string) error {
	return hinted(fmt.Errorf("configuration: %s cannot be used", setting), remedy)
}

func inside(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(os.PathSeparator))
}

// hintError is an error with what to do about it.
type hintError struct {
	err  error
	hint string
}

func hinted(err error, hint string) error { return &hintError{err, hint} }

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }
