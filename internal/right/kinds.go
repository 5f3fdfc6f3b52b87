package right

import (
	"fmt"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// Request is something a member asks of the people who run the site.
type Request struct {
	About  string    `json:"about" doc:"objection, restriction, review or question"`
	What   string    `json:"what" doc:"the purpose or record it is about"`
	Text   string    `json:"text" doc:"what the member wrote"`
	Asked  time.Time `json:"asked"`
	Due    vault.Day `json:"due" doc:"day until which it must be answered, in days since 1970-01-01"`
	Closed bool      `json:"closed"`
}

// The purposes for which records of this package may be read.
const (
	purposeRequests = "answer requests"
	purposeImport   = "import"
)

const requestDays vault.Days = 365

func declareRequest(reg *vault.Registry) vault.Kind[Request] {
	return vault.Declare(reg, vault.Spec[Request]{
		Name: "request", Title: page.Key("Request"),
		Sentence:  page.Key("What you asked us to do with your data, and until when we must answer."),
		Purposes:  []string{purposeRequests},
		Basis:     vault.LegalObligation,
		Retention: vault.For(requestDays),
		Audience:  vault.OnlyMe,
		Essential: true,
		ByProgram: true,
		Indexes: []vault.Index[Request]{{Name: "request", Of: func(r Request) []vault.Key {
			if r.Closed {
				return nil
			}
			return []vault.Key{{Value: "open", Sort: int64(r.Due)}}
		}}},
		Describe: func(r Request) string { return r.About + " " + r.What },
	})
}

// Upload is an export that waits for its member to say whether to take it over.
type Upload struct {
	Document string `json:"document"`
	Size     int    `json:"size" doc:"bytes"`
}

const uploadDays vault.Days = 1

func declareUpload(reg *vault.Registry) vault.Kind[Upload] {
	return vault.Declare(reg, vault.Spec[Upload]{
		Name: "import", Title: page.Key("Import under way"),
		Sentence:      page.Key("A file you brought from another site, until you say whether to take it over."),
		Purposes:      []string{purposeImport},
		Basis:         vault.Contract,
		Retention:     vault.For(uploadDays),
		Audience:      vault.OnlyMe,
		Single:        true,
		ByProgram:     true,
		DropAtRestore: true,
		Describe:      func(u Upload) string { return fmt.Sprintf("a file of %d bytes", u.Size) },
	})
}
