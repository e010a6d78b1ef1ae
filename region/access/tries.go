package access

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// try is a password that was tried.
type try struct {
	Peer base.Key
	Net  uint64
	At   base.Tick
}

// backoff is how long a peer, or a network, waits after wrong passwords.
type backoff struct {
	Peer  base.Key // zero: a network
	Net   uint64
	Fails uint16
	Until base.Tick
}

func (b *backoff) compare(peer base.Key, net uint64) int {
	return cmp.Or(b.Peer.Compare(peer), cmp.Compare(b.Net, net))
}

func (s *State) findBackoff(peer base.Key, net uint64) (int, bool) {
	return slices.BinarySearchFunc(s.backoffs, net, func(b backoff, _ uint64) int { return b.compare(peer, net) })
}

// MayTry says whether a peer of a network may try the password at a tick, and
// if not from which tick on it is worth asking again. Servers ask before they
// write a try into the log, so that a flood of them is none of the log.
func (s *State) MayTry(peer base.Key, net uint64, now base.Tick) (ok bool, again base.Tick) {
	var ofPeer, ofNet, all []base.Tick
	for _, t := range s.tries {
		if t.At+Minute <= now {
			continue
		}
		all = append(all, t.At)
		if t.Peer == peer {
			ofPeer = append(ofPeer, t.At)
		}
		if t.Net == net {
			ofNet = append(ofNet, t.At)
		}
	}
	for _, x := range []struct {
		at   []base.Tick
		most int
	}{{ofPeer, TriesPeer}, {ofNet, TriesNet}, {all, TriesRegion}} {
		if n := len(x.at); n >= x.most {
			again = max(again, x.at[n-x.most]+Minute)
		}
	}
	for _, b := range []struct {
		peer base.Key
		net  uint64
	}{{peer, 0}, {base.Key{}, net}} {
		if i, found := s.findBackoff(b.peer, b.net); found {
			again = max(again, s.backoffs[i].Until)
		}
	}
	return again <= now, again
}

// attempt counts a try, as a wrong one: a ticket takes that back.
func (s *State) attempt(x *Entry, now base.Tick) {
	s.tries = slices.DeleteFunc(s.tries, func(t try) bool { return t.At+Minute <= now })
	s.tries = append(s.tries, try{x.Player, x.Net, now})
	s.fail(x.Player, 0, now)
	s.fail(base.Key{}, x.Net, now)
	s.tried++
}

func (s *State) fail(peer base.Key, net uint64, now base.Tick) {
	s.backoffs = slices.DeleteFunc(s.backoffs, func(b backoff) bool { return b.Until+backoffLife <= now })
	i, ok := s.findBackoff(peer, net)
	if !ok {
		if len(s.backoffs) >= MaxBackoffs {
			// Whose time is over first has the least left to wait.
			least := 0
			for j := range s.backoffs {
				if s.backoffs[j].Until < s.backoffs[least].Until {
					least = j
				}
			}
			s.backoffs = slices.Delete(s.backoffs, least, least+1)
			i, _ = s.findBackoff(peer, net)
		}
		s.backoffs = slices.Insert(s.backoffs, i, backoff{Peer: peer, Net: net})
	}
	b := &s.backoffs[i]
	b.Fails = min(b.Fails+1, 1000)
	b.Until = now
	if b.Fails >= backoffAfter {
		b.Until = now + Minute<<min(int(b.Fails)-backoffAfter, backoffMost)
	}
}

// right takes back that the last try of a peer was a wrong one.
func (s *State) right(peer base.Key) {
	net, found := uint64(0), false
	for i := len(s.tries) - 1; i >= 0; i-- {
		if s.tries[i].Peer == peer {
			net, found = s.tries[i].Net, true
			s.tries = slices.Delete(s.tries, i, i+1)
			break
		}
	}
	if i, ok := s.findBackoff(peer, 0); ok {
		s.backoffs = slices.Delete(s.backoffs, i, i+1)
	}
	if !found {
		return
	}
	if i, ok := s.findBackoff(base.Key{}, net); ok {
		s.backoffs = slices.Delete(s.backoffs, i, i+1)
	}
}
