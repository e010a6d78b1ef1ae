package access

import (
	"slices"
	"strconv"

	"github.com/metatopia/metatopia/internal/base"
)

// Line is one line of the audit trail: a command that counted.
type Line struct {
	At     base.Tick
	Kind   Kind
	By     base.Key
	Player base.Key // zero: about the region
	Text   string   // what it did, and the reason that was given
}

// Audit is the trail, oldest first. The caller must not change it.
func (s *State) Audit() []Line { return s.audit }

func (s *State) note(x *Entry, now base.Tick) {
	if len(s.audit) >= MaxAudit {
		s.audit = slices.Delete(s.audit, 0, len(s.audit)-MaxAudit+1)
	}
	s.audit = append(s.audit, Line{At: now, Kind: x.Kind, By: x.By, Player: x.Player, Text: x.what()})
}

// what says in words what an entry did; at most maxWhat bytes.
func (x *Entry) what() string {
	switch x.Kind {
	case Assign, Bring:
		return x.Role.String()
	case Silence:
		if x.For == 0 {
			return because("until unmuted", x.Text)
		}
		return because("for "+strconv.FormatUint(x.For/Second, 10)+" s", x.Text)
	case Prune:
		if x.On {
			return because("with all invited", x.Text)
		}
		return "let in again"
	case List:
		if x.On {
			return "on"
		}
		return "off"
	case Configure:
		t := "default " + x.Settings.Default.String()
		if x.Settings.Whitelist {
			t += ", whitelist on"
		} else {
			t += ", whitelist off"
		}
		return t
	case SetSecret:
		if len(x.Record) == 0 {
			return "cleared"
		}
		return "set"
	}
	return x.Text
}

const maxWhat = MaxText + 64

func because(what, why string) string {
	if why == "" {
		return what
	}
	return what + ": " + why
}
