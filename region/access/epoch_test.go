package access

import (
	"strings"
	"testing"
)

// TestNewEpoch: tickets, commands and tries of the epoch before do not count, and
// are told why; who was let in by a ticket of then needs another.
func TestNewEpoch(t *testing.T) {
	p := begin(t)
	p.yes(p.do("alice", Entry{Kind: SetSecret, For: 1, Record: record()}))
	p.yes(p.do("alice", Entry{Kind: Assign, Player: key("carl"), Role: Builder}))
	p.yes(p.admit(p.ticket("zoe")))
	p.enters("zoe", OK)
	old := map[string][]byte{
		"ticket":  func() []byte { x := p.ticket("yan"); return x.Bytes() }(),
		"command": p.entry("alice", Entry{Kind: Assign, Player: key("bob"), Role: Guest}),
		"try":     p.entry("s1", Entry{Kind: Attempt, Player: key("eve"), Net: 7}),
	}
	p.epoch = 2
	p.Renew()
	for what, b := range old {
		err := p.Apply(b, p.now, p.rights)
		if p.no(err, Epoch); !strings.Contains(err.Error(), "signed for epoch 1, this region is in epoch 2") {
			t.Fatalf("%s: %v", what, err)
		}
	}
	p.enters("zoe", Password)
	if p.Role(key("carl"), p.rights) != Builder {
		t.Fatal("a role did not carry over")
	}
	p.yes(p.admit(p.ticket("zoe")))
	p.enters("zoe", OK)
}
