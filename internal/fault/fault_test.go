package fault

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestOfNamesEachKindThroughWrapping(t *testing.T) {
	for _, c := range []struct {
		err  error
		kind Kind
		text string
	}{
		{NotFound{What: "lesson"}, KindNotFound, "lesson not found"},
		{Invalid{Fields: []Field{{"name", "Say a name."}, {"day", "Choose a day."}}}, KindInvalid, "invalid: name, day"},
		{Forbidden{What: "change this course"}, KindForbidden, "forbidden: change this course"},
		{Conflict{What: "handle"}, KindConflict, "conflict: handle"},
		{TooMany{After: time.Minute}, KindTooMany, "too many requests"},
		{errors.New("disk full"), KindOther, "disk full"},
	} {
		wrapped := fmt.Errorf("save: %w", errors.Join(errors.New("first"), c.err))
		if got := Of(wrapped); got != c.kind {
			t.Errorf("Of(%T) = %q, want %q", c.err, got, c.kind)
		}
		if got := c.err.Error(); got != c.text {
			t.Errorf("%T says %q, want %q", c.err, got, c.text)
		}
	}
	if got := Of(nil); got != KindOther {
		t.Errorf("Of(nil) = %q, want %q", got, KindOther)
	}
}

func TestInvalidNeverSaysWhatWasTyped(t *testing.T) {
	err := Invalid{Fields: []Field{{"email", "ada@example.org is taken."}}}
	if got, want := err.Error(), "invalid: email"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
