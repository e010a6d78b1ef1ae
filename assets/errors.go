package assets

import (
	"errors"
	"fmt"
)

// Why an asset does not load. ErrFormat to ErrGuest are about the bytes and
// stay true of them; the others may pass.
var (
	ErrFormat    = errors.New("format not known")
	ErrClass     = errors.New("of another class")
	ErrMalformed = errors.New("malformed")
	ErrTooLarge  = errors.New("over a limit")
	ErrRefused   = errors.New("not allowed in an asset") // external files, animated images, unknown required extensions
	ErrPanic     = errors.New("the decoder failed")      // it panicked: a bug, in it or here
	ErrGuest     = errors.New("the loader guest failed")

	ErrTimeout  = errors.New("took too long")
	ErrBusy     = errors.New("too many assets at once")
	ErrNoLoader = errors.New("no loader") // this node runs no guests, or has not that one
	ErrHandle   = errors.New("no such handle")
	ErrClosed   = errors.New("assets closed")
)

// lasting tells whether the same bytes will always fail like this.
func lasting(err error) bool {
	for _, e := range []error{ErrFormat, ErrClass, ErrMalformed, ErrTooLarge, ErrRefused, ErrPanic, ErrGuest} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, a...))
}

func refused(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, a...))
}

// over says that there are n of something, and how many there may be.
func over(what string, n, most int64) error {
	return fmt.Errorf("%w: %s: %d, at most %d", ErrTooLarge, what, n, most)
}

// within is over when n is above most.
func within(what string, n, most int64) error {
	if n > most {
		return over(what, n, most)
	}
	return nil
}
