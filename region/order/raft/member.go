package raft

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Bounds of the servers of a region.
const (
	// MaxVoters is also the bound of what a region waits for at most.
	MaxVoters = 7
	// MaxMembers bounds voters and learners together.
	MaxMembers = 32
)

// Member is a server of a region's log.
type Member struct {
	ID      uint64   // raft id: drawn from a counter in the log, never used again
	Key     base.Key // node key
	Learner bool     // takes the records and has no vote
	Leaving bool     // a voter until the change under way is over
}

// Voter tells whether m's vote will count after the change under way.
func (m Member) Voter() bool { return !m.Learner && !m.Leaving }

// byID finds a member.
func byID(list []Member, id uint64) (Member, bool) {
	i := slices.IndexFunc(list, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return list[i], true
}

func appendMembers(e *base.Encoder, list []Member) {
	e.U32(uint32(len(list)))
	for _, m := range list {
		e.U64(m.ID)
		e.Key(m.Key)
		e.U8(m.role())
	}
}

func (m Member) role() uint8 {
	switch {
	case m.Leaving:
		return 2
	case m.Learner:
		return 1
	}
	return 0
}

const memberBytes = 8 + 32 + 1

// parseMembers reads a list in the order of ids. A key may come twice: a
// server that lost its log comes back under another id.
func parseMembers(d *base.Decoder) (list []Member) {
	last := uint64(0)
	for range d.Count(MaxMembers, memberBytes) {
		m := Member{ID: d.U64(), Key: d.Key()}
		switch role := d.U8(); role {
		case 0:
		case 1:
			m.Learner = true
		case 2:
			m.Leaving = true
		default:
			d.Fail(fmt.Errorf("role %d", role))
		}
		if d.Err() == nil && (m.ID <= last || m.ID > maxID) {
			d.Fail(fmt.Errorf("server %d after %d", m.ID, last))
		}
		last = m.ID
		list = append(list, m)
	}
	return list
}

// maxID bounds raft ids: those above are the library's own targets.
const maxID = 1 << 62

// keys are the servers after the last committed entry, as records carry them.
func (c *Core) keys() *order.Servers {
	if c.servers == nil {
		c.servers = serversOf(c.applied.Members)
	}
	return c.servers
}

func serversOf(list []Member) *order.Servers {
	s := &order.Servers{}
	for _, m := range list {
		if !m.Learner {
			s.Voters = append(s.Voters, m.Key)
		}
	}
	for _, m := range list {
		// A server that comes back under a new id may be listed twice for a while.
		if m.Learner && !slices.Contains(s.Voters, m.Key) {
			s.Others = append(s.Others, m.Key)
		}
	}
	for _, l := range []*[]base.Key{&s.Voters, &s.Others} {
		slices.SortFunc(*l, base.Key.Compare)
		*l = slices.Compact(*l)
	}
	return s
}
