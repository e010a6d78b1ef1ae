package byzantine

import (
	"cmp"
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// What a server signs begins with one of these, the region and the epoch, so
// that nothing else that its key signs can be taken for it.
const (
	signDecision = "metatopia/region/byzantine/decision/1\n"
	signView     = "metatopia/region/byzantine/view/1\n"
)

// domain is what a server signs instead of msg.
func (l *Log) domain(kind string, msg []byte) []byte {
	e := base.Encoder{B: []byte(kind)}
	e.ID(l.cfg.Region)
	e.U64(l.epoch)
	e.Raw(msg)
	return e.B
}

const sealVersion = 1

// seal is what a server's signature under a decision says: version u8 (1),
// the proposal's digest 32, and what the library adds, bytes.
func seal(p *types.Proposal, aux []byte) []byte {
	digest, _ := hex.DecodeString(p.Digest())
	e := base.Encoder{}
	e.U8(sealVersion)
	e.Raw(digest)
	e.Bytes(aux)
	return e.B
}

func parseSeal(b []byte) (digest, aux []byte, err error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != sealVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	digest = d.Raw(32)
	aux = d.Bytes(maxAux)
	return digest, aux, d.Done()
}

// checkSeal checks one server's signature under a proposal with this digest.
func (l *Log) checkSeal(s *types.Signature, digest []byte) (aux []byte, err error) {
	if s.ID == 0 || s.ID > uint64(len(l.members)) {
		return nil, fmt.Errorf("byzantine: %w: server %d", ErrProof, s.ID)
	}
	got, aux, err := parseSeal(s.Msg)
	if err != nil {
		return nil, fmt.Errorf("byzantine: %w: %w", ErrProof, err)
	}
	if !slices.Equal(got, digest) {
		return nil, fmt.Errorf("byzantine: %w: server %d signed another proposal", ErrProof, s.ID)
	}
	key := l.members[s.ID-1]
	if !ed25519.Verify(key[:], l.domain(signDecision, s.Msg), s.Value) {
		return nil, fmt.Errorf("byzantine: %w: signature of server %d", ErrProof, s.ID)
	}
	return aux, nil
}

// checkProof checks that a quorum signed a decision. A signature that does not
// fit voids it: no honest server hands one on.
func (l *Log) checkProof(d *types.Decision) error {
	digest, _ := hex.DecodeString(d.Proposal.Digest())
	seen := map[uint64]bool{}
	for i := range d.Signatures {
		s := &d.Signatures[i]
		if seen[s.ID] {
			return fmt.Errorf("byzantine: %w: server %d signed twice", ErrProof, s.ID)
		}
		seen[s.ID] = true
		if _, err := l.checkSeal(s, digest); err != nil {
			return err
		}
	}
	if len(seen) < Quorum(len(l.members)) {
		return fmt.Errorf("byzantine: %w: %d signatures of %d servers", ErrProof, len(seen), len(l.members))
	}
	return nil
}

// meta reads what the library adds to a proposal.
func meta(b []byte) (*smartbftprotos.ViewMetadata, error) {
	m := &smartbftprotos.ViewMetadata{}
	if len(b) == 0 || len(b) > maxMeta {
		return nil, fmt.Errorf("byzantine: %w: metadata of %d bytes", ErrProof, len(b))
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("byzantine: %w: %w", ErrProof, err)
	}
	return m, nil
}

// appendDecision appends a decision as it is kept and sent: payload bytes,
// metadata bytes, signatures (count u32, each server u64, signature 64, signed
// bytes) in the order of servers.
func appendDecision(dst []byte, d *types.Decision) []byte {
	sigs := slices.Clone(d.Signatures)
	slices.SortFunc(sigs, func(a, b types.Signature) int { return cmp.Compare(a.ID, b.ID) })
	e := base.Encoder{B: dst}
	e.Bytes(d.Proposal.Payload)
	e.Bytes(d.Proposal.Metadata)
	e.U32(uint32(len(sigs)))
	for _, s := range sigs {
		e.U64(s.ID)
		e.Raw(s.Value)
		e.Bytes(s.Msg)
	}
	return e.B
}

// parseDecision reads one decision and its record. Its signatures are not
// checked.
func parseDecision(b []byte) (types.Decision, order.Record, error) {
	d := base.NewDecoder(b)
	x := types.Decision{Proposal: types.Proposal{Payload: d.Bytes(maxRecord), Metadata: d.Bytes(maxMeta)}}
	last := uint64(0)
	for range d.Count(MaxServers, 8+ed25519.SignatureSize+4) {
		s := types.Signature{ID: d.U64(), Value: d.Raw(ed25519.SignatureSize), Msg: d.Bytes(1 + 32 + 4 + maxAux)}
		if d.Err() == nil && s.ID <= last {
			d.Fail(fmt.Errorf("server %d after %d", s.ID, last))
		}
		last = s.ID
		x.Signatures = append(x.Signatures, s)
	}
	if err := d.Done(); err != nil {
		return types.Decision{}, order.Record{}, fmt.Errorf("byzantine: %w: %w", ErrProof, err)
	}
	rec, err := order.Parse(x.Proposal.Payload)
	return x, rec, err
}
