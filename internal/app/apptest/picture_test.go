package apptest

import (
	"os"
	"path/filepath"
	"testing"

	"kept/internal/app"
	"kept/internal/browser"
)

// TestBrowserThePictureOfTheReadme looks at “your data” of a member who has
// done something, as the README shows it. With KEPT_PICTURE it makes the file.
func TestBrowserThePictureOfTheReadme(t *testing.T) {
	s := Start(t, app.ScratchOptions{Sample: true})
	p := browser.Open(t).Page(t, browser.Options{})
	signInAs(s, p, "noor@example.org")
	p.Go(s.URL + "/you/data")
	p.See("What is held, who sees it, until when")
	browser.Axe(t, p)
	if name := os.Getenv("KEPT_PICTURE"); name != "" {
		p.Resize(1100, 1040)
		p.ScreenshotView(filepath.Clean(name))
	}
}

// signInAs signs somebody in again who has an account.
func signInAs(s *Program, p *browser.Page, address string) {
	p.Go(signInLink(s, p, address))
	p.Click(browser.CSS("main form button.main"))
	p.Until(settled)
}

// signInLink asks for a link to sign in with, in a browser, and takes it from
// the mail.
func signInLink(s *Program, p *browser.Page, address string) string {
	p.Go(s.URL + "/sign-in")
	p.Type(browser.Field("Email address"), address)
	p.Click(browser.Button("Send me a link"))
	p.See("Look into your mail")
	s.mustWork()
	parcel, _ := s.Outbox.Last(address)
	return parcel.Links()[0]
}
