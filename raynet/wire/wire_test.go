package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"reflect"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

func sampleRecord(b byte) Record {
	r := Record{Kind: Site, Stamp: Stamp{Epoch: 7, Seq: 9}, UnixMs: 1<<41 + 5, Pos: spatial.At(1, -2, 3),
		Vel: Velocity{1, -2, 3}, AOI: 40, Load: 3, Addr: DigestOf([]byte("address"))}
	for i := range r.Key {
		r.Key[i] = b + byte(i)
	}
	for i := range r.Sig {
		r.Sig[i] = b ^ byte(i)
	}
	return r
}

func recordOf(b byte) *Record { r := sampleRecord(b); return &r }

func sampleEntry(b byte) Entry {
	return Entry{Record: recordOf(b), Age: 31, Addr: []byte("address")}
}

// samples has every type, with and without its lists.
func samples() []Message {
	hints := []Hint{{ID: 5, Stamp: Stamp{1, 2}, Pos: spatial.At(-1, 2, -3), Kind: Avatar, AgeS: 9}}
	left := sampleRecord(4)
	left.Leaving = true
	return []Message{
		&Shuffle{Entries: []Entry{sampleEntry(1), {Record: recordOf(2)}}},
		&Shuffle{Reply: true},
		&NearOffer{Self: sampleEntry(1), Hints: hints},
		&NearOffer{Reply: true, Self: Entry{Record: recordOf(3)}},
		&NearWant{IDs: []ShortID{1, 1 << 63}},
		&NearGive{Entries: []Entry{sampleEntry(9)}},
		&NearSub{Have: Stamp{1, 2}},
		&NearUnsub{},
		&Busy{Hints: hints},
		&Move{Stamp: Stamp{3, 4}, Pos: spatial.At(1, 2, 3), Vel: Velocity{-1, 0, 1}},
		&Ping{Nonce: 1, Have: Stamp{1, 1}},
		&Pong{Nonce: 1},
		&PingReq{Nonce: 2, Target: sampleRecord(1).Key},
		&PingAck{Nonce: 2, Target: sampleRecord(1).Key},
		&Find{Query: 3, Target: spatial.At(4, 5, 6), N: 4},
		&Closer{Query: 3, Entries: []Entry{sampleEntry(5)}},
		&Route{ID: 1, Origin: sampleRecord(1).Key, Target: spatial.At(7, 8, 9), Best: 10, TTL: 64, Confirmed: true, Payload: []byte("hello")},
		&RouteAck{ID: 1, Origin: sampleRecord(1).Key},
		&Closure{Query: 4, Self: sampleEntry(6), Winners: []ShortID{1, 2, 3}},
		&ClosureRep{Query: 4, Entries: []Entry{sampleEntry(7)}},
		&Leave{Record: left},
		&Notice{Hints: hints},
	}
}

func TestEveryTypeGoesThereAndBack(t *testing.T) {
	had := map[Type]bool{}
	for _, m := range samples() {
		b := Append(nil, m)
		got, err := Parse(b)
		if err != nil {
			t.Errorf("%v: %v", m.Type(), err)
			continue
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%v: %+v came back as %+v", m.Type(), m, got)
		}
		if Size(m) != len(b) {
			t.Errorf("%v: size %d of %d bytes", m.Type(), Size(m), len(b))
		}
		for cut := range b {
			if _, err := Parse(b[:cut]); err == nil {
				t.Errorf("%v: parses when cut to %d of %d bytes", m.Type(), cut, len(b))
			}
		}
		if _, err := Parse(append(b, 0)); !errors.Is(err, base.ErrTrailing) {
			t.Errorf("%v: a trailing byte gives %v", m.Type(), err)
		}
		had[m.Type()] = true
	}
	for ty := TypeShuffleReq; ty < typeEnd; ty++ {
		if !had[ty] {
			t.Errorf("no sample of %v", ty)
		}
	}
}

