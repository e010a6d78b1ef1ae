package node

import (
	"errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
)

// otherVersion says what to do about a state that another version of the program
// wrote; home tells that it is the data directory's own. Any other error stays
// what it is. Nothing is changed or deleted for it.
func otherVersion(err error, home bool) error {
	var v *base.VersionError
	var said *control.Error
	if !errors.As(err, &v) || errors.As(err, &said) {
		return err
	}
	age, hint := "an older", "the version of metatopia that wrote it reads it"
	switch {
	case !v.Older():
		age, hint = "a newer", "update metatopia"
	case home:
		hint = "use another data directory (--home DIR), or the version of metatopia that made this one; nothing in it was changed"
	}
	return control.Errorf(control.Conflict, hint, "this was written by %s version of metatopia: %w", age, err)
}
