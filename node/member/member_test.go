package member

import (
	"bytes"
	"errors"
	"math/rand/v2"
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

// naming is what a server says that serves in an epoch and names some voters.
func naming(epoch uint64, voters ...byte) Status {
	st := Status{Serving: true, Leading: true, Epoch: epoch, Members: []Peer{{ID: 9, Key: key(9), Learner: true}}}
	for _, v := range voters {
		st.Members = append(st.Members, Peer{ID: uint64(v), Key: key(v)})
	}
	return st
}

func keys(list ...byte) (out []base.Key) {
	for _, n := range list {
		out = append(out, key(n))
	}
	return out
}

// TestVoters: nobody makes themselves the only voter for who joins.
func TestVoters(t *testing.T) {
	type said map[base.Key]Status
	for _, c := range []struct {
		what          string
		named, proven []base.Key
		said          said
		want          []base.Key
	}{
		{"nobody answers", keys(1, 2, 3), nil, said{}, nil},
		{"one of three answers", keys(1, 2, 3), nil, said{key(1): naming(2, 1)}, nil},
		{"two of four answer", keys(1, 2, 3, 4), nil, said{key(1): naming(2, 1, 2), key(2): naming(2, 1, 2)}, nil},
		{"the only other one", keys(1), nil, said{key(1): naming(2, 1)}, keys(1)},
		{"it names nobody", keys(1), nil, said{key(1): naming(2)}, nil},
		{"two that differ", keys(1, 2), nil, said{key(1): naming(2, 1), key(2): naming(2, 3, 2)}, nil},
		{"two of three alike", keys(1, 2, 3), nil, said{key(1): naming(2, 1), key(2): naming(2, 3, 2), key(3): naming(2, 2, 3)}, keys(2, 3)},
		{"one of an earlier epoch", keys(1, 2), nil, said{key(1): naming(1, 1), key(2): naming(2, 2)}, nil},
		{"one that does not serve yet", keys(1, 2), nil, said{key(1): {}, key(2): naming(2, 2)}, keys(2)},
		{"strangers", keys(1, 2, 3), nil, said{key(7): naming(2, 7), key(8): naming(2, 7)}, nil},
		{"the proven one of three", keys(1, 2, 3), keys(1), said{key(1): naming(2, 1)}, keys(1)},
		{"one beside the proven one", keys(1, 2, 3), keys(1), said{key(2): naming(2, 2)}, nil},
		{"two of the proven of seven", keys(1, 2, 3, 4, 5, 6), keys(1, 2, 7), said{key(1): naming(2, 1, 2, 5), key(2): naming(2, 1, 2, 5)}, keys(1, 2, 5)},
		{"one of them", keys(1, 2, 3, 4, 5, 6), keys(1, 2, 7), said{key(1): naming(2, 1, 2, 5), key(5): naming(2, 1, 2, 5)}, nil},
		{"proven ones whom the owner names no more", keys(3, 4), keys(1, 2), said{key(1): naming(2, 1, 2), key(2): naming(2, 1, 2)}, nil},
		{"what is left of the proven", keys(1, 4, 5), keys(1, 2, 3), said{key(1): naming(2, 1)}, nil},
	} {
		got, ok := Voters(c.named, c.proven, c.said, 2)
		if ok != (c.want != nil) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v", c.what, got, ok)
		}
	}
}

