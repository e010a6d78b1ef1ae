package region

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// ErrSnapshot: not a snapshot of this version, or damaged.
var ErrSnapshot = errors.New("bad region snapshot")

// Hash is SHA-256 over Snapshot: the whole state, physics and hand-off core
// included, so that equal hashes mean equal futures. A region of 100 things is
// about 40 kB to hash.
func (s *Sim) Hash() Hash { return sha256.Sum256(s.Snapshot(nil)) }

// Snapshot appends the canonical state. It may be called between Steps.
func (s *Sim) Snapshot(b []byte) []byte {
	if len(s.cmds) != 0 {
		panic("region: snapshot with physics commands pending")
	}
	e := base.Encoder{B: b}
	// A region without rules writes what versions before them wrote, so that
	// their logs go on with the same hashes.
	if s.rules == 0 {
		e.U8(snapshotVersion)
	} else {
		e.U8(snapshotRules)
		e.U8(uint8(s.rules))
	}
	e.ID(s.cfg.ID)
	e.U64(uint64(s.tick))
	e.Raw(s.chain[:])
	e.U64(s.said)
	e.U64(s.spawned)
	e.U64(s.bodies)
	e.U32(uint32(len(s.things)))
	for _, t := range s.things {
		t.appendHere(&e)
	}
	e.U32(uint32(len(s.sessions)))
	for i := range s.sessions {
		s.sessions[i].appendTo(&e)
	}
	e.U32(uint32(len(s.gone)))
	for _, g := range s.gone {
		e.Key(g.Player)
		e.U64(g.Seq)
		e.U64(uint64(g.At))
	}
	e.U32(uint32(len(s.ghosts)))
	for _, g := range s.ghosts {
		g.appendTo(&e)
	}
	e.U32(uint32(len(s.leaving)))
	for _, l := range s.leaving {
		l.Thing.appendHere(&e)
		e.ID(l.To)
		e.U64(uint64(l.Until))
	}
	e.U32(uint32(len(s.neighbours)))
	for _, n := range s.neighbours {
		e.ID(n.ID)
		e.Str(n.Name)
		n.Site.AppendTo(&e)
		e.U64(n.heard.Top)
		e.U64(n.heard.Mask)
	}
	e.U32(uint32(len(s.modules)))
	for _, m := range s.modules {
		e.Str(m.Name)
		e.Bool(m.Ready)
		e.Str(m.Err)
		e.U64(uint64(m.wanted))
	}
	e.U32(uint32(len(s.pending)))
	for i := range s.pending {
		s.pending[i].appendTo(&e)
	}
	e.U32(uint32(len(s.echoes)))
	for _, x := range s.echoes {
		e.U64(uint64(x.At))
		e.U8(x.Left)
		e.U64(x.N)
		x.Line.appendTo(&e)
	}
	e.Bytes(s.hand.Snapshot(nil))
	e.Bytes(s.world.AppendSnapshot(nil))
	return e.B
}

// appendHere is a thing with what belongs to this region: its body and times.
func (t *Thing) appendHere(e *base.Encoder) {
	t.appendTo(e)
	e.U64(t.body)
	e.U64(uint64(t.Since))
	e.U64(uint64(t.LastTouch))
	if t.Hollow {
		t.At.AppendTo(e)
		appendQuat(e, t.Turn)
	}
}

func readHere(d *base.Decoder) *Thing {
	t := readThing(d)
	t.body, t.Since, t.LastTouch = d.U64(), base.Tick(d.U64()), base.Tick(d.U64())
	if t.Hollow {
		t.At, t.Turn = spatial.ReadVec(d), readQuat(d)
	}
	return t
}

func (me *session) appendTo(e *base.Encoder) {
	e.Key(me.Player)
	e.ID(me.Thing)
	e.U64(me.Seq)
	e.Bytes(me.Proof)
	me.Steer.AppendTo(e)
	e.U64(uint64(me.SteerUntil))
	e.Bool(me.Walking)
	me.Target.AppendTo(e)
	e.Bool(me.Jump)
	e.U64(uint64(me.Talk))
	me.Drive.AppendTo(e)
	me.Last.AppendTo(e)
	e.U16(me.Stuck)
	e.U16(me.Aside)
	e.Bool(me.Side)
}

func readSession(d *base.Decoder) session {
	return session{Player: d.Key(), Thing: d.ID(), Seq: d.U64(), Proof: d.Bytes(MaxInputBytes), Steer: spatial.ReadVec(d), SteerUntil: base.Tick(d.U64()),
		Walking: d.Bool(), Target: spatial.ReadPos(d), Jump: d.Bool(), Talk: base.Tick(d.U64()), Drive: spatial.ReadVec(d), Last: spatial.ReadVec(d),
		Stuck: d.U16(), Aside: d.U16(), Side: d.Bool()}
}

func (g *ghost) appendTo(e *base.Encoder) {
	e.ID(g.ID)
	e.ID(g.From)
	e.U64(g.Epoch)
	e.U8(uint8(g.Shape))
	g.Size.AppendTo(e)
	e.Bool(g.Fixed)
	e.U64(g.body)
	e.U64(uint64(g.seen))
	e.U64(uint64(g.hold))
}

