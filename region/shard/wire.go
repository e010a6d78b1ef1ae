package shard

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// A message is for one neighbour:
//
//	u8 version = 2, u8 kind, id of the receiver 16
//	kind 4: a piece of a geometry, see piece
//	kind 3: what is asked for of geometries: u8 n, n × (u64 id rising, u32 missing pieces)
//	kind 2: a handoff.Msg
//	kind 1: word about bodies, see word
//
// uint and int are numbers of seven bits a byte in their shortest form, an int
// with its sign in the lowest bit. docs/protocol/border.md has the whole.
const wireVersion = 2

const (
	kindWord    = 1
	kindHandoff = 2
	kindAsk     = 3
	kindPiece   = 4
)

// word is what a region says about its bodies at the end of one tick.
type word struct {
	Tick   base.Tick // of the sender
	Echo   base.Tick // newest of the receiver's ticks that counted, or 0
	Age    uint64    // ticks since that one counted
	Ahead  int64     // the sender's tick minus the receiver's of the same moment, when Agreed
	Agreed bool
	Digest uint64 // of all bodies told of, when Summed
	Summed bool
	Reach  uint8 // how far its bodies reach over the border soon, in 1/4 m
	Gone   []uint64
	Wants  []uint64
	Intros []intro
	Moves  []move
	Meets  []meet
	Ties   []tie    // joints between bodies told of
	Loose  []uint64 // joints that ended

	awake int // bodies told of that do not rest, for the counts
}

// intro makes a body known: all of it, exactly.
type intro struct {
	Handle uint64
	ID     base.ID
	Epoch  uint64
	Body   physics.Body
	Drive  drive // of an upright body
	Car    *car  // nil: it has no wheels
}

// drive is how an upright body walks.
type drive struct {
	Want [2]int32 // X and Z, 1/speedUnits m/s
	Grip int32    // 1/speedUnits m/s²; 0: not driven
}

// move is the motion of a body made known before.
type move struct {
	Handle uint64
	motion
}

// meet is a touch of the sender's body Mine with the receiver's body Yours:
// EvBegin or EvHit of physics. Impulse is what Mine got in this tick, N·s.
type meet struct {
	Mine, Yours uint64
	Impulse     spatial.Vec
}

// Flags of a word: which of its parts are there.
const (
	wordAgreed = 1 << iota
	wordSummed
	wordGone
	wordWants
	wordIntros
	wordMoves
	wordMeets
	wordTies // Ties and Loose, at least one of them
)

func (w *word) flags() (f uint8) {
	for i, there := range [...]bool{w.Agreed, w.Summed, len(w.Gone) > 0, len(w.Wants) > 0, len(w.Intros) > 0, len(w.Moves) > 0, len(w.Meets) > 0, len(w.Ties)+len(w.Loose) > 0} {
		if there {
			f |= 1 << i
		}
	}
	return f
}

func (w *word) appendTo(e *base.Encoder) {
	f := w.flags()
	e.U8(f)
	putUint(e, uint64(w.Tick))
	putUint(e, uint64(w.Echo))
	putUint(e, w.Age)
	e.U8(w.Reach)
	if w.Agreed {
		putInt(e, w.Ahead)
	}
	if w.Summed {
		e.U64(w.Digest)
	}
	if f&wordGone != 0 {
		appendHandles(e, w.Gone)
	}
	if f&wordWants != 0 {
		appendHandles(e, w.Wants)
	}
	if f&wordIntros != 0 {
		putUint(e, uint64(len(w.Intros)))
	}
	for i := range w.Intros {
		w.Intros[i].appendTo(e)
	}
	if f&wordMoves != 0 {
		putUint(e, uint64(len(w.Moves)))
	}
	last := uint64(0)
	for i := range w.Moves {
		m := &w.Moves[i]
		putUint(e, m.Handle-last)
		last = m.Handle
		m.motion.appendTo(e)
	}
	if f&wordMeets != 0 {
		putUint(e, uint64(len(w.Meets)))
	}
	for i := range w.Meets {
		m := &w.Meets[i]
		putUint(e, m.Mine)
		putUint(e, m.Yours)
		m.Impulse.AppendTo(e)
	}
	if f&wordTies == 0 {
		return
	}
	putUint(e, uint64(len(w.Ties)))
	for i := range w.Ties {
		w.Ties[i].appendTo(e)
	}
	putUint(e, uint64(len(w.Loose)))
	for _, id := range w.Loose {
		e.U64(id)
	}
}

