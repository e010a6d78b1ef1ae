package region

import "fmt"

// Code is the outcome of an input. It crosses the network: extend at the end.
type Code uint8

const (
	OK            Code = iota
	BadInput           // malformed or against a bound
	BadSignature       // the signature does not fit key, world and bytes
	Replayed           // the sequence number was used before
	NotHere            // this region does not own the player's avatar
	NoThing            // no such thing here
	TooFar             // out of reach
	NotAllowed         // not the owner
	Full               // no room in the region
	Busy               // too many inputs; send again
	Elsewhere          // the join names another region, or the place is not in this one
	CannotThrow        // fixed, too heavy, or somebody
	NoSource           // the rules want a script's source and a free licence
	Banned             // an admin keeps this player out
	Kicked             // sent out a moment ago
	Unlisted           // only who is listed may enter
	NeedsPassword      // the region has a password, and no ticket is here
	Barred             // the player's role may not enter
	Muted              // an admin took this player's voice
	RoleMayNot         // the player's role may not do it
	Quota              // the player has as many things here as one may
	Lent               // not while it is lent
	NotLent            // there is no loan to end
	Owned              // it is somebody's
	NobodyHere         // whom it is for is not here
	NoProgram          // nothing in the thing answers to that
	Loading            // its program is being loaded; ask again
	Frozen             // too few servers of the region can be reached
)

var codeNames = [...]string{"ok", "bad input", "bad signature", "replayed", "not here", "no such thing",
	"too far", "not allowed", "full", "busy", "elsewhere", "cannot be thrown", "no source or free licence for the script", "banned", "sent out a moment ago",
	"not on the whitelist", "the region wants a password", "this role may not enter", "muted", "this role may not do that",
	"as many things as one may have here", "it is lent", "it is not lent", "it is somebody's", "that player is not here", "it has no program for that", "its program is being loaded",
	"the region stands still: too few of its servers can be reached"}

func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}
