// Package fault names the ways in which a request can go wrong that a person
// may be told about: not found, invalid, forbidden, conflict and too many. An
// error that is none of these is a mistake of the program or of what it stands
// on: nobody outside sees its text.
//
// It refuses to carry values: the texts in here are nouns and sentences written
// by us, never what a person typed, because errors end in logs.
//
// Return one of the types, wrapped with what the caller does not know; ask with
// errors.AsType, or with [Of] where only the kind matters.
package fault

import (
	"errors"
	"strings"
	"time"
)

// NotFound says that a thing is not there, or not there for who asks: the two
// are the same answer on purpose.
type NotFound struct {
	What string // a noun: "lesson"
}

func (e NotFound) Error() string { return e.What + " not found" }

// Invalid says which fields of what was sent must be put right.
type Invalid struct {
	Fields []Field
}

// Field is one complaint. Name is the field's name in the form or document,
// Message a sentence to the person.
type Field struct {
	Name, Message string
}

func (e Invalid) Error() string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = f.Name
	}
	return "invalid: " + strings.Join(names, ", ")
}

// Forbidden says that who asks is known and may not.
type Forbidden struct {
	What string // what was refused: "change this course"
}

func (e Forbidden) Error() string { return "forbidden: " + e.What }

// Conflict says that the thing changed, or was taken, since it was last looked at.
type Conflict struct {
	What string // a noun: "handle"
}

func (e Conflict) Error() string { return "conflict: " + e.What }

// TooMany says that the same was asked too often, and when to come back. It is
// apart from Forbidden because its answer tells the client to wait.
type TooMany struct {
	After time.Duration
}

func (e TooMany) Error() string { return "too many requests" }

// Kind is the name of a kind of error; fit for logs, counters and job codes.
type Kind string

// The kinds. Other is everything else.
const (
	KindNotFound  Kind = "not-found"
	KindInvalid   Kind = "invalid"
	KindForbidden Kind = "forbidden"
	KindConflict  Kind = "conflict"
	KindTooMany   Kind = "too-many"
	KindOther     Kind = "other"
)

// Of returns the kind of the fault that err is or wraps, KindOther if it is none.
func Of(err error) Kind {
	switch {
	case is[NotFound](err):
		return KindNotFound
	case is[Invalid](err):
		return KindInvalid
	case is[Forbidden](err):
		return KindForbidden
	case is[Conflict](err):
		return KindConflict
	case is[TooMany](err):
		return KindTooMany
	}
	return KindOther
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
