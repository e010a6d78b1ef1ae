package overlay

import (
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/raynet"
	"github.com/metatopia/metatopia/raynet/wire"
)

// perform carries out one effect. o.mu is held; nothing here blocks.
func (o *Overlay) perform(e raynet.Effect) {
	switch e := e.(type) {
	case *raynet.Send:
		t := e.Msg.Type()
		o.links.Send(e.To, protocolOf(t), p2p.Outgoing{Class: classOf(e.Class), Subject: uint64(t), Msg: wire.Append(nil, e.Msg)})
	case raynet.Dial:
		if len(e.Addr) == 0 {
			break // the network may know one; the send will tell
		}
		if err := o.cfg.Net.LearnRecord(e.Key, e.Addr); err != nil {
			o.badAddrs.Add(1)
			o.log.Debug("address record refused", "peer", e.Key.Short(), "err", err)
		}
	case raynet.Protect:
		o.held[e.Key] = true
		o.cfg.Net.Protect(e.Key, protectTag)
	case raynet.Unprotect:
		delete(o.held, e.Key)
		o.cfg.Net.Unprotect(e.Key, protectTag)
	case raynet.WakeAt:
		o.wake = e.T
	case raynet.Deliver:
		o.cfg.Deliver(e)
	case raynet.Found:
		if c := o.asked[e.Token]; c != nil {
			delete(o.asked, e.Token)
			c <- e
		}
	case raynet.RouteLost:
		if c := o.lost[e.Token]; c != nil {
			delete(o.lost, e.Token)
			close(c)
		}
	case raynet.Event:
		o.event(e)
	}
}

// event is what the core has noticed. o.mu is held.
func (o *Overlay) event(e raynet.Event) {
	switch e.Kind {
	case raynet.Refused:
		o.refusals.Add(1)
		o.links.Strike(e.Key)
	case raynet.Convicted:
		o.log.Info("a node signed what no honest one signs; its records count no more", "peer", e.Key.Short())
	case raynet.Eclipse:
		o.log.Warn("somebody may be keeping this node's neighbours from it", "peer", e.Key.Short())
	}
}

// release lets go of all connections that a core which is gone wanted kept.
// o.mu is held.
func (o *Overlay) release() {
	for k := range o.held { //lint:sorted all go
		o.cfg.Net.Unprotect(k, protectTag)
	}
	clear(o.held)
}
