package shard

import (
	"bytes"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
	"github.com/metatopia/metatopia/spatial/det"
)

const snapshotVersion = 3

// AppendSnapshot appends the canonical encoding of the state between End and
// the next Begin.
func (s *Shard) AppendSnapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(snapshotVersion)
	e.ID(s.cfg.ID)
	e.U64(uint64(s.tick))
	e.U32(uint32(len(s.links)))
	for _, l := range s.links {
		l.appendWhole(&e)
	}
	e.U32(uint32(len(s.bodies)))
	for _, x := range s.bodies {
		x.appendTo(&e)
	}
	e.U32(uint32(len(s.forms)))
	for i := range s.forms {
		s.forms[i].appendTo(&e, s.world)
	}
	e.Bytes(s.hand.Snapshot(nil))
	e.Bytes(s.world.AppendSnapshot(nil))
	return e.B
}

// Hash is a 64-bit digest of the state, for comparing replicas.
func (s *Shard) Hash() uint64 { return fold(s.AppendSnapshot(nil)) }

// Restore makes a Shard that goes on exactly like the one that wrote b. cfg
// must be the same but for Hooks. The error is ErrSnapshot.
func Restore(cfg Config, b []byte) (*Shard, error) {
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != snapshotVersion {
		d.Fail(&base.VersionError{What: "a region's physics", Found: v, Wanted: snapshotVersion})
	}
	if id := d.ID(); d.Err() == nil && id != cfg.ID {
		d.Fail(fmt.Errorf("of region %v, not %v", id, cfg.ID))
	}
	s.tick = base.Tick(d.U64())
	for range d.Count(maxNeighbours, 40) {
		l := readLink(d)
		if d.Err() == nil && (!l.Site.Valid() || l.Site == s.cfg.Site || l.ID == s.cfg.ID) {
			d.Fail(fmt.Errorf("neighbour %v at %v", l.ID, l.Site))
			break
		}
		s.place(l)
		s.links = append(s.links, l)
	}
	for range d.Count(s.world.Config().MaxBodies, 58) {
		s.bodies = append(s.bodies, readKept(d))
	}
	var ids []kept
	s.forms, ids = readForms(d)
	hand, world := d.Bytes(len(b)), d.Bytes(len(b))
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("shard: restore: %w: %w", ErrSnapshot, err)
	}
	if s.hand, err = handoff.Restore(s.cfg.Hand, hand); err != nil {
		return nil, fmt.Errorf("shard: restore: %w: %w", ErrSnapshot, err)
	}
	if s.world, err = physics.Restore(s.cfg.Physics, world); err != nil {
		return nil, fmt.Errorf("shard: restore: %w: %w", ErrSnapshot, err)
	}
	if err := s.complete(ids); err != nil {
		return nil, fmt.Errorf("shard: restore: %w: %w", ErrSnapshot, err)
	}
	if err := s.consistent(); err != nil {
		return nil, fmt.Errorf("shard: restore: %w: %w", ErrSnapshot, err)
	}
	s.index()
	s.look()
	if !bytes.Equal(s.AppendSnapshot(nil), b) {
		return nil, fmt.Errorf("shard: restore: %w: not in canonical form", ErrSnapshot)
	}
	return s, nil
}

// consistent reports what no sequence of ticks could have left.
func (s *Shard) consistent() error {
	nums := map[physics.BodyID]bool{}
	for i, b := range s.bodies {
		if i > 0 && s.bodies[i-1].ID.Compare(b.ID) >= 0 {
			return fmt.Errorf("bodies out of order at %v", b.ID)
		}
		p, ok := s.world.Body(b.num)
		if !ok || nums[b.num] || (p.Flags&physics.Ghost != 0) != (b.ghost != nil) {
			return fmt.Errorf("body %v is number %d", b.ID, b.num)
		}
		nums[b.num] = true
		if epoch, owned := s.hand.Owns(b.ID); owned != (b.ghost == nil) || owned && epoch != b.Epoch {
			return fmt.Errorf("body %v is owned at epoch %d", b.ID, epoch)
		}
	}
	if len(nums) != s.world.Len() {
		return fmt.Errorf("%d bodies of %d", len(nums), s.world.Len())
	}
	for i, l := range s.links {
		if i > 0 && s.links[i-1].ID.Compare(l.ID) >= 0 {
			return fmt.Errorf("neighbours out of order at %v", l.ID)
		}
	}
	return nil
}

