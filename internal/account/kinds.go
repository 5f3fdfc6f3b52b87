package account

import (
	"encoding/hex"
	"fmt"
	"time"

	"kept/internal/mail"
	"kept/vault"
)

// address is a proven email address.
type address struct {
	Address string    `json:"address" doc:"where mail reaches you"`
	Proven  vault.Day `json:"proven" doc:"day on which a link sent there was used, in days since 1970-01-01"`
	Main    bool      `json:"main" doc:"whether mail goes here"`
}

// handle is the name of a member's page, now or until a day.
type handle struct {
	Handle string    `json:"handle" doc:"the name of your page"`
	Former bool      `json:"former" doc:"whether it only leads to the present one"`
	Until  vault.Day `json:"until" doc:"last day on which it leads there, in days since 1970-01-01"`
}

// settings are what a member chose about how the site speaks to them.
type settings struct {
	Language string `json:"language" doc:"tag of the language, empty to follow the browser"`
	Zone     string `json:"zone" doc:"time zone, as Europe/Helsinki"`
	Theme    string `json:"theme" doc:"light, dark, or empty to follow the system"`
}

// announcements is a member's yes to announcements; there is none without it.
type announcements struct {
	Since vault.Day `json:"since" doc:"day of the yes, in days since 1970-01-01"`
	Words string    `json:"words" doc:"what you said yes to"`
}

// session is one browser that is signed in.
type session struct {
	Token   []byte    `json:"token" vault:"secret"` // SHA-256 of the cookie's value
	Browser string    `json:"browser" doc:"kind of browser"`
	System  string    `json:"system" doc:"kind of device"`
	Used    vault.Day `json:"used" doc:"last day of use, in days since 1970-01-01"`
}

// signIn is a request for a link, known to nobody yet. It lies with an errand.
type signIn struct {
	Address string    `json:"address" doc:"where the link went"`
	Next    string    `json:"next,omitempty" doc:"the page that was wanted"`
	Ends    time.Time `json:"ends" doc:"when the link ends"`
	Used    bool      `json:"used" doc:"whether it was used"`
	Tries   int       `json:"tries" doc:"how often a wrong code was typed"`
	Link    []byte    `json:"link" vault:"secret"`   // SHA-256 of the link's token
	Device  []byte    `json:"device" vault:"secret"` // SHA-256 of the asking browser's cookie
	Code    []byte    `json:"code" vault:"secret"`   // SHA-256 of cookie and code together
}

// addressChange is a wish for another address, until both have said yes.
type addressChange struct {
	New     string    `json:"new" doc:"the address that is to take the place of yours"`
	Ends    time.Time `json:"ends" doc:"when both must have said yes"`
	NewYes  bool      `json:"newYes" doc:"whether the new address said yes"`
	OldYes  bool      `json:"oldYes" doc:"whether the present address said yes"`
	NewLink []byte    `json:"newLink" vault:"secret"` // SHA-256
	OldLink []byte    `json:"oldLink" vault:"secret"` // SHA-256
}

// role is a task that a member has for a time.
type role struct {
	Role  string    `json:"role" doc:"the task"`
	Scope string    `json:"scope" doc:"where: a workshop or a list; empty for the whole site"`
	Until vault.Day `json:"until" doc:"last day, in days since 1970-01-01"`
	Key   string    `json:"key" vault:"secret"` // names it on the operator's page, which knows no owners
}

// roleLink gives a role to whoever opens it first. It lies with an errand.
type roleLink struct {
	Role string    `json:"role" doc:"the task that the link gives"`
	Ends time.Time `json:"ends" doc:"when the link ends"`
	Link []byte    `json:"link" vault:"secret"` // SHA-256
}

type kinds struct {
	addresses     vault.Kind[address]
	handles       vault.Kind[handle]
	settings      vault.Kind[settings]
	announcements vault.Kind[announcements]
	sessions      vault.Kind[session]
	signIns       vault.Kind[signIn]
	changes       vault.Kind[addressChange]
	roles         vault.Kind[role]
	roleLinks     vault.Kind[roleLink]
}

// Look-ups. "address" and "handle" are shared with whatever kind of another
// feature holds a proven address or a handle.
const (
	byAddress   = "address"
	byHandle    = "handle"
	bySession   = "session"
	byLink      = "sign-in-link"
	byDevice    = "sign-in-device"
	byChange    = "address-change-link"
	byRole      = "role"
	byRoleLink  = "role-link"
	byAnnounced = "announcements"
)

