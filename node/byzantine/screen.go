package byzantine

import (
	"fmt"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"
)

// screen looks at a message before the library does. The library leaves out
// checks where the servers may have changed meanwhile, and panics on some
// messages that no honest server sends; these servers never change, so that
// everything can be checked here.
func (l *Log) screen(from uint64, m *smartbftprotos.Message) error {
	switch {
	case m.GetPrePrepare() != nil:
		p := m.GetPrePrepare()
		if p.Proposal == nil || len(p.PrevCommitSignatures) > 0 {
			return fmt.Errorf("byzantine: %w: a bare proposal", ErrMessage)
		}
		return sizes(p.Proposal)
	case m.GetPrepare() != nil:
		return digest(m.GetPrepare().Digest)
	case m.GetCommit() != nil:
		c := m.GetCommit()
		if c.Signature == nil || c.Signature.Signer != from || len(c.Signature.Msg) > 1+32+4+maxAux {
			return fmt.Errorf("byzantine: %w: a vote without a signature", ErrMessage)
		}
		return digest(c.Digest)
	case m.GetViewChange() != nil:
		if len(m.GetViewChange().Reason) > maxAux {
			return fmt.Errorf("byzantine: %w: a long reason", ErrMessage)
		}
	case m.GetViewData() != nil:
		return l.screenView(m.GetViewData(), from)
	case m.GetNewView() != nil:
		list := m.GetNewView().SignedViewData
		if len(list) > len(l.members) {
			return fmt.Errorf("byzantine: %w: a view of %d servers", ErrMessage, len(list))
		}
		seen := map[uint64]bool{}
		for _, v := range list {
			if v == nil || seen[v.Signer] {
				return fmt.Errorf("byzantine: %w: a server comes twice in a view", ErrMessage)
			}
			seen[v.Signer] = true
			if err := l.screenView(v, v.Signer); err != nil {
				return err
			}
		}
		if len(seen) < Quorum(len(l.members)) {
			return fmt.Errorf("byzantine: %w: a view of %d servers", ErrMessage, len(seen))
		}
	case m.GetHeartBeat() != nil, m.GetHeartBeatResponse() != nil, m.GetStateTransferRequest() != nil, m.GetStateTransferResponse() != nil:
	default:
		return fmt.Errorf("byzantine: %w: nothing is in it", ErrMessage)
	}
	return nil
}

func digest(s string) error {
	if len(s) > 64 {
		return fmt.Errorf("byzantine: %w: a digest of %d bytes", ErrMessage, len(s))
	}
	return nil
}

func sizes(p *smartbftprotos.Proposal) error {
	if len(p.Payload) > maxRecord || len(p.Metadata) > maxMeta || len(p.Header) > 0 || p.VerificationSequence != 0 {
		return fmt.Errorf("byzantine: %w: a proposal of %d bytes", ErrMessage, len(p.Payload))
	}
	return nil
}

// screenView checks what a server says about where it stands: its signature,
// and the proof of the last decision that it names.
func (l *Log) screenView(v *smartbftprotos.SignedViewData, from uint64) error {
	if v.Signer != from {
		return fmt.Errorf("byzantine: %w: server %d for server %d", ErrMessage, from, v.Signer)
	}
	if err := (agreement{l}).VerifySignature(types.Signature{ID: v.Signer, Value: v.Signature, Msg: v.RawViewData}); err != nil {
		return err
	}
	var d smartbftprotos.ViewData
	if err := proto.Unmarshal(v.RawViewData, &d); err != nil {
		return fmt.Errorf("byzantine: %w: %w", ErrMessage, err)
	}
	if p := d.InFlightProposal; p != nil {
		if err := sizes(p); err != nil {
			return err
		}
		if _, err := meta(p.Metadata); err != nil {
			return err
		}
	}
	p := d.LastDecision
	switch {
	case p == nil || len(d.LastDecisionSignatures) > MaxServers:
		return fmt.Errorf("byzantine: %w: no last decision", ErrMessage)
	case p.Metadata == nil: // where the log begins
		if len(p.Payload) > 0 || len(d.LastDecisionSignatures) > 0 {
			return fmt.Errorf("byzantine: %w: a decision without a number", ErrMessage)
		}
		return nil
	}
	if err := sizes(p); err != nil {
		return err
	}
	if _, err := meta(p.Metadata); err != nil {
		return err
	}
	x := types.Decision{Proposal: types.Proposal{Payload: p.Payload, Metadata: p.Metadata}}
	for _, s := range d.LastDecisionSignatures {
		x.Signatures = append(x.Signatures, types.Signature{ID: s.Signer, Value: s.Value, Msg: s.Msg})
	}
	return l.checkProof(&x)
}
