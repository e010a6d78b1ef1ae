package region

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/region/succession"
	"github.com/metatopia/metatopia/spatial"
)

// ErrSnapshot: not a snapshot of this version, or damaged.
var ErrSnapshot = errors.New("bad region snapshot")

// section is a part of the snapshot that is written and digested as a whole.
type section struct {
	name   string
	append func(*Sim, *base.Encoder)
	// stamp is another number after every change; nil where a section is small
	// or changes in every tick.
	stamp func(*Sim) uint64
}

// sections in the order of the snapshot. The things come after the first, and
// the physics after the last.
var sections = [...]section{
	{"head", (*Sim).appendHead, nil},
	{"sessions", (*Sim).appendSessions, nil},
	{"departed", (*Sim).appendGone, func(s *Sim) uint64 { return s.goneStamp }},
	{"leaving", (*Sim).appendLeaving, nil},
	{"neighbours", (*Sim).appendNeighbours, nil},
	{"modules", (*Sim).appendModules, nil},
	{"events", (*Sim).appendPending, nil},
	{"echoes", (*Sim).appendEchoes, nil},
	{"law", (*Sim).appendLaw, (*Sim).lawStamp},
	{"access", (*Sim).appendGate, nil},
	{"deleted", (*Sim).appendBin, nil},
	{"relays", (*Sim).appendRelays, func(s *Sim) uint64 { return s.relayStamp }},
	{"asks", (*Sim).appendAsks, func(s *Sim) uint64 { return s.asking.stamp }},
	{"origin", (*Sim).appendOrigin, func(s *Sim) uint64 { return uint64(len(s.origins)) }},
	{"servers", (*Sim).appendRoster, nil},
}

// Snapshot appends the canonical state. It may be called between Steps.
func (s *Sim) Snapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	for i := range sections {
		sections[i].append(s, &e)
		if i == 0 {
			e.U32(uint32(len(s.things)))
			for _, t := range s.things {
				t.appendHere(&e)
			}
		}
	}
	e.Bytes(s.shard.AppendSnapshot(nil))
	return e.B
}

func (s *Sim) appendHead(e *base.Encoder) {
	e.U8(snapshotVersion)
	e.U8(uint8(s.rules))
	e.ID(s.cfg.ID)
	e.U64(uint64(s.tick))
	e.Raw(s.chain[:])
	e.U64(s.said)
	e.U64(s.spawned)
	e.U64(s.sent)
}

func (s *Sim) appendSessions(e *base.Encoder) {
	e.U32(uint32(len(s.sessions)))
	for i := range s.sessions {
		s.sessions[i].appendTo(e)
	}
}

func (s *Sim) appendGone(e *base.Encoder) {
	e.U32(uint32(len(s.gone)))
	for _, g := range s.gone {
		e.Key(g.Player)
		e.U64(g.Seq)
		e.U64(uint64(g.At))
	}
}

func (s *Sim) appendLeaving(e *base.Encoder) {
	e.U32(uint32(len(s.leaving)))
	for _, l := range s.leaving {
		l.Thing.appendHere(e)
		e.ID(l.To)
		e.U64(uint64(l.Until))
	}
}

func (s *Sim) appendNeighbours(e *base.Encoder) {
	e.U32(uint32(len(s.neighbours)))
	for _, n := range s.neighbours {
		e.ID(n.ID)
		e.Str(n.Name)
		n.Site.AppendTo(e)
		e.U64(n.heard.Top)
		e.U64(n.heard.Mask)
	}
}

func (s *Sim) appendModules(e *base.Encoder) {
	e.U32(uint32(len(s.modules)))
	for _, m := range s.modules {
		e.Str(m.Name)
		e.Bool(m.Ready)
		e.Str(m.Err)
		e.U64(uint64(m.wanted))
		appendSaid(e, m.said)
	}
}

func (s *Sim) appendPending(e *base.Encoder) {
	e.U32(uint32(len(s.pending)))
	for i := range s.pending {
		s.pending[i].appendTo(e)
	}
}

func (s *Sim) appendEchoes(e *base.Encoder) {
	e.U32(uint32(len(s.echoes)))
	for _, x := range s.echoes {
		e.U64(uint64(x.At))
		e.U8(x.Left)
		e.U64(x.N)
		x.Line.appendTo(e)
	}
}

func (s *Sim) appendLaw(e *base.Encoder) { e.Bytes(s.law.snapshot()) }

func (s *Sim) appendGate(e *base.Encoder) {
	var a base.Encoder
	s.gate.state.AppendTo(&a)
	e.Bytes(a.B)
}

// appendHere is a thing with what belongs to this region.
func (t *Thing) appendHere(e *base.Encoder) {
	t.appendTo(e)
	e.U64(uint64(t.Since))
	e.U64(uint64(t.LastTouch))
	appendTimers(e, t.Timers, 0)
	appendLoan(e, t, 0)
	e.Bool(t.Brought)
	if t.Hollow {
		t.At.AppendTo(e)
		appendQuat(e, t.Turn)
	}
}

func readHere(d *base.Decoder) *Thing {
	t := readThing(d)
	t.Since, t.LastTouch = base.Tick(d.U64()), base.Tick(d.U64())
	t.Timers = readTimers(d, 0)
	readLoan(d, t, 0)
	t.Brought = d.Bool()
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
	e.Bool(me.Came)
}

