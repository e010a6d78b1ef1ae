package exchange_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
)

// verdicts collects what an exchange tells of its judgements.
type verdicts struct {
	mu    sync.Mutex
	count map[exchange.Fault]int
	shuns []peer.ID
}

func (v *verdicts) note(p peer.ID, f exchange.Fault, shunned bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.count == nil {
		v.count = map[exchange.Fault]int{}
	}
	v.count[f]++
	if shunned {
		v.shuns = append(v.shuns, p)
	}
}

func (v *verdicts) of(f exchange.Fault) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.count[f]
}

func withVerdicts(v *verdicts) func(*exchange.Config) {
	return func(c *exchange.Config) { c.OnJudged = v.note }
}

// TestFetchBesideAttackers: four peers that answer every want badly are
// connected before the one that has the content.
func TestFetchBesideAttackers(t *testing.T) {
	for _, size := range []int{300_000, 12 << 20} {
		t.Run(fmt.Sprint(size), func(t *testing.T) { fetchBesideAttackers(t, lumpstest.Bytes(77, size)) })
	}
}

func fetchBesideAttackers(t *testing.T, content []byte) {
	small := len(content) < lumps.ChunkSize
	for _, c := range []struct {
		name  string
		reply func([]bsmsg.Entry) bsmsg.BitSwapMessage
		fault exchange.Fault // that the victim must have noted; -1: none is due
	}{
		{"say nothing", nil, 255},
		{"say no", denies, 255},
		{"claim everything and send nothing", claims, exchange.Stalled},
		{"send other bytes", lies, exchange.Unasked},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var v verdicts
			victim, honest := newNode(t, newHost(t), withVerdicts(&v)), newNode(t, newHost(t))
			st := add(t, honest, content, false)
			var bad []peer.ID
			var all []*attacker
			for range 4 {
				a := newAttacker(t, c.reply)
				connect(t, victim.host, a.host)
				bad, all = append(bad, a.host.ID()), append(all, a)
			}
			began, source := time.Now(), make(chan string, 1)
			go func() {
				defer close(source)
				got, in, err := victim.Bytes(t.Context(), st.Ref, st.Size)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("read %d bytes, %v", len(got), err)
				}
				source <- in.Source
			}()
			// A large content comes on streams, which these do not speak; its
			// root is so short that it comes with the first answer.
			due := small && c.fault != 255
			if due {
				// Before there is anybody else: one that sends at once would
				// leave them no time to stall. Whether one of them is judged
				// by now depends on how soon bitswap asks the next: when all
				// of them owe the lump it takes the honest peer's answer.
				poll(t, fmt.Sprintf("somebody is judged %v, or all owe the lump", c.fault), func() bool {
					return v.of(c.fault) > 0 || !slices.ContainsFunc(all, func(a *attacker) bool { return !a.owes(2 * time.Second) })
				})
			} else {
				poll(t, "an attacker is asked", func() bool {
					return slices.ContainsFunc(all, func(a *attacker) bool { return a.asked.Load() > 0 })
				})
			}
			connect(t, victim.host, honest.host)
			if from := <-source; from != honest.host.ID().String() {
				t.Errorf("source %q, want the honest peer", from)
			}
			t.Logf("%v; %v", time.Since(began).Round(time.Millisecond), victim.Judged())
			if due && v.of(c.fault) == 0 {
				t.Errorf("judged %v, nobody %v", victim.Judged(), c.fault)
			}
			if victim.Shunned(honest.host.ID()) {
				t.Error("the honest peer is shunned")
			}
			for _, p := range v.shuns {
				if !slices.Contains(bad, p) {
					t.Errorf("shunned %s, who did nothing", p)
				}
			}
		})
	}
}

