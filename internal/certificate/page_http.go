package certificate

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kept/internal/credential"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
	"kept/vault/sabotage"
)

// certificatePage is a certificate with what was checked of it just now.
type certificatePage struct {
	page.Head
	ID, Path  string
	Sheet     *sheet
	Verdict   Verdict
	Steps     []StepWords
	Evidence  []credential.Evidence
	Mine      bool
	Public    bool
	Withdrawn bool
	Print     printing
	Profile   string // LinkedIn's form, filled in
}

// printing says in which way it can be had as a PDF.
type printing struct {
	PDF bool // ours, or the operator's browser
	// Why says kindly why there is no PDF.
	Script bool
}

// find reads a certificate as the reader may see it: its holder, or a stranger.
func (f *Feature) find(ctx context.Context, number string) (r vault.Record[Held], mine bool, err error) {
	if me, ok := f.c.Who(ctx); ok {
		all, err := f.kinds.held.Find(ctx, f.DB.Read, vault.Self(me.Owner), vault.Query{Name: byNumber, Value: number, Owner: me.Owner, Limit: 1})
		if err != nil || len(all) == 1 {
			return first(all), len(all) == 1, err
		}
	}
	r, err = f.kinds.held.FindOne(ctx, f.DB.Read, vault.Anyone(), byNumber, number)
	if errors.Is(err, vault.ErrNotFound) {
		err = fault.NotFound{What: "certificate"}
	}
	return r, false, err
}

func first[T any](all []vault.Record[T]) (r vault.Record[T]) {
	if len(all) > 0 {
		r = all[0]
	}
	return r
}

