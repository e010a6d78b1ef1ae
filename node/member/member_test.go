package member

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

func key(n byte) base.Key { return base.Key{n} }

func full() Reply {
	return Reply{OK: true, Text: "why", ID: 9, Status: Status{Serving: true, Leading: true, Epoch: 2, ID: 3, Leader: 3, Tick: 90, Committed: 91, Durable: 88,
		Hash: [32]byte{7}, Rate: 420, Got: 10, Want: 20,
		Points:  []Point{{Tick: 60, Hash: [32]byte{1}, Sum: [32]byte{2}, Ref: lumps.Of([]byte("state")), Size: 5, Base: []byte("base"), Cert: []byte("signatures")}},
		Members: []Peer{{ID: 3, Key: key(1), Active: true}, {ID: 4, Key: key(2), Learner: true, Behind: 7}}, Present: []base.Key{key(5)}}}
}

func TestMessagesComeBack(t *testing.T) {
	for _, r := range []Reply{{}, full()} {
		got, err := ParseReply(r.AppendTo(nil))
		if err != nil || !reflect.DeepEqual(got, r) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	r := Request{Kind: AskJoin, Site: []byte("record")}
	if got, err := ParseRequest(r.AppendTo(nil)); err != nil || !reflect.DeepEqual(got, r) {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := ParseRequest(make([]byte, MaxRequest+1)); !errors.Is(err, ErrMessage) {
		t.Fatal(err)
	}
	if _, err := ParseReply(make([]byte, MaxReply+1)); !errors.Is(err, ErrMessage) {
		t.Fatal(err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add(Reply{}.AppendTo(nil))
	f.Add(full().AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReply(b)
		if err == nil && !bytes.Equal(r.AppendTo(nil), b) {
			t.Fatal("another form")
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(Request{Kind: AskServe, Site: []byte("x")}.AppendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseRequest(b)
		if err == nil && !bytes.Equal(r.AppendTo(nil), b) {
			t.Fatal("another form")
		}
	})
}

// TestChoose: no single server is believed, no minority, and nobody about a state
// without a certificate.
func TestChoose(t *testing.T) {
	at := func(tick base.Tick, hash byte) Point {
		return Point{Tick: tick, Hash: [32]byte{hash}, Ref: lumps.Of([]byte{hash}), Base: []byte{hash}, Cert: []byte{hash}}
	}
	good := func(p *Point) bool { return len(p.Cert) == 1 && p.Cert[0] == p.Hash[0] }
	all := []base.Key{key(1), key(2), key(3)}
	said := map[base.Key]Status{
		key(1): {Points: []Point{at(900, 9), at(600, 6), at(300, 3)}}, // nobody else has 900
		key(2): {Points: []Point{at(600, 6), at(300, 3)}},
		key(3): {Points: []Point{at(600, 66), at(300, 3)}}, // lies, or has diverged
	}
	p, from, ok := Choose(all, said, 0, good)
	if !ok || p.Tick != 600 || p.Hash != [32]byte{6} || len(from) != 2 {
		t.Fatalf("%+v from %v, %v", p, from, ok)
	}
	if _, _, ok := Choose(all, said, 700, good); ok {
		t.Fatal("one server alone was believed")
	}
	bare := func(k byte, cert ...byte) { // of the point of tick 600
		points := append([]Point{}, said[key(k)].Points...)
		points[len(points)-2].Cert = cert
		said[key(k)] = Status{Points: points}
	}
	bare(1)
	if p, _, ok := Choose(all, said, 0, good); !ok || p.Tick != 600 {
		t.Fatalf("one has no certificate yet: %+v, %v", p, ok)
	}
	bare(2, 7) // another's
	if p, _, ok := Choose(all, said, 0, good); !ok || p.Tick != 300 {
		t.Fatalf("nobody has its certificate: %+v, %v", p, ok)
	}
	delete(said, key(1))
	if p, _, ok := Choose(all, said, 0, good); !ok || p.Tick != 300 {
		t.Fatalf("two of three: %+v, %v", p, ok)
	}
	delete(said, key(2))
	if _, _, ok := Choose(all, said, 0, good); ok {
		t.Fatal("one of three was believed")
	}
	if _, _, ok := Choose(all[2:], said, 0, good); !ok {
		t.Fatal("a region with one voter has nobody else to ask")
	}
}

// TestVoters: nobody makes themselves the only voter for who joins.
func TestVoters(t *testing.T) {
	serving := func(epoch uint64, voters ...byte) Status {
		st := Status{Serving: true, Leading: true, Epoch: epoch, Members: []Peer{{ID: 9, Key: key(9), Learner: true}}}
		for _, v := range voters {
			st.Members = append(st.Members, Peer{ID: uint64(v), Key: key(v)})
		}
		return st
	}
	servers := []base.Key{key(1), key(2), key(3), key(4)}
	for _, c := range []struct {
		said map[base.Key]Status
		want []base.Key
	}{
		{map[base.Key]Status{}, nil},
		{map[base.Key]Status{key(1): serving(2, 1)}, []base.Key{key(1)}},
		{map[base.Key]Status{key(1): serving(2)}, nil},
		{map[base.Key]Status{key(1): serving(2, 1), key(2): serving(2, 3, 2)}, nil},
		{map[base.Key]Status{key(1): serving(2, 1), key(2): serving(2, 3, 2), key(3): serving(2, 2, 3)}, []base.Key{key(2), key(3)}},
		{map[base.Key]Status{key(1): serving(1, 1), key(2): serving(2, 2)}, []base.Key{key(2)}},
		{map[base.Key]Status{key(7): serving(2, 7)}, nil}, // not in the owner's record
	} {
		got, ok := Voters(servers, c.said, 2)
		if ok != (c.want != nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %v, %v", c.said, got, ok)
		}
	}
}

func TestPlan(t *testing.T) {
	long := Usual.Near
	voter := func(n uint64) Server { return Server{ID: n, Key: key(byte(n))} }
	learner := func(n uint64) Server { return Server{ID: n, Key: key(byte(n)), Learner: true, Near: long} }
	dead := func(s Server) Server { s.Silent = Usual.Dead; return s }
	slow := func(s Server) Server { s.Rate = MinRate - 1; return s }
	early := func(s Server) Server { s.Near = long - time.Millisecond; return s }
	quick := func(s Server) Server { s.Rate, s.Near = ProvenRate, ProvenFor; return s }
	steady := func(s Server) Server { s.Near = SteadyFor; return s }
	listed := []base.Key{key(1), key(2), key(3), key(4), key(5)}
	for _, c := range []struct {
		what   string
		listed []base.Key
		all    []Server
		want   Step
	}{
		{"alone", listed, []Server{voter(1)}, Step{}},
		{"two: one decides", listed, []Server{voter(1), learner(2)}, Step{}},
		{"three: the first of two", listed, []Server{voter(1), learner(2), learner(3)}, Step{Do: Promote, ID: 2}},
		{"three: the second", listed, []Server{voter(1), voter(2), learner(3)}, Step{Do: Promote, ID: 3}},
		{"one of two is not near for long", listed, []Server{voter(1), early(learner(2)), learner(3)}, Step{}},
		{"not so quickly", listed, []Server{voter(1), voter(2), early(learner(3))}, Step{}},
		{"it came quickly", listed, []Server{voter(1), voter(2), quick(learner(3))}, Step{Do: Promote, ID: 3}},
		{"one of two replays too slowly", listed, []Server{voter(1), slow(learner(2)), learner(3)}, Step{}},
		{"it keeps up all the same", listed, []Server{voter(1), voter(2), steady(slow(learner(3)))}, Step{Do: Promote, ID: 3}},
		{"one of two is silent", listed, []Server{voter(1), dead(learner(2)), learner(3)}, Step{}},
		{"a spare stays one", listed, []Server{voter(1), voter(2), voter(3), learner(4)}, Step{}},
		{"a dead voter is replaced", listed, []Server{voter(1), dead(voter(2)), voter(3), learner(4)}, Step{Do: Replace, ID: 2, For: 4}},
		{"not by one that is not ready", listed, []Server{voter(1), dead(voter(2)), voter(3), slow(learner(4))}, Step{}},
		{"a dead voter without a spare stays", listed, []Server{voter(1), dead(voter(2)), voter(3)}, Step{}},
		{"the leader is not dead", listed, []Server{dead(voter(1)), voter(2), voter(3), learner(4)}, Step{}},
		{"no longer in the record", listed[:2], []Server{voter(1), voter(2), voter(3)}, Step{Do: Remove, ID: 3}},
		{"the leader is to go", listed[1:], []Server{voter(1), voter(2), voter(3)}, Step{Do: Yield, ID: 1}},
		{"the last voter stays", listed[1:], []Server{voter(1), early(learner(2))}, Step{}},
	} {
		if got := Usual.Plan(c.listed, 1, c.all); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.what, got, c.want)
		}
	}
}

// TestLastVoterStays: of up to four servers, whatever is known of each: no step
// leaves the region without a voter, removes what the owner's record names, or
// replaces a voter that answers.
func TestLastVoterStays(t *testing.T) {
	kinds := []Server{{}, {Silent: Usual.Dead}, {Learner: true, Near: Usual.Near}, {Learner: true}, {Learner: true, Silent: Usual.Dead}}
	for n := 1; n <= 4; n++ {
		for code := range 10 * 10 * 10 * 10 {
			var all []Server
			var listed []base.Key
			voters, self := 0, uint64(0)
			rest := code
			for i := range n {
				s := kinds[rest%10%5]
				s.ID, s.Key = uint64(i+1), key(byte(i+1))
				if rest%10 < 5 {
					listed = append(listed, s.Key)
				}
				if rest /= 10; !s.Learner {
					if voters++; self == 0 && s.Silent == 0 {
						self = s.ID
					}
				}
				all = append(all, s)
			}
			if rest != 0 || self == 0 {
				continue
			}
			p := Usual.Plan(listed, self, all)
			left := voters
			switch at := p.ID - 1; p.Do {
			case Remove:
				if slices.Contains(listed, all[at].Key) || p.ID == self {
					t.Fatalf("%+v of %v in %+v", p, listed, all)
				}
				if !all[at].Learner {
					left--
				}
			case Replace:
				if all[at].Learner || !all[p.For-1].Learner || all[at].Silent < Usual.Dead {
					t.Fatalf("%+v in %+v", p, all)
				}
			case Yield:
				if voters < 2 {
					t.Fatalf("%+v in %+v", p, all)
				}
			}
			if left == 0 {
				t.Fatalf("%+v leaves no voter of %+v", p, all)
			}
		}
	}
}
