package mail

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
)

// Outbox keeps mails instead of sending them, for the demo and for tests. It
// is safe for use by many goroutines.
type Outbox struct {
	most  int
	print io.Writer

	mu     sync.Mutex
	sent   []Parcel
	answer error
}

// NewOutbox keeps the last mails, at most that many. If print is not nil,
// subject and links of each are written to it, and no address.
func NewOutbox(most int, print io.Writer) *Outbox {
	return &Outbox{most: most, print: print}
}

// Send keeps the mail.
func (o *Outbox) Send(_ context.Context, p Parcel) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.answer != nil {
		return o.answer
	}
	o.sent = append(o.sent, p)
	if extra := len(o.sent) - o.most; extra > 0 {
		o.sent = slices.Delete(o.sent, 0, extra)
	}
	if o.print != nil {
		fmt.Fprintf(o.print, "mail: %s\n", p.Subject)
		for _, link := range p.Links() {
			fmt.Fprintf(o.print, "      %s\n", link)
		}
	}
	return nil
}

// Answer makes every Send from now on return err, as a relay would that is
// down or refuses; nil lets mails in again.
func (o *Outbox) Answer(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = err
}

// Sent returns the mails kept, oldest first.
func (o *Outbox) Sent() []Parcel {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.sent)
}

// Last returns the newest mail to an address.
func (o *Outbox) Last(to string) (Parcel, bool) {
	sent := o.Sent()
	for i := range slices.Backward(sent) {
		if strings.EqualFold(sent[i].To.String(), to) {
			return sent[i], true
		}
	}
	return Parcel{}, false
}

// Clear forgets what was sent.
func (o *Outbox) Clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = nil
}

// Links returns the web addresses in the mail's own text, in order; those of
// the foot are left out.
func (p Parcel) Links() []string {
	text, _, _ := strings.Cut(p.Text, "\n-- \n")
	var links []string
	for line := range strings.SplitSeq(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		last := words[len(words)-1]
		if strings.HasPrefix(last, "https://") || strings.HasPrefix(last, "http://") {
			links = append(links, last)
		}
	}
	return links
}