func (b *body) appendTo(e *base.Encoder) {
	e.ID(b.ID)
	e.U64(b.Epoch)
	e.U64(uint64(b.num))
	e.U64(uint64(b.since))
	e.U64(uint64(b.mixed))
	e.U64(uint64(b.early))
	e.F32(b.want.X)
	e.F32(b.want.Z)
	e.F32(b.grip)
	g := b.ghost
	e.Bool(g != nil)
	if g == nil {
		return
	}
	e.ID(g.From)
	putUint(e, g.Handle)
	e.U64(uint64(g.Heard))
	e.U64(uint64(g.Touched))
	e.U64(uint64(g.Slept))
	e.U64(uint64(g.Off))
	e.Bool(g.Wall)
	e.Bool(g.Fixed)
	e.Bool(g.Led)
	e.U64(uint64(g.set.tick))
	e.F32(g.set.pos)
	e.F32(g.set.vel)
	e.U8(uint8(len(g.faces)))
	for _, f := range g.faces {
		vec(f).AppendTo(e)
	}
	e.U8(uint8(len(g.past)))
	for i := range g.past {
		m := &g.past[i]
		e.U64(uint64(m.Tick))
		m.Pos.AppendTo(e)
		m.Rot.AppendTo(e)
		m.Vel.AppendTo(e)
		m.Spin.AppendTo(e)
	}
}

func readKept(d *base.Decoder) *body {
	b := &body{ID: d.ID(), Epoch: d.U64(), num: physics.BodyID(d.U64()), since: base.Tick(d.U64()), mixed: base.Tick(d.U64()), early: base.Tick(d.U64()),
		want: det.Vec{X: d.F32(), Z: d.F32()}, grip: d.F32()}
	if !d.Bool() {
		return b
	}
	g := &ghost{From: d.ID(), Handle: readUint(d), Heard: base.Tick(d.U64()), Touched: base.Tick(d.U64()), Slept: base.Tick(d.U64()), Off: base.Tick(d.U64()), Wall: d.Bool(), Fixed: d.Bool(), Led: d.Bool()}
	g.set = setting{base.Tick(d.U64()), d.F32(), d.F32()}
	for range min(d.U8(), maxFaces) {
		g.faces = append(g.faces, det.Vec(spatial.ReadVec(d)))
	}
	n := d.U8()
	if n > history {
		d.Fail(base.ErrBound)
	}
	for range n {
		if d.Err() != nil {
			break
		}
		g.past = append(g.past, moment{Tick: base.Tick(d.U64()), Pos: spatial.ReadVec(d), Rot: spatial.ReadQuat(d),
			Vel: spatial.ReadVec(d), Spin: spatial.ReadVec(d)})
	}
	b.ghost = g
	return b
}

func (l *link) appendTo(e *base.Encoder) {
	e.ID(l.ID)
	l.Site.AppendTo(e)
	l.clock.appendTo(e)
	l.trust.appendTo(e)
	putUint(e, l.Next)
	e.U8(l.Reach)
	e.U32(uint32(len(l.told)))
	for i := range l.told {
		t := &l.told[i]
		e.ID(t.ID)
		putUint(e, t.Handle)
		e.U8(t.Intros)
		e.U8(t.Rests)
		e.U64(uint64(t.Since))
		e.U64(uint64(t.SaidAt))
		e.U64(t.Car)
		t.Said.appendTo(e)
	}
	e.U32(uint32(len(l.gone)))
	for _, p := range l.gone {
		putUint(e, p.Handle)
		e.U8(p.Left)
	}
	e.U32(uint32(len(l.tied)))
	for _, t := range l.tied {
		e.U64(uint64(t.ID))
		e.U64(t.Sum)
		e.U8(t.Left)
	}
	e.U32(uint32(len(l.known)))
	for i := range l.known {
		k := &l.known[i]
		putUint(e, k.Handle)
		e.ID(k.ID)
		e.U64(uint64(k.At))
		k.Said.appendTo(e)
	}
	e.U32(uint32(len(l.later)))
	for _, x := range l.later {
		e.U64(uint64(x.Got))
		e.Bytes(x.Data)
	}
	e.U32(uint32(len(l.miss)))
	for _, h := range l.miss {
		putUint(e, h)
	}
	e.U8(l.odd)
	e.U64(uint64(l.asked))
	e.U32(uint32(len(l.meets)))
	for i := range l.meets {
		l.meets[i].appendTo(e)
	}
}

