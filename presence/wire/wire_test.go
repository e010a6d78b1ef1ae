package wire

import (
	"bytes"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/spatial"
)

func sampleBody(n int16) Body {
	return Body{Stamp{7, uint32(n)}, PointOf(spatial.At(1, -2, float64(n))), Velocity{n, -2, 3}, 60}
}

func sampleKey(b byte) (k base.Key) {
	for i := range k {
		k[i] = b + byte(i)
	}
	return k
}

// samples has every type, with and without its lists.
func samples() []Message {
	return []Message{
		&Pose{sampleBody(1)},
		&Sub{Full, sampleBody(2), 4096, 1<<Sectors - 1},
		&Notice{},
		&Notice{[]Entry{{sampleKey(1), sampleBody(3), 4}, {sampleKey(9), sampleBody(5), 255}}},
		&Ask{Body: sampleBody(6), Radius: 1 << 20, Salt: 9},
		&Ask{sampleBody(6), 1 << 20, 9, []uint16{0, 7, 65535}},
		&Who{},
		&Who{[]ShortID{1, 1 << 63}},
		&Digest{Origin: PointOf(spatial.At(1, 2, 3))},
		&Digest{PointOf(spatial.At(1, 2, 3)), []Mark{{5, 6, [3]int16{-1, 2, -3}, [3]int8{4, -5, 6}, 7}, {ID: 8}}},
		&Busy{},
		&Bye{},
	}
}

func TestEveryTypeGoesThereAndBack(t *testing.T) {
	had := map[Type]bool{}
	for _, m := range samples() {
		b := Append(nil, m)
		if len(b) != Size(m) {
			t.Errorf("%v: Size is %d, the bytes are %d", m.Type(), Size(m), len(b))
		}
		got, err := Parse(b)
		if err != nil {
			t.Errorf("%v: %v", m.Type(), err)
			continue
		}
		if !reflect.DeepEqual(got, m) {
			t.Errorf("%v: %+v came back as %+v", m.Type(), m, got)
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
	for ty := TypePose; ty < typeEnd; ty++ {
		if !had[ty] {
			t.Errorf("no sample of %v", ty)
		}
	}
}

// The sizes that docs/protocol/presence.md states, and the largest messages.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want int
	}{
		{&Pose{}, 30}, {&Sub{}, 39}, {&Busy{}, 2}, {&Bye{}, 2},
		{&Notice{make([]Entry, MaxEntries)}, 979},
		{&Ask{Known: make([]uint16, MaxKnown)}, 550},
		{&Who{make([]ShortID, MaxIDs)}, 131},
		{&Digest{Marks: make([]Mark, MaxMarks)}, 1155},
	} {
		if got := Size(c.m); got != c.want || got > MaxMessage {
			t.Errorf("%v has %d bytes, want %d and at most %d", c.m.Type(), got, c.want, MaxMessage)
		}
	}
}

func TestRefused(t *testing.T) {
	edit := func(m Message, at int, v byte) []byte {
		b := Append(nil, m)
		b[at] = v
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
	}{
		"version":         {edit(&Bye{}, 0, 2), ErrVersion},
		"type 0":          {edit(&Bye{}, 1, 0), ErrType},
		"type unknown":    {edit(&Bye{}, 1, byte(typeEnd)), ErrType},
		"class":           {edit(&Sub{}, 2, byte(classEnd)), ErrField},
		"sector":          {edit(&Sub{}, 38, 1), ErrField},
		"position":        {edit(&Pose{}, 2+8+3, 0x7f), ErrField},
		"entries":         {edit(&Notice{make([]Entry, 1)}, 2, MaxEntries+1), base.ErrBound},
		"marks missing":   {edit(&Digest{}, 14, 1), base.ErrBound},
		"hashes doubled":  {Append(nil, &Ask{Known: []uint16{3, 3}}), ErrField},
		"hashes downward": {Append(nil, &Ask{Known: []uint16{3, 2}}), ErrField},
		"too long":        {make([]byte, MaxMessage+1), ErrSize},
	} {
		if _, err := Parse(c.b); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestVelocityRoundsAndClamps(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct{ v, want float32 }{{1.4, 1.4}, {-1.4, -1.4}, {0.004, 0}, {400, 327.67}, {-inf, -327.67}, {nan, 0}} {
		if got := VelocityOf(spatial.Vec{X: c.v}).Vec().X; got != c.want {
			t.Errorf("%v became %v, want %v", c.v, got, c.want)
		}
	}
}

func TestStampsAreOrdered(t *testing.T) {
	s := []Stamp{{1, 9}, {2, 1}, {2, 2}, {3, 0}}
	if !slices.IsSortedFunc(s, func(a, b Stamp) int {
		if b.Newer(a) && !a.Newer(b) {
			return -1
		}
		return 1
	}) || s[0].Newer(s[0]) {
		t.Error("stamps are ordered by epoch, then by number")
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range samples() {
		f.Add(Append(nil, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if again := Append(nil, m); !bytes.Equal(again, b) {
			t.Fatalf("%v: %x became %x", m.Type(), b, again)
		}
		if Size(m) != len(b) {
			t.Fatalf("%v: Size %d of %d bytes", m.Type(), Size(m), len(b))
		}
	})
}
