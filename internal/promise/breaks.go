package promise

import "kept/internal/prove"

// The ways to break the promises on purpose; see package sabotage.
const (
	breakUntold         = "promise-untold"
	breakQuestionLost   = "promise-question-lost"
	breakKindHidden     = "promise-kind-hidden"
	breakReceiverHidden = "promise-receiver-hidden"
	breakGPC            = "promise-gpc"
)

// Breaks are the ways to break what this package promises.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakUntold, What: "members get no mail before the policy changes", Breaks: []string{"F22"}},
		{Name: breakQuestionLost, What: "questions sent through the form are dropped", Breaks: []string{"F21"}},
		{Name: breakKindHidden, What: "the policy leaves out a kind of record", Breaks: []string{"C21"}},
		{Name: breakReceiverHidden, What: "a kind of record goes to somebody who is not listed", Breaks: []string{"F17"}},
		{Name: breakGPC, What: "Global Privacy Control is not honoured", Breaks: []string{"F20"}},
	}
}