func (f *Feature) showCertificate(w http.ResponseWriter, r *http.Request) error {
	rec, mine, err := f.find(r.Context(), r.PathValue("id"))
	if fault.Of(err) == fault.KindNotFound {
		return f.showGone(w, r)
	}
	if err != nil {
		return err
	}
	v, err := f.certificatePage(r.Context(), rec.Value)
	if err != nil {
		return err
	}
	lang := f.Site.Printer(r.Context())
	v.ID, v.Mine, v.Public = rec.ID, mine, rec.Audience == vault.AnyoneMaySee
	v.Head = page.Head{Title: rec.Value.Name + ": " + rec.Value.Title, Description: v.Sheet.Below, NoIndex: true, Image: v.Path + "/card.png"}
	if mine {
		v.Image = ""
		v.Knows = f.c.Knows(lang) + " " + lang.Text("The certificate is yours: it is kept with your data until you erase it.")
	} else {
		v.Knows = f.knows(r.Context(), lang) + " " + lang.Text("Checking a certificate leaves no trace, here or with the person who holds it.")
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/certificate.html", v)
}

// gonePage is what stands where a printed code leads, if the page is hidden,
// erased, or never was: the same for each.
type gonePage struct{ page.Head }

func (f *Feature) showGone(w http.ResponseWriter, r *http.Request) error {
	lang := f.Site.Printer(r.Context())
	return f.Site.Render(w, r, http.StatusNotFound, "certificate/gone.html", &gonePage{page.Head{Title: lang.Text("No certificate to be seen here"), NoIndex: true,
		Knows: f.knows(r.Context(), lang)}})
}

func (f *Feature) certificatePage(ctx context.Context, h Held) (*certificatePage, error) {
	check, err := f.verifier(ctx)
	if err != nil {
		return nil, err
	}
	result := check.Verify([]byte(h.JWT))
	s, err := f.drawn(ctx, h.JWT, h.Template)
	if err != nil {
		return nil, err
	}
	lang := f.Site.Printer(ctx)
	v := &certificatePage{Path: "/c/" + h.Number, Sheet: s, Verdict: VerdictOf(lang, result, lang.Day), Steps: StepsOf(lang, result, lang.Day),
		Evidence: result.Badge.Evidence, Profile: profileLink(result.Badge), Withdrawn: result.Verdict() == credential.Withdrawn}
	v.Print = f.printing(s)
	return v, nil
}

func (f *Feature) printing(s *sheet) printing {
	can := s.settable() || f.c.Print != nil
	return printing{PDF: can, Script: !can}
}

// profileLink is the address of a form of linkedin.com with the certificate in it.
func profileLink(b credential.Badge) string {
	return "https://www.linkedin.com/profile/add?" + url.Values{"startTask": {"CERTIFICATION_NAME"}, "name": {b.Achievement.Name}, "organizationName": {b.Issuer.Name},
		"issueYear": {strconv.Itoa(b.From.Year())}, "issueMonth": {strconv.Itoa(int(b.From.Month()))}, "certUrl": {b.ID}, "certId": {number(b.ID)}}.Encode()
}

// serveForm sends a certificate in one of its forms.
func (f *Feature) serveForm(w http.ResponseWriter, r *http.Request) error {
	rec, _, err := f.find(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return f.send(w, r, Signed{Number: rec.Value.Number, JWT: rec.Value.JWT, Embedded: rec.Value.Embedded}, rec.Value.Template, r.PathValue("form"))
}

// send writes one form of a certificate. File names hold nothing of the person.
func (f *Feature) send(w http.ResponseWriter, r *http.Request, s Signed, template, form string) error {
	var file []byte
	var err error
	name, kind := "certificate-"+s.Number, ""
	switch form {
	case "certificate.json":
		file, kind, name = []byte(s.Embedded), "application/vc", name+".json"
	case "certificate.jwt":
		file, kind, name = []byte(s.JWT), "application/vc+jwt", name+".jwt"
	case "a4.pdf", "letter.pdf":
		file, err = f.pdfOf(r.Context(), s, template, strings.TrimSuffix(form, ".pdf"))
		kind, name = "application/pdf", name+"-"+form
	case "card.png", "badge.png":
		file, err = f.cardOf(r.Context(), s, template)
		kind, name = "image/png", name+".png"
		if form == "badge.png" {
			file = credential.Bake(file, []byte(s.JWT))
		}
	default:
		return fault.NotFound{What: "form of a certificate"}
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Robots-Tag", "noindex")
	if form != "card.png" {
		h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	}
	_, err = w.Write(file)
	return err
}

// pdfOf sets a certificate in our own typeface where it has all letters, else by
// the operator's browser.
func (f *Feature) pdfOf(ctx context.Context, s Signed, template, size string) ([]byte, error) {
	drawn, err := f.drawn(ctx, s.JWT, template)
	if err != nil {
		return nil, err
	}
	paper, err := paperNamed(size)
	if err != nil {
		return nil, fault.NotFound{What: "size of paper"}
	}
	if drawn.settable() {
		return drawn.pdf(paper, f.Now().UTC())
	}
	if f.c.Print == nil {
		return nil, fault.NotFound{What: "print of this script"}
	}
	html, err := f.printPage(ctx, drawn, paper)
	if err != nil {
		return nil, err
	}
	return f.c.Print(ctx, html)
}

// printPage is a certificate as a document that needs no other file.
type printPage struct {
	Sheet  *sheet
	Letter bool
}

func (f *Feature) printPage(ctx context.Context, s *sheet, size paper) ([]byte, error) {
	inside := *s
	inside.Inside = true
	html, err := f.Site.Part(ctx, "certificate/print.html", &printPage{&inside, size == letter})
	return []byte(html), err
}

func (f *Feature) servePicture(w http.ResponseWriter, r *http.Request) error {
	for _, t := range f.templates.all {
		if t.Name != r.PathValue("template") {
			continue
		}
		if p, ok := t.picture(r.PathValue("picture")); ok {
			w.Header().Set("Content-Type", "image/png")
			w.Header().Set("Cache-Control", "public, max-age=3600")
			_, err := w.Write(p.Data)
			return err
		}
	}
	return fault.NotFound{What: "picture"}
}

// serveIssuer sends the DID document with every key there ever was.
func (f *Feature) serveIssuer(w http.ResponseWriter, r *http.Request) error {
	issuer, _, err := f.issuer.current()
	if err != nil {
		return err
	}
	return sendJSON(w, "application/did+json", issuer.Document())
}

func (f *Feature) serveKeys(w http.ResponseWriter, r *http.Request) error {
	issuer, _, err := f.issuer.current()
	if err != nil {
		return err
	}
	return sendJSON(w, "application/jwk-set+json", issuer.KeySet())
}

// sendJSON sends what anybody may read from anywhere: a verifier in a browser
// asks from another site.
func sendJSON(w http.ResponseWriter, kind string, doc map[string]any) error {
	file, err := credential.Encode(doc)
	if err != nil {
		return err
	}
	return sendOpen(w, kind, file)
}

func sendOpen(w http.ResponseWriter, kind string, file []byte) error {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "public, max-age=300")
	_, err := w.Write(file)
	return err
}

func (f *Feature) serveList(w http.ResponseWriter, r *http.Request) error {
	file, err := f.signedList(r.Context(), r.PathValue("list"))
	if err != nil {
		return err
	}
	return sendOpen(w, "application/vc", file)
}

// Shown is a certificate as a member's page lists it.
type Shown struct {
	ID, Number, Title string
	Record            vault.Record[Held]
	Valid             bool
}

// Of lists the certificates of an owner that the reader may see and that hold
// today, for the member's page.
func (f *Feature) Of(ctx context.Context, q vault.Querier, who vault.Who, owner vault.OwnerID) ([]Shown, error) {
	held, err := f.mine(ctx, q, who, owner)
	if err != nil || len(held) == 0 || sabotage.Is(breakOffPage) {
		return nil, err
	}
	check, err := f.verifier(ctx)
	if err != nil {
		return nil, err
	}
	var all []Shown
	for _, r := range held {
		if check.Verify([]byte(r.Value.JWT)).Genuine() {
			all = append(all, Shown{ID: r.ID, Number: r.Value.Number, Title: r.Value.Title, Record: r, Valid: true})
		}
	}
	return all, nil
}
