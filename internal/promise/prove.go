package promise

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"kept/internal/prove"
	"kept/vault"
)

// Checks try the promises that this package keeps.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F17", How: "The record of processing is compared with the list of processors: whoever receives a kind of record must be listed with a country and a purpose.", Try: tryReceivers},
		{Promise: "F20", How: "The policy is asked for with and without Global Privacy Control and Do Not Track: both get the same bytes and no cookie, and /.well-known/gpc.json says that the signal is honoured.", Try: trySignals},
		{Promise: "F21", How: "Somebody without an account sends a question: they get a mail with the day of the answer, the contact gets the question, and is called again when the day comes near; once it is answered nothing of it is left.", Try: tryQuestion},
		{Promise: "F22", How: "A new version is posted on a scratch site: every member gets one mail about it before it takes effect, the policy says so, and what differs can be read.", Try: tryChange},
		{Promise: "C2", How: "A record of every kind is written, then a new version takes effect and the program writes again: every record keeps its dates, and what the program rewrites keeps its version, too.", Try: tryOldRecords},
		{Promise: "C21", How: "The policy is read: it must name who is responsible, where data is stored and where to complain, and every kind of record with how long it is kept.", Try: tryPolicy},
	}
}

// Plants put a record of each kind.
func (f *Feature) Plants() []prove.Plant {
	return []prove.Plant{
		{Kind: "policy-told", Put: f.plantTold},
		{Kind: "privacy-request", Put: f.plantQuestion},
	}
}

// plantedLife is how far ahead the planted version takes effect.
const plantedLife = 300

// plantTold writes the record as the program does; done again, it rewrites it.
func (f *Feature) plantTold(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	who, id := vault.Work(toTell), toldID(0)
	rec, err := f.kinds.told.Get(ctx, tx, who, owner, id)
	if err != nil && !errors.Is(err, vault.ErrNotFound) {
		return "", err
	}
	rec.Owner, rec.ID = owner, id
	rec.Value = told{InForce: f.today() + plantedLife, Words: marker}
	_, err = f.kinds.told.Put(ctx, tx, who, rec)
	return id, err
}

func (f *Feature) plantQuestion(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
	today := f.today()
	value := question{Address: marker + "@example.org", Text: marker, Asked: f.c.Now().UTC(), Due: today + vault.Day(answerDays),
		Last: today + vault.Day(questionDays), Link: hashed(marker)}
	rec, err := f.kinds.questions.Put(ctx, tx, vault.Work(toAnswer), vault.Record[question]{Owner: owner, Value: value})
	return rec.ID, err
}

// visit is what a browser got.
type visit struct {
	status int
	header http.Header
	body   string
}

// text is the page as it reads: without marks, with one space between words.
func (v visit) text() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(v.body, " "))), " ")
}

var tags = regexp.MustCompile(`<[^>]*>`)

func get(ctx context.Context, c *http.Client, address string, headers ...string) (visit, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return visit{}, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return do(c, r)
}

