package certificate

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"kept/internal/credential"
	"kept/internal/page"
)

// verifyPage asks for a file and says what became of it.
type verifyPage struct {
	page.Head
	Form    *page.Form
	Tried   bool
	Verdict Verdict
	Steps   []StepWords
	Sheet   *sheet
	Badge   *credential.Badge
	Issuer  string
	Words   []wordView
}

// wordView is a text that the verifier in the browser says.
type wordView struct{ Key, Short, Long string }

// scripts of the verifier in the browser; see web/verify.js.
const verifyScript = "verify.js"

func (f *Feature) verifyPage(r *http.Request, form *page.Form) *verifyPage {
	lang := f.Site.Printer(r.Context())
	return &verifyPage{Form: form, Issuer: f.issuer.id, Words: browserWords(lang), Head: page.Head{Title: lang.Text("Check a certificate"), Canonical: "/verify", Scripts: []string{verifyScript},
		Description: lang.Text("Is a certificate genuine? Find out without asking anybody."),
		Knows:       f.knows(r.Context(), lang) + " " + lang.Text("A file is checked in your browser, or here in memory, and kept nowhere.")}}
}

func (f *Feature) showVerify(w http.ResponseWriter, r *http.Request) error {
	allowCamera(w)
	return f.Site.Render(w, r, http.StatusOK, "certificate/verify.html", f.verifyPage(r, page.FormOf(nil)))
}

// allowCamera lets this page ask for the camera, to scan a code.
func allowCamera(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Permissions-Policy", strings.Replace(h.Get("Permissions-Policy"), "camera=()", "camera=(self)", 1))
}

func (f *Feature) verify(w http.ResponseWriter, r *http.Request) error {
	allowCamera(w)
	form, err := page.ParseForm(r)
	if err != nil {
		return err
	}
	v := f.verifyPage(r, form)
	lang := f.Site.Printer(r.Context())
	file := form.File("file")
	if len(file) == 0 {
		file = []byte(form.Raw("text"))
	}
	if len(strings.TrimSpace(string(file))) == 0 {
		form.Wrong("file", lang.Text("Choose the file of the certificate, or paste its text."))
		v.Wrong = true
		return f.Site.Render(w, r, http.StatusUnprocessableEntity, "certificate/verify.html", v)
	}
	check, err := f.verifier(r.Context())
	if err != nil {
		return err
	}
	file = credential.Find(file)
	result := check.Verify(file)
	v.Tried, v.Verdict, v.Steps = true, VerdictOf(lang, result, lang.Day), StepsOf(lang, result, lang.Day)
	if result.Read {
		v.Badge = &result.Badge
	}
	if result.Genuine() {
		if v.Sheet, err = f.sheetOf(f.Site.Catalogue().Language(orElse(result.Badge.Achievement.Language, f.c.Language)), f.templates.named(), result, ""); err != nil {
			return err
		}
	}
	return f.Site.Render(w, r, http.StatusOK, "certificate/verify.html", v)
}

// browserWords are the same texts as those of VerdictOf and StepsOf, with what
// they name left open.
func browserWords(lang *page.Language) []wordView {
	day := func(any) (string, error) { return "{day}", nil }
	open := credential.Result{JWT: true, Badge: credential.Badge{Issuer: credential.Profile{ID: "{issuer}", Name: "{name}"}}}
	all := []wordView{
		{"genuine", lang.Text("Genuine."), lang.Text("Signed by %s on %s, not changed since, not withdrawn.", "{name}", "{day}")},
		{"unlisted", lang.Text("Genuine."), lang.Text("Signed by %s on %s, not changed since. Whether it was withdrawn could not be looked up.", "{name}", "{day}")},
	}
	for _, finding := range slices.Sorted(maps.Keys(refusals)) {
		v := refusals[finding]
		all = append(all, wordView{string(finding), lang.Text(v.Short), lang.Text(v.Long)})
	}
	for _, step := range slices.Sorted(maps.Keys(stepNames)) {
		all = append(all, wordView{string(step), lang.Text(stepNames[step]), passed(lang, credential.Seen{Step: step, Finding: credential.Fine}, open, day)})
	}
	form := open
	form.JWT = false
	return append(all,
		wordView{"form embedded", "", passed(lang, credential.Seen{Step: credential.StepForm}, form, day)},
		wordView{string(credential.OldKey), "", passed(lang, credential.Seen{Step: credential.StepKey, Finding: credential.OldKey}, open, day)},
		wordView{string(credential.NoEnd), "", dates(lang, credential.Seen{Finding: credential.NoEnd}, open, day)},
		wordView{string(credential.NoList), "", status(lang, credential.Seen{Finding: credential.NoList}, open, day)},
		wordView{string(credential.NotLooked), "", status(lang, credential.Seen{Finding: credential.NotLooked}, open, day)})
}
