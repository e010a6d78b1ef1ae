package spatial

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// everything reads one of each and writes it again.
func everything(b []byte) ([]byte, error) {
	d := base.NewDecoder(b)
	p, v, q := ReadPos(d), ReadVec(d), ReadQuat(d)
	box, sites := ReadBox(d), ReadSites(d)
	if err := d.Done(); err != nil {
		return nil, err
	}
	var e base.Encoder
	p.AppendTo(&e)
	v.AppendTo(&e)
	q.AppendTo(&e)
	box.AppendTo(&e)
	sites.AppendTo(&e)
	return e.B, nil
}

func example() []byte {
	var e base.Encoder
	At(1, 2, 3).AppendTo(&e)
	Vec{1, -2, 3.5}.AppendTo(&e)
	Yaw(1).AppendTo(&e)
	Box{At(-96, 0, -96), At(160, 64, 96)}.AppendTo(&e)
	s, _ := NewSites([]Site{{id(1), At(0, 0, 0)}, {id(2), At(64, 0, 0)}})
	s.AppendTo(&e)
	return e.B
}

func TestCodec(t *testing.T) {
	good := example()
	if again, err := everything(good); err != nil || !bytes.Equal(again, good) {
		t.Fatalf("%v\n%x\n%x", err, good, again)
	}
	// Position 24, vector 12, rotation 16, box 48, sites 4 + 2·40.
	for _, c := range []struct {
		name string
		at   int
		b    []byte
		want error
	}{
		{"nan", 24, []byte{0, 0, 0xc0, 0x7f}, base.ErrNotFinite},
		{"rotation", 36, []byte{0, 0, 0x80, 0x3f}, ErrRotation},
		{"box", 52, []byte{0, 0, 0, 0x30, 0, 0, 0, 0}, ErrBox},
		{"too many sites", 100, []byte{255, 255}, base.ErrBound},
		{"site order", 104 + 15, []byte{9}, ErrSite},
	} {
		bad := bytes.Clone(good)
		copy(bad[c.at:], c.b)
		if _, err := everything(bad); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func FuzzCodec(f *testing.F) {
	f.Add(example())
	f.Fuzz(func(t *testing.T, b []byte) {
		if again, err := everything(b); err == nil && !bytes.Equal(again, b) {
			t.Fatalf("%x re-encodes to %x", b, again)
		}
	})
}

// TestAt: what is not a number or too large stays in range, on every CPU.
func TestAt(t *testing.T) {
	inf := math.Inf(1)
	if p := At(math.NaN(), inf, -inf); p != (Pos{0, MaxCoord, -MaxCoord}) || !p.Valid() {
		t.Error(p)
	}
	if p := At(0.5/Unit, -0.5/Unit, 1.25); p != (Pos{1, -1, 1280}) {
		t.Error(p)
	}
	p := At(10, 20, 30)
	if q := p.Add(Vec{0.5, -1, 0.25}); q.Sub(p) != (Vec{0.5, -1, 0.25}) {
		t.Error(q)
	}
}
