package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 3.8: the word of somebody who was not asked keeps nobody in view.
func TestOnlyTheAskedVouch(t *testing.T) {
	w := newWatcher(t, spatial.At(60, 50, 50), spatial.At(40, 50, 50), spatial.At(50, 60, 50))
	p := w.table.byKey(w.members[0])
	var asked *wire.PingReq
	var helper base.Key
	w.now += w.cfg.SuspectAfter
	w.out = &Outbox{}
	w.doubt(p)
	for _, e := range w.out.Effects {
		if s, ok := e.(*Send); ok {
			if m, ok := s.Msg.(*wire.PingReq); ok {
				asked, helper = m, s.To
			}
		}
	}
	if asked == nil {
		t.Fatal("nobody was asked")
	}
	other := w.members[1]
	if other == helper {
		other = w.members[2]
	}
	for _, c := range []struct {
		name  string
		from  base.Key
		m     wire.PingAck
		count bool
	}{
		{"another number", helper, wire.PingAck{Nonce: asked.Nonce + 99, Target: asked.Target}, false},
		{"another member", other, wire.PingAck{Nonce: asked.Nonce, Target: asked.Target}, false},
		{"the one asked", helper, wire.PingAck{Nonce: asked.Nonce, Target: asked.Target}, true},
		{"the same again", helper, wire.PingAck{Nonce: asked.Nonce, Target: asked.Target}, false},
	} {
		p.near.vouchAt = unheard
		w.onPingAck(w.table.byKey(c.from), &c.m)
		if got := p.near.vouchAt != unheard; got != c.count {
			t.Errorf("%s: counts %v", c.name, got)
		}
	}
}
