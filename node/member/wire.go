package member

import (
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// Proto is the protocol of the servers of a region; the region's id follows.
// A stream carries one request and one reply, each in a frame.
const Proto = "/metatopia/region/member/1/"

// Kind of a request.
type Kind uint8

const (
	// AskStatus wants the receiver's Status.
	AskStatus Kind = iota + 1
	// AskServe is the owner's wish that the receiver serves the region: Site is
	// the record that will name it. The receiver says no unless its person has
	// agreed.
	AskServe
	// AskJoin wants the leader to take the sender as a learner. Site is a
	// record that names the sender.
	AskJoin
	// AskLeave wants the leader to go by a record without one of its servers.
	AskLeave
)

// Request of one node to another. Layout: version u8 (2), kind u8, site bytes.
type Request struct {
	Kind Kind
	Site []byte // an encoded world.SiteRecord, empty for AskStatus
}

const version = 2

// ErrMessage: bytes that are no request or no reply.
var ErrMessage = errors.New("bad message between servers")

// AppendTo appends the canonical form.
func (r Request) AppendTo(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(version)
	e.U8(uint8(r.Kind))
	e.Bytes(r.Site)
	return e.B
}

// ParseRequest reads one request.
func ParseRequest(b []byte) (Request, error) {
	if len(b) > MaxRequest {
		return Request{}, fmt.Errorf("member: %w: %d bytes", ErrMessage, len(b))
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != version {
		d.Fail(fmt.Errorf("version %d", v))
	}
	r := Request{Kind: Kind(d.U8()), Site: d.Bytes(MaxRequest)}
	if d.Err() == nil && (r.Kind < AskStatus || r.Kind > AskLeave) {
		d.Fail(fmt.Errorf("kind %d", r.Kind))
	}
	if err := d.Done(); err != nil {
		return Request{}, fmt.Errorf("member: %w: %w", ErrMessage, err)
	}
	return r, nil
}

// Reply to a request. Layout: version u8 (2), ok bool, text str, id u64, status
// (see Status.appendTo).
type Reply struct {
	OK     bool
	Text   string // why not
	ID     uint64 // of AskJoin: the sender's number in the log
	Status Status
}

// Status is how a server stands.
type Status struct {
	Serving   bool
	Leading   bool
	Frozen    bool
	Epoch     uint64
	ID        uint64 // its number in the log
	Leader    uint64 // number of the leader it knows, 0 = none
	Tick      base.Tick
	Committed base.Tick
	Durable   base.Tick
	Hash      [32]byte // of the state after Tick
	// Rate is how much faster than real time it has replayed, in hundredths; 0
	// while it has not been behind.
	Rate    uint32
	Got     int64 // bytes of a checkpoint that it has fetched, while it joins
	Want    int64 // of so many
	Points  []Point
	Members []Peer
	Present []base.Key // players with a stream to it
	Held    Held
}

// Point is a checkpoint that a server has.
type Point struct {
	Tick base.Tick
	Hash [32]byte  // of the state
	Sum  [32]byte  // of the record of Tick
	Ref  lumps.Ref // content: the pieces of the snapshot
	Size int64
	Base []byte // where the log goes on after it (raft.Base)
	Cert []byte // agree.Certificate of its state, empty while there is none
}

// Peer is a server as the log knows it.
type Peer struct {
	ID      uint64
	Key     base.Key
	Learner bool
	Behind  uint64 // records that it has not confirmed, where the leader says so
	Active  bool
}

// AppendTo appends the canonical form.
func (r Reply) AppendTo(b []byte) []byte {
	e := base.Encoder{B: b}
	e.U8(version)
	e.Bool(r.OK)
	e.Str(r.Text)
	e.U64(r.ID)
	r.Status.appendTo(&e)
	return e.B
}

// Layout: serving, leading, frozen bool; epoch, id, leader, tick, committed,
// durable u64; hash 32; rate u32; got, want i64; points (count u32, each tick
// u64, hash 32, sum 32, content 36, size i64, base bytes, certificate bytes); members (count u32,
// each id u64, key 32, learner bool, behind u64, active bool); players (count
// u32, 32 each); what servers are held to (Held.appendTo).
func (s *Status) appendTo(e *base.Encoder) {
	e.Bool(s.Serving)
	e.Bool(s.Leading)
	e.Bool(s.Frozen)
	e.U64(s.Epoch)
	e.U64(s.ID)
	e.U64(s.Leader)
	e.U64(uint64(s.Tick))
	e.U64(uint64(s.Committed))
	e.U64(uint64(s.Durable))
	e.Raw(s.Hash[:])
	e.U32(s.Rate)
	e.I64(s.Got)
	e.I64(s.Want)
	e.U32(uint32(len(s.Points)))
	for _, p := range s.Points {
		e.U64(uint64(p.Tick))
		e.Raw(p.Hash[:])
		e.Raw(p.Sum[:])
		e.Raw(p.Ref.Bytes())
		e.I64(p.Size)
		e.Bytes(p.Base)
		e.Bytes(p.Cert)
	}
	e.U32(uint32(len(s.Members)))
	for _, m := range s.Members {
		e.U64(m.ID)
		e.Key(m.Key)
		e.Bool(m.Learner)
		e.U64(m.Behind)
		e.Bool(m.Active)
	}
	e.U32(uint32(len(s.Present)))
	for _, k := range s.Present {
		e.Key(k)
	}
	s.Held.appendTo(e)
}

const refLen = 36

// ParseReply reads one reply.
func ParseReply(b []byte) (Reply, error) {
	if len(b) > MaxReply {
		return Reply{}, fmt.Errorf("member: %w: %d bytes", ErrMessage, len(b))
	}
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != version {
		d.Fail(fmt.Errorf("version %d", v))
	}
	r := Reply{OK: d.Bool(), Text: d.Str(maxText), ID: d.U64()}
	r.Status = readStatus(d)
	if err := d.Done(); err != nil {
		return Reply{}, fmt.Errorf("member: %w: %w", ErrMessage, err)
	}
	return r, nil
}

func readStatus(d *base.Decoder) Status {
	s := Status{Serving: d.Bool(), Leading: d.Bool(), Frozen: d.Bool(), Epoch: d.U64(), ID: d.U64(), Leader: d.U64(),
		Tick: base.Tick(d.U64()), Committed: base.Tick(d.U64()), Durable: base.Tick(d.U64())}
	copy(s.Hash[:], d.Raw(len(s.Hash)))
	s.Rate, s.Got, s.Want = d.U32(), d.I64(), d.I64()
	for range d.Count(maxPoints, 8+32+32+refLen+8+4+4) {
		p := Point{Tick: base.Tick(d.U64())}
		copy(p.Hash[:], d.Raw(len(p.Hash)))
		copy(p.Sum[:], d.Raw(len(p.Sum)))
		ref := d.Raw(refLen)
		p.Size, p.Base, p.Cert = d.I64(), d.Bytes(maxBase), d.Bytes(maxCertificate)
		if d.Err() != nil {
			break
		}
		var err error
		if p.Ref, err = lumps.FromBytes(ref); err != nil {
			d.Fail(err)
		}
		if p.Size < 0 {
			d.Fail(fmt.Errorf("a checkpoint of %d bytes", p.Size))
		}
		s.Points = append(s.Points, p)
	}
	for range d.Count(maxMembers, 8+32+1+8+1) {
		s.Members = append(s.Members, Peer{ID: d.U64(), Key: d.Key(), Learner: d.Bool(), Behind: d.U64(), Active: d.Bool()})
	}
	for range d.Count(MaxPresent, 32) {
		s.Present = append(s.Present, d.Key())
	}
	s.Held = readHeld(d)
	return s
}