func readWord(d *base.Decoder) (w word) {
	f := d.U8()
	w.Tick, w.Echo, w.Age, w.Reach = base.Tick(readUint(d)), base.Tick(readUint(d)), readUint(d), d.U8()
	if w.Agreed = f&wordAgreed != 0; w.Agreed {
		w.Ahead = readWithin(d, maxTick)
	}
	if w.Summed = f&wordSummed != 0; w.Summed {
		w.Digest = d.U64()
	}
	if d.Err() == nil && (w.Tick > maxTick || w.Echo > maxTick || w.Age > maxAge) {
		d.Fail(base.ErrBound)
	}
	if f&wordGone != 0 {
		w.Gone = readHandles(d)
	}
	if f&wordWants != 0 {
		w.Wants = readHandles(d)
	}
	if f&wordIntros != 0 {
		for range readCount(d, maxIntros, introBytes) {
			w.Intros = append(w.Intros, readIntro(d))
		}
	}
	if f&wordMoves != 0 {
		last := uint64(0)
		for range readCount(d, MaxGhosts, moveBytes) {
			step := readUint(d)
			if d.Err() == nil && (step == 0 || step > maxHandle || last+step > maxHandle) {
				d.Fail(fmt.Errorf("handle %d after %d", step, last))
			}
			last += step
			w.Moves = append(w.Moves, move{last, readMotion(d)})
		}
	}
	if f&wordMeets != 0 {
		for range readCount(d, maxMeets, 2+12) {
			m := meet{readUint(d), readUint(d), spatial.ReadVec(d)}
			if d.Err() == nil && (m.Mine > maxHandle || m.Yours > maxHandle || !(m.Impulse.Len() <= physics.MaxImpulse)) {
				d.Fail(base.ErrBound)
			}
			w.Meets = append(w.Meets, m)
		}
	}
	if f&wordTies != 0 {
		for range readCount(d, maxTies, 2+bondBytes) {
			w.Ties = append(w.Ties, readTie(d))
		}
		for range readCount(d, maxTies, 8) {
			w.Loose = append(w.Loose, d.U64())
		}
	}
	if d.Err() == nil && f != w.flags() {
		d.Fail(fmt.Errorf("flags %#x", f))
	}
	return w
}

// appendHandles writes handles in ascending order, each as the step from the
// one before.
func appendHandles(e *base.Encoder, list []uint64) {
	putUint(e, uint64(len(list)))
	last := uint64(0)
	for i, h := range list {
		if i == 0 {
			putUint(e, h)
		} else {
			putUint(e, h-last)
		}
		last = h
	}
}

func readHandles(d *base.Decoder) (list []uint64) {
	last := uint64(0)
	for i := range readCount(d, MaxGhosts, 1) {
		step := readUint(d)
		if d.Err() == nil && (i > 0 && step == 0 || step > maxHandle || last+step > maxHandle) {
			d.Fail(fmt.Errorf("handle %d after %d", step, last))
		}
		last += step
		list = append(list, last)
	}
	return list
}

func (n *intro) appendTo(e *base.Encoder) {
	putUint(e, n.Handle)
	e.ID(n.ID)
	putUint(e, n.Epoch)
	appendBody(e, &n.Body)
	if n.Body.Flags&physics.Upright != 0 {
		n.Drive.appendTo(e)
	}
	n.Car.appendTo(e)
}

func readIntro(d *base.Decoder) intro {
	n := intro{Handle: readUint(d), ID: d.ID(), Epoch: readUint(d)}
	if d.Err() == nil && (n.Handle == 0 || n.Handle > maxHandle || n.ID.IsZero() || n.Epoch == 0 || n.Epoch >= 1<<63) {
		d.Fail(base.ErrBound)
	}
	n.Body = readBody(d)
	if n.Body.Flags&physics.Upright != 0 {
		n.Drive = readDrive(d)
	}
	n.Car = readCar(d)
	return n
}

func (v *drive) appendTo(e *base.Encoder) {
	putInt(e, int64(v.Want[0]))
	putInt(e, int64(v.Want[1]))
	putInt(e, int64(v.Grip))
}

func readDrive(d *base.Decoder) (v drive) {
	v.Want[0], v.Want[1] = int32(readWithin(d, maxSpeedU)), int32(readWithin(d, maxSpeedU))
	v.Grip = int32(readWithin(d, physics.MaxAcceleration*speedUnits))
	if d.Err() == nil && (v.Grip < 0 || v.Grip == 0 && v.Want != [2]int32{}) {
		d.Fail(base.ErrBound)
	}
	return v
}

// appendBody writes a body exactly, all but its number in physics.
func appendBody(e *base.Encoder, b *physics.Body) {
	c := *b
	c.ID, c.Flags = 0, c.Flags&^physics.Ghost
	c.AppendTo(e)
}

// readBody reads a body. What physics would refuse is found when it is added.
func readBody(d *base.Decoder) physics.Body {
	b := physics.ReadBody(d)
	if d.Err() == nil && (b.ID != 0 || b.Flags&physics.Ghost != 0) {
		d.Fail(fmt.Errorf("a body with number %d, flags %#x", b.ID, b.Flags))
	}
	return b
}

