package node

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/door"
	"github.com/metatopia/metatopia/region/access"
)

const (
	// keysEvery is how often a server looks whether it has the keys of the password
	// in force, and only those.
	keysEvery = 2 * time.Second
	// keysMost is how long it waits between two questions that gave none.
	keysMost = 15 * time.Second
	// keysAsk bounds asking a region about its password for a report.
	keysAsk = 3 * time.Second
)

// tendKeys keeps a served region's keys to those of its password: gets them from
// another server when they are not here, and deletes what was before. It also tells
// this node's person, as an admin, when a server has left with them.
func (w *worldState) tendKeys(ctx context.Context, s *servedRegion) {
	var last access.Secret // as it was seen at a tick
	var seen base.Tick
	told := uint32(0)
	for wait := keysEvery; ; {
		var now access.Secret
		var at base.Tick
		admin := false
		if s.srv.Look(ctx, func(st *access.State, r access.Rights, t base.Tick) {
			now, at, admin = st.Secret(), t, r.Admin(w.n.key)
		}) == nil {
			if now.Number != last.Number || now.Public != last.Public || at < seen {
				last, seen = now, at
			}
			if len(now.Record) > 0 && s.door.keys.Fit(now) == nil && !w.findKeys(ctx, s, now) {
				wait = min(2*wait, keysMost)
			} else {
				wait = keysEvery
			}
			if st := s.srv.Status(); st.Durable >= seen {
				// Not before: a server that dies now begins before the record.
				if err := s.door.keys.Settle(now); err != nil {
					w.n.log.Error("keys of an earlier password not deleted", "region", s.rec.Name, "err", err)
				}
			} else if s.group != nil && !st.Frozen {
				// A region in which nothing happens brings no tick to the disks for
				// long: this one does.
				_ = s.group.log.Submit(nil, true)
			}
			if now.Left > told && admin {
				w.player.view.notice(keysText(s.rec.Name))
			}
			told = now.Left
		}
		select {
		case <-ctx.Done():
			return
		case <-s.done:
			return
		case <-time.After(wait):
		}
	}
}

func keysText(name string) string {
	return fmt.Sprintf("A server that has left %s has the keys of its password: set one again, `metatopia region password set %s`.", name, name)
}

// findKeys gets the keys of the password in force from another server.
func (w *worldState) findKeys(ctx context.Context, s *servedRegion, now access.Secret) bool {
	rec := w.record(s.id)
	if rec == nil {
		return false
	}
	for _, k := range rec.Servers {
		if k == w.n.key {
			continue
		}
		st, err := w.n.net.Open(ctx, k, door.Protocol+s.id.String())
		if err != nil {
			continue
		}
		keys, err := door.AskKeys(ctx, st)
		if err != nil || keys.Public() != now.Public {
			continue
		}
		if err := s.door.keys.Keep(now, now.Number, keys); err != nil {
			w.n.log.Error("keys of the region's password not kept", "region", s.rec.Name, "err", err)
			return false
		}
		return true
	}
	return false
}

// leftWithKeys tells whether a region has a password, and, to an admin, how many
// servers have left with the keys of it.
func (w *worldState) leftWithKeys(ctx context.Context, id base.ID) (locked bool, left int) {
	ctx, cancel := context.WithTimeout(ctx, keysAsk)
	defer cancel()
	st, err := w.doorStatus(ctx, id)
	return err == nil && st.Locked, int(st.Left)
}
