package byzantine

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"slices"

	"github.com/hyperledger-labs/SmartBFT/pkg/consensus"
	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"
)

// What is in flight is the record that a server has before it and has not
// decided on. When the leader changes each server says what it has in flight,
// and whether it signed a commit for it; the next leader goes on only when
// that gives one answer. The library forgets it where a change of the leader
// was the last that it kept before it was killed: a server of two that died at
// once then says of a record that it prepared that it knows of none, and what
// one other signed a commit for can neither be decided nor left out, for ever.
// It also lets a server sign a commit in a view that the server has said to be
// over, and keeps that commit where it cannot read it again. So what it keeps
// is put in order here, and what it forgets is given back to it.

// flight is what the library has in flight.
type flight interface {
	InFlightProposal() *types.Proposal
	StoreProposal(types.Proposal)
	StorePrepares(view, seq uint64)
}

// flightOf finds it. It is not exported, its methods are; a test tells when it
// has another name.
func flightOf(c *consensus.Consensus) flight {
	f := reflect.ValueOf(c).Elem().FieldByName("inFlight")
	if !f.IsValid() || f.Kind() != reflect.Pointer || f.IsNil() {
		return nil
	}
	x, _ := reflect.NewAt(f.Type().Elem(), f.UnsafePointer()).Interface().(flight)
	return x
}

// kept is what the library kept on disk since the last proposal.
type kept struct {
	entries [][]byte // as it can read them
	// in flight, when the library would not find it in entries
	proposal *types.Proposal
	last     voted
	resume   *smartbftprotos.ViewMetadata // where the library goes on with it, if it finds it itself
	view     uint64
	seq      uint64
	prepared bool
	change   []byte // the last change of the leader, if nothing came after it
	left     uint64 // the view that the last change of all goes to
	begun    uint64 // the last view that began
}

// voted is the last proposal that this server signed something about.
type voted struct {
	view, seq uint64
	proposal  types.Proposal
}

// sortOut puts in order what the library kept: the proposal, the commit, then
// what is about leaders, in the order in which it came. after is the last
// decision.
func sortOut(saved [][]byte, after uint64) (k kept, err error) {
	var proposed, commit []byte
	for _, b := range saved {
		var m smartbftprotos.SavedMessage
		if err := proto.Unmarshal(b, &m); err != nil {
			return kept{}, err
		}
		switch {
		case m.GetProposedRecord() != nil:
			p := m.GetProposedRecord().GetPrePrepare()
			proposed, commit = b, nil
			k.view, k.seq, k.prepared = p.GetView(), p.GetSeq(), false
			k.proposal = &types.Proposal{Payload: p.GetProposal().GetPayload(), Metadata: p.GetProposal().GetMetadata()}
			k.last = voted{k.view, k.seq, *k.proposal}
		case m.GetCommit() != nil:
			if c := m.GetCommit().GetCommit(); proposed != nil && c.GetView() == k.view && c.GetSeq() == k.seq {
				commit, k.prepared = b, true
			}
		case m.GetViewChange() != nil:
			k.entries = append(k.entries, b)
			k.change, k.left = b, m.GetViewChange().NextView+1 // the library keeps the view before
		case m.GetNewView() != nil:
			v := m.GetNewView().ViewId
			k.begun = max(k.begun, v)
			if k.change != nil && v < k.left {
				// It was left before it was heard of: the change comes last.
				k.entries = slices.Insert(k.entries, len(k.entries)-1, b)
				continue
			}
			k.entries = append(k.entries, b)
			k.change = nil
		}
	}
	if proposed == nil || k.seq <= after || k.begun > k.view {
		// It is decided, or was left out by a quorum when a later view began.
		k.proposal = nil
		return k, nil
	}
	marks := k.entries
	k.entries = [][]byte{proposed}
	if commit != nil {
		k.entries = append(k.entries, commit)
	}
	if len(marks) == 0 {
		m, err := meta(k.proposal.Metadata)
		if err != nil {
			return kept{}, err
		}
		// The library finds it, and would else begin with the view of the last
		// decision: a leader then comes to its own view anew, and proposes another
		// record there. It adds one to the decisions in the view.
		k.proposal, k.resume = nil, &smartbftprotos.ViewMetadata{ViewId: k.view, LatestSequence: after, DecisionsInView: m.DecisionsInView - 1}
		k.begun = max(k.begun, k.view)
	}
	k.entries = append(k.entries, marks...)
	return k, nil
}

// recall gives the library what it had in flight when it was killed. It is
// called while the library begins, before it does anything else.
func (l *Log) recall() {
	l.mu.Lock()
	defer l.mu.Unlock()
	k := l.kept
	l.kept.proposal = nil
	if k.proposal == nil {
		return
	}
	if f := flightOf(l.cons); f != nil {
		f.StoreProposal(*k.proposal)
		if k.prepared {
			f.StorePrepares(k.view, k.seq)
		}
	}
}

// leave notes that this server is about to say where it stands, and so is done
// with all views before: nothing that it signs in one of them later is in what
// it says. What is in flight since a view that another has followed, or is
// decided, counts no more.
func (l *Log) leave(b []byte, to uint64) {
	l.mu.Lock()
	l.kept.change = bytes.Clone(b)
	if to > l.course.left {
		l.course.left, l.course.leftAt = to, l.course.now
		l.course.changes++
	}
	begun, decided, last := l.course.view, uint64(l.course.lib-l.origin), l.latest.Proposal
	l.mu.Unlock()
	f := flightOf(l.cons)
	if f == nil || len(last.Metadata) == 0 {
		return
	}
	p := f.InFlightProposal()
	if p == nil {
		return
	}
	if m, err := meta(p.Metadata); err == nil && (m.LatestSequence <= decided || m.ViewId < begun) {
		f.StoreProposal(last) // what is decided is not in flight
	}
}