func post(ctx context.Context, c *http.Client, address string, form url.Values) (visit, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return visit{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(c, r)
}

func do(c *http.Client, r *http.Request) (visit, error) {
	answer, err := c.Do(r)
	if err != nil {
		return visit{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return visit{answer.StatusCode, answer.Header, string(body)}, err
}

// want gets a page that must be there.
func want(ctx context.Context, c *http.Client, address string, headers ...string) (visit, error) {
	v, err := get(ctx, c, address, headers...)
	if err == nil && v.status != http.StatusOK {
		err = prove.Failed("a page of the policy answers with status %d", v.status)
	}
	return v, err
}

func readRecord(ctx context.Context, s *prove.Site) (rec record, err error) {
	v, err := want(ctx, s.Browser(), s.URL+pathRegister)
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal([]byte(v.body), &rec)
}

func tryReceivers(ctx context.Context, s *prove.Site) (string, error) {
	rec, err := readRecord(ctx, s)
	if err != nil {
		return "", err
	}
	list, err := want(ctx, s.Browser(), s.URL+pathProcessors)
	if err != nil {
		return "", err
	}
	listed := map[string]bool{}
	for _, r := range rec.Recipients {
		if r.Country == "" || r.Purpose == "" || !strings.Contains(list.text(), r.Name) {
			return "", prove.Failed("%s is not listed with a country and a purpose", r.Name)
		}
		listed[r.Name] = true
	}
	for _, a := range rec.Activities {
		for _, name := range a.Recipients {
			if !listed[name] {
				return "", prove.Failed("the kind %s goes to %s, who is not listed", a.Kind, name)
			}
		}
	}
	return fmt.Sprintf("%d kinds of record, %d listed processors, nobody else", len(rec.Activities), len(listed)), nil
}

func trySignals(ctx context.Context, s *prove.Site) (string, error) {
	plain, err := want(ctx, s.Browser(), s.URL+pathPolicy)
	if err != nil {
		return "", err
	}
	asked, err := want(ctx, s.Browser(), s.URL+pathPolicy, "Sec-GPC", "1", "DNT", "1")
	if err != nil {
		return "", err
	}
	gpc, err := want(ctx, s.Browser(), s.URL+pathGPC)
	if err != nil {
		return "", err
	}
	var says struct {
		GPC bool `json:"gpc"`
	}
	if err := json.Unmarshal([]byte(gpc.body), &says); err != nil {
		return "", err
	}
	switch {
	case !says.GPC:
		return "", prove.Failed("gpc.json does not say that the signal is honoured")
	case plain.body != asked.body:
		return "", prove.Failed("a browser that asks not to be tracked gets another page")
	case len(plain.header["Set-Cookie"])+len(asked.header["Set-Cookie"]) > 0:
		return "", prove.Failed("the policy sets a cookie")
	}
	return "the same bytes, no cookie, and the signal is honoured", nil
}

func tryPolicy(ctx context.Context, s *prove.Site) (string, error) {
	v, err := want(ctx, s.Browser(), s.URL+pathPolicy)
	if err != nil {
		return "", err
	}
	rec, err := readRecord(ctx, s)
	if err != nil {
		return "", err
	}
	text, c := v.text(), rec.Controller
	for what, value := range map[string]string{"who is responsible": c.Name, "the postal address": c.Address,
		"the contact": c.Contact, "where data is stored": c.Storage, "the supervisory authority": c.Authority} {
		if value == "" || !strings.Contains(text, value) {
			return "", prove.Failed("the policy does not say %s", what)
		}
	}
	_, table, _ := strings.Cut(v.body, `<tbody`)
	kinds := s.Vault.Kinds()
	for _, k := range kinds {
		_, row, found := strings.Cut(table, `id="kind-`+k.Name+`"`)
		row, _, _ = strings.Cut(row, "</tr>")
		if !found || !strings.Contains((visit{body: row}).text(), k.Retention.String()) {
			return "", prove.Failed("the policy does not say how long %s is kept", k.Name)
		}
	}
	return fmt.Sprintf("who, where, whom to complain to, and %d kinds of record with their time", len(kinds)), nil
}

func tryQuestion(ctx context.Context, s *prove.Site) (string, error) {
	marker := prove.Marker()
	from := marker + "@example.org"
	asker := s.Browser()
	v, err := post(ctx, asker, s.URL+pathContact, url.Values{"email": {from}, "text": {"What do you hold? " + marker}})
	if err != nil {
		return "", err
	}
	if v.status != http.StatusOK {
		return "", prove.Failed("the form answers with status %d", v.status)
	}
	if err := s.Work(ctx); err != nil { // sends, and begins the timetable
		return "", err
	}
	confirmed, forwarded := mailsAbout(s, from, marker)
	if len(confirmed) != 1 || len(forwarded) != 1 {
		return "", prove.Failed("%d mails confirm the question and %d hand it on", len(confirmed), len(forwarded))
	}
	if strings.Contains(confirmed[0].Text, "What do you hold") {
		return "", prove.Failed("the mail to an address that nobody has proven repeats what was typed")
	}
	if err := s.Advance(ctx, time.Duration(answerDays-remindBefore+1)*24*time.Hour); err != nil {
		return "", err
	}
	_, forwarded = mailsAbout(s, from, marker)
	if len(forwarded) != 2 {
		return "", prove.Failed("nobody is called when the answer is due")
	}
	return closeQuestion(ctx, s, forwarded[1])
}

// mailsAbout are the mails to who asked, and those to others with the question.
func mailsAbout(s *prove.Site, from, marker string) (confirmed, forwarded []prove.Mail) {
	for _, m := range s.Mails() {
		switch {
		case strings.Contains(m.To, from):
			confirmed = append(confirmed, m)
		case strings.Contains(m.Text, marker):
			forwarded = append(forwarded, m)
		}
	}
	return confirmed, forwarded
}

var answeredLink = regexp.MustCompile(regexp.QuoteMeta(pathAnswered) + `[A-Z2-7]+`)

func closeQuestion(ctx context.Context, s *prove.Site, m prove.Mail) (string, error) {
	path := answeredLink.FindString(m.Text)
	if path == "" {
		return "", prove.Failed("the mail has no link that closes the question")
	}
	browser := s.Browser()
	if _, err := want(ctx, browser, s.URL+path); err != nil {
		return "", err
	}
	if _, err := post(ctx, browser, s.URL+path, nil); err != nil {
		return "", err
	}
	v, err := get(ctx, browser, s.URL+path)
	if err != nil {
		return "", err
	}
	if v.status != http.StatusNotFound {
		return "", prove.Failed("an answered question is still there")
	}
	return "confirmed, handed on, called for again before its day, and gone once it was answered", nil
}

// errNoNext is the answer of a scratch site that rehearses no change.
var errNoNext = errors.New("this scratch site has no next version to rehearse")

// comingVersion moves the clock to the first day on which a next version is
// posted, and returns the numbers of the present one and of that.
func comingVersion(ctx context.Context, s *prove.Site) (now, next int, err error) {
	rec, err := readRecord(ctx, s)
	if err != nil {
		return 0, 0, err
	}
	if err := s.Work(ctx); err != nil { // from here on the timetable runs
		return 0, 0, err
	}
	if err := s.Advance(ctx, 25*time.Hour); err != nil {
		return 0, 0, err
	}
	now = rec.Policy.Version
	v, err := get(ctx, s.Browser(), s.URL+versionPath(now+1))
	if err == nil && v.status != http.StatusOK {
		err = errNoNext
	}
	return now, now + 1, err
}

func tryChange(ctx context.Context, s *prove.Site) (string, error) {
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	now, next, err := comingVersion(ctx, s)
	if err != nil {
		return "", err
	}
	if err := s.Advance(ctx, 48*time.Hour); err != nil { // two more mornings on which it could be told again
		return "", err
	}
	told := slices.DeleteFunc(slices.Clone(s.Mails()), func(m prove.Mail) bool {
		return !strings.Contains(m.To, member.Address) || !strings.Contains(m.Text, comparePath(now, next))
	})
	if len(told) != 1 {
		return "", prove.Failed("the member got %d mails about the change", len(told))
	}
	rec, err := readRecord(ctx, s)
	if err != nil {
		return "", err
	}
	if rec.Policy.Version != now {
		return "", prove.Failed("the new version took effect before its day")
	}
	for path, says := range map[string]string{pathPolicy: comparePath(now, next), pathVersions: versionPath(next),
		comparePath(now, next): "<ins>", pathFeed: versionPath(next)} {
		v, err := want(ctx, s.Browser(), s.URL+path)
		if err != nil {
			return "", err
		}
		if !strings.Contains(html.UnescapeString(v.body), says) {
			return "", prove.Failed("%s does not show the change", path)
		}
	}
	return fmt.Sprintf("one mail, a notice, a feed entry and the difference, while version %d was still in force", now), nil
}

// dated is what must not change about a record.
type dated struct {
	policy  int
	expires vault.Day
}

func tryOldRecords(ctx context.Context, s *prove.Site) (string, error) {
	member, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	if err := plantAll(ctx, s, member.Owner, ""); err != nil {
		return "", err
	}
	before, err := datesOf(ctx, s, member.Owner)
	if err != nil {
		return "", err
	}
	_, next, err := comingVersion(ctx, s)
	if err != nil {
		return "", err
	}
	if err := s.Advance(ctx, time.Duration(noticeDays+1)*24*time.Hour); err != nil {
		return "", err
	}
	rec, err := readRecord(ctx, s)
	if err != nil {
		return "", err
	}
	if rec.Policy.Version != next {
		return "", prove.Failed("version %d has not taken effect on its day", next)
	}
	if err := plantAll(ctx, s, member.Owner, "policy-told"); err != nil {
		return "", err
	}
	after, err := datesOf(ctx, s, member.Owner)
	if err != nil {
		return "", err
	}
	return compareDates(before, after)
}

// plantAll puts a record of the kind, or of every one.
func plantAll(ctx context.Context, s *prove.Site, owner vault.OwnerID, kind string) error {
	return s.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, p := range s.Plants {
			if kind != "" && p.Kind != kind {
				continue
			}
			if _, err := p.Put(ctx, tx, owner, prove.Marker()); err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
		}
		return nil
	})
}

func datesOf(ctx context.Context, s *prove.Site, owner vault.OwnerID) (map[string]dated, error) {
	all := map[string]dated{}
	err := s.Vault.Subject(owner).Each(ctx, s.DB.Read, func(item vault.Item) error {
		all[item.Info.Name+"/"+item.ID] = dated{item.Policy, item.Expires}
		return nil
	})
	return all, err
}

// compareDates asks that no record lives longer than it was said to. A record
// that moved to the new version must have been written by its member, as a
// session is at every visit; the one that the program rewrote must not have.
func compareDates(before, after map[string]dated) (string, error) {
	kept := 0
	for name, was := range before {
		now, alive := after[name]
		switch {
		case !alive:
			continue
		case now.policy == was.policy && now.expires > was.expires:
			return "", prove.Failed("a record of %s lives longer than was said", name)
		case now.policy != was.policy && strings.HasPrefix(name, "policy-told/"):
			return "", prove.Failed("a record that the program rewrote moved to the new version")
		}
		kept++
	}
	if _, rewritten := after["policy-told/"+toldID(0)]; !rewritten {
		return "", errors.New("the record that the program rewrites is not there")
	}
	return fmt.Sprintf("%d records of the old version keep their dates under the new one", kept), nil
}
