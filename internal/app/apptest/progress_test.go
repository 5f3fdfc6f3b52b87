package apptest

import (
	"testing"

	"kept/internal/app"
	"kept/internal/browser"
)

// TestBrowserProgressAsALearner walks through what a learner sees of what they
// did: where to go on, the rings, the weeks, and a reset that can be undone.
func TestBrowserProgressAsALearner(t *testing.T) {
	b := browser.Open(t)
	for _, o := range looks {
		t.Run(o.String(), func(t *testing.T) {
			s := Start(t, app.ScratchOptions{Sample: true})
			p := b.Page(t, o)
			signInAs(s, p, "noor@example.org")
			p.Go(s.URL + "/")
			p.See("Go on where you were")
			look(t, p, o, "home-noor")
			p.Go(s.URL + "/progress")
			p.See("15 of 16 done")
			p.See("The last six weeks")
			look(t, p, o, "progress-noor")
			p.Follow(browser.Link("Reset First steps in JavaScript"))
			p.See("Only a part of it")
			look(t, p, o, "reset-course")
			p.Follow(browser.Link("First words"))
			p.See("Set it aside until tomorrow")
			p.Follow(browser.Button("Set it aside"))
			p.See("What you reset in 4 lessons is erased at the end of")
			p.See("11 of 16 done")
			look(t, p, o, "progress-aside")
			p.Follow(browser.Button("Bring it back"))
			p.See("15 of 16 done")
			p.Go(s.URL + firstCourse[:len(firstCourse)-1])
			look(t, p, o, "course-noor")
			p.Follow(browser.Link("Where learners stop"))
			p.See("No lesson has five learners yet.")
			look(t, p, o, "stops-empty")
			s.makeOperator(t, p, o)
			p.Go(s.URL + "/operator")
			p.See("16 read, 0 to mend.")
			p.Click(browser.CSS("[aria-labelledby=written] summary"))
			look(t, p, o, "operator-noor")
			p.Follow(browser.Link("First steps in JavaScript"))
			p.See("Where learners stop")
		})
	}
}
