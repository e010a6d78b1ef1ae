package order

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestSingleChains makes a log and reads it back.
func TestSingleChains(t *testing.T) {
	s := NewSingle(0, Sum{})
	var log []Encoded
	state := [32]byte{1}
	for i := range byte(5) {
		for range i {
			if err := s.Submit([]byte{i}, i == 3); err != nil {
				t.Fatal(err)
			}
		}
		s.Cut(base.Tick(i), state)
		log = append(log, s.Ready()...)
		state[0]++
	}
	if len(log) != 5 || len(s.Ready()) != 0 || s.Durable() != 0 {
		t.Fatalf("%d records, durable %d", len(log), s.Durable())
	}
	s.Persisted(5)
	if s.Durable() != 5 {
		t.Fatal("not durable after being persisted")
	}
	tick, prev, want := base.Tick(0), Sum{}, [32]byte{1}
	for _, e := range log {
		r, err := Parse(e.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Follows(tick, prev); err != nil {
			t.Fatal(err)
		}
		if err := r.Agrees(tick, want); err != nil || r.At != tick {
			t.Fatal(err, r.At)
		}
		if r.Sync != (tick == 3) {
			t.Fatalf("tick %d: sync %v", r.Tick, r.Sync)
		}
		tick, prev = r.Tick, SumOf(e.Bytes)
		want[0]++
	}
	// A log that goes on from the middle gives the same records.
	s2 := NewSingle(log[2].Tick, log[2].Sum)
	for range 3 {
		s2.Submit([]byte{3}, true)
	}
	s2.Cut(3, [32]byte{4})
	if got := s2.Ready()[0]; !bytes.Equal(got.Bytes, log[3].Bytes) {
		t.Fatal("a continued log differs")
	}
}

func TestChainFindsChanges(t *testing.T) {
	s := NewSingle(7, Sum{9})
	s.Submit([]byte("x"), false)
	s.Cut(7, [32]byte{5})
	r := s.Ready()[0].Record
	if err := r.Follows(6, Sum{9}); !errors.Is(err, ErrChain) {
		t.Errorf("a gap: %v", err)
	}
	if err := r.Follows(7, Sum{8}); !errors.Is(err, ErrChain) {
		t.Errorf("another before: %v", err)
	}
	if err := r.Agrees(7, [32]byte{6}); !errors.Is(err, ErrState) {
		t.Errorf("another state: %v", err)
	}
	if err := r.Follows(7, Sum{9}); err != nil {
		t.Error(err)
	}
	// A record says nothing of another tick's state.
	if err := errors.Join(r.Agrees(7, [32]byte{5}), r.Agrees(6, [32]byte{6})); err != nil {
		t.Error(err)
	}
}

func TestRecordsAreBounded(t *testing.T) {
	s := NewSingle(0, Sum{})
	if err := s.Submit(make([]byte, MaxEntryBytes+1), false); !errors.Is(err, ErrRecord) {
		t.Fatalf("an entry without bound: %v", err)
	}
	n := 0
	for s.Submit(make([]byte, MaxEntryBytes), false) == nil {
		n++
	}
	s.Cut(0, [32]byte{})
	if b := s.Ready()[0].Bytes; len(b) > MaxRecordBytes || n < 90 {
		t.Fatalf("%d entries, %d bytes", n, len(b))
	}
	for range MaxEntries {
		if err := s.Submit(nil, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Submit(nil, false); !errors.Is(err, ErrFull) {
		t.Fatalf("an entry too many: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	three := [][]byte{[]byte("a"), nil, []byte("bc")}
	f.Add(Record{Tick: 3, Prev: Sum{1}, State: [32]byte{2}, Entries: three}.AppendTo(nil))
	f.Add(Record{Epoch: 2, Tick: 3, Prev: Sum{1}, At: 1, State: [32]byte{2}, Sync: true,
		Runs: []Run{{1, 5, 2}, {7, 1 << 33, 1}}, Entries: three}.AppendTo(nil))
	signed := Record{Epoch: 2, Tick: 3, Entries: three}
	f.Add(signed.Claimed(4, &Signer{base.Key{1}, func(_, _ uint64, _ base.Tick, body [32]byte) (s [sigBytes]byte) { copy(s[:], body[:]); return s }}))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		if got := r.AppendTo(nil); !bytes.Equal(got, b) {
			t.Fatalf("%x re-encodes to %x", b, got)
		}
	})
}
