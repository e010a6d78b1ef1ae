package region

import (
	"crypto/sha256"
	"errors"

	"github.com/metatopia/metatopia/internal/base"
)

// domainEpoch begins what the hash of all batches goes on with.
const domainEpoch = "metatopia/epoch/1"

// BeginEpoch applies the founder's entry that begins a new epoch of the roles
// (succession.State.Renew) to a state with which a region's log begins anew. It is
// no part of a tick: Snapshot and Hash afterwards are those of that beginning.
//
// What waits for the store gets a timeout: the servers of before may have had it
// done, so long ago that the store has forgotten under which id. Ids of requests to
// come are of the epoch, never those of the part of the log that is lost.
func (s *Sim) BeginEpoch(entry []byte) (LawDone, error) {
	st := s.law.state
	if st == nil {
		return LawDone{}, errors.New("region: begin epoch: a region without an owner")
	}
	was := st.Servers()
	if err := st.Renew(entry); err != nil {
		return LawDone{}, err
	}
	s.law.bytes, s.gate.by.known = nil, false
	s.gate.state.Renew()
	s.keysLeave(was)
	var e base.Encoder
	e.Str(domainEpoch)
	e.Raw(s.chain[:])
	e.Bytes(entry)
	s.chain = sha256.Sum256(e.B)
	s.out = &Output{} // nobody is told
	s.dropAsks(len(s.asking.wait))
	s.bound()
	s.out = nil
	return LawDone{Index: st.Head().Index, Time: st.Time(), Wall: st.Wall(), Entry: entry, After: st.Certificate()}, nil
}

// BeginTerms applies the owner's word about the servers to a state with which a
// region's log begins anew, as an entry in a tick would.
func (s *Sim) BeginTerms(record []byte) error {
	if !s.setTerms(record) {
		return errors.New("region: begin terms: not a later word of the owner")
	}
	return nil
}
