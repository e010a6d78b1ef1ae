package process

import "errors"

// Errors of what a process asks of another.
var (
	ErrNoProcess = errors.New("no such process")
	ErrFull      = errors.New("full")
	ErrTooLarge  = errors.New("too large")
	ErrDenied    = errors.New("not permitted by the capability")
	ErrRevoked   = errors.New("the capability was taken back")
	ErrNoHandle  = errors.New("no such handle")
	ErrTaken     = errors.New("the name is taken")
	ErrClosed    = errors.New("closed")
)
