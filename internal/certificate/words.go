package certificate

import (
	"kept/internal/credential"
	"kept/internal/page"
)

// Texter says an English text in a language, as *page.Language does.
type Texter interface {
	Text(english string, args ...any) string
}

// Verdict is the answer to "is it genuine?", in words.
type Verdict struct {
	OK          bool
	Short, Long string
}

// VerdictOf says what became of a file. Each kind of refusal has its own answer.
func VerdictOf(t Texter, r credential.Result, day func(any) (string, error)) Verdict {
	if r.Genuine() {
		signed, err := day(r.Signed)
		if err != nil {
			signed = r.Signed.Format("2006-01-02")
		}
		v := Verdict{OK: true, Short: t.Text("Genuine."), Long: t.Text("Signed by %s on %s, not changed since, not withdrawn.", r.Badge.Issuer.Name, signed)}
		if r.Has(credential.NotLooked) {
			v.Long = t.Text("Signed by %s on %s, not changed since. Whether it was withdrawn could not be looked up.", r.Badge.Issuer.Name, signed)
		}
		return v
	}
	v := refusals[r.Verdict()]
	return Verdict{Short: t.Text(v.Short), Long: t.Text(v.Long)}
}

// refusals are the answers; the texts are keys of the catalogue.
var refusals = map[credential.Finding]Verdict{
	credential.Unreadable:     {Short: page.Key("Not readable."), Long: page.Key("This is no signed certificate, or bytes of it are missing. Take the file as it was saved: JSON, JWT, the PDF or the picture.")},
	credential.NoCertificate:  {Short: page.Key("No certificate."), Long: page.Key("This is signed, but it is not an Open Badge that certifies something.")},
	credential.UnknownIssuer:  {Short: page.Key("Unknown issuer."), Long: page.Key("It names an issuer that this site does not know. It may be genuine: ask where it was issued.")},
	credential.UnknownKey:     {Short: page.Key("Unknown key."), Long: page.Key("It names a key that its issuer never published. Do not rely on it.")},
	credential.Changed:        {Short: page.Key("Changed."), Long: page.Key("Something in it is not as it was signed. Do not rely on it; ask the holder for the file as it was saved.")},
	credential.UnknownTerms:   {Short: page.Key("Changed."), Long: page.Key("It has parts that nobody signed. Do not rely on it; ask the holder for the file as it was saved.")},
	credential.KeyRevoked:     {Short: page.Key("Key withdrawn."), Long: page.Key("The issuer withdrew the key because somebody else may have had it. Ask the issuer for a new certificate.")},
	credential.KeyNotInUse:    {Short: page.Key("Key not in use."), Long: page.Key("The key is the issuer's, but was not in use on the day that the certificate names. Do not rely on it.")},
	credential.NotYet:         {Short: page.Key("Not valid yet."), Long: page.Key("It is signed and unchanged, and begins on a later day.")},
	credential.Expired:        {Short: page.Key("Run out."), Long: page.Key("It is signed and unchanged, and its last day is over.")},
	credential.Withdrawn:      {Short: page.Key("Withdrawn."), Long: page.Key("It was genuine, and the issuer or its holder has withdrawn it.")},
	credential.ListUnreadable: {Short: page.Key("Cannot be decided."), Long: page.Key("It is signed and unchanged, but the list of withdrawn certificates could not be read.")},
}

// StepWords are the steps, with what each of them found.
type StepWords struct {
	Name, Text string
	OK         bool
}

// StepsOf says every step that was taken.
func StepsOf(t Texter, r credential.Result, day func(any) (string, error)) []StepWords {
	var all []StepWords
	for _, s := range r.Seen {
		words := StepWords{Name: t.Text(stepNames[s.Step]), OK: s.OK()}
		if words.OK {
			words.Text = passed(t, s, r, day)
		} else {
			words.Text = t.Text(refusals[s.Finding].Long)
		}
		all = append(all, words)
	}
	return all
}

var stepNames = map[credential.Step]string{
	credential.StepForm:      page.Key("Form"),
	credential.StepIssuer:    page.Key("Issuer"),
	credential.StepSignature: page.Key("Signature"),
	credential.StepKey:       page.Key("Key"),
	credential.StepDates:     page.Key("Dates"),
	credential.StepStatus:    page.Key("Withdrawn?"),
}

// passed says what a step found that went well.
func passed(t Texter, s credential.Seen, r credential.Result, day func(any) (string, error)) string {
	switch s.Step {
	case credential.StepForm:
		if r.JWT {
			return t.Text("it is an Open Badge 3.0, signed as a JWT")
		}
		return t.Text("it is an Open Badge 3.0, with its proof inside")
	case credential.StepIssuer:
		return t.Text("%s is known, and published the key", r.Badge.Issuer.ID)
	case credential.StepSignature:
		return t.Text("fits: not one byte that says something has changed")
	case credential.StepKey:
		if s.Finding == credential.OldKey {
			return t.Text("an earlier key of the issuer, which was in use on that day")
		}
		return t.Text("in use on that day, and still")
	case credential.StepDates:
		return dates(t, s, r, day)
	}
	return status(t, s, r, day)
}

func dates(t Texter, s credential.Seen, r credential.Result, day func(any) (string, error)) string {
	if s.Finding == credential.NoEnd {
		return t.Text("it does not run out")
	}
	until, err := day(r.Badge.Until)
	if err != nil {
		until = r.Badge.Until.Format("2006-01-02")
	}
	return t.Text("it holds until %s", until)
}

func status(t Texter, s credential.Seen, r credential.Result, day func(any) (string, error)) string {
	switch s.Finding {
	case credential.NoList:
		return t.Text("it cannot be withdrawn")
	case credential.NotLooked:
		return t.Text("not looked up: the list is not at hand")
	}
	at, err := day(r.Listed)
	if err != nil {
		at = r.Listed.Format("2006-01-02")
	}
	return t.Text("no, by the issuer's list of %s", at)
}