// appendWhole is appendTo with the pieces of geometries that have come.
func (l *link) appendWhole(e *base.Encoder) {
	l.appendTo(e)
	l.appendShapes(e, func(f *fetch) {
		for _, p := range f.Pieces {
			e.Raw(p)
		}
	})
}

// appendDigest is appendWhole with sums in the place of the pieces.
func (l *link) appendDigest(e *base.Encoder) {
	l.appendTo(e)
	l.appendShapes(e, func(f *fetch) {
		for i := range f.Sums {
			e.Raw(f.Sums[i][:])
		}
	})
}

func readLink(d *base.Decoder) *link {
	l := &link{Neighbour: Neighbour{ID: d.ID(), Site: spatial.ReadPos(d)}, clock: readClock(d), trust: readTrust(d), Next: readUint(d), Reach: d.U8()}
	for range d.Count(MaxGhosts, 20) {
		l.told = append(l.told, told{ID: d.ID(), Handle: readUint(d), Intros: d.U8(), Rests: d.U8(), Since: base.Tick(d.U64()), SaidAt: base.Tick(d.U64()), Car: d.U64(), Said: readMotion(d)})
	}
	for range d.Count(MaxGhosts, 2) {
		l.gone = append(l.gone, parting{readUint(d), d.U8()})
	}
	for range d.Count(maxBonds, 17) {
		l.tied = append(l.tied, tied{physics.JointID(d.U64()), d.U64(), d.U8()})
	}
	for range d.Count(MaxGhosts, 20) {
		l.known = append(l.known, known{readUint(d), d.ID(), base.Tick(d.U64()), readMotion(d)})
	}
	for range d.Count(maxLater, 12) {
		l.later = append(l.later, deferred{base.Tick(d.U64()), d.Bytes(MaxMessage)})
	}
	for range d.Count(maxMiss, 1) {
		l.miss = append(l.miss, readUint(d))
	}
	l.odd, l.asked = d.U8(), base.Tick(d.U64())
	for range d.Count(maxMeetings, 60) {
		l.meets = append(l.meets, readMeeting(d))
	}
	l.readShapes(d)
	return l
}

func (c *clock) appendTo(e *base.Encoder) {
	e.I64(c.Ahead)
	e.Bool(c.Known)
	e.U64(uint64(c.Heard))
	e.U64(uint64(c.At))
	for _, x := range [2]sample{c.Best, c.Before} {
		e.U32(x.Trip)
		e.I64(x.Ahead)
	}
	e.U8(c.N)
	e.U8(c.Runs)
}

func readClock(d *base.Decoder) clock {
	return clock{Ahead: d.I64(), Known: d.Bool(), Heard: base.Tick(d.U64()), At: base.Tick(d.U64()),
		Best: sample{d.U32(), d.I64()}, Before: sample{d.U32(), d.I64()}, N: d.U8(), Runs: d.U8()}
}

func (t *trust) appendTo(e *base.Encoder) {
	e.U32(t.Strikes)
	e.U64(uint64(t.Until))
	e.U64(uint64(t.Paid))
	e.F32(t.Push)
	e.U8(t.Filed)
}

func readTrust(d *base.Decoder) trust {
	return trust{Strikes: d.U32(), Until: base.Tick(d.U64()), Paid: base.Tick(d.U64()), Push: d.F32(), Filed: d.U8()}
}

func (m *meeting) appendTo(e *base.Encoder) {
	e.ID(m.A)
	e.ID(m.B)
	e.U64(m.EpochA)
	e.U64(m.EpochB)
	e.U64(uint64(m.Tick))
	e.Bool(m.Ours)
	m.Push.AppendTo(e)
}

func readMeeting(d *base.Decoder) meeting {
	return meeting{A: d.ID(), B: d.ID(), EpochA: d.U64(), EpochB: d.U64(), Tick: base.Tick(d.U64()), Ours: d.Bool(), Push: spatial.ReadVec(d)}
}

// fold is FNV-1a by words of eight bytes, mixed at the end (Appleby 2011).
func fold(b []byte) uint64 {
	h := uint64(0xcbf29ce484222325) ^ uint64(len(b))
	for len(b) > 0 {
		var w [8]byte
		b = b[copy(w[:], b):]
		v := uint64(0)
		for i, x := range w {
			v |= uint64(x) << (8 * i)
		}
		h = (h ^ v) * 0x100000001b3
		h ^= h >> 29
	}
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	return h ^ h>>33
}
