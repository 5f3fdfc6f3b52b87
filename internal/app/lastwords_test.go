package app

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kept/internal/feature"
	"kept/internal/job"
	"kept/internal/outbound"
	"kept/internal/page"
	"kept/internal/prove"
	"kept/vault"
)

// partner is a feature whose processor knows members by a number of its own, and
// must be told when one goes.
type partner struct {
	feature.Services
	at      string
	numbers vault.Kind[number]
	words   vault.Kind[number]
}

type number struct {
	Number string `json:"number"`
}

const toTell = "partner"

func newPartner(reg *vault.Registry, at string) *partner {
	f := &partner{at: at}
	spec := vault.Spec[number]{Name: "partner-number", Sentence: "Your number at the partner.", Purposes: []string{toTell}, Basis: vault.Contract,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Processors: []string{"partner"}, LastWord: f.lastWord}
	f.numbers = vault.Declare(reg, spec)
	spec.Name, spec.Sentence, spec.Retention, spec.LastWord = "partner-word", "What the partner is to be told.", vault.For(30), nil
	f.words = vault.Declare(reg, spec)
	return f
}

// lastWord leaves an errand with what the partner must hear.
func (f *partner) lastWord(ctx context.Context, tx *sql.Tx, r vault.Record[number]) error {
	errand, err := f.Vault.NewOwner(ctx, tx, vault.Errand, f.Vault.Today()+30)
	if err != nil {
		return err
	}
	if _, err := f.words.Put(ctx, tx, vault.Work(toTell), vault.Record[number]{Owner: errand, Value: r.Value}); err != nil {
		return err
	}
	return f.Jobs.Add(ctx, tx, job.Job{Kind: "partner-tell", Args: map[string]string{"errand": string(errand)}})
}

// tell does the errand, and ends it with all that it knew.
func (f *partner) tell(ctx context.Context, run *job.Run) error {
	errand := vault.OwnerID(run.Args["errand"])
	words, err := f.words.All(ctx, f.DB.Read, vault.Work(toTell), errand)
	if err != nil {
		return err
	}
	for _, r := range words {
		answer, err := f.Gate.Client("partner", time.Minute).Post(f.at+"/forget", "text/plain", strings.NewReader(r.Value.Number))
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("the partner answered %d", answer.StatusCode)
		}
	}
	_, err = f.Vault.EraseOwner(ctx, errand)
	return err
}

func (f *partner) Start(s feature.Services) error {
	f.Services = s
	s.Jobs.Handle(job.Kind{Name: "partner-tell", Do: f.tell})
	return nil
}

func (f *partner) Source() page.Source   { return page.Source{} }
func (f *partner) Routes() []page.Route  { return nil }
func (f *partner) Checks() []prove.Check { return nil }
func (f *partner) Breaks() []prove.Break { return nil }
func (f *partner) Plants() []prove.Plant { return nil }

// deaf is a processor that does not listen at first.
type deaf struct {
	mu    sync.Mutex
	calls int
	heard []string
}

func (d *deaf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.calls++; d.calls <= 2 {
		http.Error(w, "come back later", http.StatusServiceUnavailable)
		return
	}
	b, _ := io.ReadAll(r.Body)
	d.heard = append(d.heard, r.URL.Path+" "+string(b))
}

// TestAProcessorIsToldOfAnErasure: a member leaves by the button. The processor does
// not answer; the word waits where it is seen, though the member's key is gone, is
// said as soon as the processor listens, and is forgotten then.
func TestAProcessorIsToldOfAnErasure(t *testing.T) {
	processor := &deaf{}
	at := httptest.NewServer(processor)
	defer at.Close()
	var f *partner
	s, err := OpenScratch(t.Context(), ScratchOptions{guest: guest{
		name: "partner", open: func(reg *vault.Registry) feature.Feature { f = newPartner(reg, at.URL); return f },
		processor: outbound.Processor{Name: "partner", Country: "here", Purpose: "Tests.", Since: firstDay, Kinds: []string{"partner-number"},
			Hosts: []string{strings.TrimPrefix(at.URL, "http://")}}}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	marker := prove.Marker()
	err = s.DB.Transact(t.Context(), func(tx *sql.Tx) error {
		_, err := f.numbers.Put(t.Context(), tx, vault.Self(m.Owner), vault.Record[number]{Owner: m.Owner, Value: number{marker}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prove.Submit(t.Context(), m.Browser, s.URL+"/you/data", "/you/data/everything", url.Values{"handle": {m.Handle}}); err != nil {
		t.Fatal(err)
	}
	if s.hasKey(m.Owner) {
		t.Fatal("the key is there after the answer")
	}
	if err := s.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := waiting(t, s, "partner-tell"); n != 1 || len(processor.heard) > 0 {
		t.Fatalf("%d words wait, %v was heard", n, processor.heard)
	}
	if err := s.Advance(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := s.Advance(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	if want := []string{"/forget " + marker}; !slices.Equal(processor.heard, want) {
		t.Errorf("the processor heard %q, want %q", processor.heard, want)
	}
	var errands int
	if err := s.DB.Read.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM vault_record WHERE kind = 'partner-word'`).Scan(&errands); err != nil {
		t.Fatal(err)
	}
	if n := waiting(t, s, "partner-tell"); n != 0 || errands != 0 {
		t.Errorf("afterwards %d words wait and %d are kept", n, errands)
	}
}

// waiting counts jobs of a kind, as the operator's page does.
func waiting(t *testing.T, s *Scratch, kind string) int {
	t.Helper()
	stats, err := s.Jobs.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, one := range stats {
		if one.Kind == kind {
			n += one.Waiting + one.Running + one.Dead
		}
	}
	return n
}
