package replica

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/region/order/raft"
)

func submit(t *testing.T, s *server, prefix string, from, n int, sync bool) {
	t.Helper()
	for i := range n {
		if err := s.log.Submit([]byte(fmt.Sprint(prefix, from+i)), sync); err != nil {
			t.Fatal(err)
		}
	}
}

func has(s *server, prefix string, k int) func() bool {
	return func() bool { return slices.Contains(s.entries(), fmt.Sprint(prefix, k)) }
}

// TestThree: entries from every server come out on every server, once and in
// order, while the leader is killed and comes back.
func TestThree(t *testing.T) {
	_, list := found(t, 3)
	waitLeader(t, list)
	for i, s := range list {
		submit(t, s, fmt.Sprint("s", i, "-"), 0, 50, i == 0)
	}
	for i := range list {
		for _, s := range list {
			wait(t, "entries", has(s, fmt.Sprint("s", i, "-"), 49))
		}
	}
	old := waitLeader(t, list)
	old.die()
	rest := slices.DeleteFunc(slices.Clone(list), func(s *server) bool { return s == old })
	for i, s := range list {
		if s != old {
			submit(t, s, fmt.Sprint("s", i, "-"), 50, 50, false)
		}
	}
	waitLeader(t, rest)
	for i := range list {
		for _, s := range rest {
			if list[i] != old {
				wait(t, "entries after the kill", has(s, fmt.Sprint("s", i, "-"), 99))
			}
		}
	}
	// It comes back under its id, with all it had.
	old.net = old.net.town.join(old.net.key)
	if err := old.open(Config{}); err != nil {
		t.Fatal(err)
	}
	submit(t, old, "back", 0, 10, true)
	for _, s := range list {
		wait(t, "entries after the return", has(s, "back", 9))
		for i := range list {
			n := 100
			if list[i] == old {
				n = 50
			}
			once(t, s, fmt.Sprint("s", i, "-"), n)
		}
	}
	same(t, list)
	for _, s := range list {
		s.close()
	}
}

// TestReopened: a log that is closed and opened again in a process that goes on
// gets what the others send, although their streams to it seem to work.
func TestReopened(t *testing.T) {
	_, list := found(t, 3)
	l := waitLeader(t, list)
	submit(t, l, "a", 0, 1, true)
	for _, s := range list {
		wait(t, "the first entry", has(s, "a", 0))
	}
	i := slices.IndexFunc(list, func(s *server) bool { return s != l })
	list[i].close()
	if err := list[i].open(Config{}); err != nil {
		t.Fatal(err)
	}
	submit(t, l, "b", 0, 1, true)
	wait(t, "an entry after it was opened again", has(list[i], "b", 0))
	same(t, list)
	for _, s := range list {
		s.close()
	}
}

// TestJoinAndLeave: a server is added, gets a vote in place of another, and
// one is removed; the one removed stops by itself.
func TestJoinAndLeave(t *testing.T) {
	tw, list := found(t, 3)
	l := waitLeader(t, list)
	submit(t, l, "a", 0, 20, false)
	wait(t, "entries", has(l, "a", 19))
	at := l.records()[len(l.records())-1].Tick
	b, err := l.log.BaseAt(at)
	if err != nil {
		t.Fatal(err)
	}
	id, err := l.log.AddLearner(t.Context(), keyN(9))
	if err != nil || id != 4 {
		t.Fatal(id, err)
	}
	nu := &server{t: t, net: tw.join(keyN(9)), dir: t.TempDir()}
	if err := nu.open(Config{Base: &b, Self: id}); err != nil {
		t.Fatal(err)
	}
	submit(t, nu, "new", 0, 20, true)
	wait(t, "its entries", has(l, "new", 19))
	wait(t, "its entries at home", has(nu, "new", 19))
	var out uint64
	for _, s := range list {
		if s != l {
			out = s.log.Self()
		}
	}
	if err := l.log.Remove(t.Context(), l.log.Self()); !errors.Is(err, raft.ErrChange) {
		t.Fatalf("a leader removed itself: %v", err)
	}
	wait(t, "the vote", func() bool { err = l.log.Replace(t.Context(), out, id); return err == nil })
	var gone *server
	for _, s := range list {
		if s.log.Self() == out {
			gone = s
		}
	}
	wait(t, "the removed one to stop", func() bool { return errors.Is(gone.log.Err(), ErrRemoved) })
	// A follower may carry out the end of the change before its leader does.
	wait(t, "three members, the new one with a vote", func() bool {
		m := l.log.Members()
		return len(m) == 3 && m[2].ID == 4 && m[2].Voter()
	})
	if err := l.log.TransferLeader(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	wait(t, "the new one to lead", nu.log.Leading)
	submit(t, nu, "lead", 0, 5, false)
	wait(t, "its entries", has(l, "lead", 4))
	same(t, append(list, nu))
	for _, s := range append(list, nu) {
		s.close()
	}
}

// TestCompactAndNeed: a server that was away for longer than the others keep
// records goes on from a Base.
func TestCompactAndNeed(t *testing.T) {
	_, list := found(t, 3)
	l := waitLeader(t, list)
	i := slices.IndexFunc(list, func(s *server) bool { return s != l })
	away := list[i]
	away.die()
	rest := slices.Delete(slices.Clone(list), i, i+1)
	wait(t, "ticks", func() bool { return l.log.Durable() > 600 })
	for _, s := range rest {
		wait(t, "ticks", func() bool { return s.log.Durable() > 600 })
		if err := s.log.Compact(590); err != nil {
			t.Fatal(err)
		}
		if st := s.log.Status(); st.First < 100 {
			t.Fatalf("kept from %d on", st.First)
		}
	}
	away.net = away.net.town.join(away.net.key)
	if err := away.open(Config{}); err != nil {
		t.Fatal(err)
	}
	var b raft.Base
	wait(t, "a need", func() (ok bool) { b, ok = away.log.Need(); return ok })
	if err := away.log.Install(b); err != nil {
		t.Fatal(err)
	}
	submit(t, away, "x", 0, 3, true)
	for _, s := range list {
		wait(t, "entries", has(s, "x", 2))
	}
	if r := away.records(); r[len(r)-1].Tick < b.Tick {
		t.Fatal("not ahead")
	}
	same(t, list)
	for _, s := range list {
		s.close()
	}
	// And from disk again.
	for _, s := range list {
		s.net = s.net.town.join(s.net.key)
		if err := s.open(Config{}); err != nil {
			t.Fatal(err)
		}
	}
	submit(t, away, "y", 0, 3, true)
	for _, s := range list {
		wait(t, "entries", has(s, "y", 2))
	}
	for _, s := range list {
		s.close()
	}
}