// TestLiarsNameVoters: while no more servers lie than serve honestly, and no more than
// half of the proven, whatever they say and whoever can be reached, a server that
// joins believes the truth or waits; and it does not wait when all honest ones answer
// and are more.
func TestLiarsNameVoters(t *testing.T) {
	believed := 0
	for seed := range uint64(5000) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 2 + r.IntN(6)
		servers := keys(1, 2, 3, 4, 5, 6, 7)[:n]
		r.Shuffle(n, func(i, j int) { servers[i], servers[j] = servers[j], servers[i] })
		serving := 1 + r.IntN(n) // the first of them serve honestly, then come liars, then those who do not serve
		liars := r.IntN(min(serving, n-serving) + 1)
		truth := naming(2)
		for _, k := range servers[:serving] {
			truth.Members = append(truth.Members, Peer{ID: 1, Key: k})
		}
		var proven []base.Key
		if r.IntN(3) > 0 {
			proven = append(proven, servers[:1+r.IntN(serving)]...)
			proven = append(proven, servers[serving:serving+min(liars, r.IntN(len(proven)+1))]...)
		}
		said := map[base.Key]Status{}
		reached := 0
		for i, k := range servers {
			if i < serving || i >= serving+liars {
				if r.IntN(4) == 0 {
					continue
				}
				if i < serving {
					reached++
				}
			}
			switch {
			case i < serving:
				said[k] = truth
			case i >= serving+liars:
				said[k] = Status{}
			case r.IntN(4) > 0:
				said[k] = naming(2, byte(1+r.IntN(2)))
			case r.IntN(2) > 0:
				said[k] = Status{}
			}
		}
		got, ok := Voters(servers, proven, said, 2)
		want := truth.voters()
		if ok && !slices.Equal(got, want) {
			t.Fatalf("seed %d: %d of %d lie, and are believed", seed, liars, n)
		}
		if 2*reached > n && !ok {
			t.Fatalf("seed %d: %d of %d answer honestly, and are not believed", seed, reached, n)
		}
		if ok {
			believed++
		}
	}
	if believed < 500 {
		t.Fatalf("%d times anybody was believed", believed)
	}
}

func TestLeader(t *testing.T) {
	st := func(leading bool, leader uint64) Status {
		s := naming(2, 1, 2, 3)
		s.Leading, s.Leader = leading, leader
		return s
	}
	voters := keys(1, 2, 3)
	for _, c := range []struct {
		what string
		said map[base.Key]Status
		want byte
	}{
		{"nobody leads", map[base.Key]Status{key(1): st(false, 2), key(3): st(false, 2)}, 0},
		{"one leads", map[base.Key]Status{key(1): st(false, 2), key(2): st(true, 2)}, 2},
		{"one says so too", map[base.Key]Status{key(1): st(true, 1), key(2): st(true, 2), key(3): st(false, 2)}, 2},
		{"a stranger", map[base.Key]Status{key(7): st(true, 7)}, 0},
		{"who does not serve", map[base.Key]Status{key(1): {Leading: true}}, 0},
	} {
		got, ok := Leader(voters, c.said)
		if ok != (c.want != 0) || ok && got != key(c.want) {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestNumber(t *testing.T) {
	with := func(id uint64) Status {
		s := naming(2, 1, 2, 3)
		s.Members = append(s.Members, Peer{ID: id, Key: key(5), Learner: true})
		return s
	}
	for _, c := range []struct {
		what string
		said map[base.Key]Status
		want uint64
	}{
		{"nobody says it", map[base.Key]Status{key(1): naming(2, 1, 2, 3)}, 0},
		{"one of three says it", map[base.Key]Status{key(1): with(6)}, 0},
		{"two say it", map[base.Key]Status{key(1): with(6), key(3): with(6)}, 6},
		{"two say two", map[base.Key]Status{key(1): with(6), key(3): with(7)}, 0},
		{"two of three", map[base.Key]Status{key(1): with(7), key(2): with(6), key(3): with(6)}, 6},
		{"a stranger says it", map[base.Key]Status{key(1): with(6), key(7): with(6)}, 0},
	} {
		if id, ok := Number(keys(1, 2, 3), c.said, key(5)); id != c.want || ok != (c.want != 0) {
			t.Errorf("%s: %d, %v", c.what, id, ok)
		}
	}
}

func TestLeft(t *testing.T) {
	in, out := naming(2, 1, 2, 3, 6), naming(2, 1, 2, 3)
	for _, c := range []struct {
		what string
		said map[base.Key]Status
		want bool
	}{
		{"nobody answers", nil, false},
		{"one of three says so", map[base.Key]Status{key(1): out, key(2): in}, false},
		{"two of three", map[base.Key]Status{key(1): out, key(2): in, key(3): out}, true},
		{"one and two strangers", map[base.Key]Status{key(1): out, key(7): out, key(8): out}, false},
		{"those who do not serve", map[base.Key]Status{key(1): out, key(2): {}, key(3): {}}, false},
	} {
		if got := Left(keys(1, 2, 3), c.said, 6); got != c.want {
			t.Errorf("%s: %v", c.what, got)
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
