package region

import "fmt"

// Code is the outcome of an input. It crosses the network: extend at the end.
type Code uint8

const (
	OK           Code = iota
	BadInput          // malformed or against a bound
	BadSignature      // the signature does not fit key, world and bytes
	Replayed          // the sequence number was used before
	NotHere           // this region does not own the player's avatar
	NoThing           // no such thing here
	TooFar            // out of reach
	NotAllowed        // not the owner
	Full              // no room in the region
	Busy              // too many inputs; send again
	Elsewhere         // the join names another region, or the place is not in this one
	CannotThrow       // fixed, too heavy, or somebody
	NoSource          // the rules want a script's source and a free licence
)

var codeNames = [...]string{"ok", "bad input", "bad signature", "replayed", "not here", "no such thing",
	"too far", "not allowed", "full", "busy", "elsewhere", "cannot be thrown", "no source or free licence for the script"}

func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}
