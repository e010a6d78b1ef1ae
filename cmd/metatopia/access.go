package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// order has a command signed and logged.
func order(ctx context.Context, e *environment, r *control.AccessActRequest) error {
	a, err := e.node().AccessAct(ctx, r)
	if err != nil {
		return err
	}
	return e.show(a, func(w io.Writer) { fmt.Fprintf(w, "done in %s at tick %d\n", a.Region, a.Tick) })
}

// reasoned is a reason that the audit trail keeps.
type reasoned struct {
	Reason string `help:"Why, for the audit trail; at most 120 bytes." placeholder:"TEXT"`
}

type adminKickCmd struct {
	somebody
	reasoned
}

func (adminKickCmd) Help() string {
	return `They leave at once and may come back after ten seconds. To keep somebody out, use
admin ban.

Example:
  metatopia admin kick Bob --reason "shouting"`
}

func (c adminKickCmd) Run(ctx context.Context, e *environment) error {
	return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "kick", Player: c.Player, Reason: c.Reason})
}

type adminMuteCmd struct {
	somebody
	reasoned
	For time.Duration `help:"How long, as 10m; without it until admin unmute." placeholder:"TIME"`
}

func (adminMuteCmd) Help() string {
	return `Nobody in the region hears them, also when they speak next door, but they may stay.

Example:
  metatopia admin mute Bob --for 10m`
}

func (c adminMuteCmd) Run(ctx context.Context, e *environment) error {
	if c.For < 0 || c.For > 366*24*time.Hour {
		return usagef("", "--for is %s, bounds are 0 to 366 days", c.For)
	}
	return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "mute", Player: c.Player, Reason: c.Reason, Seconds: c.For.Seconds()})
}

type adminUnmuteCmd struct{ somebody }

func (c adminUnmuteCmd) Run(ctx context.Context, e *environment) error {
	return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "unmute", Player: c.Player})
}

// branchFlag makes a ban one of a whole branch of invitations.
type branchFlag struct {
	Branch bool `help:"With all whom they have invited, and so on."`
}

type adminRoleCmd struct {
	Player   string  `arg:"" optional:"" help:"Key, peer id, first digits of a known key, or name of somebody near."`
	Role     string  `arg:"" optional:"" help:"guest, resident, builder, or none for the default."`
	Default  string  `help:"The role of who was given none." enum:",guest,resident,builder" default:""`
	Guest    *string `help:"What guests may do." placeholder:"WORDS"`
	Resident *string `help:"What residents may do." placeholder:"WORDS"`
	Builder  *string `help:"What builders may do." placeholder:"WORDS"`
	inRegion
}

func (adminRoleCmd) Help() string {
	return `Without arguments it shows the roles and who has which. WORDS are of enter, speak,
touch, throw, create, script, tie, invite, kick, mute, with commas. Who may kick
or mute may do so to lower roles only. Admins may do everything.

Example:
  metatopia admin role Bob builder
  metatopia admin role --default guest --guest enter,speak,touch`
}

func (c adminRoleCmd) Run(ctx context.Context, e *environment) error {
	s := &control.AccessSettings{May: map[string][]string{}}
	for _, r := range []struct {
		name string
		may  *string
	}{{"guest", c.Guest}, {"resident", c.Resident}, {"builder", c.Builder}} {
		if r.may != nil {
			s.May[r.name] = strings.FieldsFunc(*r.may, func(r rune) bool { return r == ',' })
		}
	}
	if c.Default != "" {
		s.Default = &c.Default
	}
	switch changes := s.Default != nil || len(s.May) > 0; {
	case c.Player != "" && c.Role == "":
		return usagef("metatopia admin role --help", "which role?")
	case c.Player != "" && changes:
		return usagef("metatopia admin role --help", "somebody's role and what roles may do are two commands")
	case c.Player != "":
		return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "role", Player: c.Player, Role: c.Role})
	case changes:
		return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "settings", Settings: s})
	}
	r, err := e.node().AccessReport(ctx, &control.AdminRequest{Region: c.Region})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		for _, role := range []string{"guest", "resident", "builder"} {
			note := ""
			if r.Settings.Default != nil && *r.Settings.Default == role {
				note = "the default"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", role, strings.Join(r.Settings.May[role], ","), note)
		}
		if len(r.Members) == 0 {
			return
		}
		fmt.Fprintln(w, "\nKEY\tROLE\tLISTED\tINVITED BY\tMUTED\tBANNED")
		for _, m := range r.Members {
			muted := ""
			if m.Muted {
				muted = "until unmuted"
				if m.Seconds > 0 {
					muted = "for " + ago(m.Seconds)
				}
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", short(m.Key), m.Role, either(m.Listed, "yes", ""), short(m.Inviter), muted, either(m.Pruned, "with all invited", ""))
		}
	})
}

