package right

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kept/internal/prove"
	"kept/vault"
)

// Checks are what this feature promises and can be tried.
func (f *Feature) Checks() []prove.Check {
	return []prove.Check{
		{Promise: "F8", How: "A record of every kind is planted; one is erased by its button, then everything. What was erased may stand on no page and in no download, and nobody else may lose anything.", Try: f.tryErase},
		{Promise: "F9", How: "A record of every kind is planted for two members. The download of one must hold every one of theirs, none of the other's, and come in on a second site.", Try: f.tryExport},
		{Promise: "F10", How: "A member erases everything. When the page that confirms it is there, no key may open their records, no row of theirs may be left, and no file may hold a planted word, neither after nor before.", Try: f.tryGone},
		{Promise: "F12", How: "A member restricts the use of their data and asks for a person. Work may not read it any more, and each request must have a day within a month.", Try: f.tryRights},
		{Promise: "F14", How: "Somebody of the staff looks without permission, with one for another kind, and with one that has ended. None may show anything.", Try: f.tryGrant},
		{Promise: "C2", How: "A new policy takes effect that asks for a yes. Before the member agrees their older record must keep its old policy; after the yes it must follow the new one.", Try: f.tryQuestion},
		{Promise: "C18", How: "Somebody proves an address and makes no account. By the link alone they must reach what is held about them, take it along and erase it.", Try: f.tryAddressOnly},
		{Promise: "B5", How: "Somebody of the staff looks with a member's permission. The member must find who, what and why on “Your data”.", Try: f.tryLook},
	}
}

// plantAll puts a marker into every kind for a member, and returns them by kind.
func plantAll(ctx context.Context, s *prove.Site, owner vault.OwnerID) (map[string]string, error) {
	markers := map[string]string{}
	err := s.DB.Transact(ctx, func(tx *sql.Tx) error {
		for _, p := range s.Plants {
			markers[p.Kind] = prove.Marker()
			if _, err := p.Put(ctx, tx, owner, markers[p.Kind]); err != nil {
				return fmt.Errorf("plant %s: %w", p.Kind, err)
			}
		}
		return nil
	})
	return markers, err
}

// planted is a new member with a marker in every kind.
func planted(ctx context.Context, s *prove.Site) (*prove.Member, map[string]string, error) {
	m, err := s.SignIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	markers, err := plantAll(ctx, s, m.Owner)
	return m, markers, err
}

func export(ctx context.Context, s *prove.Site, m *prove.Member) (string, error) {
	status, doc, err := prove.Page(ctx, m.Browser, s.URL+"/you/data/export")
	if err == nil && status != http.StatusOK {
		return "", prove.Failed("the download answers %d", status)
	}
	return doc, err
}

func (f *Feature) tryExport(ctx context.Context, s *prove.Site) (string, error) {
	me, mine, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	_, theirs, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	doc, err := export(ctx, s, me)
	if err != nil {
		return "", err
	}
	for kind, marker := range mine {
		if !strings.Contains(doc, marker) {
			return "", prove.Failed("the download leaves out what was planted as %s", kind)
		}
	}
	for kind, marker := range theirs {
		if strings.Contains(doc, marker) {
			return "", prove.Failed("the download holds another member's %s", kind)
		}
	}
	if kind := f.secretIn(doc); kind != "" {
		return "", prove.Failed("the download holds a secret of %s", kind)
	}
	taken, err := f.tryImport(ctx, s, doc)
	return fmt.Sprintf("%d kinds in the download, none of the other member's; %d kinds came in elsewhere", len(mine), taken), err
}

// secretIn names a kind whose secret stands in a download, or nothing.
func (f *Feature) secretIn(doc string) string {
	var parsed struct {
		Kinds map[string][]struct {
			Value map[string]any `json:"value"`
		} `json:"kinds"`
	}
	if json.Unmarshal([]byte(doc), &parsed) != nil {
		return "an unreadable document"
	}
	for _, k := range f.Vault.Kinds() {
		for _, record := range parsed.Kinds[k.Name] {
			for _, secret := range k.Secrets {
				if record.Value[secret] != nil {
					return k.Name
				}
			}
		}
	}
	return ""
}

