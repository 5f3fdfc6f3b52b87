package app

import (
	"os"
	"runtime/debug"
)

const (
	// large is how many lessons make a heap that is mostly texts.
	large = 2000
	// roomShare is how much of what is in use may lie about as garbage before
	// it is collected, in percent. Texts stay, so the usual 100 would double a
	// large site's memory for nothing.
	roomShare = 25
)

// fitMemory makes room for what was read and not for more. Reading leaves
// behind several times the size of the texts, and a change of one file a new
// index; that goes back to the system. Whoever sets GOGC or GOMEMLIMIT decides for themselves.
func (a *App) fitMemory() {
	if a.library.Catalogue().Lessons < large {
		return
	}
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(roomShare)
	}
	debug.FreeOSMemory()
}
