//go:build wasip1

package sdk

import "strconv"

// Code is what a host function gives instead of a result. It is an error.
type Code int32

const (
	Invalid     Code = -1
	TooLarge    Code = -2
	NotFound    Code = -3
	Timeout     Code = -4
	Unavailable Code = -5 // no world or no avatar now: try again later
	Refused     Code = -6
	Full        Code = -7
	Denied      Code = -8  // the capability has no such right
	Revoked     Code = -9  // the capability was taken back
	Taken       Code = -10 // the name is taken
)

var names = [...]string{"", "invalid argument", "too large", "not found", "timeout", "unavailable", "refused", "full", "denied", "revoked", "taken"}

func (c Code) Error() string {
	if c < 0 && int(-c) < len(names) {
		return names[-c]
	}
	return "code " + strconv.Itoa(int(c))
}

// check gives nil for results that are no codes.
func check(n int32) error {
	if n < 0 {
		return Code(n)
	}
	return nil
}

// read calls a host function that fills a buffer, with more room if needed.
func read(fill func(buf []byte) int32) (string, error) {
	buf := make([]byte, 256)
	for {
		n := fill(buf)
		if n < 0 {
			return "", Code(n)
		}
		if int(n) <= len(buf) {
			return string(buf[:n]), nil
		}
		buf = make([]byte, n)
	}
}
