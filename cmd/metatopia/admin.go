package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type adminCmd struct {
	Status     adminStatusCmd     `cmd:"" help:"Who holds what in a region and why, and what would change it."`
	Log        adminLogCmd        `cmd:"" help:"What was done to a region's roles: by whom, when, and whether it counted."`
	Appoint    adminAppointCmd    `cmd:"" help:"Make somebody a permanent admin."`
	Remove     adminRemoveCmd     `cmd:"" help:"Take that from somebody who was appointed later than I."`
	Ban        adminBanCmd        `cmd:"" help:"Keep a key out, on every server of the region from the same tick on."`
	Unban      adminUnbanCmd      `cmd:"" help:"Let a key in again, with the standing it had."`
	Set        adminSetCmd        `cmd:"" help:"How the region's admins are succeeded."`
	Successors adminSuccessorsCmd `cmd:"" help:"Who comes before all others when there is no admin."`
	Resign     adminResignCmd     `cmd:"" help:"Be no permanent admin any more."`
	Opt        adminOptCmd        `cmd:"" help:"Refuse to be temporary admin, or be ready again."`
	Rotate     adminRotateCmd     `cmd:"" help:"Give my standing and office to a new key."`
	Export     adminExportCmd     `cmd:"" help:"Write a region's charter and certificates to files."`
	Verify     adminVerifyCmd     `cmd:"" help:"Check from such files, without a node, who is admin."`
	Kick       adminKickCmd       `cmd:"" help:"Send somebody out; they may come back."`
	Mute       adminMuteCmd       `cmd:"" help:"Take somebody's voice, for a time or until unmuted."`
	Unmute     adminUnmuteCmd     `cmd:"" help:"Give it back."`
	Role       adminRoleCmd       `cmd:"" help:"What somebody, or everybody of a role, may do."`
	Invite     adminInviteCmd     `cmd:"" help:"Bring somebody in."`
	Whitelist  adminWhitelistCmd  `cmd:"" help:"Let only those in who are on it."`
	Audit      adminAuditCmd      `cmd:"" help:"Kicks, mutes, roles, invitations and passwords: who did what to whom."`
}

// inRegion is the flag of all of them.
type inRegion struct {
	Region string `help:"Name or id of the region; without it the one I am in." placeholder:"REGION"`
}

type adminStatusCmd struct {
	Region string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in."`
}

func (adminStatusCmd) Help() string {
	return `Days are days of the region's own time: it passes only while the region runs. The
last lines say what the region's servers have signed, which my node has checked
from the region's charter on.

Example:
  metatopia admin status Commons`
}

func (c adminStatusCmd) Run(ctx context.Context, e *environment) error {
	s, err := e.node().AdminStatus(ctx, &control.AdminRequest{Region: c.Region})
	if err != nil {
		return err
	}
	return e.show(s, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n", s.Region)
		adminWords(w, s.Text())
	})
}

func adminWords(w io.Writer, words []string) {
	for _, l := range words {
		fmt.Fprintln(w, oneLine(l))
	}
}

func ago(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Second).String()
}

type adminLogCmd struct {
	Region string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in."`
	From   uint64 `help:"Entry to begin with; older ones follow. Without it the newest." placeholder:"N"`
	Count  int    `help:"Entries at most." default:"20"`
}

func (adminLogCmd) Help() string {
	return `The newest entry comes first. RAN is how long the region had run. An entry with a
reason under REFUSED had no effect.

Example:
  metatopia admin log Commons --count 50`
}

func (c adminLogCmd) Run(ctx context.Context, e *environment) error {
	if c.Count < 1 || c.Count > control.MaxAdminLog {
		return usagef("", "--count is %d, bounds are 1 to %d", c.Count, control.MaxAdminLog)
	}
	l, err := e.node().AdminLog(ctx, &control.AdminLogRequest{Region: c.Region, From: c.From, Count: c.Count})
	if err != nil {
		return err
	}
	return e.show(l, func(w io.Writer) {
		fmt.Fprintln(w, "ENTRY\tTIME\tRAN\tBY\tDID\tTO\tREFUSED")
		for _, x := range l.Entries {
			what := x.Kind
			if x.Text != "" {
				what += ": " + x.Text
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Index, x.Time, ago(x.Runs), short(x.By), oneLine(what), short(x.Player), oneLine(x.Why))
		}
		if l.Next > 0 {
			fmt.Fprintf(w, "older: metatopia admin log %s --from %d\n", l.Region, l.Next)
		}
	})
}

// short is the first digits of a key.
func short(k string) string { return k[:min(8, len(k))] }

// act has the node sign something, and says how things stand then.
func act(ctx context.Context, e *environment, r *control.AdminActRequest) error {
	res, err := e.node().AdminAct(ctx, r)
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintf(w, "entry %d of %s\n", res.Index, res.Region)
		adminWords(w, res.Words)
	})
}

