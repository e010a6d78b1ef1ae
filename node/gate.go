package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region/access"
)

const (
	// keysFile is regions/ID/access.key: what passwords are checked with.
	keysFile = "access.key"
	// orderWait bounds a signed command, from here to the region's disk.
	orderWait = 15 * time.Second
)

// gateway is the door of a served region, with its keys.
type gateway struct {
	*door.Door
	keys *door.Ring
}

// openDoor lets peers show passwords to a served region, and hand in commands.
func (w *worldState) openDoor(s *servedRegion) error {
	keys, err := door.OpenRing(w.n.home.path("regions", s.id.String(), keysFile))
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	g := &gateway{keys: keys}
	serves := func(k base.Key) bool {
		rec := w.record(s.id)
		return rec != nil && lists(rec, k) && !slices.Contains(s.srv.Status().Barred, k)
	}
	g.Door = door.New(door.Config{ID: s.id, Self: w.n.key, Sign: w.n.sign, Region: s.srv, Keys: keys, Serves: serves,
		Rules: func() uint8 { return uint8(s.srv.Status().Rules) }, Number: func() uint64 { return w.n.lawCounter.next(0) }, Log: w.n.log.With("region", s.rec.Name)})
	s.door = g
	w.n.net.Handle(door.Protocol+s.id.String(), func(remote base.Key, st p2p.Stream) {
		if err := g.Handle(w.n.ctx, remote, door.Net(st.Addr()), st); err != nil {
			w.n.count.add(countRefused, 1)
		}
	})
	w.n.goRun(func(ctx context.Context) { w.tendKeys(ctx, s) })
	return nil
}

// knock opens a stream to a region's door, in this process or at the first of
// its servers that answers and has the keys of its password, for f to speak on.
func (w *worldState) knock(ctx context.Context, id base.ID, f func(io.ReadWriteCloser, door.Peers) error) error {
	return w.knockAt(ctx, id, base.Key{}, f)
}

// knockAt is knock at one server; the zero key is any.
func (w *worldState) knockAt(ctx context.Context, id base.ID, at base.Key, f func(io.ReadWriteCloser, door.Peers) error) error {
	w.mu.Lock()
	own, rec := w.served[id], w.dir.Get(id)
	w.mu.Unlock()
	p := door.Peers{Region: id, Client: w.n.key}
	if own != nil && own.door != nil && (at.IsZero() || at == w.n.key) {
		here, there := net.Pipe()
		w.n.goRun(func(ctx context.Context) { _ = own.door.Handle(ctx, w.n.key, 0, there) })
		p.Server = w.n.key
		if err := f(here, p); !errors.Is(err, access.NoKeys) || rec == nil {
			return err
		}
	}
	if rec == nil {
		return control.Errorf(control.NotFound, "see `metatopia region status`", "region %s is not known here", id)
	}
	err := errors.New("it has no servers")
	for _, k := range rec.Servers {
		if k == w.n.key || !at.IsZero() && k != at {
			continue
		}
		st, oerr := w.n.net.Open(ctx, k, door.Protocol+id.String())
		if oerr != nil {
			err = oerr
			continue
		}
		p.Server = k
		// A server that goes away in the middle is like one that was away.
		if err = f(st, p); !errors.Is(err, access.Gone) && !errors.Is(err, access.NoKeys) {
			return err
		}
	}
	if errors.Is(err, access.NoKeys) {
		return err
	}
	return control.Errorf(control.Unavailable, "is one of the region's servers running, and reachable from here?", "access of %s: %w", rec.Name, err)
}

// doorStatus asks a region what it says about itself and this player.
func (w *worldState) doorStatus(ctx context.Context, id base.ID) (st door.Status, err error) {
	err = w.knock(ctx, id, func(rw io.ReadWriteCloser, _ door.Peers) (err error) {
		st, err = door.Ask(ctx, rw)
		return err
	})
	return st, err
}

// order signs a command and has it logged.
func (w *worldState) order(ctx context.Context, id base.ID, x access.Entry) (base.Tick, error) {
	return w.orderAt(ctx, id, base.Key{}, x)
}

// orderAt is order at one server; the zero key is any.
func (w *worldState) orderAt(ctx context.Context, id base.ID, at base.Key, x access.Entry) (tick base.Tick, err error) {
	ctx, cancel := context.WithTimeout(ctx, orderWait)
	defer cancel()
	for range 3 {
		st, serr := w.doorStatus(ctx, id)
		if serr != nil {
			return 0, accessError(serr)
		}
		x.Region, x.Epoch, x.By, x.Counter, x.Until = id, st.Epoch, w.n.key, w.n.lawCounter.next(0), st.Tick+access.Minute
		copy(x.Sig[:], w.n.sign(x.SigningBytes()))
		err = w.knockAt(ctx, id, at, func(rw io.ReadWriteCloser, _ door.Peers) (err error) {
			tick, err = door.Submit(ctx, rw, x.Bytes())
			return err
		})
		if !errors.Is(err, access.Replayed) {
			break // else another command of this node came before it
		}
	}
	return tick, accessError(err)
}

// accessError gives a refusal its code and a hint.
func accessError(err error) error {
	var c access.Code
	if err == nil || !errors.As(err, &c) {
		return err
	}
	code, hint := control.Conflict, ""
	switch c {
	case access.Right, access.Senior, access.MayNot:
		code, hint = control.Denied, "`metatopia admin status` says who administers the region"
	case access.Banned, access.Barred, access.Unlisted, access.Muted:
		code, hint = control.Denied, "ask an admin of the region; `metatopia admin status` names them"
	case access.Kicked:
		code = control.Denied
	case access.Password:
		code, hint = control.Denied, "show it: `metatopia region password enter`"
	case access.Wrong:
		code, hint = control.Denied, "ask who gave you the link; five tries a minute are possible"
	case access.Between:
		return control.Errorf(control.Denied, "nobody has learnt the password; tell the region's owner if this does not end", "%w", c)
	case access.NoKeys:
		code, hint = control.Unavailable, "wait a moment; if it stays so, an admin sets the password again: `metatopia region password set`"
	case access.Tries:
		code, hint = control.Denied, "wait a minute; after more wrong ones it is longer"
	case access.Forged, access.Server, access.Epoch, access.Region, access.Expired, access.Ahead, access.Stale, access.Replayed:
		code = control.Denied
	case access.Player:
		code = control.NotFound
	case access.Value, access.Malformed:
		code = control.Invalid
	case access.Gone, access.Room:
		code = control.Unavailable
	}
	return control.Errorf(code, hint, "the region refused: %w", c)
}
