package admit

import (
	"errors"
	"fmt"
)

// ErrMalformed: the bytes are not a WebAssembly module. ErrForbidden: they
// are, but use what a guest may not. ErrLimit: a bound of limits.go.
var (
	ErrMalformed = errors.New("malformed module")
	ErrForbidden = errors.New("not allowed in a guest")
	ErrLimit     = errors.New("over a limit")
)

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, a...))
}

func forbidden(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrForbidden, fmt.Sprintf(format, a...))
}

func overLimit(what string, n, most uint64) error {
	return fmt.Errorf("%w: %s: %d, at most %d", ErrLimit, what, n, most)
}
