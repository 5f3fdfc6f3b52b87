package credential

import (
	"slices"
	"strconv"
	"time"
)

// badgeOf reads what a credential says. Credentials by others may lack what
// ours have; what is there is shown.
func badgeOf(doc object) (Badge, bool) {
	types := texts(doc["type"])
	if !slices.Contains(types, "VerifiableCredential") || !slices.Contains(types, "OpenBadgeCredential") && !slices.Contains(types, "AchievementCredential") {
		return Badge{}, false
	}
	subject := part(doc, "credentialSubject")
	achievement := part(subject, "achievement")
	b := Badge{ID: text(doc, "id"), Role: text(subject, "role"), From: moment(doc, "validFrom"), Until: moment(doc, "validUntil"),
		Issuer: profileOf(doc["issuer"]), Holder: holderOf(subject), Evidence: evidenceOf(doc), Status: entryOf(doc),
		Achievement: Achievement{ID: text(achievement, "id"), Name: text(achievement, "name"), Description: text(achievement, "description"),
			Criteria: text(part(achievement, "criteria"), "narrative"), Language: text(achievement, "inLanguage")}}
	return b, b.Issuer.ID != "" && len(subject) > 0 && timed(doc, "validFrom") && timed(doc, "validUntil")
}

func profileOf(value any) Profile {
	if id, ok := value.(string); ok {
		return Profile{ID: id}
	}
	doc, _ := value.(object)
	return Profile{ID: text(doc, "id"), Name: text(doc, "name"), Address: text(doc, "url")}
}

func holderOf(subject object) Holder {
	h := Holder{DID: text(subject, "id")}
	for _, one := range parts(subject["identifier"]) {
		hashed, _ := one["hashed"].(bool)
		switch kind := text(one, "identityType"); {
		case kind == "name" && !hashed:
			h.Name = text(one, "identityHash")
		case kind == "emailAddress" && hashed:
			h.Address = Hashed{Salt: text(one, "salt"), Hash: text(one, "identityHash")}
		}
	}
	return h
}

func evidenceOf(doc object) []Evidence {
	var all []Evidence
	for _, one := range parts(doc["evidence"]) {
		all = append(all, Evidence{Address: text(one, "id"), Name: text(one, "name"), Narrative: text(one, "narrative")})
	}
	return all
}

// entryOf finds the place in a list of withdrawn credentials.
func entryOf(doc object) Entry {
	for _, one := range parts(doc["credentialStatus"]) {
		index, err := strconv.Atoi(text(one, "statusListIndex"))
		if err == nil && index >= 0 && text(one, "type") == statusEntry && text(one, "statusPurpose") == revocation {
			return Entry{List: text(one, "statusListCredential"), Index: index}
		}
	}
	return Entry{}
}

func text(doc object, name string) string {
	value, _ := doc[name].(string)
	return value
}

func part(doc object, name string) object {
	all := parts(doc[name])
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// parts reads one object or a list of them.
func parts(value any) []object {
	switch value := value.(type) {
	case object:
		return []object{value}
	case []any:
		var all []object
		for _, one := range value {
			if doc, ok := one.(object); ok {
				all = append(all, doc)
			}
		}
		return all
	}
	return nil
}

// texts reads one text or a list of them.
func texts(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, one := range value {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

func moment(doc object, name string) time.Time {
	at, err := time.Parse(time.RFC3339, text(doc, name))
	if err != nil {
		return time.Time{}
	}
	return at
}

// timed tells whether a time can be read, or is not there.
func timed(doc object, name string) bool {
	_, there := doc[name]
	return !there || !moment(doc, name).IsZero()
}