func readGhost(d *base.Decoder) *ghost {
	return &ghost{ID: d.ID(), From: d.ID(), Epoch: d.U64(), Shape: Shape(d.U8()), Size: spatial.ReadVec(d), Fixed: d.Bool(),
		body: d.U64(), seen: base.Tick(d.U64()), hold: base.Tick(d.U64())}
}

// appendTo writes a script event: the only kind that waits between ticks.
func (x *event) appendTo(e *base.Encoder) {
	e.ID(x.To)
	e.ID(x.From)
	e.U64(x.Seq)
	e.Str(x.Name)
	e.Str(x.FromName)
	e.Str(x.Text)
}

func readEvent(d *base.Decoder) event {
	return event{Kind: evScript, To: d.ID(), From: d.ID(), Seq: d.U64(), Name: d.Str(MaxKind), FromName: d.Str(MaxName), Text: d.Str(MaxText)}
}

// Restore makes a Sim that goes on exactly like the one that wrote b. cfg must
// be the same but for Scripts, Verify and Parallel. The error is ErrSnapshot.
func Restore(cfg Config, b []byte) (*Sim, error) {
	s, err := New(cfg)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxSnapshot {
		return nil, fmt.Errorf("region: restore: %w: %d bytes", ErrSnapshot, len(b))
	}
	d := base.NewDecoder(b)
	switch v := d.U8(); {
	case d.Err() != nil, v == snapshotVersion:
	case v != snapshotRules:
		d.Fail(fmt.Errorf("version %d", v))
	default:
		if s.rules = Rules(d.U8()); s.rules == 0 || s.rules&^rulesKnown != 0 {
			d.Fail(fmt.Errorf("rules %#x", uint8(s.rules)))
		}
	}
	if id := d.ID(); d.Err() == nil && id != cfg.ID {
		d.Fail(fmt.Errorf("of region %v, not %v", id, cfg.ID))
	}
	hand, world := s.read(d)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	if s.hand, err = handoff.Restore(s.cfg.handoff(), hand); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	if s.world, err = physics.Restore(s.cfg.physics(), world); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	if err := s.consistent(); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	return s, nil
}

func (s *Sim) read(d *base.Decoder) (hand, world []byte) {
	s.tick = base.Tick(d.U64())
	copy(s.chain[:], d.Raw(len(s.chain)))
	s.said, s.spawned, s.bodies = d.U64(), d.U64(), d.U64()
	for range d.Count(MaxThings+handoffSlack, 100) {
		s.things = append(s.things, readHere(d))
	}
	for range d.Count(MaxThings+handoffSlack, 100) {
		s.sessions = append(s.sessions, readSession(d))
	}
	for range d.Count(MaxGone, 48) {
		s.gone = append(s.gone, departure{d.Key(), d.U64(), base.Tick(d.U64())})
	}
	for range d.Count(MaxGhosts, 70) {
		s.ghosts = append(s.ghosts, readGhost(d))
	}
	for range d.Count(maxDeparted, 100) {
		s.leaving = append(s.leaving, leaving{readHere(d), d.ID(), base.Tick(d.U64())})
	}
	for range d.Count(MaxNeighbours, 60) {
		s.neighbours = append(s.neighbours, neighbour{Neighbour{d.ID(), d.Str(MaxName), spatial.ReadPos(d)}, window{d.U64(), d.U64()}, 0, 0})
	}
	for range d.Count(MaxModules, 17) {
		s.modules = append(s.modules, module{Name: d.Str(MaxLumpName), Ready: d.Bool(), Err: d.Str(MaxText), wanted: base.Tick(d.U64())})
	}
	for range d.Count(maxPending, 52) {
		s.pending = append(s.pending, readEvent(d))
	}
	for range d.Count(maxEchoes, 80) {
		s.echoes = append(s.echoes, echo{base.Tick(d.U64()), d.U8(), d.U64(), readLine(d)})
	}
	return d.Bytes(MaxSnapshot), d.Bytes(MaxSnapshot)
}

// consistent checks what the code relies on, so that a damaged snapshot is
// refused and not run.
func (s *Sim) consistent() error {
	for i, t := range s.things {
		if i > 0 && s.things[i-1].ID.Compare(t.ID) >= 0 {
			return fmt.Errorf("things are not in order")
		}
		if epoch, ok := s.hand.Owns(t.ID); !ok || epoch != t.Epoch {
			return fmt.Errorf("thing %v is at epoch %d, the hand-off core says %d", t.ID, t.Epoch, epoch)
		}
		if _, ok := s.world.Body(physics.BodyID(t.body)); !ok && !t.Hollow {
			return fmt.Errorf("thing %v has no body", t.ID)
		}
	}
	if s.hand.Len() != len(s.things) {
		return fmt.Errorf("%d things, but %d are owned", len(s.things), s.hand.Len())
	}
	for i := range s.sessions {
		me := &s.sessions[i]
		if t := s.thing(me.Thing); t == nil || t.Player != me.Player || (i > 0 && s.sessions[i-1].Player.Compare(me.Player) >= 0) {
			return fmt.Errorf("session of player %s without an avatar", me.Player.Short())
		}
	}
	for i, g := range s.ghosts {
		if _, ok := s.world.Body(physics.BodyID(g.body)); !ok || (i > 0 && s.ghosts[i-1].ID.Compare(g.ID) >= 0) {
			return fmt.Errorf("ghost %v has no body", g.ID)
		}
	}
	return nil
}
