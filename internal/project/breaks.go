package project

import "kept/internal/prove"

// The ways to break this feature on purpose; see kept/vault/sabotage.
const (
	breakAnyReader    = "project-any-reader"
	breakMachineAlone = "project-machine-alone"
)

// Breaks lists them with the promises that turn red.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakAnyReader, What: "anybody reviews projects, with a role or without", Breaks: []string{"C10", "F13"}},
		{Name: breakMachineAlone, What: "code that a machine refused reaches no person", Breaks: []string{"F12"}},
	}
}
