package base

import "fmt"

// VersionError: bytes are of a version of their format that is not read here. It
// is no damage: another version of the program reads them.
type VersionError struct {
	What   string // what the bytes are, in words
	Found  uint8
	Wanted uint8 // the newest one that is read here
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s of version %d, wanted is %d", e.What, e.Found, e.Wanted)
}

// Older tells whether an older program wrote the bytes, not a newer one.
func (e *VersionError) Older() bool { return e.Found < e.Wanted }