func (m *motion) appendTo(e *base.Encoder) {
	e.U8(uint8(m.Flags))
	for _, v := range m.Pos {
		putInt(e, int64(v))
	}
	if m.Flags&upright == 0 {
		for _, v := range m.Turn {
			e.U16(uint16(v))
		}
	}
	if m.Flags&moves != 0 {
		for _, v := range m.Vel {
			putInt(e, int64(v))
		}
	}
	if m.Flags&spins != 0 {
		for _, v := range m.Spin {
			putInt(e, int64(v))
		}
	}
	if m.Flags&isDriven != 0 {
		m.Drive.appendTo(e)
	}
}

func readMotion(d *base.Decoder) (m motion) {
	m.Flags = motionFlags(d.U8())
	for i := range m.Pos {
		m.Pos[i] = int32(readWithin(d, maxPlace))
	}
	if m.Flags&upright == 0 {
		for i := range m.Turn {
			m.Turn[i] = int16(d.U16())
		}
	}
	if m.Flags&moves != 0 {
		for i := range m.Vel {
			m.Vel[i] = int32(readWithin(d, maxSpeedU))
		}
	}
	if m.Flags&spins != 0 {
		for i := range m.Spin {
			m.Spin[i] = int32(readWithin(d, maxSpeedU))
		}
	}
	if m.Flags&isDriven != 0 {
		m.Drive = readDrive(d)
	}
	if d.Err() == nil && m.form() != nil {
		d.Fail(m.form())
	}
	return m
}

// form is what makes a motion one that motionOf would not have made.
func (m *motion) form() error {
	f := m.Flags
	still := f&(moves|spins) == 0
	switch {
	case f&moves != 0 && m.Vel == [3]int32{}, f&spins != 0 && m.Spin == [3]int32{}:
		return fmt.Errorf("a speed of zero that is written out")
	case f&atRest != 0 && !still:
		return fmt.Errorf("a body at rest that moves")
	case f&upright != 0 && f&(spins|largest) != 0, f&isDriven != 0 && (f&upright == 0 || m.Drive.Grip <= 0):
		return fmt.Errorf("flags %#x", f)
	}
	return nil
}

// digest folds what a region was told of one body.
func (m *motion) digest(handle uint64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	put := func(v uint64) {
		binary.LittleEndian.PutUint64(b[:], v)
		h.Write(b[:])
	}
	put(handle)
	e := base.Encoder{}
	m.appendTo(&e)
	h.Write(e.B)
	return h.Sum64()
}

// post is one message, whole.
type post struct {
	To    base.ID
	Kind  uint8
	Word  word
	Hand  handoff.Msg
	Asks  []ask
	Piece piece
}

func (p *post) encode() []byte {
	var e base.Encoder
	e.U8(wireVersion)
	e.U8(p.Kind)
	e.ID(p.To)
	switch p.Kind {
	case kindWord:
		p.Word.appendTo(&e)
	case kindHandoff:
		p.Hand.AppendTo(&e)
	case kindAsk:
		appendAsks(&e, p.Asks)
	case kindPiece:
		p.Piece.appendTo(&e)
	}
	return e.B
}

// Introduction is a message that makes bodies known to a neighbour as they are
// at the end of a tick, for a test that begins in the middle. The owner's next
// word names them anew. IDs and bodies go in pairs.
func Introduction(to base.ID, tick base.Tick, ids []base.ID, bodies []physics.Body) []byte {
	p := post{To: to, Kind: kindWord, Word: word{Tick: tick}}
	for i, id := range ids {
		p.Word.Intros = append(p.Word.Intros, intro{Handle: maxHandle - uint64(i), ID: id, Epoch: 1, Body: bodies[i]})
	}
	return p.encode()
}

// Addressee is whom a message is for, without reading the rest.
func Addressee(data []byte) (base.ID, bool) {
	var id base.ID
	if len(data) < 2+len(id) {
		return id, false
	}
	copy(id[:], data[2:])
	return id, true
}

func parsePost(data []byte) (post, error) {
	if len(data) > MaxMessage {
		return post{}, fmt.Errorf("%w: %d bytes", ErrMessage, len(data))
	}
	d := base.NewDecoder(data)
	if v := d.U8(); d.Err() == nil && v != wireVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	p := post{Kind: d.U8(), To: d.ID()}
	switch p.Kind {
	case kindWord:
		p.Word = readWord(d)
	case kindHandoff:
		p.Hand = handoff.ReadMsg(d)
	case kindAsk:
		p.Asks = readAsks(d)
	case kindPiece:
		p.Piece = readPiece(d)
	default:
		d.Fail(fmt.Errorf("kind %d", p.Kind))
	}
	if err := d.Done(); err != nil {
		return post{}, fmt.Errorf("%w: %w", ErrMessage, err)
	}
	return p, nil
}