// mayVote tells whether this server may take part in deciding on a proposal: not
// in a view that it has left, and on no second one in the same view. The library
// begins a view once more when it has synchronised, and has forgotten then what
// it has done there. The caller holds the lock.
func (l *Log) mayVote(p *types.Proposal, m *smartbftprotos.ViewMetadata) error {
	v := &l.kept.last
	switch {
	case m.ViewId < l.course.left:
		return fmt.Errorf("byzantine: %w: view %d is over", ErrProof, m.ViewId)
	case m.LatestSequence != v.seq || m.ViewId > v.view:
		return nil
	case m.ViewId < v.view || v.proposal.Digest() != p.Digest():
		return fmt.Errorf("byzantine: %w: a second record for decision %d", ErrProof, m.LatestSequence)
	}
	return nil
}

// over ends the library's goroutine that is about to keep, and then to send,
// its word about a proposal in a view that this server has left. The library
// ends that view at the same time, but does not wait for its end.
func (l *Log) over(m *smartbftprotos.SavedMessage) {
	p := m.GetProposedRecord().GetPrePrepare()
	view := p.GetView()
	if c := m.GetCommit(); c != nil {
		view = c.GetCommit().GetView()
	}
	l.mu.Lock()
	over := view < l.course.left
	if p != nil && !over {
		l.kept.last = voted{view, p.GetSeq(), types.Proposal{Payload: p.GetProposal().GetPayload(), Metadata: p.GetProposal().GetMetadata()}}
	}
	l.mu.Unlock()
	if m.GetCommit() != nil {
		l.signing.RUnlock() // see mayCommit
	}
	if over {
		runtime.Goexit()
	}
}

// mayCommit is called before the library keeps that it signed a commit. That ends
// the process when it has forgotten meanwhile what is in flight, because it
// fetched that decision: the goroutine is ended here instead, as the library is
// about to do, and it forgets nothing until over. So it is in a view that is over:
// what was in flight there may have been left out.
func (l *Log) mayCommit(p *types.Proposal) {
	l.signing.RLock()
	m, err := meta(p.Metadata)
	l.mu.Lock()
	known := err != nil || m.LatestSequence <= l.course.synced || m.ViewId < max(l.course.left, l.course.view)
	l.mu.Unlock()
	if known {
		l.signing.RUnlock()
		runtime.Goexit()
	}
}

// forgets is called before the library forgets what is in flight up to a
// decision.
func (l *Log) forgets(d *types.Decision) {
	m, err := meta(d.Proposal.Metadata)
	if err != nil {
		return
	}
	l.mu.Lock()
	l.course.synced = max(l.course.synced, m.LatestSequence)
	l.mu.Unlock()
	l.signing.Lock()
	//lint:ignore SA2001 whoever is between mayCommit and over ends first
	l.signing.Unlock()
}

// adopt notes that this server is about to sign a commit for what was in flight
// elsewhere when the leader changed: it is in flight here from now on, as if it
// had been prepared, also after a kill. The library keeps nothing of it. When
// the only server that had it prepared decides and dies, the others would agree
// on another record.
func (l *Log) adopt(p *types.Proposal) error {
	m, err := meta(p.Metadata)
	if err != nil {
		return err
	}
	l.signing.RLock() // nothing is forgotten between the two words below: that ends the process
	l.mu.Lock()
	known := m.LatestSequence <= l.course.synced
	l.course.flight, l.course.flightAt = m.LatestSequence, l.course.now
	change := l.kept.change
	l.mu.Unlock()
	f := flightOf(l.cons)
	keep := !known && change != nil && f != nil
	if keep {
		f.StoreProposal(*p)
		f.StorePrepares(m.ViewId, m.LatestSequence)
	}
	l.signing.RUnlock()
	if !keep {
		return nil
	}
	l.keeping.Lock()
	defer l.keeping.Unlock()
	digest := p.Digest()
	for i, s := range []*smartbftprotos.SavedMessage{
		{Content: &smartbftprotos.SavedMessage_ProposedRecord{ProposedRecord: &smartbftprotos.ProposedRecord{
			PrePrepare: &smartbftprotos.PrePrepare{View: m.ViewId, Seq: m.LatestSequence, Proposal: &smartbftprotos.Proposal{Payload: p.Payload, Metadata: p.Metadata}},
			Prepare:    &smartbftprotos.Prepare{View: m.ViewId, Seq: m.LatestSequence, Digest: digest},
		}}},
		{Content: &smartbftprotos.SavedMessage_Commit{Commit: &smartbftprotos.Message{Content: &smartbftprotos.Message_Commit{
			Commit: &smartbftprotos.Commit{View: m.ViewId, Seq: m.LatestSequence, Digest: digest},
		}}}},
	} {
		b, err := proto.Marshal(s)
		if err == nil {
			err = l.disk.vote(b, i == 0, false)
		}
		if err != nil {
			return err
		}
	}
	return l.disk.vote(change, false, true)
}
