package account

import (
	"kept/internal/page"
)

// Addresses of the pages.
const (
	pathSignIn   = "/sign-in"
	pathSent     = "/sign-in/sent"
	pathCode     = "/sign-in/code"
	pathLink     = "/sign-in/link"
	pathFirst    = "/sign-in/first-run"
	pathSignOut  = "/sign-out"
	pathYou      = "/you"
	pathWelcome  = "/you/welcome"
	pathLeave    = "/you/welcome/leave"
	pathSessions = "/you/sessions"
	pathEnd      = "/you/sessions/end"
	pathHandle   = "/you/handle"
	pathAddress  = "/you/address"
	pathWithdraw = "/you/address/withdraw"
)

// Routes are the pages and forms.
func (a *Account) Routes() []page.Route {
	return []page.Route{
		{Pattern: "GET " + pathSignIn, Handler: a.showSignIn},
		{Pattern: "POST " + pathSignIn, Handler: a.askForLink},
		{Pattern: "GET " + pathSent, Handler: a.showSent},
		{Pattern: "POST " + pathCode, Handler: a.useCode},
		{Pattern: "GET " + pathLink + "/{token}", Handler: a.showLink},
		{Pattern: "POST " + pathLink + "/{token}", Handler: a.useLink},
		{Pattern: "GET " + pathFirst + "/{token}", Handler: a.showFirstRun},
		{Pattern: "POST " + pathFirst + "/{token}", Handler: Required(a.useFirstRun)},
		{Pattern: "POST " + pathSignOut, Handler: a.signOut},
		{Pattern: "GET " + pathWelcome, Handler: Known(a.showWelcome)},
		{Pattern: "POST " + pathWelcome, Handler: Known(a.saveWelcome)},
		{Pattern: "POST " + pathLeave, Handler: Known(a.leave)},
		{Pattern: "GET " + pathYou, Handler: Required(a.showSettings)},
		{Pattern: "POST " + pathYou, Handler: Required(a.saveSettings)},
		{Pattern: "GET " + pathSessions, Handler: Known(a.showSessions)},
		{Pattern: "POST " + pathEnd, Handler: Known(a.endSessions)},
		{Pattern: "GET " + pathHandle, Handler: Required(a.showHandle)},
		{Pattern: "POST " + pathHandle, Handler: Required(a.saveHandle)},
		{Pattern: "GET " + pathAddress, Handler: Required(a.showAddress)},
		{Pattern: "POST " + pathAddress, Handler: Required(a.saveAddress)},
		{Pattern: "POST " + pathWithdraw, Handler: Required(a.withdrawAddress)},
		{Pattern: "GET " + pathAddress + "/{token}", Handler: a.showAnswer},
		{Pattern: "POST " + pathAddress + "/{token}", Handler: a.answer},
	}
}

// Paths are the layout's links to this package.
func Paths() (signIn, signOut string) { return pathSignIn, pathSignOut }

// Keys of the messages after a form.
const (
	saidSignedOut = "account.signed-out"
	saidLeft      = "account.left"
	saidSaved     = "account.saved"
	saidEnded     = "account.ended"
	saidHandle    = "account.handle"
	saidAsked     = "account.address-asked"
	saidWithdrawn = "account.address-withdrawn"
	saidOperator  = "account.operator"
)

// Notices are the messages that the pages of this package may leave.
func (a *Account) Notices() []page.Notice {
	return []page.Notice{
		{Key: saidSignedOut, State: page.Key("Signed out."), Text: page.Key("This browser no longer knows who you are."), Done: true},
		{Key: saidLeft, State: page.Key("Erased."), Text: page.Key("No account was made, and your address is forgotten."), Done: true},
		{Key: saidSaved, State: page.Key("Saved."), Text: page.Key("Your settings count from now on."), Done: true},
		{Key: saidEnded, State: page.Key("Ended."), Text: page.Key("Who used that browser must sign in again."), Done: true},
		{Key: saidHandle, State: page.Key("Changed."), Text: page.Key("Your former handle leads to the new one for 90 days."), Done: true},
		{Key: saidAsked, Text: page.Key("Two mails are on their way, one to each address. Nothing changes until both have said yes.")},
		{Key: saidWithdrawn, State: page.Key("Withdrawn."), Text: page.Key("Your address stays as it is."), Done: true},
		{Key: saidOperator, State: page.Key("Done."), Text: page.Key("You are the operator of this site, for a year."), Done: true},
	}
}
