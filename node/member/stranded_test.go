package member

import (
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

func TestStranded(t *testing.T) {
	a, b, c := key(1), key(2), key(3)
	voters := []base.Key{a, b}
	p := Point{Tick: 64, Hash: [32]byte{1}, Cert: []byte("both")}
	bare := p
	bare.Cert = nil
	older := p
	older.Tick = 8
	serves := func(points ...Point) Status { return Status{Serving: true, Points: points} }
	proven := func(p *Point) bool { return string(p.Cert) == "both" }
	joins := Status{}
	for _, x := range []struct {
		what  string
		said  map[base.Key]Status
		least base.Tick
		want  bool
	}{
		{"nobody waits", map[base.Key]Status{a: serves(), b: serves(), c: serves()}, 0, false},
		{"one that does not answer", map[base.Key]Status{a: serves(), b: serves()}, 0, false},
		{"one that stands still", map[base.Key]Status{a: serves(), b: serves(), c: {Frozen: true}}, 0, false},
		{"one that joins, with a state to take", map[base.Key]Status{a: serves(p), b: serves(bare), c: joins}, 0, false},
		{"no checkpoint", map[base.Key]Status{a: serves(), b: serves(), c: joins}, 0, true},
		{"of one voter alone", map[base.Key]Status{a: serves(p), b: serves(), c: joins}, 0, true},
		{"that nobody has proven", map[base.Key]Status{a: serves(bare), b: serves(bare), c: joins}, 0, true},
		{"whose log is gone", map[base.Key]Status{a: serves(older), b: serves(older), c: joins}, 9, true},
		{"a voter that fell behind, with a state of the other", map[base.Key]Status{a: serves(p), b: joins}, 0, false},
		{"a voter that fell behind, without", map[base.Key]Status{a: serves(bare), b: joins}, 0, true},
	} {
		if got := Stranded([]base.Key{b, c}, voters, x.said, x.least, proven); got != x.want {
			t.Errorf("%s: %v", x.what, got)
		}
	}
}

func TestRecall(t *testing.T) {
	var r Recall
	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0) }
	var due []int
	for s := range 61 {
		if r.Due(true, at(s)) {
			due = append(due, s)
		}
	}
	want := []int{2, 6, 14, 30, 46}
	if len(due) != len(want) {
		t.Fatalf("%v, not %v", due, want)
	}
	for i := range want {
		if due[i] != want[i] {
			t.Fatalf("%v, not %v", due, want)
		}
	}
	if r.Due(false, at(61)) || r.Due(true, at(62)) || r.Due(true, at(63)) || !r.Due(true, at(64)) {
		t.Fatal("it does not begin anew")
	}
}
