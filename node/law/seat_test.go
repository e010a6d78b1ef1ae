package law

import (
	"context"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// stubborn is a region that refuses every entry.
type stubborn struct {
	state *succession.State
	asked int
}

func (s *stubborn) Law(_ context.Context, f func(*succession.State)) error { f(s.state); return nil }
func (s *stubborn) Lawful(f func(*succession.State)) error                 { f(s.state); return nil }
func (s *stubborn) Visitors() []base.Key                                   { return nil }
func (s *stubborn) SubmitLaw(context.Context, []byte) (region.LawDone, error) {
	s.asked++
	return region.LawDone{Why: succession.ErrSoon}, nil
}

// TestRefusedSeat: a court whose admin may not say yet who the servers are does
// not fill the log with it.
func TestRefusedSeat(t *testing.T) {
	alice := newPerson("alice")
	charter := charterOf(alice, alice.key)
	st, err := succession.New(charter.Genesis, VerifyKey)
	if err != nil {
		t.Fatal(err)
	}
	r, now := &stubborn{state: st}, time.UnixMilli(1_800_000_000_000)
	c := New(Config{Charter: charter, Key: alice.key, Sign: alice.sign, Verify: VerifyKey, Now: func() time.Time { return now },
		Counter: func(least uint64) uint64 { return least + 1 }, Voters: func() []base.Key { return []base.Key{newPerson("bob").key} }})
	c.region = r
	for range 100 {
		_ = c.seat(t.Context())
		now = now.Add(seatEvery)
	}
	if r.asked != 1 {
		t.Fatalf("%d entries in 200 s", r.asked)
	}
	now = now.Add(seatRefused)
	_ = c.seat(t.Context())
	if r.asked != 2 {
		t.Fatal("never again")
	}
}
