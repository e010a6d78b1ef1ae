package terminal

import (
	"slices"
	"strings"
)

// The topics of help: without one it says what everybody needs.
var (
	helpText = []string{
		"look               what is in sight (l)",
		"say TEXT           speak to the people near you; 'TEXT does the same",
		"go PLACE           walk to a region, a person or a thing (g)",
		"go 12,-30          walk to a place: metres east, metres south",
		"go north 20        walk that far; n, s, e, w, ne ... go 8 m",
		"who                people in view (w is west)",
		"touch THING        use it: its script decides what happens",
		"throw THING [WAY]  WAY is a direction, `at NAME`, or where you face",
		"inspect THING      its slots, and its script with author and licence",
		"block NAME [things]  see and hear nothing of somebody; unblock NAME, blocks",
		"password [REGION]  show a region's password: it asks, and does not keep the line",
		"admins [REGION]    who looks after this region, and why",
		"help things        make, give, lend, move, delete and tell things",
		"help admin         order in a region: kick, mute, ban, role, invite, audit",
		"plain, screen      plain lines, or the whole screen",
		"quit               leave; your avatar stays",
	}
	helpThings = []string{
		"make NAME          a box of your own before you (create); make ball NAME",
		"take, drop THING   take what is nobody's; make yours nobody's",
		"give THING to WHO  it is theirs",
		"lend THING to WHO for 10m   they may use it so long; return THING ends it",
		"put THING PLACE    move it (move) to 3,-2 or to somebody or something",
		"delete THING       yours; undo has the last one back; undelete ID any",
		"tell THING VERB TEXT   have the program for that verb do it",
		"inspect THING      its slots, and why its script failed last",
	}
	helpAdmin = []string{
		"admins [REGION]    who looks after the region and why; log [N] what they did",
		"servers [REGION]   who serves it, and how it goes",
		"kick NAME          they leave, and may come back",
		"mute NAME [for 10m]   nobody here hears them; unmute NAME",
		"ban NAME [branch]  they stay out; branch: with all whom they invited; unban",
		"   kick, mute and ban with a branch keep a reason: kick NAME reason TEXT",
		"role               what roles may do, and who has which",
		"role NAME ROLE     guest, resident, builder or none",
		"role default ROLE  of who was given none; role guest may enter,speak",
		"invite KEY [as ROLE]   they come in without a password",
		"whitelist on, off, add NAME, remove NAME",
		"audit [N]          who did what to whom",
		"rules [copyleft, no-copyleft]   what scripts are held to here",
		"NAME is somebody in view, a key, a peer id or the first digits of a key.",
	}
)

// help is one topic.
func help(topic string) outcome {
	switch topic = strings.ToLower(topic); {
	case topic == "":
		return outcome{lines: lines(plain, helpText...)}
	case strings.HasPrefix(topic, "thing"):
		return outcome{lines: lines(plain, helpThings...)}
	case strings.HasPrefix(topic, "admin"), topic == "people":
		return outcome{lines: lines(plain, helpAdmin...)}
	}
	// A command: the lines that begin with it, or name it.
	var found []string
	for _, l := range slices.Concat(helpText, helpThings, helpAdmin) {
		if !strings.HasPrefix(l, " ") && slices.Contains(strings.FieldsFunc(strings.ToLower(l), func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '(' || r == ')' }), topic) && !slices.Contains(found, l) {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return complain("There is no help on %q. Type help.", cut(clean(topic), 20))
	}
	return outcome{lines: lines(plain, found...)}
}
