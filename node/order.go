package node

import (
	"context"
	"io"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/region/access"
)

// acts are the commands of the local API.
var acts = map[string]access.Entry{
	"kick": {Kind: access.Expel}, "mute": {Kind: access.Silence}, "unmute": {Kind: access.Unsilence},
	"role": {Kind: access.Assign}, "invite": {Kind: access.Bring},
	"ban-branch": {Kind: access.Prune, On: true}, "unban-branch": {Kind: access.Prune},
	"list": {Kind: access.List, On: true}, "unlist": {Kind: access.List}, "settings": {Kind: access.Configure},
}

// AccessAct signs a command for a region and waits until it is logged.
func (b *backend) AccessAct(ctx context.Context, req *control.AccessActRequest) (*control.AccessActResponse, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	x, ok := acts[req.Do]
	if !ok {
		return nil, control.Errorf(control.Invalid, "", "no command is called %q", req.Do)
	}
	x.Text, x.For = req.Reason, uint64(req.Seconds*access.Second)
	if req.Role != "" {
		if x.Role, err = access.ParseRole(req.Role); err != nil {
			return nil, control.Errorf(control.Invalid, "", "%w", err)
		}
	}
	if x.Kind == access.Configure {
		if x.Settings, err = w.settings(ctx, id, req.Settings); err != nil {
			return nil, err
		}
	} else if x.Player, err = w.member(ctx, id, req.Player); err != nil {
		return nil, err
	}
	tick, err := w.order(ctx, id, x)
	if err != nil {
		return nil, err
	}
	out := &control.AccessActResponse{Region: name, Tick: uint64(tick)}
	if !x.Player.IsZero() {
		out.Player = x.Player.String()
	}
	return out, nil
}

// member finds somebody whom a command is about: as whoIs does, or by the first
// digits of a key that the region has said something about.
func (w *worldState) member(ctx context.Context, id base.ID, name string) (base.Key, error) {
	k, err := w.whoIs(ctx, id, name)
	if err == nil || len(name) < 4 || control.CodeOf(err) != control.NotFound {
		return k, err
	}
	r, rerr := w.accessReport(ctx, id)
	if rerr != nil {
		return k, err
	}
	for _, m := range r.Members {
		if strings.HasPrefix(m.Key.String(), name) {
			return m.Key, nil
		}
	}
	return k, err
}

// settings are those in force with what somebody wants to be different.
func (w *worldState) settings(ctx context.Context, id base.ID, c *control.AccessSettings) (access.Settings, error) {
	r, err := w.accessReport(ctx, id)
	if err != nil {
		return access.Settings{}, err
	}
	s := r.Settings
	if c == nil {
		return s, control.Errorf(control.Invalid, "", "nothing is to change")
	}
	if c.Default != nil {
		if s.Default, err = access.ParseRole(*c.Default); err != nil {
			return s, control.Errorf(control.Invalid, "", "%w", err)
		}
	}
	set(&s.Whitelist, c.Whitelist)
	for _, role := range []access.Role{access.Guest, access.Resident, access.Builder} {
		words, ok := c.May[role.String()]
		if !ok {
			continue
		}
		if s.May[role-access.Guest], err = access.ParseCaps(strings.Join(words, ",")); err != nil {
			return s, control.Errorf(control.Invalid, "", "%w", err)
		}
	}
	return s, nil
}

func (w *worldState) accessReport(ctx context.Context, id base.ID) (r *door.Report, err error) {
	err = w.knock(ctx, id, func(rw io.ReadWriteCloser, _ door.Peers) (err error) {
		r, err = door.AskReport(ctx, rw)
		return err
	})
	return r, accessError(err)
}

// AccessReport shows who may do what, and the audit trail.
func (b *backend) AccessReport(ctx context.Context, req *control.AdminRequest) (*control.AccessReport, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	r, err := w.accessReport(ctx, id)
	if err != nil {
		return nil, err
	}
	def, list := r.Settings.Default.String(), r.Settings.Whitelist
	out := &control.AccessReport{Region: name, Tick: uint64(r.Tick), Tries: r.Tried, Logins: r.Came, Members: []control.AccessMember{}, Audit: []control.AccessLine{},
		Settings: control.AccessSettings{Default: &def, Whitelist: &list, May: map[string][]string{}}}
	for i, c := range r.Settings.May {
		out.Settings.May[(access.Guest + access.Role(i)).String()] = c.Names()
	}
	for _, m := range r.Members {
		x := control.AccessMember{Key: m.Key.String(), Listed: m.Listed, Muted: m.Muted > r.Tick, Pruned: m.Pruned}
		if m.Role != access.None {
			x.Role = m.Role.String()
		}
		if !m.Inviter.IsZero() {
			x.Inviter = m.Inviter.String()
		}
		if x.Muted && m.Muted != access.Forever {
			x.Seconds = float64(m.Muted-r.Tick) / access.Second
		}
		out.Members = append(out.Members, x)
	}
	for _, l := range r.Lines {
		x := control.AccessLine{Tick: uint64(l.At), Ago: float64(r.Tick-min(l.At, r.Tick)) / access.Second, Kind: l.Kind.String(), By: l.By.String(), Text: l.Text}
		if !l.Player.IsZero() {
			x.Player = l.Player.String()
		}
		out.Audit = append(out.Audit, x)
	}
	return out, nil
}

// keepPassword keeps what is shown to all regions that want a password.
func (n *Node) keepPassword(password []byte) error {
	if len(password) == 0 {
		return nil
	}
	if err := door.CheckPassword(password); err != nil {
		return control.Errorf(control.Invalid, "", "%w", err)
	}
	n.passwords.give(base.ID{}, password)
	return nil
}