func readSession(d *base.Decoder) session {
	return session{Player: d.Key(), Thing: d.ID(), Seq: d.U64(), Proof: d.Bytes(MaxInputBytes), Steer: spatial.ReadVec(d), SteerUntil: base.Tick(d.U64()),
		Walking: d.Bool(), Target: spatial.ReadPos(d), Jump: d.Bool(), Talk: base.Tick(d.U64()), Drive: spatial.ReadVec(d), Last: spatial.ReadVec(d),
		Stuck: d.U16(), Aside: d.U16(), Side: d.Bool(), Came: d.Bool()}
}

// appendTo writes a script event: the only kind that waits between ticks.
func (x *event) appendTo(e *base.Encoder) {
	e.ID(x.To)
	e.ID(x.From)
	e.U64(x.Seq)
	e.Str(x.Name)
	e.Str(x.FromName)
	e.Str(x.Text)
	e.I64(x.Tag)
	e.F32(x.Impulse)
	if e.Bool(x.answer != nil); x.answer != nil {
		x.answer.AppendTo(e)
	}
}

func readEvent(d *base.Decoder) event {
	x := event{Kind: evScript, To: d.ID(), From: d.ID(), Seq: d.U64(), Name: d.Str(MaxKind), FromName: d.Str(MaxName), Text: d.Str(MaxText), Tag: d.I64(), Impulse: d.F32()}
	if d.Bool() && d.Err() == nil {
		x.answer = ReadAnswer(d)
	}
	return x
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
	if v := d.U8(); d.Err() == nil && v != snapshotVersion {
		d.Fail(&base.VersionError{What: "a region's state", Found: v, Wanted: snapshotVersion})
	}
	if s.rules = Rules(d.U8()); s.rules&^rulesKnown != 0 {
		d.Fail(fmt.Errorf("rules %#x", uint8(s.rules)))
	}
	if id := d.ID(); d.Err() == nil && id != cfg.ID {
		d.Fail(fmt.Errorf("of region %v, not %v", id, cfg.ID))
	}
	physics := s.read(d)
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	if s.shard, err = shard.Restore(s.shardConfig(), physics); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	s.shard.SetParallel(s.cfg.Parallel)
	if err := s.consistent(); err != nil {
		return nil, fmt.Errorf("region: restore: %w: %w", ErrSnapshot, err)
	}
	return s, nil
}

func (s *Sim) read(d *base.Decoder) (physics []byte) {
	s.tick = base.Tick(d.U64())
	copy(s.chain[:], d.Raw(len(s.chain)))
	s.said, s.spawned, s.sent = d.U64(), d.U64(), d.U64()
	for range d.Count(MaxThings+handoffSlack, 100) {
		t := readHere(d)
		t.derive()
		s.things = append(s.things, t)
	}
	for range d.Count(MaxThings+handoffSlack, 100) {
		s.sessions = append(s.sessions, readSession(d))
	}
	for range d.Count(MaxGone, 48) {
		s.gone = append(s.gone, departure{d.Key(), d.U64(), base.Tick(d.U64())})
	}
	for range d.Count(maxDeparted, 100) {
		s.leaving = append(s.leaving, leaving{readHere(d), d.ID(), base.Tick(d.U64())})
	}
	for range d.Count(MaxNeighbours, 60) {
		s.neighbours = append(s.neighbours, neighbour{Neighbour{d.ID(), d.Str(MaxName), spatial.ReadPos(d)}, window{d.U64(), d.U64()}, 0})
	}
	for range d.Count(MaxModules, 21) {
		s.modules = append(s.modules, module{Name: d.Str(MaxLumpName), Ready: d.Bool(), Err: d.Str(MaxText), wanted: base.Tick(d.U64()), said: readSaid(d)})
	}
	for range d.Count(maxPending, 64) {
		s.pending = append(s.pending, readEvent(d))
	}
	for range d.Count(maxEchoes, 80) {
		s.echoes = append(s.echoes, echo{base.Tick(d.U64()), d.U8(), d.U64(), readLine(d)})
	}
	if err := s.readLaw(d.Bytes(succession.MaxSnapshot)); err != nil && d.Err() == nil {
		d.Fail(err)
	}
	s.readAccess(d)
	s.readBin(d)
	s.readRelays(d)
	s.readAsks(d)
	s.origins = readOrigins(d)
	s.readRoster(d)
	return d.Bytes(MaxSnapshot)
}

// consistent checks what the code relies on, so that a damaged snapshot is
// refused and not run.
func (s *Sim) consistent() error {
	for i, t := range s.things {
		if i > 0 && s.things[i-1].ID.Compare(t.ID) >= 0 {
			return fmt.Errorf("things are not in order")
		}
		if epoch, ok := s.shard.Owns(t.ID); !ok || epoch != t.Epoch {
			return fmt.Errorf("thing %v is at epoch %d, the hand-off core says %d", t.ID, t.Epoch, epoch)
		}
		if _, ok := s.shard.Body(t.ID); ok == t.Hollow {
			return fmt.Errorf("thing %v has no body, or one that is hollow has", t.ID)
		}
	}
	if n := s.shard.Hand().Len(); n != len(s.things) {
		return fmt.Errorf("%d things, but %d are owned", len(s.things), n)
	}
	for i := range s.sessions {
		me := &s.sessions[i]
		if t := s.thing(me.Thing); t == nil || t.Player != me.Player || (i > 0 && s.sessions[i-1].Player.Compare(me.Player) >= 0) {
			return fmt.Errorf("session of player %s without an avatar", me.Player.Short())
		}
	}
	return nil
}
