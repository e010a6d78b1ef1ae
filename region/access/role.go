package access

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
)

// Role of a player below the admins. Stored: extend at the end only.
type Role uint8

const (
	None     Role = iota // what Settings.Default says
	Guest                // looks around
	Resident             // lives here
	Builder              // makes things that run
	Admin                // by region/succession; never stored here
)

var roleNames = [...]string{"none", "guest", "resident", "builder", "admin"}

func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return fmt.Sprintf("role %d", uint8(r))
}

// ParseRole reads a role that can be given.
func ParseRole(s string) (Role, error) {
	for r := None; r < Admin; r++ {
		if roleNames[r] == s {
			return r, nil
		}
	}
	return None, fmt.Errorf("access: role %q is none of none, guest, resident, builder", s)
}

// Cap is a set of what somebody may do.
type Cap uint16

const (
	Enter  Cap = 1 << iota // come in
	Speak                  // be heard
	Touch                  // touch things
	Throw                  // throw things
	Create                 // make things, and change one's own
	Script                 // give one's things scripts
	Tie                    // hold one's things together
	Invite                 // bring others in
	Kick                   // send others out
	Mute                   // take others' voice
	Ban                    // admins only

	All      = Enter | Speak | Touch | Throw | Create | Script | Tie | Invite | Kick | Mute | Ban
	giveable = All &^ Ban
)

var capNames = [...]string{"enter", "speak", "touch", "throw", "create", "script", "tie", "invite", "kick", "mute", "ban"}

// Names lists what is in the set, in order.
func (c Cap) Names() []string {
	var names []string
	for i, n := range capNames {
		if c&(1<<i) != 0 {
			names = append(names, n)
		}
	}
	return names
}

func (c Cap) String() string { return strings.Join(c.Names(), ",") }

// ParseCaps reads names with commas between them; "" is the empty set.
func ParseCaps(s string) (c Cap, err error) {
	if s == "" {
		return 0, nil
	}
next:
	for name := range strings.SplitSeq(s, ",") {
		for i, n := range capNames {
			if n == name {
				c |= 1 << i
				continue next
			}
		}
		return 0, fmt.Errorf("access: %q is none of %s", name, strings.Join(capNames[:], ", "))
	}
	return c, nil
}

// Settings of a region, changed by an admin only.
type Settings struct {
	Default   Role   // of who was given none
	May       [3]Cap // of guest, resident and builder
	Whitelist bool   // only who is listed may enter
}

// DefaultSettings are those of a region whose owner says nothing: whoever comes
// may build.
var DefaultSettings = Settings{Default: Builder, May: [3]Cap{
	Enter | Speak | Touch | Throw,
	Enter | Speak | Touch | Throw | Create | Tie | Invite,
	Enter | Speak | Touch | Throw | Create | Tie | Invite | Script,
}}

func (s *Settings) check() error {
	if s.Default < Guest || s.Default > Builder {
		return Value
	}
	for _, c := range s.May {
		if c&^giveable != 0 {
			return Value
		}
	}
	return nil
}

// Of is what a role may do.
func (s *Settings) Of(r Role) Cap {
	switch {
	case r == Admin:
		return All
	case r == None:
		r = s.Default
	}
	if r < Guest || r > Builder {
		return 0
	}
	return s.May[r-Guest]
}

// Layout: default u8, three sets u16, whitelist bool.
func (s *Settings) appendTo(e *base.Encoder) {
	e.U8(uint8(s.Default))
	for _, c := range s.May {
		e.U16(uint16(c))
	}
	e.Bool(s.Whitelist)
}

func readSettings(d *base.Decoder) (s Settings) {
	s.Default = Role(d.U8())
	for i := range s.May {
		s.May[i] = Cap(d.U16())
	}
	s.Whitelist = d.Bool()
	return s
}
