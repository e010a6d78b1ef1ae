package byzantine

import (
	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
)

// A leader that proposes one record to some servers and another to the rest
// brings the library's change of the leader to a stand: a server that has one
// of them before it counts against the other even when it never got so far as
// to sign a commit (CheckInFlight in its viewchanger.go), although such a server
// cannot have helped to decide. So a server that sees most others with another
// record leaves its own out of what it says. That is safe: a decided record was
// prepared by f+1 honest servers, and what they say is not changed.

// vote is the last prepare of a server.
type vote struct {
	view, seq uint64
	digest    string
}

// noteVote notes a server's prepare.
func (l *Log) noteVote(from uint64, m *smartbftprotos.Message) {
	p := m.GetPrepare()
	if p == nil || p.Assist {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.votes[from] = vote{p.View, p.Seq, p.Digest}
}

// alone tells whether more of the other followers had another proposal before
// them than had this one. The caller holds the lock.
func (l *Log) alone(p *smartbftprotos.Proposal) bool {
	m, err := meta(p.Metadata)
	if err != nil {
		return false
	}
	mine := types.Proposal{Payload: p.Payload, Metadata: p.Metadata}.Digest()
	leader := m.ViewId%uint64(len(l.members)) + 1
	count := map[string]int{mine: 1}
	for id, v := range l.votes {
		if uint64(id) != leader && uint64(id) != l.self && v.view == m.ViewId && v.seq == m.LatestSequence {
			count[v.digest]++
		}
	}
	for d, n := range count { //lint:sorted any
		if d != mine && n > count[mine] {
			return true
		}
	}
	return false
}
