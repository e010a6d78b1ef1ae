package raft

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// polity is who administers a simulated region: its people send entries of the
// roles at servers that may be behind, cut off or about to die, and what comes
// into records is applied by every server. What the roles came to after each
// entry must be the same on all of them, in all their lives.
type polity struct {
	genesis succession.Genesis
	people  []base.Key // the founder first
	counter map[base.Key]uint64
	log     [][]byte
	after   []roles // of log
}

// roles are what an entry came to on a server.
type roles struct {
	sum     [32]byte // of the whole state
	temp    base.Key
	counted bool
}

// cheap stands for a signature; region/succession has tests with real keys.
func cheap(k base.Key, msg []byte) (s succession.Signature) {
	h := sha256.New()
	h.Write(k[:])
	h.Write(msg)
	copy(s[:], h.Sum(nil))
	return s
}

func cheapVerify(k base.Key, msg, sig []byte) bool {
	want := cheap(k, msg)
	return slices.Equal(want[:], sig)
}

// govern gives the region roles, before anything has happened in it.
func (w *world) govern() {
	p := &polity{counter: map[base.Key]uint64{}}
	for i := range 5 {
		p.people = append(p.people, label(1000+i))
	}
	p.genesis = succession.Genesis{Region: base.ID{1}, Epoch: 1, Founder: p.people[0],
		Settings: succession.Settings{VacantDays: 1, ActiveDays: 1}, Wall: 1_000_000}
	for _, s := range w.servers {
		p.genesis.Servers = append(p.genesis.Servers, s.key)
	}
	slices.SortFunc(p.genesis.Servers, base.Key.Compare)
	w.polity = p
	for _, s := range w.servers {
		law, err := succession.New(p.genesis, cheapVerify)
		if err != nil {
			panic(err)
		}
		s.law, s.cp.law = law, law.Snapshot(nil)
	}
}

// enact is an entry of the roles that somebody brings to a server, as that
// server knows the region. Half of them let an hour pass.
func (w *world) enact(s *srv) []byte {
	p := w.polity
	x := succession.Entry{Kind: succession.Beat}
	if w.chance(0.5) {
		for _, k := range s.law.Servers() {
			m := succession.Sample{Server: k, Wall: s.law.Wall() + 3_500_000 + int64(w.r.IntN(200_000))}
			m.Sig = cheap(k, p.genesis.SampleBytes(s.law.LastBeat(), m.Wall))
			x.Samples = append(x.Samples, m)
		}
		return x.Bytes()
	}
	x.Kind = succession.Login
	if w.chance(0.4) {
		x.Kind = []succession.Kind{succession.Ban, succession.Unban, succession.Unban, succession.Appoint, succession.Remove, succession.Opt}[w.r.IntN(6)]
	}
	x.By, x.Player = p.people[1+w.r.IntN(len(p.people)-1)], base.Key{}
	if w.chance(0.02) {
		x.By = p.people[0]
	}
	if t := s.law.Temp(); x.Kind != succession.Login && !t.IsZero() && w.chance(0.5) {
		x.By = t // as this server knows it
	}
	switch x.Kind {
	case succession.Login:
		x.Server = p.genesis.Servers[w.r.IntN(len(p.genesis.Servers))]
	case succession.Opt:
		x.Out = w.chance(0.3)
	case succession.Appoint:
		x.Player = p.people[1] // one at most, so that the place falls vacant
	default:
		x.Player = p.people[1+w.r.IntN(len(p.people)-1)]
	}
	p.counter[x.By]++
	x.Counter, x.Head = p.counter[x.By], s.law.Head()
	msg := p.genesis.SigningBytes(&x)
	x.Sig = cheap(x.By, msg)
	if x.Kind == succession.Login {
		x.ServerSig = cheap(x.Server, msg)
	}
	return x.Bytes()
}

// rule applies an entry on one server, and compares.
func (s *srv) rule(entry []byte) {
	p := s.w.polity
	before := s.law.Temp()
	err := s.law.Apply(entry)
	got := roles{s.law.Hash(), s.law.Temp(), err == nil}
	switch i := s.law.Head().Index; {
	case i > uint64(len(p.log))+1:
		s.w.failf("%s: role entry %d after %d", s.place(), i, len(p.log))
	case i == uint64(len(p.log))+1:
		p.log, p.after = append(p.log, entry), append(p.after, got)
		s.w.counts["role entries"]++
		if got.temp != before {
			s.w.counts["temporary admins"]++
		}
		if x, _ := succession.Parse(entry); !before.IsZero() && x.By == before && x.Kind != succession.Login {
			s.w.counts["their commands"]++
		}
		if err != nil {
			s.w.counts["refused role entries"]++
		}
	case p.after[i-1] != got:
		s.w.failf("%s: role entry %d comes to %v, elsewhere to %v", s.place(), i, got, p.after[i-1])
	default:
		s.w.counts["role entries compared"]++
	}
}

// replay computes the roles from the log alone.
func (p *polity) replay() error {
	s, err := succession.New(p.genesis, cheapVerify)
	if err != nil {
		return err
	}
	for i, entry := range p.log {
		err := s.Apply(entry)
		if got := (roles{s.Hash(), s.Temp(), err == nil}); got != p.after[i] {
			return fmt.Errorf("role entry %d comes to %v on the servers, and to %v by the log", i+1, p.after[i], got)
		}
	}
	return nil
}

// TestClusterRoles is case 26 of docs/protocol/succession.md: in clusters with
// every fault all servers have the same roles after every entry, and those that
// the log alone gives.
func TestClusterRoles(t *testing.T) {
	n := *seeds
	if n == 0 {
		n = 24
		if testing.Short() {
			n = 8
		}
		if os.Getenv("METATOPIA_SOAK") != "" {
			n = 1000
		}
	}
	sum := map[string]int{}
	for i := range uint64(n) {
		seed := *first + i
		ok := t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, seed)
			w := newWorld(seed)
			w.govern()
			w.live(6000000)
			if err := w.polity.replay(); err != nil {
				w.failf("%v", err)
			}
			if *loud || len(w.fails) > 0 {
				t.Log("\n" + strings.Join(w.trace, "\n"))
			}
			for _, f := range w.fails {
				t.Error(f)
			}
			for k, v := range w.counts { //lint:sorted a sum
				sum[k] += v
			}
		})
		if !ok {
			t.Fatalf("seed %d", seed)
		}
	}
	for _, k := range []string{"temporary admins", "their commands", "refused role entries", "role entries compared", "installs", "leader kills"} {
		if n >= 24 && sum[k] == 0 {
			t.Errorf("in %d clusters: %s: none", n, k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(sum)) {
		t.Log(k, sum[k])
	}
}