type adminInviteCmd struct {
	somebody
	Role string `help:"The role that they get, at most my own." enum:"guest,resident,builder" default:"guest"`
}

func (adminInviteCmd) Help() string {
	return `Who is invited is on the whitelist, and comes in without the password; who may not
come in invites nobody. The region
remembers who invited whom: admin ban --branch bans a whole branch of that tree.

Example:
  metatopia admin invite 12D3KooW... --role resident`
}

func (c adminInviteCmd) Run(ctx context.Context, e *environment) error {
	return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "invite", Player: c.Player, Role: c.Role})
}

type adminWhitelistCmd struct {
	Do     string `arg:"" enum:"on,off,add,remove" help:"on, off, add or remove."`
	Player string `arg:"" optional:"" help:"Whom to add or remove."`
	inRegion
}

func (adminWhitelistCmd) Help() string {
	return `While it is on, only admins and who is on it may be in the region: others go at once.

Example:
  metatopia admin whitelist add Bob
  metatopia admin whitelist on`
}

func (c adminWhitelistCmd) Run(ctx context.Context, e *environment) error {
	person := c.Do == "add" || c.Do == "remove"
	if person != (c.Player != "") {
		return usagef("metatopia admin whitelist --help", "%s", either(person, "whom?", "on and off name nobody"))
	}
	r := &control.AccessActRequest{Region: c.Region, Player: c.Player}
	switch c.Do {
	case "add":
		r.Do = "list"
	case "remove":
		r.Do = "unlist"
	default:
		on := c.Do == "on"
		r.Do, r.Settings = "settings", &control.AccessSettings{Whitelist: &on}
	}
	return order(ctx, e, r)
}

type adminAuditCmd struct {
	Region string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in."`
	Count  int    `help:"Lines at most." default:"20"`
}

func (adminAuditCmd) Help() string {
	return `Kicks, mutes, roles, invitations, the whitelist and the password: who did what to
whom, the newest first. Bans and appointments are in admin log.

Example:
  metatopia admin audit Commons`
}

func (c adminAuditCmd) Run(ctx context.Context, e *environment) error {
	if c.Count < 1 || c.Count > 512 {
		return usagef("", "--count is %d, bounds are 1 to 512", c.Count)
	}
	r, err := e.node().AccessReport(ctx, &control.AdminRequest{Region: c.Region})
	if err != nil {
		return err
	}
	slices.Reverse(r.Audit)
	r.Audit = r.Audit[:min(len(r.Audit), c.Count)]
	return e.show(r, func(w io.Writer) {
		fmt.Fprintln(w, "TICK\tAGO\tBY\tDID\tTO")
		for _, l := range r.Audit {
			what := l.Kind
			if l.Text != "" {
				what += ": " + l.Text
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", l.Tick, ago(l.Ago), short(l.By), oneLine(what), short(l.Player))
		}
		fmt.Fprintf(w, "password tries: %d, of which right: %d\n", r.Tries, r.Logins)
	})
}

type blockCmd struct {
	Player string `arg:"" help:"Key, peer id, or name of somebody near."`
	Things bool   `help:"Hide what they own as well."`
}

func (blockCmd) Help() string {
	return `Hides them from my screens in every region and between regions: the avatar, what it
says, its messages. They are not told. It stays on this node's disk. Their avatar
still takes up its place.

Example:
  metatopia block Bob --things`
}

func (c blockCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Block(ctx, &control.BlockRequest{Player: c.Player, Things: c.Things})
	if err != nil {
		return err
	}
	return showBlocks(e, r)
}

type unblockCmd struct {
	Player string `arg:"" help:"Key, peer id, first digits, or the name it had."`
}

func (c unblockCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Unblock(ctx, &control.BlockRequest{Player: c.Player})
	if err != nil {
		return err
	}
	return showBlocks(e, r)
}

type blocksCmd struct{}

func (blocksCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Blocks(ctx)
	if err != nil {
		return err
	}
	return showBlocks(e, r)
}

func showBlocks(e *environment, r *control.BlocksResponse) error {
	return e.show(r, func(w io.Writer) {
		if len(r.Blocks) == 0 {
			fmt.Fprintln(w, "nobody is blocked")
			return
		}
		fmt.Fprintln(w, "NAME\tTHINGS TOO\tSINCE\tPEER")
		for _, x := range r.Blocks {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", oneLine(x.Name), either(x.Things, "yes", ""), x.Since, x.Peer)
		}
	})
}
