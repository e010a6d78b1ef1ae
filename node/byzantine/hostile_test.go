package byzantine

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/region/order"
)

// goOn checks that the honest servers take entries and have the same records,
// without anything forged in them.
func (c *cluster) goOn(prefix string, each int) {
	c.t.Helper()
	for i, s := range c.list {
		if !s.lies && s.live {
			s.submit(prefix+string(rune('a'+i))+".", 0, each)
		}
	}
	for _, s := range c.list {
		for i, o := range c.list {
			if !s.lies && !o.lies && s.live && o.live {
				s.has(prefix+string(rune('a'+i))+".", each)
			}
		}
	}
	c.same()
}

// TestForgedEntry: a leader that proposes what nobody signed is replaced, and
// so is nothing of it in a record.
func TestForgedEntry(t *testing.T) {
	c := testCluster(t, 4)
	c.timeout = 400 * time.Millisecond
	c.list[0].lies = true // leads first
	c.open()
	if err := c.list[0].log.Submit([]byte(forged), false); err != nil {
		t.Fatal(err)
	}
	c.goOn("", 20)
	wait(t, "another leader", func() bool { return c.list[1].log.Leader() > 1 })
	c.goOn("again ", 20)
}

// TestForgedForward: entries that nobody signed, sent to an honest leader, stay
// out.
func TestForgedForward(t *testing.T) {
	c := testCluster(t, 4)
	c.list[3].lies = true
	c.open()
	for range 5 {
		if err := c.list[3].log.Submit([]byte(forged), false); err != nil {
			t.Fatal(err)
		}
	}
	c.goOn("", 20)
}

// twins makes a server tell some of the others one thing and the rest another,
// each with all the signatures that go with it.
type twins struct {
	s  *server
	mu sync.Mutex
	at map[uint64][2]types.Proposal // by decision
	// from is the first server of the second side; 0: the third.
	from uint64
}

func (w *twins) warp(to uint64, m *smartbftprotos.Message) []*smartbftprotos.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	m = proto.Clone(m).(*smartbftprotos.Message)
	if p := m.GetPrePrepare(); p != nil {
		if _, ok := w.at[p.Seq]; !ok {
			rec, err := order.Parse(p.Proposal.Payload)
			if err != nil {
				return nil
			}
			rec.Sync = !rec.Sync
			both := [2]types.Proposal{{Payload: p.Proposal.Payload, Metadata: p.Proposal.Metadata}, {Payload: rec.AppendTo(nil), Metadata: p.Proposal.Metadata}}
			w.at[p.Seq] = both
		}
	}
	side := 0
	if to >= max(w.from, 3) {
		side = 1
	}
	switch {
	case m.GetPrePrepare() != nil:
		m.GetPrePrepare().Proposal.Payload = w.at[m.GetPrePrepare().Seq][side].Payload
	case m.GetPrepare() != nil:
		if both, ok := w.at[m.GetPrepare().Seq]; ok {
			m.GetPrepare().Digest = both[side].Digest()
		}
	case m.GetCommit() != nil:
		if both, ok := w.at[m.GetCommit().Seq]; ok {
			l, msg := w.s.log, seal(&both[side], nil)
			m.GetCommit().Digest = both[side].Digest()
			m.GetCommit().Signature = &smartbftprotos.Signature{Signer: l.self, Value: l.cfg.Sign(l.domain(signDecision, msg)), Msg: msg}
		}
	}
	return []*smartbftprotos.Message{m}
}

// TestTwoFaces: a leader that proposes two records for one tick, and signs
// both, brings nobody to take one that others do not have.
func TestTwoFaces(t *testing.T) {
	soak(t)
	c := testCluster(t, 4)
	c.timeout = 400 * time.Millisecond
	w := &twins{s: c.list[0], at: map[uint64][2]types.Proposal{}}
	c.list[0].lies, c.list[0].warp = true, w.warp
	c.open()
	c.goOn("", 20)
	wait(t, "another leader", func() bool { return c.list[1].log.Leader() > 1 })
	c.goOn("again ", 20)
}

// TestGarbage: a server that sends what it should with all kinds of changes,
// and bytes that are nothing.
func TestGarbage(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		c := testCluster(t, 4)
		r := rand.New(rand.NewPCG(seed, 0))
		var mu sync.Mutex
		liar := c.list[seed%4]
		liar.lies = true
		liar.warp = func(_ uint64, m *smartbftprotos.Message) []*smartbftprotos.Message {
			mu.Lock()
			defer mu.Unlock()
			list := []*smartbftprotos.Message{}
			b, err := proto.Marshal(m)
			for range 3 {
				if err != nil || len(b) == 0 {
					break
				}
				x := append([]byte(nil), b...)
				for range 1 + r.IntN(4) {
					x[r.IntN(len(x))] = byte(r.Uint32())
				}
				bad := &smartbftprotos.Message{}
				if proto.Unmarshal(x, bad) == nil {
					list = append(list, bad)
				}
			}
			if r.IntN(4) > 0 {
				list = append(list, m)
			}
			return list
		}
		c.open()
		for i, s := range c.list {
			if s == liar {
				continue
			}
			st, err := liar.net.Open(context.Background(), s.key(), Protocol(testRegion))
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				for n := range 200 {
					b := make([]byte, 1+n*3)
					for j := range b {
						b[j] = byte(n * j * (i + 1))
					}
					f := binary.LittleEndian.AppendUint32(nil, uint32(headBytes+len(b)))
					f = append(f, s.log.head(uint8(1+n%4))...)
					if _, err := st.Write(append(f, b...)); err != nil {
						return
					}
				}
			}()
		}
		c.goOn("", 20)
		c.close()
	}
}
