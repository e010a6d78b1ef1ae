package terminal

import (
	"fmt"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// calling says what people see of a key: the name of somebody in view, else its
// first digits.
type calling func(key string) string

// calling holds the names of now: a report comes when the model has moved on.
func (m *model) calling() calling {
	names := map[string]string{}
	for _, e := range m.entities {
		if e.Kind == kindAvatar && e.Owner != "" {
			names[e.Owner] = name(e.Name)
		}
	}
	return func(key string) string {
		short := clean(key[:min(8, len(key))])
		if n := names[key]; n != "" {
			return n + " (" + short + ")"
		}
		return short
	}
}

func ago(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

// roles says what roles may do and who has which.
func rolesOf(called calling, r *control.AccessReport) []line {
	out := lines(bold, "Roles in "+name(r.Region)+":")
	for _, role := range roles {
		note := ""
		if d := r.Settings.Default; d != nil && *d == role {
			note = " (who was given none)"
		}
		out = append(out, line{plain, "  " + role + note + ": " + orNothing(r.Settings.May[role])})
	}
	if w := r.Settings.Whitelist; w != nil && *w {
		out = append(out, line{yellow, "  The whitelist is on."})
	}
	for _, x := range r.Members {
		var is []string
		for _, s := range []struct {
			is   bool
			text string
		}{{x.Role != "" && x.Role != "none", x.Role}, {x.Listed, "on the whitelist"}, {x.Inviter != "", "invited by " + called(x.Inviter)}, {x.Muted, "muted " + muted(x)}, {x.Pruned, "banned with all invited"}} {
			if s.is {
				is = append(is, clean(s.text))
			}
		}
		if len(is) > 0 {
			out = append(out, line{plain, "  " + called(x.Key) + ": " + strings.Join(is, ", ")})
		}
	}
	return out
}

func muted(x control.AccessMember) string {
	if x.Seconds > 0 {
		return "for " + ago(x.Seconds)
	}
	return "until unmuted"
}

func orNothing(words []string) string {
	if len(words) == 0 {
		return "nothing"
	}
	return clean(strings.Join(words, ", "))
}

// audit is the newest lines of the audit trail, the newest last: it is read from
// below here.
func audit(called calling, r *control.AccessReport, n int) []line {
	out := lines(bold, fmt.Sprintf("What was done in %s (password tries: %d, right: %d):", name(r.Region), r.Tries, r.Logins))
	for _, x := range r.Audit[max(len(r.Audit)-n, 0):] {
		out = append(out, line{plain, did(ago(x.Ago)+" ago", called(x.By), x.Kind, x.Text, called(x.Player), "")})
	}
	return out
}

// trail is the log of the region's offices, the newest last.
func trail(called calling, r *control.AdminLogResponse) []line {
	out := lines(bold, fmt.Sprintf("Admins of %s, up to entry %d:", name(r.Region), r.Index))
	for i := len(r.Entries) - 1; i >= 0; i-- {
		x := r.Entries[i]
		out = append(out, line{plain, did(fmt.Sprintf("%d %s", x.Index, clean(x.Time)), called(x.By), x.Kind, x.Text, called(x.Player), x.Why)})
	}
	return out
}

func did(when, by, kind, text, to, refused string) string {
	s := "  " + when + ": " + by + " " + clean(kind)
	if to != "" {
		s += " " + to
	}
	if text != "" {
		s += ": " + clean(text)
	}
	if refused != "" {
		s += " (refused: " + clean(refused) + ")"
	}
	return s
}

// served says who serves a region, and how it goes.
func served(r *control.RegionServers) []line {
	out := []line{{bold, fmt.Sprintf("%s: tick %d, epoch %d, trust %s", name(r.Region), r.Tick, r.Epoch, clean(r.Trust))}}
	if r.Frozen {
		out = append(out, line{red, "It stands still: too few of its servers answer."})
	}
	if r.LeftWithKeys > 0 {
		out = append(out, line{red, fmt.Sprintf("Set its password again: %d of its servers left with the keys.", r.LeftWithKeys)})
	}
	for _, s := range r.Servers {
		id := clean(s.PeerID)
		note := either(s.Here, ", this node", "")
		if s.Lag > 0 {
			note += fmt.Sprintf(", %d ticks behind", s.Lag)
		}
		out = append(out, line{plain, fmt.Sprintf("  ...%s: %s, %d people%s", id[max(len(id)-8, 0):], clean(s.Role), s.Players, note)})
	}
	return out
}
