package byzantine

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"
)

// silent says nothing at all.
func silent(uint64, *smartbftprotos.Message) []*smartbftprotos.Message { return nil }

// muddled sends some messages changed, some twice and some not at all.
func muddled(seed uint64) warp {
	r := rand.New(rand.NewPCG(seed, 7))
	turn := make(chan struct{}, 1)
	return func(_ uint64, m *smartbftprotos.Message) (list []*smartbftprotos.Message) {
		turn <- struct{}{}
		defer func() { <-turn }()
		b, err := proto.Marshal(m)
		if err == nil && len(b) > 0 {
			b[r.IntN(len(b))] = byte(r.Uint32())
			bad := &smartbftprotos.Message{}
			if proto.Unmarshal(b, bad) == nil {
				list = append(list, bad)
			}
		}
		for range r.IntN(3) {
			list = append(list, m)
		}
		return list
	}
}

// TestSeven: of seven servers two are dead, or lie, or one of each; the others go
// on and have the same records, also when those that died are back.
func TestSeven(t *testing.T) {
	lie := map[string]func(*server) warp{
		"silent":  func(*server) warp { return silent },
		"muddled": func(*server) warp { return muddled(1) },
		"twins":   func(s *server) warp { return (&twins{s: s, at: map[uint64][2]types.Proposal{}, from: 4}).warp },
	}
	for _, x := range []struct {
		name  string
		liars map[int]string // by place, from 0; 0 leads first
		dead  []int
		soak  bool
	}{
		{name: "dead", dead: []int{0, 4}},
		{name: "a silent leader and a dead one", liars: map[int]string{0: "silent"}, dead: []int{1}, soak: true},
		{name: "garbage and a dead one", liars: map[int]string{3: "muddled"}, dead: []int{5}},
		{name: "garbage and silence", liars: map[int]string{2: "muddled", 6: "silent"}, soak: true},
		{name: "two faces and a dead one", liars: map[int]string{0: "twins"}, dead: []int{6}, soak: true},
		{name: "two faces and silence", liars: map[int]string{0: "twins", 5: "silent"}, soak: true},
	} {
		t.Run(x.name, func(t *testing.T) {
			if x.soak {
				soak(t)
			}
			c := testCluster(t, 7)
			c.timeout = 600 * time.Millisecond
			for i, how := range x.liars { //lint:sorted each its own
				c.list[i].lies, c.list[i].warp = true, lie[how](c.list[i])
			}
			c.open()
			if len(x.liars) == 0 {
				c.goOn("all.", 10)
			}
			for _, i := range x.dead {
				c.list[i].stop(true)
			}
			c.goOn("some.", 10)
			for _, i := range x.dead {
				if err := c.list[i].open(); err != nil {
					t.Fatal(err)
				}
			}
			c.goOn("again.", 10)
			c.close()
		})
	}
}
