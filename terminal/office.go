package terminal

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// groups are the words that may stand before a command as on the command line:
// "admin kick Bob" is "kick Bob".
var groups = map[string][]string{
	"admin":  {"status", "log", "audit", "role", "invite", "whitelist", "kick", "mute", "unmute", "ban", "unban"},
	"region": {"status", "rules", "password"},
	"thing":  {"create", "show", "move", "give", "take", "lend", "return", "delete", "undelete"},
}

// plainly takes the command line's ways out of what was typed: the group, the
// two dashes of a flag, and names that are different here.
func plainly(typed string) string {
	group, rest, _ := strings.Cut(typed, " ")
	group, rest = strings.ToLower(group), strings.TrimSpace(rest)
	words := groups[group]
	if words == nil {
		return typed
	}
	verb, arg, _ := strings.Cut(rest, " ")
	verb = strings.ToLower(verb)
	if !slices.Contains(words, verb) {
		return typed
	}
	switch group + " " + verb {
	case "admin status":
		verb = "admins"
	case "region status":
		verb = "servers"
	case "region password": // "region password enter Commons"
		arg = strings.TrimSpace(strings.TrimPrefix(arg, "enter"))
	case "thing show":
		verb = "inspect"
	}
	return verb + " " + arg
}

// undashed reads flags as the words that they are.
func undashed(arg string) string {
	return strings.TrimPrefix(strings.ReplaceAll(" "+arg, " --", " "), " ")
}

// office finds what a command of those who look after a region means; false when
// it is none.
func (m *model) office(verb, arg string) (outcome, bool) {
	arg = undashed(arg)
	called := m.calling()
	switch verb {
	case "kick", "mute", "unmute", "ban", "unban":
		return m.discipline(verb, arg), true
	case "role", "roles":
		return m.role(arg), true
	case "invite":
		return m.invite(arg), true
	case "whitelist":
		return m.whitelist(arg), true
	case "audit":
		n, ok := count(arg)
		if !ok {
			return complain("how many lines? audit 20"), true
		}
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			r, err := w.AccessReport(ctx, &control.AdminRequest{})
			if err != nil {
				return nil, err
			}
			return audit(called, r, n), nil
		}}, true
	case "log":
		n, ok := count(arg)
		if !ok {
			return complain("how many lines? log 20"), true
		}
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			r, err := w.AdminLog(ctx, &control.AdminLogRequest{Count: min(n, control.MaxAdminLog)})
			if err != nil {
				return nil, err
			}
			return trail(called, r), nil
		}}, true
	case "rules":
		return rules(arg), true
	case "servers":
		if arg == "" {
			arg = m.in
		}
		return servers(arg), true
	}
	return outcome{}, false
}

func count(arg string) (int, bool) {
	if arg == "" {
		return 10, true
	}
	n, err := strconv.Atoi(strings.TrimPrefix(arg, "count "))
	return n, err == nil && n > 0 && n <= 512
}

// order has a command logged, and says what was done.
func order(req control.AccessActRequest, told string) outcome {
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		r, err := w.AccessAct(ctx, &req)
		if err != nil {
			return nil, err
		}
		return lines(plain, told+" (Done in "+name(r.Region)+".)"), nil
	}}
}

// discipline understands WHO, "for 10m" of a mute, "branch" of a ban, and
// "reason TEXT" last.
func (m *model) discipline(verb, arg string) outcome {
	rest, why, _ := strings.Cut(arg, " reason ")
	rest, branch := strings.CutSuffix(rest, " branch")
	req := control.AccessActRequest{Do: verb, Reason: strings.Trim(strings.TrimSpace(why), `"`)}
	who := strings.TrimSpace(rest)
	if verb == "mute" {
		if whom, long, ok := cutLast(rest, " for "); ok {
			d, err := time.ParseDuration(strings.ReplaceAll(long, " ", ""))
			if err != nil || d <= 0 {
				return complain("for how long is %q? mute NAME for 10m", cut(clean(long), 20))
			}
			who, req.Seconds = whom, d.Seconds()
		}
	}
	if who == "" {
		return complain("%s whom?", verb)
	}
	req.Player = m.person(who)
	n := name(who)
	told := map[string]string{"kick": n + " is sent out, and may come back.", "mute": "Nobody here hears " + n + " now.", "unmute": n + " is heard again."}[verb]
	switch {
	case branch && (verb == "ban" || verb == "unban"):
		req.Do += "-branch"
		told = n + either(verb == "ban", " and all whom they invited may not come in.", " and all whom they invited may come in again.")
	case verb == "ban" || verb == "unban":
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			r, err := w.AdminAct(ctx, &control.AdminActRequest{Do: verb, Player: req.Player})
			if err != nil {
				return nil, err
			}
			return lines(plain, fmt.Sprintf("%s may %s (Entry %d of %s.)", n, either(verb == "ban", "not come in.", "come in again."), r.Index, name(r.Region))), nil
		}}
	}
	return order(req, told)
}

