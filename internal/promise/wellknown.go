package promise

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"kept/internal/fault"
	"kept/vault"
	"kept/vault/sabotage"
)

const atomType = "application/atom+xml"

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  atomAuthor  `xml:"author"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr,omitempty"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID      string   `xml:"id"`
	Title   string   `xml:"title"`
	Updated string   `xml:"updated"`
	Link    atomLink `xml:"link"`
	Summary string   `xml:"summary"`
}

// feed lists the versions that are posted, the latest first.
func (f *Feature) feed(w http.ResponseWriter, r *http.Request) error {
	posted := f.versions.posted(f.today())
	feed := atomFeed{ID: f.Site.Absolute(pathPolicy), Title: "Privacy policy of " + f.c.Community,
		Updated: moment(posted[len(posted)-1].Posted), Author: atomAuthor{f.author()},
		Links: []atomLink{{"self", f.Site.Absolute(pathFeed)}, {"alternate", f.Site.Absolute(pathVersions)}}}
	for _, v := range slices.Backward(posted) {
		address := f.Site.Absolute(versionPath(v.Number))
		feed.Entries = append(feed.Entries, atomEntry{ID: address, Title: fmt.Sprintf("Version %d, in force from %s", v.Number, v.InForce),
			Updated: moment(v.Posted), Link: atomLink{Href: address}, Summary: v.Summary})
	}
	body, err := xml.MarshalIndent(feed, "", "  ")
	if err != nil {
		return err
	}
	return send(w, r, atomType+"; charset=utf-8", append([]byte(xml.Header), append(body, '\n')...))
}

func (f *Feature) author() string {
	if f.c.Operator.Controller != "" {
		return f.c.Operator.Controller
	}
	return f.c.Community
}

func moment(d vault.Day) string { return d.Time().Format(time.RFC3339) }

// SecurityExpires is the moment from which security.txt no longer counts
// (RFC 9116): the operator's day, else half a year after the month began.
func (f *Feature) SecurityExpires() time.Time {
	if f.c.SecurityExpires != 0 {
		return f.c.SecurityExpires.Time()
	}
	now := f.c.Now().UTC()
	return time.Date(now.Year(), now.Month()+6, 1, 0, 0, 0, 0, time.UTC)
}

// security is RFC 9116's file. Without a contact there is none: one that leads
// nowhere would be worse.
func (f *Feature) security(w http.ResponseWriter, r *http.Request) error {
	if f.contact.IsZero() {
		return fault.NotFound{What: "contact"}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Contact: mailto:%s\n", f.contact)
	fmt.Fprintf(&b, "Contact: %s\n", f.Site.Absolute(pathContact))
	fmt.Fprintf(&b, "Expires: %s\n", f.SecurityExpires().Format(time.RFC3339))
	fmt.Fprintf(&b, "Preferred-Languages: %s\n", f.Site.Catalogue().Default().Tag)
	fmt.Fprintf(&b, "Canonical: %s\n", f.Site.Absolute(pathSecurity))
	fmt.Fprintf(&b, "Policy: %s\n", f.Site.Absolute(pathPolicy))
	return send(w, r, "text/plain; charset=utf-8", []byte(b.String()))
}

// gpc says that Global Privacy Control is honoured.
func (f *Feature) gpc(w http.ResponseWriter, r *http.Request) error {
	body, err := json.Marshal(struct {
		GPC    bool   `json:"gpc"`
		Update string `json:"lastUpdate"`
	}{!sabotage.Is(breakGPC), f.versions.inForce(f.today()).Posted.String()})
	if err != nil {
		return err
	}
	return send(w, r, "application/json", append(body, '\n'))
}
