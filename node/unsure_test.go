package node

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region/order/raft"
)

// TestNodeStartsWithoutItsRegion: a node whose region cannot go on as it is
// starts all the same, and its owner can recover the region there.
func TestNodeStartsWithoutItsRegion(t *testing.T) {
	dir := t.TempDir()
	n := startNode(t, Config{Name: "Ada", Home: dir})
	found(t, n)
	must(n.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	w := n.current()
	s := w.servedList()[0]
	if err := w.share(s, must(w.loadRegion(s.id))(t)); err != nil {
		t.Fatal(err)
	}
	g := w.servedList()[0].group
	eventually(t, "a learner", func() error { _, err := g.log.AddLearner(t.Context(), base.Key{7}); return err })
	stopNode(t, n)
	// What follows is in the log, and in no checkpoint, when the power goes.
	db := filepath.Join(dir, "regions", s.id.String(), "region.db")
	old := must(os.ReadFile(db))(t)
	n = startNode(t, Config{Name: "Ada", Home: dir})
	srv := n.current().servedList()[0].srv
	from := srv.Status().Tick
	waitFor(t, "ticks that are agreed on", func() bool { return srv.Status().Durable > from+5 })
	durable := srv.Status().Durable
	path := filepath.Join(n.current().orderDir(s.id), "order.log")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stopNode(t, n)
	if err := os.WriteFile(db, old, 0o600); err != nil {
		t.Fatal(err)
	}
	// The power was cut while another server was about to join.
	if err := os.WriteFile(path, raft.AppendOpened(b, 9, "another boot"), 0o600); err != nil {
		t.Fatal(err)
	}
	n = startNode(t, Config{Name: "Ada", Home: dir})
	if len(n.current().servedList()) != 0 {
		t.Fatal("a log that may have lost its end goes on")
	}
	w = n.current()
	rec := w.record(s.id)
	// Whoever is at the region's files is waited for.
	if !w.joins.take(s.id) {
		t.Fatal("somebody joins the region")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.recoverRegion(gone, rec); control.CodeOf(err) != control.Conflict || len(w.servedList()) != 0 {
		t.Fatal("recovered beside somebody who is at it:", err)
	}
	w.joins.free(s.id)
	// Who tries to join, with nobody there who could let them in, gives way.
	w.joinSoon(s.id)
	must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersRecover, Region: "Plaza"}))(t)
	waitFor(t, "nobody to be at the region's files", func() bool {
		w.joins.mu.Lock()
		defer w.joins.mu.Unlock()
		return w.joins.busy[s.id] == nil
	})
	waitFor(t, "the region to run", func() bool {
		list := n.current().servedList()
		return len(list) == 1 && list[0].srv.Status().Leading
	})
	d, err := raft.ReadDisk(must(os.ReadFile(path))(t))
	if err != nil || d.State.Base.Epoch != 2 || d.State.Base.Tick < durable {
		t.Fatalf("epoch %d goes on after tick %d, and tick %d was agreed on: %v", d.State.Base.Epoch, d.State.Base.Tick, durable, err)
	}
}
