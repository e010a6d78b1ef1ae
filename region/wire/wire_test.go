package wire

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

func samples() []Message {
	pose := MakePose(base.ID{1}, spatial.Vec{X: 1.5, Y: -2, Z: 31}, spatial.Quat{Y: 0.6, W: 0.8}, spatial.Vec{X: -3, Y: 0.5})
	ent := Entity{Pose: pose, Epoch: 3, Kind: "ball", Name: "red ball", Owner: base.Key{1}, Shape: region.Sphere, Size: spatial.Vec{X: 1, Y: 1, Z: 1}, Color: 0xff0000, Script: "bafy"}
	return []Message{
		&Hello{Version: Version, World: "bafyworld", Region: base.ID{2}, Key: base.Key{3}, View: spatial.At(1, 2, 3), Radius: 60},
		&Welcome{Region: base.ID{2}, Name: "Hearthside", Site: spatial.At(64, 0, 0), Owner: base.Key{4}, Tick: 99, Rate: 20, Avatar: base.ID{5}, Seq: 7},
		&Input{Signed: []byte("signed")},
		&Ack{Seq: 7, Tick: 100, Code: region.TooFar, Thing: base.ID{6}},
		&View{Pos: spatial.At(1, 2, 3), Radius: MaxRadius},
		&Delta{Tick: 5, Full: true, Upserts: []Entity{ent}, Poses: []Pose{pose}, Gone: []Gone{{ID: base.ID{7}, To: base.ID{8}}}},
		&Said{Tick: 5, From: base.ID{1}, Player: base.Key{2}, Name: "ann", Region: base.ID{3}, Pos: spatial.At(1, 1, 1), Text: "hello"},
		&Moved{Thing: base.ID{1}, To: base.ID{2}, Epoch: 3, Tick: 4},
		&Inspect{Ref: 1, Thing: base.ID{2}},
		&InspectReply{Ref: 1, Found: true, Entity: ent, Slots: []region.SlotWrite{{Name: "a", Value: region.IntSlot(4)}, {Name: "b", Value: region.TextSlot("x")}}, Runs: 2, LastError: "trap"},
		&InspectReply{Ref: 2},
		&Refused{Code: region.Busy, Text: "later"},
		&Expelled{Tick: 6, Code: region.Kicked},
		&Failed{Tick: 7, Thing: base.ID{4}, Name: "lamp", Text: "trap"},
		&Look{Rate: MaxLookRate, Radius: MaxLookRadius},
		&Shard{Tick: 9, Bodies: []Body{{Pose: pose, Owner: base.ID{2}, Number: 4, Epoch: 3, Shape: region.Box, Size: spatial.Vec{X: 1, Y: 2, Z: 1}, Asleep: true, Age: 6}},
			Touches: []Touch{{A: base.ID{1}, B: base.ID{2}, Normal: spatial.Vec{Y: 1}, Impulse: 2.5, Points: []spatial.Vec{{X: 1}, {Y: 2}}}, {B: base.ID{3}}}},
	}
}

func TestFramesComeBack(t *testing.T) {
	var stream []byte
	for _, m := range samples() {
		stream = Append(stream, m)
	}
	r := bytes.NewReader(stream)
	for _, want := range samples() {
		got, err := Read(r, MaxServerFrame)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v came back as %+v", want, got)
		}
	}
	if _, err := Read(r, MaxServerFrame); err != io.EOF {
		t.Fatalf("end of stream: %v", err)
	}
}

func TestFramesAreBounded(t *testing.T) {
	b := Append(nil, &Input{Signed: make([]byte, region.MaxInputBytes)})
	if _, err := Read(bytes.NewReader(b), MaxClientFrame); err != nil {
		t.Fatalf("the largest input: %v", err)
	}
	if _, err := Read(bytes.NewReader(b), 100); !errors.Is(err, ErrTooLong) {
		t.Fatalf("beyond the limit: %v", err)
	}
	if _, err := Read(bytes.NewReader(b[:50]), MaxClientFrame); err != io.ErrUnexpectedEOF {
		t.Fatalf("cut short: %v", err)
	}
	if _, err := Parse([]byte{99}); !errors.Is(err, ErrKind) {
		t.Fatalf("unknown kind: %v", err)
	}
	if _, err := Parse(append(Append(nil, &View{})[4:], 0)); !errors.Is(err, ErrBody) {
		t.Fatalf("trailing byte: %v", err)
	}
	// The largest lists fit a server's frame.
	e := samples()[5].(*Delta).Upserts[0]
	e.Name, e.Kind, e.Script = string(make([]byte, region.MaxName)), string(make([]byte, region.MaxKind)), string(make([]byte, region.MaxLumpName))
	d := &Delta{Poses: make([]Pose, MaxPoses), Gone: make([]Gone, MaxGone)}
	for range MaxUpserts {
		d.Upserts = append(d.Upserts, e)
	}
	if n := len(Append(nil, d)); n > MaxServerFrame {
		t.Fatalf("a full delta has %d bytes, the limit is %d", n, MaxServerFrame)
	}
	sh := &Shard{Bodies: make([]Body, MaxLookBodies), Touches: make([]Touch, MaxLookTouches)}
	for i := range sh.Touches {
		sh.Touches[i].Points = make([]spatial.Vec, maxTouchPoints)
	}
	if n := len(Append(nil, sh)); n > MaxServerFrame {
		t.Fatalf("a full shard has %d bytes, the limit is %d", n, MaxServerFrame)
	}
}

func TestPoseQuantises(t *testing.T) {
	site := spatial.At(64, 0, 0)
	p := MakePose(base.ID{1}, spatial.Vec{X: -12.25, Y: 1.5, Z: 3}, spatial.Quat{X: 0.5, Y: -0.5, Z: 0.5, W: 0.5}, spatial.Vec{X: 300, Y: -2.5, Z: 0.1})
	if got := p.Pos(site); got != spatial.At(51.75, 1.5, 3) {
		t.Errorf("position %v", got)
	}
	if v := p.Velocity(); v.X < 127 || v.X > 128 || v.Y != -2.5 {
		t.Errorf("velocity %v", v)
	}
	if q := p.Quat(); q.X < 0.4999 || q.X > 0.5001 || q.Y > -0.4999 {
		t.Errorf("rotation %v", q)
	}
}

func FuzzParse(f *testing.F) {
	for _, m := range samples() {
		f.Add(Append(nil, m)[4:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		if got := Append(nil, m)[4:]; !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
	})
}
