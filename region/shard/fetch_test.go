package shard

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial/det"
)

// corners is a small hull, another for each n.
func corners(n int) *shape.Geometry {
	var list []det.Vec
	for i := range 8 {
		list = append(list, det.Vec{X: 0.3 * float32(i&1*2-1), Y: 0.3 * float32(i>>1&1*2-1), Z: (0.4 + 0.01*float32(n)) * float32(i>>2*2-1)})
	}
	g, _, err := shape.NewHull(list)
	if err != nil {
		panic(err)
	}
	return g
}

// carpet is a mesh of n by n by two triangles.
func carpet(t testing.TB, n int) *shape.Geometry {
	t.Helper()
	var list []det.Vec
	var faces [][3]int
	for i := range (n + 1) * (n + 1) {
		list = append(list, det.Vec{X: 0.1 * float32(i%(n+1)), Y: 0.01 * float32(i%7), Z: 0.1 * float32(i/(n+1))})
	}
	for i := range n * n {
		a := i/n*(n+1) + i%n
		faces = append(faces, [3]int{a, a + n + 1, a + n + 2}, [3]int{a, a + n + 2, a + 1})
	}
	g, err := shape.NewMesh(list, faces)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// of is a body of a geometry beside the border, seen from the neighbour.
func of(g *shape.Geometry, z float32) physics.Body {
	b := crate(v(-30, 0.5, z))
	b.Shape = physics.Shape{Kind: g.Kind(), Geometry: g.ID()}
	return b
}

// send is all pieces of a geometry.
func send(g *shape.Geometry) (list []Mail) {
	b := g.Bytes()
	for n := range pieces(uint32(len(b))) {
		p := post{To: here, Kind: kindPiece, Piece: piece{ID: g.ID(), Size: uint32(len(b)), N: uint8(n), Data: b[n*pieceBytes : min((n+1)*pieceBytes, len(b))]}}
		list = append(list, Mail{there, p.encode()})
	}
	return list
}

// told sorts what a shard said.
func messages(t testing.TB, o Output) (asks []ask, parts []piece, wants []uint64, hands []handoff.Msg) {
	t.Helper()
	for _, m := range o.Border {
		p, err := parsePost(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		switch p.Kind {
		case kindAsk:
			asks = append(asks, p.Asks...)
		case kindPiece:
			parts = append(parts, p.Piece)
		case kindHandoff:
			hands = append(hands, p.Hand)
		default:
			wants = append(wants, p.Word.Wants...)
		}
	}
	return asks, parts, wants, hands
}

// TestFetch: a geometry that is not here is asked for until it is, piece by
// piece, and then the body of it.
func TestFetch(t *testing.T) {
	s := alone(t)
	run(s)
	g := carpet(t, 40)
	if n := pieces(uint32(len(g.Bytes()))); n < 2 {
		t.Fatalf("%d pieces: the test does not test", n)
	}
	b := of(g, 5)
	b.Flags, b.Mass = physics.Static, 0
	_, o := run(s, say(10, word{Intros: []intro{{Handle: 1, ID: oid(9), Epoch: 1, Body: b}}}))
	asks, _, _, _ := messages(t, o)
	if len(asks) != 1 || asks[0].ID != g.ID() || asks[0].Missing != ^uint32(0) {
		t.Fatalf("asked for %+v", asks)
	}
	all := send(g)
	run(s, all[1], all[1])
	asked := 0
	for range 40 { // the others are lost
		_, o = run(s)
		asks, _, _, _ = messages(t, o)
		for _, a := range asks {
			if asked++; a.Missing&2 != 0 || a.Missing&1 == 0 {
				t.Fatalf("asked for %b", a.Missing)
			}
		}
	}
	if asked < 2 || asked > 4 {
		t.Errorf("asked %d times in 40 ticks", asked)
	}
	s = reload(t, s)
	a, o := run(s, all[0])
	if a.Counts.Shapes != 1 {
		t.Fatal("it did not come")
	}
	asked = 0 // unless it is introduced unasked
	for range 5 {
		_, _, wants, _ := messages(t, o)
		if asked += len(wants); len(wants) > 0 && wants[0] != 1 {
			t.Fatalf("wants %v", wants)
		}
		_, o = run(s)
	}
	if asked != 1 {
		t.Fatalf("asked for the body %d times", asked)
	}
	s = reload(t, s)
	run(s, say(s.Tick()+8, word{Intros: []intro{{Handle: 1, ID: oid(9), Epoch: 1, Body: b}}}))
	if _, ok := s.Body(oid(9)); !ok {
		t.Error("no ghost")
	}
	reload(t, s)
}

func reload(t testing.TB, s *Shard) *Shard {
	t.Helper()
	n, err := Restore(config(), s.AppendSnapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestAnswers: what is asked for is sent, one piece a tick, and what is not
// here or cannot cross is refused.
func TestAnswers(t *testing.T) {
	s := alone(t)
	g, big := carpet(t, 40), carpet(t, 60)
	for i, g := range []*shape.Geometry{g, big} {
		b := crate(v(-20, 0.5, float32(10*i)))
		b.Shape, b.Flags, b.Mass = physics.Shape{Kind: g.Kind(), Geometry: g.ID()}, physics.Static, 0
		// It needs no body to be given in the name of.
		if err := s.Do(Input{Kind: InCommand, Command: physics.Command{Kind: physics.CmdGeometry, Geometry: g}}); err != nil {
			t.Fatal(err)
		}
		spawn(t, s, oid(byte(1+i)), b)
	}
	run(s)
	list := []ask{{g.ID(), ^uint32(0)}, {big.ID(), 1}, {12345, 1}}
	for i := range list { // in order
		for k := range i {
			if list[k].ID > list[i].ID {
				list[k], list[i] = list[i], list[k]
			}
		}
	}
	p := post{To: here, Kind: kindAsk, Asks: list}
	got, refused := map[uint8]bool{}, 0
	_, o := run(s, Mail{there, p.encode()})
	for range 10 {
		_, parts, _, _ := messages(t, o)
		if len(parts) > 1 {
			t.Fatalf("%d pieces in a tick", len(parts))
		}
		for _, p := range parts {
			switch {
			case p.Size == 0 && p.ID != g.ID():
				refused++
			case p.ID == g.ID():
				got[p.N] = true
			}
		}
		s = reload(t, s)
		_, o = run(s)
	}
	if len(got) != pieces(uint32(len(g.Bytes()))) || refused != 2 {
		t.Errorf("%d pieces, %d refused", len(got), refused)
	}
}

// TestLyingShapes: bytes of another name, another size, too many triangles and
// too many geometries are not kept, and what was not asked for is not looked at.
func TestLyingShapes(t *testing.T) {
	s := alone(t)
	run(s)
	tick := base.Tick(10)
	tell := func(handle uint64, b physics.Body) {
		tick++
		run(s, say(tick, word{Intros: []intro{{Handle: handle, ID: oid(byte(handle)), Epoch: 1, Body: b}}}))
	}
	run(s, send(corners(0))...)
	if len(s.forms) != 0 || s.link(there).trust.Strikes != 0 {
		t.Error("a geometry that nobody asked for was kept, or held against its sender")
	}
	fault := func(what string, strikes uint32, mail ...Mail) {
		t.Helper()
		before := s.link(there).trust.Strikes
		a, _ := run(s, mail...)
		for range 3 {
			run(s)
		}
		if got := s.link(there).trust.Strikes - before; got != strikes || len(a.Evidence) != int(strikes) {
			t.Errorf("%s: %d strikes, %d pieces of evidence", what, got, len(a.Evidence))
		}
		for _, e := range a.Evidence {
			if what != "two sizes" && len(e.Data) > evidenceBytes {
				t.Errorf("%s: %d bytes of evidence", what, len(e.Data))
			}
		}
	}
	tell(1, of(corners(1), 1))
	wrong := post{To: here, Kind: kindPiece, Piece: piece{ID: corners(1).ID(), Size: uint32(len(corners(2).Bytes())), Data: corners(2).Bytes()}}
	fault("bytes of another name", 1, Mail{there, wrong.encode()})
	first := piece{ID: corners(1).ID(), Size: 2 * pieceBytes, Data: make([]byte, pieceBytes)}
	second := piece{ID: corners(1).ID(), Size: 3 * pieceBytes, N: 1, Data: make([]byte, pieceBytes)}
	p, q := post{To: here, Kind: kindPiece, Piece: first}, post{To: here, Kind: kindPiece, Piece: second}
	fault("two sizes", 1, Mail{there, p.encode()}, Mail{there, q.encode()})
	big := carpet(t, 60)
	ground := of(big, 2)
	ground.Flags, ground.Mass = physics.Static, 0
	tell(2, ground)
	fault("too many triangles", 1, send(big)...)
	none := of(corners(1), 1)
	none.Shape.Kind, none.Flags = physics.Compound, 0
	fault("a good one", 0, send(corners(1))...)
	tick++
	fault("a hull that calls itself a compound", 1, say(tick, word{Intros: []intro{{Handle: 3, ID: oid(3), Epoch: 1, Body: none}}}))
	if len(s.forms) != 1 {
		t.Errorf("%d geometries are kept", len(s.forms))
	}
}

// TestQuota: a neighbour cannot make a region keep more than its share, and
// what it may not have here does not keep others out.
func TestQuota(t *testing.T) {
	s := alone(t)
	run(s)
	for n := range 2 * maxForms {
		b := of(corners(n), float32(n%40-20))
		run(s, say(base.Tick(10+n), word{Intros: []intro{{Handle: uint64(1 + n), ID: base.ID{0: 1, 15: byte(n)}, Epoch: 1, Body: b}}}))
		run(s, send(corners(n))...)
	}
	for range 3 * maxForms * int(parseEvery) {
		_, o := run(s)
		asks, _, _, _ := messages(t, o)
		if len(asks) > maxFetches {
			t.Fatalf("%d geometries asked for", len(asks))
		}
		var mail []Mail
		for _, a := range asks {
			for n := range 2 * maxForms {
				if g := corners(n); g.ID() == a.ID {
					mail = append(mail, send(g)...)
				}
			}
		}
		run(s, mail...)
	}
	n, bytes := s.charged(there)
	if n != maxForms || bytes > maxFormBytes {
		t.Errorf("%d geometries of %d bytes are kept", n, bytes)
	}
	reload(t, s)
}

// TestPreparedHasTheShapes: an offer of what needs a geometry is answered when
// it is here; a release that comes without is not answered, and no fault.
func TestPreparedHasTheShapes(t *testing.T) {
	s := alone(t)
	run(s)
	g := corners(5)
	b := of(g, 3)
	b.Pos.X = -33
	m := handoff.Msg{Kind: handoff.Offer, Life: 1, Of: 1, N: 1, Floor: 1, Items: []handoff.Ref{{ID: oid(9), Epoch: 1}}, Needs: []uint64{uint64(g.ID())}}
	hand := func(o Output) []handoff.Msg { _, _, _, list := messages(t, o); return list }
	a, o := run(s, Mail{there, HandoffMessage(here, m)})
	asks, _, _, _ := messages(t, o)
	if len(hand(a)) != 0 || len(asks) != 1 {
		t.Fatalf("answers %v, asks %v", hand(a), asks)
	}
	r := handoff.Msg{Kind: handoff.Release, Life: 1, Of: 1, First: 1, N: 1, Floor: 1, Items: m.Items, Parts: 1, State: Freight(4, Cargo{ID: oid(9), Body: b})}
	if a, _ = run(s, Mail{there, HandoffMessage(here, r)}); len(hand(a)) != 0 || a.Counts.Bad != 0 || len(a.Arrived) != 0 {
		t.Fatalf("a release without its shape: %+v", a)
	}
	s = reload(t, s)
	run(s, send(g)...)
	a, _ = run(s)
	if list := hand(a); len(list) != 0 { // the tick before answered
		t.Fatalf("%+v", list)
	}
	if a, _ = run(s, Mail{there, HandoffMessage(here, r)}); len(a.Arrived) != 1 || len(hand(a)) != 1 {
		t.Fatalf("not taken: %+v", a)
	}
	if _, ok := s.Owns(oid(9)); !ok {
		t.Error("not owned")
	}
	reload(t, s)
}

// FuzzShape feeds bytes as a geometry that was asked for.
func FuzzShape(f *testing.F) {
	for _, g := range []*shape.Geometry{corners(1), carpet(f, 3)} {
		f.Add(g.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 || len(b) > shape.MaxGeometryBytes {
			return
		}
		s := alone(t)
		run(s)
		body := crate(v(-30, 0.5, 0))
		body.Shape = physics.Shape{Kind: physics.ShapeKind(b[0]), Geometry: shape.Name(b)}
		known := say(10, word{Intros: []intro{{Handle: 1, ID: oid(9), Epoch: 1, Body: body}}})
		again := say(20, word{Intros: []intro{{Handle: 1, ID: oid(9), Epoch: 1, Body: body}}})
		if !body.Shape.Kind.Composed() {
			return
		}
		run(s, known)
		for n := range pieces(uint32(len(b))) {
			p := post{To: here, Kind: kindPiece, Piece: piece{ID: shape.Name(b), Size: uint32(len(b)), N: uint8(n), Data: b[n*pieceBytes : min((n+1)*pieceBytes, len(b))]}}
			run(s, Mail{there, p.encode()})
		}
		run(s, again)
		run(s)
		if err := s.consistent(); err != nil {
			t.Error(err)
		}
		reload(t, s)
	})
}
