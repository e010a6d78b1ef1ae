package succession

import "errors"

// Why an entry counts nothing; test with errors.Is.
var (
	ErrEntry     = errors.New("not an entry")
	ErrSignature = errors.New("signature does not match")
	ErrReplay    = errors.New("seen before")
	ErrHead      = errors.New("names a log that is not this one")
	ErrServer    = errors.New("not a server of the region")
	ErrQuorum    = errors.New("not more than half of the servers")
	ErrClock     = errors.New("time does not go back")
	ErrRight     = errors.New("has not the right")
	ErrSenior    = errors.New("was appointed earlier")
	ErrBanned    = errors.New("is banned")
	ErrPlayer    = errors.New("no such player")
	ErrAdmin     = errors.New("is an admin, or is none")
	ErrValue     = errors.New("out of range")
	ErrFull      = errors.New("no room")
	ErrGuest     = errors.New("is a guest here, and logs in as one")
	ErrEpoch     = errors.New("that epoch is over")
	ErrSoon      = errors.New("too soon after the one before")
)