// tryImport brings a download to a second site and counts what came in.
func (f *Feature) tryImport(ctx context.Context, s *prove.Site, doc string) (taken int, err error) {
	second, err := s.Another(ctx)
	if err != nil {
		return 0, err
	}
	me, err := second.SignIn(ctx)
	if err != nil {
		return 0, err
	}
	var done []vault.Imported
	err = second.DB.Transact(ctx, func(tx *sql.Tx) (err error) {
		done, err = second.Vault.Import(ctx, tx, me.Owner, strings.NewReader(doc))
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, one := range done {
		if one.Taken == 0 && portable(second, one.Kind) && one.Why != "you have one already" {
			return 0, prove.Failed("%s can be taken along and did not come in: %s", one.Kind, one.Why)
		}
		if one.Taken > 0 {
			taken++
		}
	}
	return taken, nil
}

func portable(s *prove.Site, kind string) bool {
	for _, k := range s.Vault.Kinds() {
		if k.Name == kind {
			return k.Portable
		}
	}
	return false
}

func (f *Feature) tryErase(ctx context.Context, s *prove.Site) (string, error) {
	me, mine, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	other, theirs, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	page := s.URL + "/you/data?kind=request"
	if _, err := prove.Submit(ctx, me.Browser, page, "/you/data/erase", nil); err != nil {
		return "", err
	}
	doc, err := export(ctx, s, me)
	if err != nil {
		return "", err
	}
	if strings.Contains(doc, mine["request"]) {
		return "", prove.Failed("a request that was erased is still in the download")
	}
	if err := eraseAll(ctx, s, me); err != nil {
		return "", err
	}
	doc, err = export(ctx, s, other)
	if err != nil {
		return "", err
	}
	for kind, marker := range theirs {
		if !strings.Contains(doc, marker) {
			return "", prove.Failed("when one member left, another lost a record of %s", kind)
		}
	}
	return fmt.Sprintf("one of %d kinds erased alone, then all; the other member kept %d", len(mine), len(theirs)), nil
}

func eraseAll(ctx context.Context, s *prove.Site, m *prove.Member) error {
	_, err := prove.Submit(ctx, m.Browser, s.URL+"/you/data", "/you/data/everything", url.Values{"handle": {m.Handle}})
	return err
}

func (f *Feature) tryGone(ctx context.Context, s *prove.Site) (string, error) {
	me, markers, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	if files, err := filesWith(s.Folders, markers); err != nil || len(files) > 0 {
		return "", either(err, prove.Failed("before the erasure, planted words stand unsealed in %d files: copies of them would stay readable", len(files)))
	}
	if err := eraseAll(ctx, s, me); err != nil {
		return "", err
	}
	if left, err := rowsOf(ctx, s, me.Owner); err != nil || left > 0 {
		return "", either(err, prove.Failed("%d rows of the erased are left", left))
	}
	if s.HasKey(me.Owner) {
		return "", prove.Failed("the key of the erased is still in the ring")
	}
	files, err := filesWith(s.Folders, markers)
	if err == nil && len(files) > 0 {
		err = prove.Failed("planted words stand in %d files", len(files))
	}
	return fmt.Sprintf("no key, no row; %d planted words in no file", len(markers)), err
}

func either(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func rowsOf(ctx context.Context, s *prove.Site, owner vault.OwnerID) (n int, err error) {
	err = s.DB.Read.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM vault_owner WHERE id = $1)
		+ (SELECT COUNT(*) FROM vault_record WHERE owner = $1) + (SELECT COUNT(*) FROM vault_find WHERE owner = $1)
		+ (SELECT COUNT(*) FROM vault_claim WHERE owner = $1)`, string(owner)).Scan(&n)
	return n, err
}

// filesWith lists the files of the site that hold one of the words.
func filesWith(folders []string, words map[string]string) (found []string, err error) {
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(path)
			for _, word := range words {
				if strings.Contains(string(raw), word) {
					found = append(found, path)
				}
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (f *Feature) tryRights(ctx context.Context, s *prove.Site) (string, error) {
	me, _, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	for _, action := range []url.Values{{"about": {"restriction"}}, {"about": {"review"}, "text": {"a person, please"}}} {
		if _, err := prove.Post(ctx, me.Browser, s.URL+"/you/data/request", action); err != nil {
			return "", err
		}
	}
	owner, err := s.Vault.Owner(ctx, s.DB.Read, me.Owner)
	if err != nil || !owner.Restricted {
		return "", either(err, prove.Failed("the restriction was not noted"))
	}
	used, err := f.imports.All(ctx, s.DB.Read, vault.Work(purposeImport), me.Owner)
	if err != nil || len(used) > 0 {
		return "", either(err, prove.Failed("work still reads what may only be kept"))
	}
	requests, err := f.requests.All(ctx, s.DB.Read, vault.Self(me.Owner), me.Owner)
	if err != nil {
		return "", err
	}
	month := vault.DayOf(f.Now().AddDate(0, 1, 0))
	clocks := 0
	for _, r := range requests {
		if r.Value.Due > month {
			return "", prove.Failed("a request may wait until %s", r.Value.Due)
		}
		clocks++
	}
	if clocks < 2 {
		return "", prove.Failed("%d of two requests were noted", clocks)
	}
	return fmt.Sprintf("the use is restricted; %d requests have their day", clocks), nil
}

func (f *Feature) tryQuestion(ctx context.Context, s *prove.Site) (string, error) {
	me, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	for range 40 { // the rehearsed version takes effect within that many days
		if kinds, _ := f.c.Asks(); len(kinds) > 0 {
			break
		}
		if err := s.Advance(ctx, 24*time.Hour); err != nil {
			return "", err
		}
	}
	kinds, version := f.c.Asks()
	if len(kinds) == 0 {
		return "", prove.Failed("no version that asks took effect")
	}
	before, err := policyOf(ctx, s, me.Owner, kinds[0])
	if err != nil || before >= version {
		return "", either(err, prove.Failed("the older record follows policy %d without a yes", before))
	}
	again, err := s.SignInAs(ctx, me)
	if err != nil {
		return "", err
	}
	if _, err := prove.Submit(ctx, again, s.URL+"/you/data", "/you/data/renew", nil); err != nil {
		return "", err
	}
	after, err := policyOf(ctx, s, me.Owner, kinds[0])
	if err != nil || after != version {
		return "", either(err, prove.Failed("after the yes the record follows policy %d", after))
	}
	return fmt.Sprintf("policy %d was kept until the yes, then %d", before, after), nil
}

// policyOf is the version that a member's record of a kind was written under.
func policyOf(ctx context.Context, s *prove.Site, owner vault.OwnerID, kind string) (int, error) {
	items, err := s.Vault.Subject(owner).Page(ctx, s.DB.Read, kind, "", "", 1)
	if err != nil {
		return 0, err
	}
	if len(items) == 0 {
		return 0, fmt.Errorf("no record of %s", kind)
	}
	return items[0].Policy, nil
}

func (f *Feature) tryAddressOnly(ctx context.Context, s *prove.Site) (string, error) {
	who, err := s.Enter(ctx)
	if err != nil {
		return "", err
	}
	doc, err := export(ctx, s, who)
	if err != nil {
		return "", err
	}
	if !strings.Contains(doc, who.Address) {
		return "", prove.Failed("the download does not hold the address that was proven")
	}
	if _, err := prove.Submit(ctx, who.Browser, s.URL+"/you/data", "/you/data/everything", url.Values{"handle": {Member{}.word()}}); err != nil {
		return "", err
	}
	if doc, _ := export(ctx, s, who); strings.Contains(doc, who.Address) {
		return "", prove.Failed("after the erasure the address is still there")
	}
	return "the address alone opened the data, the download and the erasure", nil
}

// look has somebody of the staff read the member's requests under a grant.
func (f *Feature) look(ctx context.Context, s *prove.Site, staff, member vault.OwnerID, grant string) (n int, err error) {
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error {
		all, err := f.requests.All(ctx, tx, vault.Staff(staff, grant), member)
		n = len(all)
		return err
	})
	return n, err
}

// allow gives a permission as its member.
func (f *Feature) allow(ctx context.Context, s *prove.Site, staff, member vault.OwnerID, kind, reason string) (id string, err error) {
	err = s.DB.Transact(ctx, func(tx *sql.Tx) error {
		r, err := s.Vault.Grants().Put(ctx, tx, vault.Self(member), vault.Record[vault.Grant]{Owner: member,
			Value: vault.Grant{Staff: staff, Name: "Jo of the team", Kinds: []string{kind}, Reason: reason, Until: s.Vault.Today() + 1}})
		id = r.ID
		return err
	})
	return id, err
}

func (f *Feature) tryGrant(ctx context.Context, s *prove.Site) (string, error) {
	me, _, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	staff, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	wrong, err := f.allow(ctx, s, staff.Owner, me.Owner, "address", "another kind")
	if err != nil {
		return "", err
	}
	ended, err := f.allow(ctx, s, staff.Owner, me.Owner, "request", "for one day")
	if err != nil {
		return "", err
	}
	if n, err := f.look(ctx, s, staff.Owner, me.Owner, ended); err != nil || n == 0 {
		return "", either(err, prove.Failed("a permission that holds opens nothing"))
	}
	if err := s.Advance(ctx, 72*time.Hour); err != nil {
		return "", err
	}
	for what, grant := range map[string]string{"no permission": "none", "one for another kind": wrong, "one that has ended": ended} {
		if n, err := f.look(ctx, s, staff.Owner, me.Owner, grant); err == nil {
			return "", prove.Failed("with %s, %d records were shown", what, n)
		}
	}
	return "three looks were refused; the one that was allowed worked while it held", nil
}

func (f *Feature) tryLook(ctx context.Context, s *prove.Site) (string, error) {
	me, _, err := planted(ctx, s)
	if err != nil {
		return "", err
	}
	staff, err := s.SignIn(ctx)
	if err != nil {
		return "", err
	}
	reason := prove.Marker()
	grant, err := f.allow(ctx, s, staff.Owner, me.Owner, "request", reason)
	if err != nil {
		return "", err
	}
	if _, err := f.look(ctx, s, staff.Owner, me.Owner, grant); err != nil {
		return "", err
	}
	_, body, err := prove.Page(ctx, me.Browser, s.URL+"/you/data")
	if err != nil {
		return "", err
	}
	_, list, _ := strings.Cut(body, `id="looked"`)
	list, _, _ = strings.Cut(list, "</section>")
	if !strings.Contains(list, reason) || !strings.Contains(list, "Jo of the team") {
		return "", prove.Failed("the look is not on the member's page")
	}
	return "the member's page names who looked, at what and why", nil
}

// Plants put a marker into each kind of this feature.
func (f *Feature) Plants() []prove.Plant {
	return []prove.Plant{
		{Kind: "request", Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := f.requests.Put(ctx, tx, vault.Self(owner), vault.Record[Request]{Owner: owner,
				Value: Request{About: "question", Text: marker, Asked: f.Now().UTC(), Due: AnswerBy(f.Now())}})
			return r.ID, err
		}},
		{Kind: "import", Put: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, marker string) (string, error) {
			r, err := f.imports.Put(ctx, tx, vault.Self(owner), vault.Record[Upload]{Owner: owner,
				Value: Upload{Document: marker, Size: len(marker)}})
			return r.ID, err
		}},
	}
}