// TestFloodsAreCutOff: whatever a peer pushes, it is shunned after a few
// messages, nothing is kept, and the others are served.
func TestFloodsAreCutOff(t *testing.T) {
	for _, c := range []struct {
		name  string
		make  func(i int) bsmsg.BitSwapMessage
		fault exchange.Fault
		most  int // faults until it is shunned, and some that are under way then
	}{
		{"40000 wants in a message", func(i int) bsmsg.BitSwapMessage { return manyWants(40_000, i) }, exchange.Flood, 12},
		{"4000 wants, again and again", func(i int) bsmsg.BitSwapMessage { return manyWants(4000, i) }, exchange.Flood, 12},
		{"the same wants, again and again", func(int) bsmsg.BitSwapMessage { return manyWants(4000, 0) }, exchange.Flood, 12},
		{"names of 100 kB", func(int) bsmsg.BitSwapMessage { return hugeWants() }, exchange.Flood, 12},
		{"lumps that nobody asked for", func(i int) bsmsg.BitSwapMessage { return unasked(50, i) }, exchange.Unasked, 30},
		{"word of lumps that nobody asked about", func(i int) bsmsg.BitSwapMessage { return unaskedHaves(50, i) }, exchange.Unasked, 30},
		{"blocks with another hash", func(int) bsmsg.BitSwapMessage { return oddBlocks() }, exchange.Unasked, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			var v verdicts
			victim := newNode(t, newHost(t), withVerdicts(&v))
			content := []byte("still served")
			ref := add(t, victim, content, false).Ref
			newAttacker(t, nil).push(t, victim, c.make)
			if n := v.of(c.fault); n == 0 || n > c.most || victim.Judged()["shunned"] != 1 {
				t.Errorf("judged %v, want at most %d faults and one shun", victim.Judged(), c.most)
			}
			if n := count(t, victim.store); n != 1 {
				t.Errorf("%d lumps stored", n)
			}
			reader := newNode(t, newHost(t))
			connect(t, reader.host, victim.host)
			read(t, reader, ref, content)
		})
	}
}

// TestGarbageIsRefused: what is no message at all.
func TestGarbageIsRefused(t *testing.T) {
	for name, b := range map[string][]byte{
		"a message of 1 TiB":   {0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 1, 2, 3},
		"no protobuf":          append([]byte{100}, bytes.Repeat([]byte{0xff}, 100)...),
		"a length without end": bytes.Repeat([]byte{0x80}, 100),
	} {
		var v verdicts
		victim, a := newNode(t, newHost(t), withVerdicts(&v)), newHost(t)
		connect(t, a, victim.host)
		poll(t, name+" leads to a shun", func() bool {
			s, err := a.NewStream(t.Context(), victim.host.ID(), protocolID("/ipfs/bitswap/1.2.0"))
			if err == nil {
				_, _ = s.Write(b)
				_ = s.CloseWrite()
			}
			return victim.Shunned(a.ID())
		})
		if v.of(exchange.Garbled) == 0 {
			t.Errorf("%s: judged %v", name, victim.Judged())
		}
	}
}

// TestRubbishRecords: routing names a hundred nodes for a content, before the
// one that has it: some are not there, some have nothing, and one record
// names the victim itself.
func TestRubbishRecords(t *testing.T) {
	honest := newNode(t, newHost(t))
	content := lumpstest.Bytes(78, 3<<20)
	st := add(t, honest, content, false)
	var v verdicts
	routing := &book{}
	h := newHost(t)
	victim := newNode(t, h, withRouting(routing), withVerdicts(&v))
	routing.answer = append(routing.answer, info(h), peer.AddrInfo{})
	var dead []peer.ID
	for range 90 {
		gone := newHost(t)
		routing.answer = append(routing.answer, info(gone))
		dead = append(dead, gone.ID())
		gone.Close()
	}
	for range 6 {
		a := newAttacker(t, denies)
		routing.answer = append(routing.answer, info(a.host))
	}
	routing.answer = append(routing.answer, info(honest.host))
	// Somebody is connected who has nothing, or nobody is asked at all.
	connect(t, h, newAttacker(t, denies).host)
	began := time.Now()
	if in := read(t, victim, st.Ref, content); in.Source != honest.host.ID().String() {
		t.Errorf("source %q, want the honest peer", in.Source)
	}
	t.Logf("%v; %v", time.Since(began).Round(time.Millisecond), victim.Judged())
	poll(t, "false records are counted", func() bool { return v.of(exchange.FalseRecord) >= 6 })
	if len(v.shuns) != 0 {
		t.Errorf("%d peers shunned for one false record each", len(v.shuns))
	}
	for _, p := range dead {
		if victim.Shunned(p) {
			t.Error("a peer that somebody else named is shunned")
		}
	}
}

// TestShunnedPeersAreNotAsked: nothing is asked of the peer and nothing taken.
func TestShunnedPeersAreNotAsked(t *testing.T) {
	victim, other := newNode(t, newHost(t), withStall(time.Second)), newNode(t, newHost(t), withStore(mem.New(mem.Config{})))
	content := []byte("from a peer of bad repute")
	ref := add(t, other, content, false).Ref
	connect(t, victim.host, other.host)
	victim.Judge(other.host.ID(), exchange.WrongBytes)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, _, err := victim.Bytes(ctx, ref, 100); err == nil {
		t.Fatal("fetched from a peer that is shunned")
	}
	if n := victim.Judged()["shunned"]; n != 1 {
		t.Errorf("%d shuns counted", n)
	}
}
