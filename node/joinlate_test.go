package node

import (
	"errors"
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
)

// TestTheLogIsGoneWhenOneHasJoined: while a node fetches the state that it joins
// with, the region's server makes so many checkpoints that it drops the log after that
// state. The node that joins takes a newer state by itself and follows from there.
func TestTheLogIsGoneWhenOneHasJoined(t *testing.T) {
	t.Parallel() // it waits more than it works
	a := startNode(t, Config{Name: "Ada", Absent: true})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	b := startNode(t, Config{Name: "Bob", Join: link, Absent: true})
	waitFor(t, "the region to be known", func() bool { return b.current() != nil && len(b.current().records()) == 1 })
	w := b.current()
	id := serving(a).id
	if !w.joins.take(id) { // this test joins, step by step
		t.Fatal("it joins already")
	}
	change(t, b, control.ServersServe, nil)
	change(t, a, control.ServersAdd, b)
	rec := w.record(id)
	var reply member.Reply
	eventually(t, "the leader to take it", func() (err error) {
		if reply, err = w.askMember(t.Context(), a.key, id, member.Request{Kind: member.AskJoin, Site: rec.Encode()}, memberWait); err == nil && !reply.OK {
			err = errors.New(reply.Text)
		}
		return err
	})
	voters := []base.Key{a.key}
	got := must(w.fetchPoint(t.Context(), rec, voters, voters, 0))(t)

	// What is no entry stands in the log all the same.
	s := serving(a)
	for range 80 {
		eventually(t, "room in the log", func() error { return s.group.log.Submit(make([]byte, 60<<10), false) })
	}
	eventually(t, "the log to be dropped", func() error {
		first := s.group.log.Status().First
		if first > got.cp.Tick+1 {
			return nil
		}
		s.srv.CheckpointSoon()
		return fmt.Errorf("it begins at tick %d, the state is of %d", first, got.cp.Tick)
	})

	if err := w.beginAt(t.Context(), rec, a.key, reply.ID, got); err != nil {
		t.Fatal(err)
	}
	w.done(t.Context(), id, false)
	eventually(t, "a newer state", func() error {
		s := serving(b)
		if s == nil {
			return errors.New("it serves nothing")
		}
		if first := s.group.log.Status().First; first <= got.cp.Tick+1 {
			return fmt.Errorf("its log begins at tick %d", first)
		}
		return nil
	})
	sameState(t, a, b)
}
