package apptest

import (
	"strings"
	"testing"

	"kept/internal/app"
	"kept/internal/browser"
)

const (
	firstCourse = "/courses/first-steps-in-javascript/"
	logbook     = firstCourse + "your-own-logbook"
	logbookAt   = "/projects/lessons/first-steps-in-javascript%2Fyour-own-logbook"
)

// reviewed is a site of the demo with its learner and its reviewer, each in a
// browser of their own.
func reviewed(t *testing.T, b *browser.Browser, learner browser.Options) (s *Program, noor, kim *browser.Page) {
	s = Start(t, app.ScratchOptions{Sample: true})
	noor, kim = b.Page(t, learner), b.Page(t, browser.Options{Phone: learner.Phone, Dark: learner.Dark})
	signInAs(s, noor, "noor@example.org")
	signInAs(s, kim, "kim@example.org")
	return s, noor, kim
}

// TestBrowserAProjectFromTheQueueToTheCertificate goes the way that a demo
// shows: a project waits, somebody reads it and asks for more, reads it again
// and accepts it, and its learner claims the certificate.
func TestBrowserAProjectFromTheQueueToTheCertificate(t *testing.T) {
	b := browser.Open(t)
	for _, o := range []browser.Options{{Phone: true, Dark: true}, {}} {
		t.Run(o.String(), func(t *testing.T) {
			s, noor, kim := reviewed(t, b, o)
			noor.Go(s.URL + "/you/certificates/claim/first-steps-in-javascript")
			noor.See("Not yet")
			noor.Follow(browser.Link("A project of your own: the logbook"))
			noor.See("A person of the course will read it.")
			look(t, noor, o, "lesson-project-waits")
			review(t, s, kim, o, "Ask for changes", "With an empty list, what is the longest night?")
			s.mustWork()
			if letter, ok := s.Outbox.Last("noor@example.org"); !ok || !strings.Contains(letter.Subject, "reviewed") {
				t.Error("no letter says that a review is there")
			}
			noor.Go(s.URL + logbook)
			noor.See("A person of the course asks for changes.")
			noor.Follow(browser.Link("Read what they wrote"))
			noor.See("what is the longest night?")
			look(t, noor, o, "project-changes")
			noor.Type(browser.CSS("#f-text-1"), "// The night watches of one week.\nconsole.log('none');\n")
			noor.Follow(browser.Button("Hand in"))
			noor.See("Handed in.")
			review(t, s, kim, o, "Accept it", "Clear, and the names are good.")
			noor.Go(s.URL + logbook)
			noor.See("A person of the course accepted it.")
			look(t, noor, o, "lesson-project-accepted")
			noor.Go(s.URL + logbookAt)
			noor.See("Accepted")
			look(t, noor, o, "project-accepted")
			noor.Go(s.URL + "/you/certificates/claim/first-steps-in-javascript")
			noor.See("Your name, as it shall stand there")
		})
	}
}

// review takes what waits longest, and says something of it.
func review(t *testing.T, s *Program, p *browser.Page, o browser.Options, verdict, notes string) {
	p.Go(s.URL + "/projects")
	p.Follow(browser.Link("Review projects of others"))
	look(t, p, o, "queue")
	p.Follow(browser.CSS("form[action$='/take'] button"))
	p.See("It is yours for a day.")
	look(t, p, o, "review")
	for _, name := range []string{"noor", "Noor"} {
		if strings.Contains(p.Text(browser.CSS("main")), name) {
			t.Error("a reviewer is shown whose project it is")
		}
	}
	p.Click(browser.CSS("label.pick:has(input[value='" + map[string]string{"Accept it": "accept", "Ask for changes": "changes"}[verdict] + "'])"))
	p.Type(browser.Field("Notes to the learner"), notes)
	p.Follow(browser.Button("Send the review"))
	p.See("Thank you.")
}

// look takes a picture and asks the auditor.
func look(t *testing.T, p *browser.Page, o browser.Options, name string) {
	shot(p, o, name)
	browser.Axe(t, p)
}

// TestBrowserWhoIsRefusedByAMachineAsksAPerson: code that does what the text
// asks in a way that no test foresaw is refused, and a person's yes counts.
func TestBrowserWhoIsRefusedByAMachineAsksAPerson(t *testing.T) {
	o, b := browser.Options{Phone: true}, browser.Open(t)
	s, noor, kim := reviewed(t, b, o)
	plain := b.Page(t, browser.Options{Phone: true, NoScript: true})
	link := signInLink(s, plain, "noor@example.org")
	plain.Go(link)
	plain.Click(browser.CSS("main form button.main"))
	plain.Until(`!location.pathname.startsWith("/sign-in")`)
	noor.Go(s.URL + "/progress/reset?course=first-steps-in-javascript&lesson=first-steps-in-javascript%2Fnames-for-values")
	noor.Follow(browser.Button("Erase it now"))
	plain.Go(s.URL + firstCourse + "names-for-values")
	plain.Type(browser.CSS("textarea[data-file]"), "console.log(27);\n")
	plain.Follow(browser.CSS("#finish [formaction$='/hand-in']"))
	s.mustWork()
	plain.Reload()
	plain.See("Checked on this site on")
	plain.Click(browser.CSS("details[data-person] summary"))
	look(t, plain, o, "lesson-refused")
	plain.Type(browser.Field("A note to them (if you like)"), "It prints what the text asks for.")
	plain.Follow(browser.Button("Ask a person"))
	plain.See("A person of the course will read it.")
	look(t, plain, o, "lesson-asked")
	noor.Go(s.URL + "/you/data#requests")
	noor.See("A person instead of a machine")
	look(t, noor, o, "data-owed")
	kim.Go(s.URL + "/projects/review")
	kim.See("a machine refused it")
	look(t, kim, o, "queue-owed")
	kim.Follow(browser.CSS("li:has(.meta span:nth-child(4)) form[action$='/take'] button"))
	kim.See("What the check said")
	look(t, kim, o, "review-owed")
	kim.Click(browser.CSS("label.pick:has(input[value=accept])"))
	kim.Follow(browser.Button("Send the review"))
	kim.See("Thank you.")
	noor.Go(s.URL + firstCourse + "names-for-values")
	noor.See("Accepted by a person of the course.")
	noor.See("A person of the course accepted your solution.")
	look(t, noor, o, "lesson-person")
}
