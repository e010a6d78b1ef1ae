package region

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Relayed is what one region says to another about messages between things.
//
// Layout: to id 16, ack u64, floor u64, first u64, letters (count u32, each to id 16,
// from id 16, name str, tag i64, text str, hops u8).
type Relayed struct {
	To      base.ID
	Ack     uint64 // up to here the receiver's letters have been taken
	Floor   uint64 // no letter with a lower number comes any more
	First   uint64 // number of Letters[0]
	Letters []letter
}

func (m *Relayed) appendTo(e *base.Encoder) {
	e.ID(m.To)
	e.U64(m.Ack)
	e.U64(m.Floor)
	e.U64(m.First)
	appendLetters(e, m.Letters)
}

func readRelayed(d *base.Decoder) *Relayed {
	m := &Relayed{To: d.ID(), Ack: d.U64(), Floor: d.U64(), First: d.U64()}
	m.Letters = readLetters(d, maxLetters)
	if d.Err() == nil && (m.Floor == 0 || m.First < m.Floor || m.First > maxRelayNumber+maxRelayed || m.Ack > maxRelayNumber) {
		d.Fail(fmt.Errorf("letters from %d on, none below %d, %d taken", m.First, m.Floor, m.Ack))
	}
	return m
}

func appendLetters(e *base.Encoder, list []letter) {
	e.U32(uint32(len(list)))
	for i := range list {
		l := &list[i]
		e.ID(l.To)
		e.ID(l.From)
		e.Str(l.Name)
		e.I64(l.Tag)
		e.Str(l.Text)
		e.U8(l.Hops)
	}
}

func readLetters(d *base.Decoder, most int) (list []letter) {
	for range d.Count(most, letterBytes) {
		l := letter{To: d.ID(), From: d.ID(), Name: d.Str(MaxName), Tag: d.I64(), Text: d.Str(MaxText), Hops: d.U8()}
		if d.Err() == nil && (l.Name != "" && !printable(l.Name) || l.Hops == 0 || l.Hops > maxHops) {
			d.Fail(fmt.Errorf("a letter of a thing whose name is not printable, or over %d borders", l.Hops))
		}
		list = append(list, l)
	}
	return list
}

func (s *Sim) appendRelays(e *base.Encoder) {
	e.U32(uint32(len(s.relays)))
	for i := range s.relays {
		x := &s.relays[i]
		e.ID(x.ID)
		e.U64(x.Next)
		appendLetters(e, x.Out)
		e.U64(x.Got)
		e.U16(x.Sent)
		e.Bool(x.Owe)
		e.U64(uint64(x.Due))
		e.U16(x.Wait)
		e.U64(uint64(x.Mind))
	}
}

func (s *Sim) readRelays(d *base.Decoder) {
	for range d.Count(maxRelays, 60) {
		x := relay{ID: d.ID(), Next: d.U64(), Out: readLetters(d, maxRelayed), Got: d.U64(), Sent: d.U16(), Owe: d.Bool(), Due: base.Tick(d.U64()), Wait: d.U16(), Mind: base.Tick(d.U64())}
		if n := len(s.relays); d.Err() == nil && (x.Next <= uint64(len(x.Out)) || int(x.Sent) > len(x.Out) || n > 0 && s.relays[n-1].ID.Compare(x.ID) >= 0) {
			d.Fail(fmt.Errorf("letters to %v", x.ID))
		}
		s.relays = append(s.relays, x)
	}
}