// How long what is kept.
const (
	sessionDays vault.Days = 30 // after the last use
	formerDays  vault.Days = 90 // a former handle leads to the present one, and is reserved as long again
	roleDays    vault.Days = 366
	welcomeDays vault.Days = 30 // for somebody who signed in and never chose a handle
)

func declare(reg *vault.Registry) kinds {
	return kinds{
		addresses: declareAddress(reg), handles: declareHandle(reg), settings: declareSettings(reg),
		announcements: declareAnnouncements(reg), sessions: declareSession(reg), signIns: declareSignIn(reg),
		changes: declareChange(reg), roles: declareRole(reg), roleLinks: declareRoleLink(reg),
	}
}

func declareAddress(reg *vault.Registry) vault.Kind[address] {
	return vault.Declare(reg, vault.Spec[address]{
		Name: "address", Title: "Email address",
		Sentence:  "Your email address: links to sign in go there, and mails that your account needs.",
		Purposes:  []string{toSignIn, toServe},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Essential: true, ByProgram: true,
		Indexes: []vault.Index[address]{{Name: byAddress, Unique: true, Of: func(a address) []vault.Key {
			return []vault.Key{{Value: addressKey(a.Address)}}
		}}},
		Describe: func(a address) string { return a.Address },
	})
}

// addressKey is the one spelling of an address.
func addressKey(text string) string {
	parsed, err := mail.ParseAddress(text)
	if err != nil {
		return text // it was stored by an older rule, and is found as it stands
	}
	return parsed.Key()
}

func declareHandle(reg *vault.Registry) vault.Kind[handle] {
	return vault.Declare(reg, vault.Spec[handle]{
		Name: "handle", Title: "Handle",
		Sentence: "The name of your page. After a change the former one leads to the new one for 90 days, and nobody else gets it.",
		Purposes: []string{toShow, toGiveRole},
		Basis:    vault.Contract,
		Retention: vault.OnDay("until you erase it; 90 days after a change for a former one",
			func(h handle) vault.Day { return h.Until }),
		// A page has an address or it does not: whether there is a page for
		// strangers is the owner's one yes, which hides the handle with it.
		Audience: vault.AnyoneMaySee, Essential: true, ByProgram: true,
		Indexes: []vault.Index[handle]{{Name: byHandle, Unique: true, Reserve: formerDays, Of: func(h handle) []vault.Key {
			return []vault.Key{{Value: h.Handle}}
		}}},
		Check: func(h handle) error { return checkForm(h.Handle) },
		Describe: func(h handle) string {
			if h.Former {
				return fmt.Sprintf("@%s, which leads to your present handle until %s", h.Handle, h.Until)
			}
			return "@" + h.Handle
		},
	})
}

func declareSettings(reg *vault.Registry) vault.Kind[settings] {
	return vault.Declare(reg, vault.Spec[settings]{
		Name: "settings", Title: "Settings",
		Sentence:  "The language, time zone and colours that you chose.",
		Purposes:  []string{"settings", toServe},
		Basis:     vault.Contract,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Essential: true, Portable: true, Single: true,
		Check: settings.check,
		Describe: func(s settings) string {
			return fmt.Sprintf("language %s, time zone %s, colours %s", or(s.Language, "of the browser"), or(s.Zone, "UTC"), or(s.Theme, "of the system"))
		},
	})
}

func declareAnnouncements(reg *vault.Registry) vault.Kind[announcements] {
	return vault.Declare(reg, vault.Spec[announcements]{
		Name: "announcements", Title: "Yes to announcements",
		Sentence:  "You said yes to announcements by mail. Erase it and none comes.",
		Purposes:  []string{toAnnounce},
		Basis:     vault.Consent,
		Retention: vault.UntilErased(), Audience: vault.OnlyMe, Single: true, ByProgram: true,
		Indexes: []vault.Index[announcements]{{Name: byAnnounced, Of: func(n announcements) []vault.Key {
			return []vault.Key{{Value: everyone, Sort: int64(n.Since)}}
		}}},
		Describe: func(n announcements) string { return fmt.Sprintf("since %s: %s", n.Since, n.Words) },
	})
}

// everyone is the value under which all records of a look-up are found.
const everyone = "*"

