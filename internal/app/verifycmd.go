package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"kept/internal/certificate"
	"kept/internal/credential"
)

// verifyCommand checks a certificate without a site and without a network.
type verifyCommand struct {
	File   string `arg:"" type:"existingfile" help:"The certificate: JSON, JWT, PDF or picture."`
	Issuer string `type:"existingfile" required:"" help:"The issuer's document, as /.well-known/did.json of its site shows it."`
	Status string `type:"existingfile" help:"The issuer's list of withdrawn certificates, as the certificate names it."`
	JSON   bool   `name:"json" help:"Write one JSON document."`
}

// verified is the answer for programs.
type verified struct {
	Genuine bool              `json:"genuine"`
	Verdict string            `json:"verdict"`
	Steps   []verifiedStep    `json:"steps"`
	Badge   *credential.Badge `json:"badge,omitempty"`
}

type verifiedStep struct {
	Step    string `json:"step"`
	Finding string `json:"finding"`
}

func (c *verifyCommand) Run(std *streams) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	check, err := c.verifier()
	if err != nil {
		return err
	}
	result := check.Verify(credential.Find(file))
	if c.JSON {
		err = writeJSON(std.out, answerOf(result))
	} else {
		err = sayResult(std, result)
	}
	if err == nil && !result.Genuine() {
		return errSilent
	}
	return err
}

func (c *verifyCommand) verifier() (credential.Verifier, error) {
	v := credential.Verifier{Now: time.Now()}
	text, err := os.ReadFile(c.Issuer)
	if err != nil {
		return v, err
	}
	issuer, err := credential.ParseIssuer(text)
	if err != nil {
		return v, hinted(err, "take /.well-known/did.json of the issuer's site")
	}
	v.Issuer = func(id string) (*credential.Issuer, bool) { return issuer, id == issuer.ID }
	if c.Status == "" {
		return v, nil
	}
	packed, err := os.ReadFile(c.Status)
	if err != nil {
		return v, err
	}
	list, err := credential.ParseList(packed, issuer)
	if err != nil {
		return v, hinted(errors.Join(errors.New("the list of withdrawn certificates is not that of this issuer"), err), "take it anew from the address that the certificate names")
	}
	v.List = func(address string) (*credential.List, error) {
		if address != list.Address {
			return nil, credential.ErrNoList
		}
		return list, nil
	}
	return v, nil
}

func answerOf(r credential.Result) verified {
	a := verified{Genuine: r.Genuine(), Verdict: string(r.Verdict())}
	if r.Genuine() {
		a.Verdict = "genuine"
	}
	for _, s := range r.Seen {
		a.Steps = append(a.Steps, verifiedStep{string(s.Step), string(s.Finding)})
	}
	if r.Read {
		a.Badge = &r.Badge
	}
	return a
}

// sayResult says every step in words.
func sayResult(std *streams, r credential.Result) error {
	for _, s := range certificate.StepsOf(english{}, r, plainDay) {
		word := "ok"
		if !s.OK {
			word = "NO"
		}
		fmt.Fprintf(std.out, "%-2s  %-10s  %s\n", word, s.Name, s.Text)
	}
	if r.Genuine() {
		fmt.Fprintf(std.out, "%s: %s\n", r.Badge.Holder.Name, r.Badge.Achievement.Name)
	}
	v := certificate.VerdictOf(english{}, r, plainDay)
	_, err := fmt.Fprintln(std.out, v.Short, v.Long)
	return err
}

// english says texts as they stand in the program.
type english struct{}

func (english) Text(text string, args ...any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

func plainDay(at any) (string, error) {
	t, ok := at.(time.Time)
	if !ok {
		return "", errors.New("not a time")
	}
	return t.UTC().Format(time.DateOnly), nil
}
