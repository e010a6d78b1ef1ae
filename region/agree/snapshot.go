package agree

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

const snapshotVersion = 1

// Snapshot appends the canonical state, without events that were not fetched.
//
// Layout: version u8, tick u64, batch 32, whole bool, voted u64, quiet u64, halted
// bool, members, last certificate (bool, certificate), tallies (count u32, each
// tick u64, votes (count u32), known bool, members, applied bool, mine, void keys,
// done u8, if 1 its certificate), proofs (count u32).
func (c *Core) Snapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(snapshotVersion)
	e.U64(uint64(c.tick))
	e.Raw(c.batch[:])
	e.Bool(c.whole)
	e.U64(uint64(c.voted))
	e.U64(uint64(c.quiet))
	e.Bool(c.halted)
	c.members.appendTo(&e)
	e.Bool(c.last != nil)
	if c.last != nil {
		c.last.AppendTo(&e)
	}
	e.U32(uint32(len(c.tallies)))
	for i := range c.tallies {
		c.tallies[i].appendTo(&e)
	}
	e.U32(uint32(len(c.proofs)))
	for i := range c.proofs {
		c.proofs[i].AppendTo(&e)
	}
	return e.B
}

func (t *tally) appendTo(e *base.Encoder) {
	e.U64(uint64(t.tick))
	e.U32(uint32(len(t.votes)))
	for i := range t.votes {
		t.votes[i].AppendTo(e)
	}
	e.Bool(t.known)
	t.members.appendTo(e)
	e.Bool(t.applied)
	t.mine.appendTo(e)
	appendKeys(e, t.void)
	e.U8(t.done)
	if t.done == certified {
		t.cert.AppendTo(e)
	}
}

func readTally(d *base.Decoder) (t tally) {
	t.tick = base.Tick(d.U64())
	for range d.Count(2*MaxMembers, 200) {
		v := ReadVote(d)
		if n := len(t.votes); d.Err() == nil && (v.Tick != t.tick || n > 0 && t.votes[n-1].Server.Compare(v.Server) >= 0) {
			d.Fail(ErrForm)
		}
		t.votes = append(t.votes, v)
	}
	t.known, t.members = d.Bool(), readMembers(d)
	t.applied, t.mine = d.Bool(), readContent(d)
	t.void, t.done = readKeys(d), d.U8()
	if t.done == certified {
		c := ReadCertificate(d)
		t.cert = &c
	}
	if d.Err() == nil && (t.done > split || t.known && t.members.check() != nil) {
		d.Fail(ErrForm)
	}
	return t
}

// Restore reads a snapshot; cfg is as for New. The error is ErrSnapshot.
func Restore(cfg Config, b []byte) (*Core, error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != snapshotVersion {
		d.Fail(&base.VersionError{What: "what the servers agree on", Found: v, Wanted: snapshotVersion})
	}
	x := Core{cfg: cfg, tick: base.Tick(d.U64())}
	copy(x.batch[:], d.Raw(32))
	x.whole, x.voted, x.quiet, x.halted = d.Bool(), base.Tick(d.U64()), base.Tick(d.U64()), d.Bool()
	x.members = readMembers(d)
	if d.Bool() {
		c := ReadCertificate(d)
		x.last = &c
	}
	for range d.Count(4*Window, 200) {
		t := readTally(d)
		if n := len(x.tallies); d.Err() == nil && n > 0 && x.tallies[n-1].tick >= t.tick {
			d.Fail(ErrForm)
		}
		x.tallies = append(x.tallies, t)
	}
	for range d.Count(2*MaxMembers, 400) {
		p := ReadProof(d)
		if n := len(x.proofs); d.Err() == nil && n > 0 && x.proofs[n-1].Server().Compare(p.Server()) >= 0 {
			d.Fail(ErrForm)
		}
		x.proofs = append(x.proofs, p)
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("agree: restore: %w: %w", ErrSnapshot, err)
	}
	c, err := New(cfg, x.tick, x.members)
	if err != nil {
		return nil, fmt.Errorf("agree: restore: %w: %w", ErrSnapshot, err)
	}
	x.cfg, x.members, x.voted = c.cfg, c.members, max(x.voted, cfg.From)
	return &x, nil
}

func (m *Members) appendTo(e *base.Encoder) { appendKeys(e, m.Voters); appendKeys(e, m.Others) }

func readMembers(d *base.Decoder) Members { return Members{readKeys(d), readKeys(d)} }

func appendKeys(e *base.Encoder, list []base.Key) {
	e.U32(uint32(len(list)))
	for _, k := range list {
		e.Key(k)
	}
}

func readKeys(d *base.Decoder) (list []base.Key) {
	for range d.Count(2*MaxMembers, 32) {
		list = append(list, d.Key())
	}
	return list
}
