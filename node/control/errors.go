package control

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"connectrpc.com/connect"
)

// Code is the kind of an error that crosses the local API. Names are stable:
// only ever extended.
type Code uint8

const (
	Failed         Code = iota // nothing more exact is known
	Invalid                    // the request is malformed or out of bounds
	NotFound                   // no such thing, lump, process, region
	Conflict                   // exists already, or not in this state
	Denied                     // not allowed for this caller
	Unavailable                // the node, a region or a peer does not answer
	TooLarge                   // over a limit
	NotImplemented             // a later version does it
	Timeout                    // not done in time
	Canceled                   // the client went away
	Corrupt                    // bytes do not match their hash or signature
)

var codes = []struct {
	name string
	wire connect.Code
}{
	Failed:         {"failed", connect.CodeUnknown},
	Invalid:        {"invalid", connect.CodeInvalidArgument},
	NotFound:       {"not found", connect.CodeNotFound},
	Conflict:       {"conflict", connect.CodeFailedPrecondition},
	Denied:         {"denied", connect.CodePermissionDenied},
	Unavailable:    {"unavailable", connect.CodeUnavailable},
	TooLarge:       {"too large", connect.CodeResourceExhausted},
	NotImplemented: {"not implemented", connect.CodeUnimplemented},
	Timeout:        {"timeout", connect.CodeDeadlineExceeded},
	Canceled:       {"canceled", connect.CodeCanceled},
	Corrupt:        {"corrupt", connect.CodeDataLoss},
}

// String is the code in words.
func (c Code) String() string {
	if int(c) < len(codes) {
		return codes[c].name
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// Exit codes of the command line.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitUsage       = 2
	ExitUnavailable = 69
	ExitDenied      = 77
)

// Error is what went wrong, in words for a person, with at most one hint of
// what to do about it.
type Error struct {
	Code  Code
	Words string
	Hint  string // "" when there is nothing useful to say
	err   error  // what Errorf wrapped
}

func (e *Error) Error() string { return e.Words }

// Unwrap gives the errors wrapped with %w. It is nil at the client.
func (e *Error) Unwrap() error { return e.err }

// Errorf makes an Error; format may wrap with %w.
func Errorf(code Code, hint, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Words: err.Error(), Hint: hint, err: err}
}

// CodeOf is the code of the first Error in err's chain, or the nearest code
// for a context error, or Failed.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Failed
}

// HintOf is the hint of the first Error in err's chain, or "".
func HintOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Hint
	}
	return ""
}

// ExitCode is the exit code of a command that ended with err.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	switch CodeOf(err) {
	case Unavailable:
		return ExitUnavailable
	case Denied:
		return ExitDenied
	}
	return ExitFailed
}

// hintHeader carries the hint, percent-encoded because headers are ASCII. It
// is in the response header of a unary call, in the end-of-stream metadata of
// a stream.
const hintHeader = "Metatopia-Hint"

// toWire makes the Connect form of a backend's error.
func toWire(err error) error {
	var already *connect.Error
	if err == nil || errors.As(err, &already) {
		return err
	}
	code := CodeOf(err)
	wire := connect.NewError(codes[code].wire, errors.New(err.Error()))
	if hint := HintOf(err); hint != "" {
		wire.Meta().Set(hintHeader, url.PathEscape(clip(hint, MaxHintBytes)))
	}
	return wire
}

// fromWire makes an Error of what a Connect call returned. Words for the codes
// that Connect itself gives are left as they are.
func fromWire(err error) error {
	if err == nil {
		return nil
	}
	var wire *connect.Error
	if !errors.As(err, &wire) {
		return err
	}
	e := &Error{Code: Failed, Words: wire.Message(), err: err}
	for c := range codes {
		if codes[c].wire == wire.Code() {
			e.Code = Code(c)
		}
	}
	if wire.Code() == connect.CodeUnauthenticated {
		e.Code = Denied
	}
	if hint, herr := url.PathUnescape(wire.Meta().Get(hintHeader)); herr == nil {
		e.Hint = clip(hint, MaxHintBytes)
	}
	return e
}

// clip shortens s to at most n bytes at a rune's start.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
