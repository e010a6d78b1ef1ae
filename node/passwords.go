package node

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/spatial"
)

// passwords are those that this node's person has given since it started. They
// are nowhere else.
type passwords struct {
	mu    sync.Mutex
	all   []byte // for regions without one of their own
	of    map[base.ID][]byte
	wrong map[base.ID]bool // what is known does not open it: not tried again
	busy  map[base.ID]bool
}

// give keeps a password; the zero id is for all regions that want one.
func (p *passwords) give(id base.ID, b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if id.IsZero() {
		p.all, p.wrong = b, nil
		return
	}
	if p.of == nil {
		p.of = map[base.ID][]byte{}
	}
	p.of[id] = b
	delete(p.wrong, id)
}

// begin gives what to try, or nil, and notes that it is being tried.
func (p *passwords) begin(id base.ID) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wrong[id] || p.busy[id] {
		return nil
	}
	b := p.of[id]
	if b == nil {
		b = p.all
	}
	if b != nil {
		if p.busy == nil {
			p.busy = map[base.ID]bool{}
		}
		p.busy[id] = true
	}
	return b
}

func (p *passwords) end(id base.ID, wrong bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, id)
	if wrong {
		if p.wrong == nil {
			p.wrong = map[base.ID]bool{}
		}
		p.wrong[id] = true
	}
}

// login shows a region's password to one of its servers.
func (w *worldState) login(ctx context.Context, id base.ID, password []byte) error {
	ctx, cancel := context.WithTimeout(ctx, door.Patience)
	defer cancel()
	err := w.knock(ctx, id, func(rw io.ReadWriteCloser, p door.Peers) error {
		_, err := door.Login(ctx, rw, p, password)
		return err
	})
	return accessError(err)
}

// keptOut says what to do when a region does not let the avatar in, or has sent
// it out: try the password that is known, go back to where it came from, or stay
// out and say why.
func (p *player) keptOut(id base.ID, code region.Code) {
	name := "the region"
	if rec := p.record(id); rec != nil {
		name = rec.Name
	}
	if code == region.NeedsPassword {
		if b := p.w.n.passwords.begin(id); b != nil {
			p.w.n.goRun(func(ctx context.Context) { p.tryPassword(ctx, id, name, b) })
			return
		}
	}
	p.mu.Lock()
	back := p.back
	p.back = comeFrom{}
	again := !back.region.IsZero() && back.region != id && code != region.Kicked
	if again {
		p.pos = back.pos
	} else {
		p.wanted = false
	}
	p.refused = code
	p.mu.Unlock()
	words := map[region.Code]string{
		region.Banned:        "You are banned from " + name + ".",
		region.Kicked:        "You were sent out of " + name + ". You may come back in a moment.",
		region.Unlisted:      "Only who is on its whitelist may enter " + name + ".",
		region.NeedsPassword: name + " wants a password: `password " + name + "`, or `metatopia region password enter " + name + "`.",
		region.Barred:        "Your role does not let you into " + name + ".",
	}[code]
	if again {
		words += " You go back."
	}
	p.view.notice(words)
	p.poke()
}

func (p *player) tryPassword(ctx context.Context, id base.ID, name string, b []byte) {
	err := p.w.login(ctx, id, b)
	wrong := errors.Is(err, access.Wrong)
	p.w.n.passwords.end(id, wrong)
	if err == nil {
		p.enter()
		return
	}
	if wrong {
		p.view.notice("The password that you gave is not the one of " + name + ".")
	} else {
		p.view.notice("Your password could not be shown to " + name + ": " + err.Error() + ".")
		p.w.n.passwords.end(id, true)
	}
	p.keptOut(id, region.NeedsPassword)
}

// keepsOut reports whether a code is about who somebody is, so that trying again
// by itself is of no use.
func keepsOut(c region.Code) bool {
	switch c {
	case region.Banned, region.Kicked, region.Unlisted, region.NeedsPassword, region.Barred:
		return true
	}
	return false
}

// comeFrom is where the avatar stood before it crossed its last border.
type comeFrom struct {
	region base.ID
	pos    spatial.Pos
}

// stepBack is how far behind the border who is not let in finds themselves, in
// metres.
const stepBack = 4

// crossedFrom notes where the avatar comes from. p.mu is held.
func (p *player) crossedFrom(rec *world.SiteRecord) {
	d := rec.Site.Sub(p.pos)
	d.Y = 0
	if l := d.Len(); l > stepBack {
		d = d.Scale(stepBack / l)
	}
	p.back = comeFrom{rec.Region(), p.pos.Add(d)}
}

// expelled takes a region's word that it has sent the avatar out.
func (p *player) expelled(c *regionConn, code region.Code) {
	p.mu.Lock()
	mine := p.owner == c.id
	if mine {
		p.owner, p.missing = base.ID{}, time.Time{}
	}
	p.mu.Unlock()
	if mine && keepsOut(code) {
		p.keptOut(c.id, code)
	}
}

// RegionPassword sets, clears or shows a region's password.
func (b *backend) RegionPassword(ctx context.Context, req *control.RegionPasswordRequest) (*control.RegionPasswordResponse, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	out := &control.RegionPasswordResponse{Region: name}
	switch req.Do {
	case "set":
		err = w.setPassword(ctx, id, req.Password)
	case "clear":
		err = w.setPassword(ctx, id, nil)
	case "enter":
		if err = w.login(ctx, id, req.Password); err == nil {
			w.n.passwords.give(id, req.Password)
			w.player.enter()
		}
	case "":
	default:
		err = control.Errorf(control.Invalid, "", "a password is not to be %q", req.Do)
	}
	if err != nil {
		return nil, err
	}
	st, err := w.doorStatus(ctx, id)
	if err != nil {
		return nil, accessError(err)
	}
	out.Role, out.May = st.Role.String(), st.May.Names()
	out.Left = int(st.Left)
	out.Locked, out.Enter, out.Tick = st.Locked, st.Enter == access.OK, uint64(st.Tick)
	if !out.Enter {
		out.Why = st.Enter.Error()
	}
	return out, nil
}

// setPassword registers a password with a server, which never sees it, and has
// the record logged; none clears it.
func (w *worldState) setPassword(ctx context.Context, id base.ID, password []byte) error {
	x := access.Entry{Kind: access.SetSecret}
	var at base.Key // the server that drew the keys: no other has them yet
	if password == nil {
		st, err := w.doorStatus(ctx, id)
		if err != nil {
			return accessError(err)
		}
		x.For = st.Secret + 1
	} else if err := w.knock(ctx, id, func(rw io.ReadWriteCloser, p door.Peers) (err error) {
		at = p.Server
		x.Record, x.Public, x.For, err = door.Register(ctx, rw, p, password)
		return err
	}); err != nil {
		return accessError(err)
	}
	_, err := w.orderAt(ctx, id, at, x)
	return err
}
