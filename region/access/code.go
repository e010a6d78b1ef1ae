package access

import "fmt"

// Code says why something is refused. It is an error; test with errors.Is. It
// crosses the network: extend at the end.
type Code uint8

const (
	OK Code = iota

	// Why somebody may not come in, or not do something.
	Banned   // banned by key, or with the branch of invitations they are in
	Kicked   // was sent out a moment ago
	Unlisted // the region has a whitelist
	Password // the region has a password
	Barred   // the role may not enter
	Muted
	MayNot // the role may not do it

	// Why an entry counts nothing.
	Malformed
	Forged
	Replayed
	Region
	Epoch
	Expired
	Ahead
	Right
	Senior
	Server
	Player
	Value
	Room
	Tries
	Stale
	Wrong // password
	Gone  // away: no answer of the region
	// Between: the password is right, but who answered is not the server that it
	// was shown to. A client finds that out; no server says it.
	Between
	// NoKeys: who answered has not the keys of the password in force, or of the one
	// that is being set. Another server may.
	NoKeys

	codes
)

var texts = [codes]string{
	OK:        "ok",
	Banned:    "banned from this region",
	Kicked:    "sent out a moment ago; wait a little",
	Unlisted:  "only who is on the region's whitelist may enter",
	Password:  "the region wants a password",
	Barred:    "the role does not let in here",
	Muted:     "muted in this region",
	MayNot:    "the role does not allow that here",
	Malformed: "not an entry",
	Forged:    "the signature does not match",
	Replayed:  "seen before",
	Region:    "meant for another region",
	Epoch:     "of another epoch of the region",
	Expired:   "expired",
	Ahead:     "holds for too long",
	Right:     "has not the right",
	Senior:    "not against somebody of the same or a higher standing",
	Server:    "not by a server of the region",
	Player:    "no such player, or nothing to take back",
	Value:     "out of range",
	Room:      "no room",
	Tries:     "too many password tries; wait and try again",
	Stale:     "of a password that was changed since",
	Wrong:     "wrong password",
	Gone:      "the region did not answer",
	Between:   "the password is right, but no server of the region has answered: somebody may stand between",
	NoKeys:    "the keys of the password are at none of the servers that answer",
}

func (c Code) Error() string {
	if int(c) < len(texts) {
		return texts[c]
	}
	return fmt.Sprintf("access code %d", uint8(c))
}

// Known reports whether the number is one of this version.
func (c Code) Known() bool { return c < codes }
