package server

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// gossip is a script engine: "call" sends numbers to the thing of slot "to", and
// "note" writes down what it gets.
type gossip struct{}

func (gossip) Handle(module string, ev region.ScriptEvent, slots func(string) (region.SlotValue, bool), _, _ uint64) (r region.ScriptResult, _ error) {
	n, _ := slots("n")
	to, _ := slots("to")
	id, err := base.ParseID(to.Text)
	switch {
	case ev.Name == region.EventMessage:
		got, _ := slots("got")
		r.Set = []region.SlotWrite{{Name: "got", Value: region.TextSlot(got.Text + fmt.Sprint(ev.Tag, " "))}}
	case ev.Name == region.EventTick && module == "call" && err == nil && n.Int < 20:
		r.Send = []region.Send{{To: id, Tag: n.Int}, {To: id, Tag: n.Int + 1}}
		r.Set = []region.SlotWrite{{Name: "n", Value: region.IntSlot(n.Int + 2)}}
	}
	return r, nil
}

// TestThingsTalkBetweenServers: what a thing tells another over a border that loses
// messages arrives once and in order, though its server is started anew meanwhile.
func TestThingsTalkBetweenServers(t *testing.T) {
	var peers [2]atomic.Pointer[Server]
	var mu sync.Mutex
	// By chance: each fifth could be the same one of five again and again.
	chance := rand.New(rand.NewPCG(5, 20))
	lost := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return chance.IntN(5) == 0
	}
	link := func(to int) func(base.ID, []byte) error {
		return func(from base.ID, msg []byte) error {
			if p := peers[to].Load(); p != nil && !lost() {
				p.HandleBorder(from, msg)
			}
			return nil
		}
	}
	thing := func(name, module string, x float32) func() ([]region.ControlEntry, error) {
		c := ball(name, 0xffffff, x, 0)
		c.Fixed = true
		c.Slots = region.Slots{{Name: region.SlotEvery, Value: region.IntSlot(region.MinEvery)}, {Name: region.SlotScript, Value: region.LumpSlot(module)}}
		return func() ([]region.ControlEntry, error) {
			return []region.ControlEntry{{Kind: region.ControlCreate, Thing: c}}, nil
		}
	}
	ca := Config{Region: regionConfig("hearth", 0), Dir: t.TempDir(), Publish: link(1), Furnish: thing("caller", "call", 30)}
	cb := Config{Region: regionConfig("commons", 64), Dir: t.TempDir(), Publish: link(0), Furnish: thing("callee", "note", -30)}
	ca.Region.Scripts, cb.Region.Scripts = gossip{}, gossip{}
	a, b := start(t, ca), start(t, cb)
	join := func() {
		peers[0].Store(a.Server)
		peers[1].Store(b.Server)
		a.SetNeighbours([]region.Neighbour{{ID: cb.Region.ID, Name: "commons", Site: cb.Region.Site}})
		b.SetNeighbours([]region.Neighbour{{ID: ca.Region.ID, Name: "hearth", Site: ca.Region.Site}})
	}
	join()
	both := func(n int) {
		for range n {
			a.ticks(1)
			b.ticks(1)
		}
	}
	find := func(h *harness, name string) (got *region.Thing) {
		for _, x := range h.Things() {
			if x.Thing.Name == name {
				got = x.Thing
			}
		}
		return got
	}
	a.until("the things", func() bool { both(1); return find(a, "caller") != nil && find(b, "callee") != nil })
	both(60) // they know of each other
	set := make(chan error, 1)
	go func() {
		set <- a.Control(t.Context(), region.ControlEntry{Kind: region.ControlSet, ID: find(a, "caller").ID,
			Slot: region.SlotWrite{Name: "to", Value: region.TextSlot(find(b, "callee").ID.String())}})
	}()
	heard := func() []string {
		v, _ := find(b, "callee").Slots.Get("got")
		return strings.Fields(v.Text)
	}
	defer func() {
		if t.Failed() {
			t.Log(a.events, b.events, a.Status().Tick, b.Status().Tick, heard())
		}
	}()
	a.until("the first messages", func() bool { both(1); return len(heard()) >= 4 })
	if err := <-set; err != nil {
		t.Fatal(err)
	}
	peers[0].Store(nil)
	a.close()
	a = start(t, ca)
	join()
	a.until("all messages", func() bool { both(1); return len(heard()) >= 20 })
	both(40)
	for i, x := range heard() {
		if x != fmt.Sprint(i) {
			t.Fatalf("%v", heard())
		}
	}
	if a.count(EventRelaysLost) > 0 || b.count(EventRelaysIn) != 20 {
		t.Fatalf("%d lost, %d taken", a.count(EventRelaysLost), b.count(EventRelaysIn))
	}
}
