package vault

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"time"

	"kept/vault/keyring"
)

// OwnerID names an owner: 26 lower-case base32 characters, random, never
// ordered by time. It stands in no address of a page.
type OwnerID string

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const idLength = 26

// NewID returns a fresh random identifier of 128 bits, as records have it.
func NewID() string {
	var raw [16]byte
	rand.Read(raw[:])
	return idEncoding.EncodeToString(raw[:])
}

var errBadID = errors.New("vault: malformed owner id")

// slot is the owner's name in the key ring.
func (id OwnerID) slot() (keyring.ID, error) {
	var raw keyring.ID
	if len(id) != idLength {
		return raw, errBadID
	}
	if _, err := idEncoding.Decode(raw[:], []byte(id)); err != nil {
		return raw, errBadID
	}
	return raw, nil
}

// Day counts UTC days since 1970-01-01. Times in clear are days; exact times
// stand inside sealed values.
type Day int32

// Never is the day of what ends only by erasure: 9999-12-31.
const Never Day = 2932896

// DayOf returns the UTC day of t.
func DayOf(t time.Time) Day {
	seconds := t.Unix()
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	return Day(day)
}

// Time returns midnight UTC at the start of the day.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String writes the day as 2006-01-02, and Never as "until erased".
func (d Day) String() string {
	if d >= Never {
		return "until erased"
	}
	return d.Time().Format(time.DateOnly)
}

// Days is a length of time in days.
type Days int32

// Audience says who may see a record. The zero value stands for the kind's
// default in Put, and for "as it is" when a record is changed.
type Audience int8

// The audiences, from the narrowest to the widest.
const (
	OnlyMe       Audience = 1 // the owner, and work for the declared purposes
	Team         Audience = 2 // also the roles that the kind names, in the record's scope
	AnyoneMaySee Audience = 3 // also strangers, once the owner is open
)

var audienceNames = map[Audience]string{OnlyMe: "only me", Team: "team", AnyoneMaySee: "anyone"}

func (a Audience) String() string { return audienceNames[a] }

// ParseAudience is the reverse of Audience.String; the zero value for anything else.
func ParseAudience(s string) Audience {
	for a, name := range audienceNames {
		if name == s {
			return a
		}
	}
	return 0
}

// OwnerType tells what an owner stands for.
type OwnerType string

// The types of owners.
const (
	Person OwnerType = "person" // somebody known by a proven address, or about to be
	Thing  OwnerType = "thing"  // something with a life of its own, as a live note
	Errand OwnerType = "errand" // throw-away: what must precede or outlive a person, at most 30 days
)

// ErrandDays is the longest life of an errand.
const ErrandDays Days = 30

// OwnerOf names the owner of a slot in the key ring.
func OwnerOf(raw keyring.ID) OwnerID { return OwnerID(idEncoding.EncodeToString(raw[:])) }