func declareSession(reg *vault.Registry) vault.Kind[session] {
	return vault.Declare(reg, vault.Spec[session]{
		Name: "session", Title: "Sign-in",
		Sentence: "A browser in which you are signed in: its kind, and the last day on which you used it.",
		Purposes: []string{toSignIn},
		Basis:    vault.Contract,
		Retention: vault.OnDay("30 days after its last use",
			func(s session) vault.Day { return s.Used + vault.Day(sessionDays) }),
		Audience: vault.OnlyMe, Essential: true, ByProgram: true, DropAtRestore: true,
		Indexes: []vault.Index[session]{{Name: bySession, Of: func(s session) []vault.Key {
			return []vault.Key{{Value: hex.EncodeToString(s.Token)}}
		}}},
		Describe: func(s session) string { return fmt.Sprintf("%s on %s, last used %s", s.Browser, s.System, s.Used) },
	})
}

func declareSignIn(reg *vault.Registry) vault.Kind[signIn] {
	return vault.Declare(reg, vault.Spec[signIn]{
		Name: "sign-in", Title: "Link to sign in",
		Sentence: "The address for which somebody asked for a link, for the 15 minutes that the link works.",
		Purposes: []string{toSignIn},
		Basis:    vault.Contract,
		Retention: vault.OnDay("15 minutes; the day on which the link ends at the latest",
			func(s signIn) vault.Day { return vault.DayOf(s.Ends) }),
		Audience: vault.OnlyMe, Essential: true, ByProgram: true, DropAtRestore: true,
		Indexes: []vault.Index[signIn]{
			{Name: byLink, Of: func(s signIn) []vault.Key { return []vault.Key{{Value: hex.EncodeToString(s.Link)}} }},
			{Name: byDevice, Of: func(s signIn) []vault.Key { return []vault.Key{{Value: hex.EncodeToString(s.Device)}} }},
		},
		Describe: func(s signIn) string { return "a link for " + or(s.Address, "an address that is forgotten") },
	})
}

func declareChange(reg *vault.Registry) vault.Kind[addressChange] {
	return vault.Declare(reg, vault.Spec[addressChange]{
		Name: "address-change", Title: "Change of address",
		Sentence: "The new address that you wish for, until both addresses have said yes.",
		Purposes: []string{toSignIn},
		Basis:    vault.Contract,
		Retention: vault.OnDay("72 hours, to the end of that day",
			func(c addressChange) vault.Day { return vault.DayOf(c.Ends) }),
		Audience: vault.OnlyMe, Essential: true, ByProgram: true, DropAtRestore: true, Single: true,
		Indexes: []vault.Index[addressChange]{{Name: byChange, Of: func(c addressChange) []vault.Key {
			return []vault.Key{{Value: hex.EncodeToString(c.NewLink)}, {Value: hex.EncodeToString(c.OldLink)}}
		}}},
		Describe: func(c addressChange) string { return "to " + c.New },
	})
}

func declareRole(reg *vault.Registry) vault.Kind[role] {
	return vault.Declare(reg, vault.Spec[role]{
		Name: "role", Title: "Role",
		Sentence:  "A task that you have here, and until when. It ends by itself.",
		Purposes:  []string{toGiveRole},
		Basis:     vault.LegitimateInterest,
		Retention: vault.OnDay("until the role's last day", role.lastDay),
		Audience:  vault.OnlyMe, Essential: true, ByProgram: true,
		Indexes: []vault.Index[role]{{Name: byRole, Of: func(r role) []vault.Key {
			return []vault.Key{{Value: everyone, Sort: int64(r.Until)}, {Value: "role:" + r.Role}, {Value: "key:" + r.Key}}
		}}},
		Describe: func(r role) string {
			return fmt.Sprintf("%s for %s until %s", r.Role, or(r.Scope, "the whole site"), r.Until)
		},
	})
}

func declareRoleLink(reg *vault.Registry) vault.Kind[roleLink] {
	return vault.Declare(reg, vault.Spec[roleLink]{
		Name: "role-link", Title: "Link that gives a role",
		Sentence: "A link that makes whoever opens it first the operator. It holds nothing about anybody.",
		Purposes: []string{toGiveRole},
		Basis:    vault.LegitimateInterest,
		Retention: vault.OnDay("until the link ends, at most 7 days",
			func(l roleLink) vault.Day { return vault.DayOf(l.Ends) }),
		Audience: vault.OnlyMe, Essential: true, ByProgram: true, DropAtRestore: true,
		Indexes: []vault.Index[roleLink]{{Name: byRoleLink, Of: func(l roleLink) []vault.Key {
			return []vault.Key{{Value: hex.EncodeToString(l.Link)}, {Value: everyone}}
		}}},
		Describe: func(l roleLink) string { return "gives the role " + l.Role },
	})
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