func either(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

var roles = []string{"guest", "resident", "builder"}

// role understands nothing (who has which), WHO ROLE, "default ROLE" and "ROLE
// may WORDS".
func (m *model) role(arg string) outcome {
	if arg == "" {
		called := m.calling()
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			r, err := w.AccessReport(ctx, &control.AdminRequest{})
			if err != nil {
				return nil, err
			}
			return rolesOf(called, r), nil
		}}
	}
	who, role, ok := cutLast(arg, " ")
	role = strings.ToLower(role)
	isRole := slices.Contains(roles, role)
	switch subject := strings.ToLower(strings.TrimSuffix(who, " may")); {
	case !ok:
		return complain("which role? role NAME guest, resident, builder or none")
	case subject == "default" && isRole:
		return order(control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Default: &role}}, "Who was given no role is a "+role+" now.")
	case slices.Contains(roles, subject) && !isRole && role != "none":
		words := strings.FieldsFunc(role, func(r rune) bool { return r == ',' })
		return order(control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{May: map[string][]string{subject: words}}},
			"What a "+subject+" may do now: "+clean(strings.Join(words, ", "))+".")
	case !isRole && role != "none":
		return complain("%q is no role: guest, resident, builder or none", cut(clean(role), 20))
	}
	return order(control.AccessActRequest{Do: "role", Player: m.person(who), Role: role}, name(who)+either(role == "none", " has the default role now.", " is a "+role+" now."))
}

func (m *model) invite(arg string) outcome {
	who, role := arg, "guest"
	if w, r, ok := cutLast(arg, " "); ok && slices.Contains(roles, strings.ToLower(r)) {
		who, role = strings.TrimSuffix(strings.TrimSuffix(w, " as"), " role"), strings.ToLower(r)
	}
	if who == "" {
		return complain("invite whom? invite KEY as resident")
	}
	return order(control.AccessActRequest{Do: "invite", Player: m.person(who), Role: role}, name(who)+" is invited as a "+role+".")
}

func (m *model) whitelist(arg string) outcome {
	do, who, _ := strings.Cut(arg, " ")
	do, who = strings.ToLower(do), strings.TrimSpace(who)
	switch {
	case (do == "on" || do == "off") && who == "":
		on := do == "on"
		return order(control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Whitelist: &on}},
			either(on, "Only admins and who is on the whitelist may be here now.", "The whitelist is off."))
	case (do == "add" || do == "remove") && who != "":
		return order(control.AccessActRequest{Do: either(do == "add", "list", "unlist"), Player: m.person(who)}, name(who)+either(do == "add", " is", " is not")+" on the whitelist.")
	}
	return complain("whitelist on, off, add NAME or remove NAME")
}

// rules understands nothing, copyleft and no-copyleft.
func rules(arg string) outcome {
	req := control.RegionRulesRequest{}
	switch yes, no := true, false; strings.ToLower(arg) {
	case "":
	case "copyleft":
		req.Copyleft = &yes
	case "no-copyleft", "nocopyleft", "none":
		req.Copyleft = &no
	default:
		return complain("rules, rules copyleft or rules no-copyleft")
	}
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		r, err := w.RegionRules(ctx, &req)
		if err != nil {
			return nil, err
		}
		return lines(plain, name(r.Region)+": "+either(r.Copyleft, "scripts need their source and a free licence.", "no rules.")), nil
	}}
}

// servers says who serves a region; "" is the one that the avatar is in.
func servers(region string) outcome {
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		r, err := w.RegionServers(ctx, &control.RegionServersRequest{Do: control.ServersStatus, Region: region})
		if err != nil {
			return nil, err
		}
		return served(r), nil
	}}
}
