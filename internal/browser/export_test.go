package browser

import "time"

// ForTest is the same page for a test that wants to see a step fail, soon.
func (p *Page) ForTest(t T, patience time.Duration) *Page {
	q := *p
	q.t, q.patience = t, patience
	return &q
}
