package access

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

const version = 2

// AppendTo writes the canonical form of the whole state.
//
// Layout: version u8, region 16, settings, members, secret (number u64, record,
// public 32, left u32), admissions, tries, backoffs, audit lines (count u32 each), tried
// u64, came u64.
func (s *State) AppendTo(e *base.Encoder) {
	if s.bytes == nil {
		s.bytes = s.encode()
	}
	e.Raw(s.bytes)
}

func (s *State) encode() []byte {
	var e base.Encoder
	e.U8(version)
	e.ID(s.region)
	s.settings.appendTo(&e)
	e.U32(uint32(len(s.members)))
	for i := range s.members {
		s.members[i].appendTo(&e)
	}
	e.U64(s.secret.Number)
	e.Bytes(s.secret.Record)
	e.Raw(s.secret.Public[:])
	e.U32(s.secret.Left)
	e.U32(uint32(len(s.admitted)))
	for _, a := range s.admitted {
		e.Key(a.Player)
		e.Raw(a.Nonce[:])
		e.U64(uint64(a.Until))
	}
	e.U32(uint32(len(s.tries)))
	for _, t := range s.tries {
		e.Key(t.Peer)
		e.U64(t.Net)
		e.U64(uint64(t.At))
	}
	e.U32(uint32(len(s.backoffs)))
	for _, b := range s.backoffs {
		e.Key(b.Peer)
		e.U64(b.Net)
		e.U16(b.Fails)
		e.U64(uint64(b.Until))
	}
	e.U32(uint32(len(s.audit)))
	for _, l := range s.audit {
		e.U64(uint64(l.At))
		e.U8(uint8(l.Kind))
		e.Key(l.By)
		e.Key(l.Player)
		e.Str(l.Text)
	}
	e.U64(s.tried)
	e.U64(s.came)
	return e.B
}

// Read reads what AppendTo wrote. What the code relies on is checked, so that a
// damaged state is refused and not used; the decoder has the error.
func Read(d *base.Decoder, v Verify) *State {
	s := &State{verify: v}
	if got := d.U8(); d.Err() == nil && got != version {
		d.Fail(&base.VersionError{What: "who may do what in a region", Found: got, Wanted: version})
	}
	s.region, s.settings = d.ID(), readSettings(d)
	for range d.Count(MaxMembers, memberBytes) {
		s.members = append(s.members, readMember(d))
	}
	s.secret.Number = d.U64()
	if b := d.Bytes(RecordBytes); len(b) > 0 {
		s.secret.Record = b
	}
	copy(s.secret.Public[:], d.Raw(len(s.secret.Public)))
	s.secret.Left = d.U32()
	for range d.Count(MaxAdmitted, 32+16+8) {
		a := admission{Player: d.Key()}
		copy(a.Nonce[:], d.Raw(len(a.Nonce)))
		a.Until = base.Tick(d.U64())
		s.admitted = append(s.admitted, a)
	}
	for range d.Count(TriesRegion, 32+8+8) {
		s.tries = append(s.tries, try{d.Key(), d.U64(), base.Tick(d.U64())})
	}
	for range d.Count(MaxBackoffs, 32+8+2+8) {
		s.backoffs = append(s.backoffs, backoff{d.Key(), d.U64(), d.U16(), base.Tick(d.U64())})
	}
	for range d.Count(MaxAudit, 8+1+32+32+4) {
		s.audit = append(s.audit, Line{base.Tick(d.U64()), Kind(d.U8()), d.Key(), d.Key(), d.Str(maxWhat)})
	}
	s.tried, s.came = d.U64(), d.U64()
	if d.Err() == nil {
		if err := s.sound(); err != nil {
			d.Fail(err)
		}
	}
	return s
}

func (s *State) sound() error {
	if err := s.settings.check(); err != nil {
		return fmt.Errorf("access settings: %w", err)
	}
	if n := len(s.secret.Record); n != 0 && n != RecordBytes || n == 0 && s.secret.Left > 0 || s.region.IsZero() {
		return fmt.Errorf("access secret: %w", Value)
	}
	for i := range s.members {
		if m := &s.members[i]; m.Role > Builder || i > 0 && s.members[i-1].Key.Compare(m.Key) >= 0 {
			return fmt.Errorf("access members: %w", Value)
		}
	}
	for i := 1; i < len(s.admitted); i++ {
		if s.admitted[i-1].Player.Compare(s.admitted[i].Player) >= 0 {
			return fmt.Errorf("access tickets: %w", Value)
		}
	}
	for i := 1; i < len(s.tries); i++ {
		if s.tries[i-1].At > s.tries[i].At {
			return fmt.Errorf("access tries: %w", Value)
		}
	}
	for i := 1; i < len(s.backoffs); i++ {
		if b := &s.backoffs[i]; s.backoffs[i-1].compare(b.Peer, b.Net) >= 0 {
			return fmt.Errorf("access backoffs: %w", Value)
		}
	}
	for i := range s.audit {
		if l := &s.audit[i]; l.Kind == 0 || l.Kind >= kinds || !printable(l.Text) {
			return fmt.Errorf("access audit: %w", Value)
		}
	}
	return nil
}
