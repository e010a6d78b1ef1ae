package agree

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Config of a replica's core. All but From is required.
type Config struct {
	Region base.ID
	Epoch  uint64 // of the region, raised by each recovery
	Self   base.Key
	// From: votes are for later ticks only. After a start it is at least the last
	// tick that this server may have voted for, as the newest one of which the
	// others know that it is agreed on. Ticks up to here do not split.
	From   base.Tick
	Sign   func(msg []byte) succession.Signature
	Verify succession.Verify
	// Accountable draws witnesses, and takes the vote from a server that a proof
	// convicts. Without it such a server's vote is void for the tick of the proof.
	Accountable bool
}

// Members are the servers of a region, both lists sorted, no server in both.
type Members struct {
	Voters []base.Key
	Others []base.Key // without a vote: witnesses are drawn from them
}

func (m *Members) check() error {
	if len(m.Voters) == 0 || len(m.Voters) > MaxMembers || len(m.Others) > MaxMembers {
		return fmt.Errorf("agree: %d voters and %d others: %w", len(m.Voters), len(m.Others), ErrForm)
	}
	for _, list := range [][]base.Key{m.Voters, m.Others} {
		for i, k := range list {
			if k.IsZero() || i > 0 && list[i-1].Compare(k) >= 0 {
				return fmt.Errorf("agree: servers are not sorted: %w", ErrForm)
			}
		}
	}
	for _, k := range m.Others {
		if m.voter(k) {
			return fmt.Errorf("agree: server %s is in both lists: %w", k.Short(), ErrForm)
		}
	}
	return nil
}

func (m *Members) voter(k base.Key) bool { return has(m.Voters, k) }
func (m *Members) knows(k base.Key) bool { return has(m.Voters, k) || has(m.Others, k) }
func (m *Members) clone() Members {
	return Members{slices.Clone(m.Voters), slices.Clone(m.Others)}
}

func has(list []base.Key, k base.Key) bool {
	_, ok := slices.BinarySearchFunc(list, k, base.Key.Compare)
	return ok
}
