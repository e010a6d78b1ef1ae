package raynet

import (
	"testing"

	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

// Rule 3.11: a peer that asks without end is answered for a while, ignored
// then, and answered again after a pause; others are not concerned.
func TestRequestsAreThrottled(t *testing.T) {
	n, alice, bob, _ := victim(t)
	ask := func(from signer, times int) (answers int) {
		for range times {
			var out Outbox
			n.Step(n.now+1, Recv{from.key, wire.Append(nil, &wire.Find{Query: 1, Target: spatial.At(1, 1, 1), N: 4})}, &out)
			for _, e := range out.Effects {
				if s, ok := e.(*Send); ok && s.To == from.key && s.Msg.Type() == wire.TypeCloser {
					answers++
				}
			}
			if events(out.Effects, Refused, from.key) > 0 {
				t.Fatal("an honest peer in a crowd would be held to account")
			}
		}
		return answers
	}
	answers := ask(alice, 200)
	if answers < 50 || answers > 70 || n.Counters().Throttled != uint64(200-answers) {
		t.Errorf("%d of 200 answered, %d throttled", answers, n.Counters().Throttled)
	}
	if a := ask(bob, 20); a != 20 {
		t.Errorf("another peer got %d answers of 20", a)
	}
	for range 6 {
		n.Step(n.now+second/2, Tick{}, &Outbox{})
	}
	if a := ask(alice, 20); a != 20 {
		t.Errorf("%d answers of 20 after a pause", a)
	}
}
