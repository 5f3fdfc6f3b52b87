package promise

import (
	"encoding/hex"
	"fmt"
	"time"

	"kept/internal/page"
	"kept/vault"
)

// told says that a member was sent a mail about a version of the policy, so
// that no second one goes. Its id is that of the version, see toldID.
type told struct {
	Version int       `json:"version" doc:"the version of the policy that the mail was about"`
	InForce vault.Day `json:"inForce" doc:"day from which that version holds, in days since 1970-01-01"`
	Words   string    `json:"words" doc:"what the mail said about the change"`
}

// question is what somebody without an account asked through the form. It lies
// with an errand.
type question struct {
	Address  string    `json:"address" doc:"where the answer goes"`
	Text     string    `json:"text" doc:"what you wrote"`
	Asked    time.Time `json:"asked" doc:"when you asked"`
	Due      vault.Day `json:"due" doc:"day until which it must be answered, in days since 1970-01-01"`
	Last     vault.Day `json:"last" doc:"last day on which it is kept, in days since 1970-01-01"`
	Reminded bool      `json:"reminded" doc:"whether the answer was called for"`
	Link     []byte    `json:"link" vault:"secret"` // SHA-256 of the token with which it is closed
}

type kinds struct {
	told      vault.Kind[told]
	questions vault.Kind[question]
}

// The purposes.
const (
	toTell   = "policy changes"
	toAnswer = "answer privacy questions"
)

// Look-ups of questions.
const (
	byOpen         = "privacy-request"
	byQuestionLink = "privacy-request-link"
	byAsker        = "privacy-request-address"
)

// everyone is the value under which all records of a look-up are found.
const everyone = "*"

// How long the people who run the site have to answer: less than any month has
// days, so that the law's month is never missed. A question is kept as long as
// an errand may live.
const (
	answerDays   vault.Days = 28
	questionDays            = vault.ErrandDays
)

func declare(reg *vault.Registry, relay string) kinds {
	return kinds{told: declareTold(reg), questions: declareQuestion(reg, relay)}
}

func declareTold(reg *vault.Registry) vault.Kind[told] {
	return vault.Declare(reg, vault.Spec[told]{
		Name: "policy-told", Title: page.Key("Told of a change"),
		Sentence:  page.Key("That we wrote to you about a new version of the privacy policy, so that we do not write twice."),
		Purposes:  []string{toTell},
		Basis:     vault.LegalObligation,
		Retention: vault.OnDay("until that version takes effect", func(t told) vault.Day { return t.InForce }),
		Audience:  vault.OnlyMe, Essential: true, ByProgram: true,
		Describe: func(t told) string { return fmt.Sprintf("version %d, which holds from %s", t.Version, t.InForce) },
	})
}

func declareQuestion(reg *vault.Registry, relay string) vault.Kind[question] {
	var processors []string
	if relay != "" {
		processors = []string{relay}
	}
	return vault.Declare(reg, vault.Spec[question]{
		Name: "privacy-request", Title: page.Key("Question about privacy"),
		Sentence: page.Key("What you asked through the form about privacy, and the address to answer to."),
		Purposes: []string{toAnswer},
		Basis:    vault.LegalObligation,
		Retention: vault.OnDay(fmt.Sprintf("until it is answered, at most %d days", questionDays),
			func(q question) vault.Day { return q.Last }),
		Audience: vault.OnlyMe, Processors: processors, Essential: true, ByProgram: true,
		Indexes: []vault.Index[question]{
			{Name: byOpen, Of: func(q question) []vault.Key { return []vault.Key{{Value: everyone, Sort: int64(q.Due)}} }},
			{Name: byQuestionLink, Of: func(q question) []vault.Key { return []vault.Key{{Value: hex.EncodeToString(q.Link)}} }},
			{Name: byAsker, Of: func(q question) []vault.Key { return []vault.Key{{Value: addressKey(q.Address)}} }},
		},
		Describe: func(q question) string { return "to be answered by " + q.Due.String() },
	})
}
