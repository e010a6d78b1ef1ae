package byzantine

import (
	"time"

	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
)

// When the leader changes, each server tells the next one where it stands. The
// library lets the next leader pass over a server that is one decision behind:
// with one server dead nobody else is left, and the change begins again after a
// timeout, with the same outcome as long as that server is not faster. So the
// next leader sends such a server what it lacks, and that one says anew where
// it stands.

// stand is what this server said last about where it stands.
type stand struct {
	to   uint64
	data *smartbftprotos.ViewData
	said *smartbftprotos.Message
	at   time.Time
}

// say notes where this server stands before it is sent, and brings it up to
// date.
func (l *Log) say(to uint64, m *smartbftprotos.Message) *smartbftprotos.Message {
	var d smartbftprotos.ViewData
	if proto.Unmarshal(m.GetViewData().RawViewData, &d) != nil {
		return m
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stand = stand{to, &d, m, time.Now()}
	if now := l.restate(); now != nil {
		l.stand.said = now
	}
	return l.stand.said
}

// restate gives what this server would say now, nil when it is what it said.
// The caller holds the lock. What it says is true: it has the proof of the last
// decision, and what was under way before that is no more.
func (l *Log) restate() *smartbftprotos.Message {
	d, changed := l.stand.data, false
	if d == nil {
		return nil
	}
	if len(l.latest.Proposal.Metadata) > 0 && position(d.LastDecision) < l.tick-l.origin {
		p := &l.latest.Proposal
		d.LastDecision = &smartbftprotos.Proposal{Payload: p.Payload, Metadata: p.Metadata}
		d.LastDecisionSignatures = nil
		for _, s := range l.latest.Signatures {
			d.LastDecisionSignatures = append(d.LastDecisionSignatures, &smartbftprotos.Signature{Signer: s.ID, Value: s.Value, Msg: s.Msg})
		}
		changed = true
	}
	if p := d.InFlightProposal; p != nil && (position(p) <= l.tick-l.origin || !d.InFlightPrepared && l.alone(p)) {
		d.InFlightProposal, d.InFlightPrepared, changed = nil, false, true
	}
	if !changed {
		return nil
	}
	raw, err := proto.Marshal(d)
	if err != nil {
		return nil
	}
	return &smartbftprotos.Message{Content: &smartbftprotos.Message_ViewData{ViewData: &smartbftprotos.SignedViewData{
		RawViewData: raw, Signer: l.self, Signature: (agreement{l}).Sign(raw),
	}}}
}

// position is the number of a decision, 0 for none.
func position(p *smartbftprotos.Proposal) base.Tick {
	if p == nil || p.Metadata == nil {
		return 0
	}
	m, err := meta(p.Metadata)
	if err != nil {
		return 0
	}
	return base.Tick(m.LatestSequence)
}

// help sends a server that said where it stands what it lacks.
func (l *Log) help(from uint64, v *smartbftprotos.SignedViewData) {
	var d smartbftprotos.ViewData
	if proto.Unmarshal(v.RawViewData, &d) != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch at := l.origin + position(d.LastDecision); {
	case at < l.tick:
		l.answerFetch(from, at+1)
	case at > l.tick+1 || l.tick > l.course.lib:
		l.catchUp()
	}
}

// helped takes decisions that were not asked for: their proofs tell that they
// are good.
func (l *Log) helped(a *answer) {
	l.mu.Lock()
	waits := len(l.ready) <= maxReady
	l.mu.Unlock()
	if !waits || !l.takeAnswer(a) {
		return
	}
	l.mu.Lock()
	l.stand.at = time.Time{}
	l.mu.Unlock()
}

// standing gives what this server says about where it stands, if it is time to
// say it again: whoever leads next may have been too far behind to take it. The
// caller holds the lock.
func (l *Log) standing() *smartbftprotos.Message {
	s := &l.stand
	if s.data == nil || s.data.NextView <= l.course.view || s.data.NextView < l.course.own || time.Since(s.at) < againEvery {
		return nil
	}
	s.at = time.Now()
	if now := l.restate(); now != nil {
		s.said = now
	}
	return s.said
}