// The sizes and the layout that docs/protocol/raynet.md states.
func TestSizes(t *testing.T) {
	r := sampleRecord(0x10)
	if n := len(r.AppendTo(nil)); n != RecordSize {
		t.Errorf("a record is %d bytes", n)
	}
	e := base.Encoder{}
	(&Hint{Kind: Avatar}).appendTo(&e)
	if len(e.B) != HintSize {
		t.Errorf("a hint is %d bytes", len(e.B))
	}
	want := "0102" + "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f" +
		"07000000" + "09000000" + "050000000002" +
		"0004000000000000" + "00f8ffffffffffff" + "000c000000000000" +
		"0100feff0300" + "2800" + "0300"
	if got := hex.EncodeToString(r.AppendSigned(nil)[:82]); got != want {
		t.Errorf("layout\n got %s\nwant %s", got, want)
	}
	for _, c := range []struct {
		m Message
		n int
	}{{&Move{}, 40}, {&NearSub{}, 10}, {&NearUnsub{}, 2}, {&Ping{}, 14}, {&Pong{}, 6}, {&RouteAck{}, 42}, {&Route{}, 142}} {
		if n := len(Append(nil, c.m)); n != c.n {
			t.Errorf("%v is %d bytes, the page says %d", c.m.Type(), n, c.n)
		}
	}
	full := &ClosureRep{}
	for range MaxEntries {
		full.Entries = append(full.Entries, Entry{Record: recordOf(0), Addr: make([]byte, MaxAddr)})
	}
	if n := len(Append(nil, full)); n > MaxMessage {
		t.Errorf("the largest message is %d bytes", n)
	}
}

func TestRefusals(t *testing.T) {
	ok := Append(nil, &NearGive{Entries: []Entry{sampleEntry(1)}})
	edit := func(at int, v byte) []byte {
		b := bytes.Clone(ok)
		b[at] = v
		return b
	}
	hint := Append(nil, &Busy{Hints: []Hint{{Kind: Avatar}}})
	hint[len(hint)-2] = 9
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"empty":           {nil, base.ErrTruncated},
		"version":         {edit(0, 2), ErrVersion},
		"type 0":          {edit(1, 0), ErrType},
		"type unknown":    {edit(1, byte(typeEnd)), ErrType},
		"count":           {edit(2, MaxEntries+1), base.ErrBound},
		"count past end":  {edit(2, 2), base.ErrBound},
		"record version":  {edit(3, 2), ErrVersion},
		"record kind":     {edit(4, 3), ErrField},
		"hint kind":       {hint, ErrField},
		"find of nothing": {Append(nil, &Find{}), ErrField},
		"find of many":    {Append(nil, &Find{N: MaxCloser + 1}), ErrField},
		"ttl":             {Append(nil, &Route{TTL: MaxTTL + 1}), ErrField},
		"stay":            {Append(nil, &Leave{Record: sampleRecord(1)}), ErrField},
		"long":            {make([]byte, MaxMessage+1), ErrSize},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	far := sampleRecord(1)
	b := far.AppendTo(nil)
	b[48+7] = 0x40 // X far beyond MaxCoord
	if _, err := ParseRecord(b); err == nil {
		t.Error("a position outside the coordinate range parses")
	}
}

func TestAgeNeverShrinks(t *testing.T) {
	for _, ns := range []int64{0, 1, AgeUnit - 1, AgeUnit, AgeUnit + 1, 1 << 62} {
		if a := AgeOf(ns); a.Ns() < ns && a != 0xffff {
			t.Errorf("%d ns became %d", ns, a.Ns())
		}
	}
	if AgeOf(-5) != 0 || AgeOf(1) != 1 {
		t.Error("rounding")
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range samples() {
		f.Add(Append(nil, m))
	}
	f.Add([]byte{})
	f.Add([]byte{1, 6})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if again := Append(nil, m); !bytes.Equal(again, b) {
			t.Fatalf("%v: %x was encoded again as %x", m.Type(), b, again)
		}
	})
}

func FuzzParseRecord(f *testing.F) {
	r := sampleRecord(1)
	f.Add(r.AppendTo(nil))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRecord(b)
		if err == nil && !bytes.Equal(r.AppendTo(nil), b) {
			t.Fatalf("%x was encoded again as %x", b, r.AppendTo(nil))
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	f.Add(AppendEntry(nil, sampleEntry(1)))
	f.Add(AppendEntry(nil, Entry{Record: recordOf(1)}))
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := ParseEntry(b)
		if err == nil && !bytes.Equal(AppendEntry(nil, x), b) {
			t.Fatalf("%x was encoded again differently", b)
		}
	})
}