// somebody is a person to do something to.
type somebody struct {
	Player string `arg:"" help:"Key, peer id, first digits of a key that the region knows, or name of somebody in sight."`
	inRegion
}

type adminAppointCmd struct{ somebody }
type adminRemoveCmd struct{ somebody }
type adminBanCmd struct {
	somebody
	branchFlag
}
type adminUnbanCmd struct {
	somebody
	branchFlag
}

func (c somebody) do(ctx context.Context, e *environment, what string) error {
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: what, Player: c.Player})
}

func (c adminAppointCmd) Run(ctx context.Context, e *environment) error {
	return c.do(ctx, e, "appoint")
}
func (c adminRemoveCmd) Run(ctx context.Context, e *environment) error { return c.do(ctx, e, "remove") }
func (c adminBanCmd) Run(ctx context.Context, e *environment) error {
	if c.Branch {
		return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "ban-branch", Player: c.Player})
	}
	return c.do(ctx, e, "ban")
}
func (c adminUnbanCmd) Run(ctx context.Context, e *environment) error {
	if c.Branch {
		return order(ctx, e, &control.AccessActRequest{Region: c.Region, Do: "unban-branch", Player: c.Player})
	}
	return c.do(ctx, e, "unban")
}

// roleFlags are a region's settings, for who founds it and who changes them.
type roleFlags struct {
	VacantDays    *uint32 `help:"Days without any permanent admin until there is a temporary one."`
	ActiveDays    *uint32 `help:"Days within which a player must have been seen to be it."`
	MinDays       *uint32 `help:"Different days on which a player must have been seen to be it."`
	CountDowntime *bool   `help:"Days pass also while the region does not run." negatable:""`
	TempMayNotBan *bool   `help:"A temporary admin bans nobody." negatable:""`
}

// settings is nil when no flag was given.
func (f *roleFlags) settings() *control.AdminSettings {
	if *f == (roleFlags{}) {
		return nil
	}
	return &control.AdminSettings{VacantDays: f.VacantDays, ActiveDays: f.ActiveDays, MinDays: f.MinDays, CountDowntime: f.CountDowntime, TempMayNotBan: f.TempMayNotBan}
}

type adminSetCmd struct {
	roleFlags
	inRegion
}

func (adminSetCmd) Help() string {
	return `What has no flag stays as it is. A new region has 30 days until its place is
vacant, and 7 within which a player counts as active.

Example:
  metatopia admin set --vacant-days 60 --active-days 14`
}

func (c adminSetCmd) Run(ctx context.Context, e *environment) error {
	s := c.settings()
	if s == nil {
		return usagef("metatopia admin set --help", "nothing to set")
	}
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: "set", Settings: s})
}

type adminSuccessorsCmd struct {
	Players []string `arg:"" optional:"" help:"Who, in order: keys, peer ids, or names of people in sight."`
	None    bool     `help:"Nobody: the one of the longest standing."`
	inRegion
}

func (c adminSuccessorsCmd) Run(ctx context.Context, e *environment) error {
	if (len(c.Players) == 0) != c.None {
		return usagef("metatopia admin successors --help", "give the successors in order, or --none")
	}
	list := append([]string{}, c.Players...)
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: "set", Settings: &control.AdminSettings{Successors: &list}})
}

type adminResignCmd struct{ inRegion }

func (c adminResignCmd) Run(ctx context.Context, e *environment) error {
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: "resign"})
}

type adminOptCmd struct {
	Which string `arg:"" enum:"in,out" help:"out: I will not be temporary admin; in: I may be again."`
	inRegion
}

func (c adminOptCmd) Run(ctx context.Context, e *environment) error {
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: c.Which})
}

type adminRotateCmd struct {
	Key string `arg:"" type:"existingfile" help:"File with the new key, as in identity.key of a data directory."`
	inRegion
}

func (adminRotateCmd) Help() string {
	return `Both keys sign. The old one is worth nothing in that region from then on: stop the
node, put the new file in the place of identity.key, and start it again. A region
that this node has founded stays under its old name and needs the old key to be
served: rotate in regions of others only.

Example:
  metatopia admin rotate new/identity.key --region Commons`
}

func (c adminRotateCmd) Run(ctx context.Context, e *environment) error {
	b, err := os.ReadFile(c.Key)
	if err != nil {
		return fmt.Errorf("admin rotate: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != 32 {
		return usagef("", "admin rotate: %s is not a key: 64 hexadecimal digits", c.Key)
	}
	return act(ctx, e, &control.AdminActRequest{Region: c.Region, Do: "rotate", NewKey: seed})
}
