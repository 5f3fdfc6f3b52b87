package certificate

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"strings"
	"unicode/utf8"

	"rsc.io/qr"

	"kept/internal/credential"
	"kept/internal/page"
)

// sheet is a certificate ready to be drawn, on a page, in print or as a picture.
type sheet struct {
	*Template
	Community string
	Above     string // "certifies that"
	Holder    string
	Below     string // what the holder did
	Day       string
	Machine   string // the day for machines
	Number    string
	Address   string // page of the certificate, with host
	Check     string // address that carries the signed file and checks it
	KeyName   string
	Lang, Dir string
	Words     sheetWords
	Inside    bool // pictures stand in the page itself, for print
	digest    []byte
	code      *qr.Code
}

// sheetWords are the texts of the lower part, in the certificate's language.
type sheetWords struct{ Title, Edge, Check, Key, QR, Seal string }

// sheetOf takes a certificate apart into what is drawn.
func (f *Feature) sheetOf(lang *page.Language, t *Template, r credential.Result, signed string) (*sheet, error) {
	b := r.Badge
	code, err := qr.Encode(b.ID, qr.M)
	if err != nil {
		return nil, fmt.Errorf("draw code: %w", err)
	}
	s := &sheet{Template: t, Community: b.Issuer.Name, Above: t.Lead, Holder: b.Holder.Name, Below: belowText(lang, t, b),
		Machine: b.From.Format("2006-01-02"), Number: number(b.ID), Address: b.ID, Check: f.c.Base + "/verify#" + signed,
		KeyName: shortKey(r.Key), Lang: lang.Tag, Dir: lang.Dir, digest: r.Digest, code: code}
	if s.Above == "" {
		s.Above = lang.Text("certifies that")
	}
	if s.Day, err = lang.Day(b.From); err != nil {
		return nil, err
	}
	s.Words = sheetWords{
		Title: lang.Text("The counterpart"),
		Edge:  lang.Text("This edge is drawn from the signature, so each certificate has its own. Anyone can check the signature, now or in twenty years, with the signed file alone."),
		Check: lang.Text("Check it"),
		Key:   lang.Text("Signed with the key %s, Ed25519.", s.KeyName),
		QR:    lang.Text("QR code with the address %s", s.Short()),
		Seal:  lang.Text("Mark of a kept promise"),
	}
	return s, nil
}

// belowText says what the holder did: the operator's words or ours.
func belowText(lang *page.Language, t *Template, b credential.Badge) string {
	if t.Text != "" {
		return strings.NewReplacer("{title}", b.Achievement.Name, "{role}", b.Role).Replace(t.Text)
	}
	text := lang.Text("has finished %s.", b.Achievement.Name)
	if b.Role != "" {
		text = lang.Text("took part in %s as %s.", b.Achievement.Name, b.Role)
	}
	return strings.TrimSpace(text + " " + b.Achievement.Description)
}

// number is the end of a certificate's address.
func number(address string) string { return address[strings.LastIndexByte(address, '/')+1:] }

// shortKey is enough of a key's id to tell it from the issuer's others.
func shortKey(id string) string {
	_, key, _ := strings.Cut(id, "#")
	if len(key) < 12 {
		return key
	}
	return key[:4] + "…" + key[len(key)-6:]
}

// Short is the address as people type it.
func (s *sheet) Short() string {
	_, short, ok := strings.Cut(s.Address, "://")
	if !ok {
		return s.Address
	}
	return short
}

// longName is from how many characters on a name is set smaller on a page.
const longName = 28

// Long tells that the name is.
func (s *sheet) Long() bool { return utf8.RuneCountInString(s.Holder) > longName }

// edgePoints is how many points the cut edge has, one for each half byte.
const edgePoints = 49

// edge are the heights of the cut edge, from 0 to 1, drawn from the signature.
func (s *sheet) edge() []float64 {
	heights := make([]float64, edgePoints)
	for i := range heights {
		if i/2 < len(s.digest) {
			heights[i] = float64(s.digest[i/2]>>(4*(1-i%2))&15) / 15
		}
	}
	return heights
}

// Edge is the path of the cut edge in a box of 960 by 40; closed adds its ground.
func (s *sheet) Edge(closed bool) string {
	var path strings.Builder
	for i, h := range s.edge() {
		letter := " "
		if i == 0 {
			letter = "M"
		}
		fmt.Fprintf(&path, "%s%d %.1f", letter, i*960/(edgePoints-1), 4+32*h)
	}
	if closed {
		path.WriteString("V40H0Z")
	}
	return path.String()
}

// CodeBox is the number of dots on a side of the QR code, with a dot around it.
func (s *sheet) CodeBox() int { return s.code.Size + 2 }

// Code is the QR code as a path of runs.
func (s *sheet) Code() string {
	var path strings.Builder
	s.runs(func(x, y, width int) { fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x, y, width, width) })
	return path.String()
}

// runs calls fn for each run of dark dots.
func (s *sheet) runs(fn func(x, y, width int)) {
	for y := range s.code.Size {
		for x := 0; x < s.code.Size; x++ {
			from := x
			for x < s.code.Size && s.code.Black(x, y) {
				x++
			}
			if x > from {
				fn(from, y, x-from)
			}
		}
	}
}

// Source is where a page finds a picture of the template.
func (s *sheet) Source(p *Picture) template.URL {
	if s.Inside {
		return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(p.Data))
	}
	return template.URL(s.Template.Path(p))
}
