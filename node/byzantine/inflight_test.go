package byzantine

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/hyperledger-labs/SmartBFT/pkg/consensus"
	"github.com/hyperledger-labs/SmartBFT/pkg/types"
	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/outbound"
	"github.com/metatopia/metatopia/region/order"
)

// marshal is what the library keeps of a message.
func marshal(t *testing.T, m *smartbftprotos.SavedMessage) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The messages that the library keeps, of decision seq.
func savedProposal(t *testing.T, view, seq uint64, payload []byte) []byte {
	md, err := proto.Marshal(&smartbftprotos.ViewMetadata{ViewId: view, LatestSequence: seq})
	if err != nil {
		t.Fatal(err)
	}
	p := types.Proposal{Payload: payload, Metadata: md}
	return marshal(t, &smartbftprotos.SavedMessage{Content: &smartbftprotos.SavedMessage_ProposedRecord{ProposedRecord: &smartbftprotos.ProposedRecord{
		PrePrepare: &smartbftprotos.PrePrepare{View: view, Seq: seq, Proposal: &smartbftprotos.Proposal{Payload: payload, Metadata: md}},
		Prepare:    &smartbftprotos.Prepare{View: view, Seq: seq, Digest: p.Digest()},
	}}})
}

func savedCommit(t *testing.T, view, seq uint64) []byte {
	return marshal(t, &smartbftprotos.SavedMessage{Content: &smartbftprotos.SavedMessage_Commit{Commit: &smartbftprotos.Message{
		Content: &smartbftprotos.Message_Commit{Commit: &smartbftprotos.Commit{View: view, Seq: seq}},
	}}})
}

func savedChange(t *testing.T, from uint64) []byte {
	return marshal(t, &smartbftprotos.SavedMessage{Content: &smartbftprotos.SavedMessage_ViewChange{ViewChange: &smartbftprotos.ViewChange{NextView: from}}})
}

func savedView(t *testing.T, view, seq uint64) []byte {
	return marshal(t, &smartbftprotos.SavedMessage{Content: &smartbftprotos.SavedMessage_NewView{NewView: &smartbftprotos.ViewMetadata{ViewId: view, LatestSequence: seq}}})
}

// TestSortOut: what the library kept is handed back so that it can read it, and
// what it would forget is known.
func TestSortOut(t *testing.T) {
	p, c := savedProposal(t, 3, 7, []byte("record")), savedCommit(t, 3, 7)
	change, begun, later := savedChange(t, 3), savedView(t, 4, 6), savedChange(t, 4)
	for name, x := range map[string]struct {
		saved, want [][]byte
		after       uint64
		flight      bool // the library is to be told what is in flight
		prepared    bool
		resume      bool
		left, view  uint64
	}{
		"nothing":                      {},
		"proposed":                     {saved: [][]byte{p}, want: [][]byte{p}, after: 6, resume: true, view: 3},
		"prepared":                     {saved: [][]byte{p, c}, want: [][]byte{p, c}, after: 6, prepared: true, resume: true, view: 3},
		"decided":                      {saved: [][]byte{p, c}, after: 7, prepared: true},
		"killed in a change":           {saved: [][]byte{p, change}, want: [][]byte{p, change}, after: 6, flight: true, left: 4},
		"prepared before":              {saved: [][]byte{p, c, change}, want: [][]byte{p, c, change}, after: 6, flight: true, prepared: true, left: 4},
		"a commit after the change":    {saved: [][]byte{p, change, c}, want: [][]byte{p, c, change}, after: 6, flight: true, prepared: true, left: 4},
		"another view has begun":       {saved: [][]byte{p, c, change, begun}, want: [][]byte{change, begun}, after: 6, prepared: true, view: 4, left: 4},
		"and is over":                  {saved: [][]byte{p, c, change, begun, later}, want: [][]byte{change, begun, later}, after: 6, prepared: true, view: 4, left: 5},
		"another begins that was left": {saved: [][]byte{p, change, later, begun}, want: [][]byte{change, begun, later}, after: 6, view: 4, left: 5},
		"decided in the change":        {saved: [][]byte{p, c, change}, want: [][]byte{change}, after: 7, prepared: true, left: 4},
		"a commit for another":         {saved: [][]byte{p, savedCommit(t, 2, 7), change}, want: [][]byte{p, change}, after: 6, flight: true, left: 4},
		"a commit for nothing":         {saved: [][]byte{c, change}, want: [][]byte{change}, after: 6, left: 4},
		"the last proposal is the one": {saved: [][]byte{savedProposal(t, 2, 7, []byte("other")), savedCommit(t, 2, 7), p, change}, want: [][]byte{p, change}, after: 6, flight: true, left: 4},
	} {
		k, err := sortOut(x.saved, x.after)
		if err != nil {
			t.Fatal(name, err)
		}
		if !slices.EqualFunc(k.entries, x.want, slices.Equal) || (k.proposal != nil) != x.flight || k.prepared != x.prepared || (k.resume != nil) != x.resume || k.left != x.left || k.begun != x.view {
			t.Errorf("%s: %d entries, %+v", name, len(k.entries), k)
		}
	}
	if _, err := sortOut([][]byte{{255, 255}}, 0); err == nil {
		t.Error("bytes that are nothing")
	}
}

// TestBegunButLeft: a view that has begun elsewhere and that this server has left
// already does not make it forget where it goes, now or after a kill.
func TestBegunButLeft(t *testing.T) {
	l := &Log{}
	l.course = course{view: 3, left: 5}
	l.kept.change = savedChange(t, 4)
	if !l.noteBegun(4) || l.course.view != 4 || l.kept.change == nil {
		t.Error("the change to view 5 is forgotten when view 4 begins")
	}
	if !l.noteBegun(5) || l.course.view != 5 || l.kept.change != nil {
		t.Error("the change to view 5 is not over when that view begins")
	}
	k, err := sortOut([][]byte{savedChange(t, 3), savedChange(t, 4), savedView(t, 4, 6)}, 6)
	if err != nil {
		t.Fatal(err)
	}
	l = &Log{}
	l.course.left = k.left
	if err := l.mayVote(&types.Proposal{}, &smartbftprotos.ViewMetadata{ViewId: 4, LatestSequence: 7}); err == nil {
		t.Error("after a kill it votes in view 4, which it has left")
	}
}

// TestNothingBetweenLeavingAndKeeping: while a proposal that was let through is
// not written yet, no change of the leader is let through that it would void.
func TestNothingBetweenLeavingAndKeeping(t *testing.T) {
	d, _, err := openDisk(&Config{Region: testRegion, Dir: t.TempDir(), Base: &testCluster(t, 4).base}, "boot")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close(false) }()
	l := &Log{disk: d}
	d.mu.Lock()
	kept := make(chan error, 1)
	go func() { kept <- agreement{l}.Append(savedProposal(t, 3, 7, []byte("record")), true) }()
	wait(t, "the proposal to be let through", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.kept.last.seq == 7
	})
	if l.keeping.TryLock() {
		t.Error("a change of the leader can come between")
		l.keeping.Unlock()
	}
	d.mu.Unlock()
	if err := <-kept; err != nil {
		t.Fatal(err)
	}
}

// TestMayVote: a server takes part in no view that it has left, and signs
// nothing about a second record in the same view.
func TestMayVote(t *testing.T) {
	l := &Log{}
	l.course.left = 5
	p := types.Proposal{Payload: []byte("one")}
	l.kept.last = voted{view: 6, seq: 9, proposal: p}
	for _, x := range []struct {
		view, seq uint64
		payload   string
		ok        bool
	}{
		{4, 10, "two", false}, // left
		{5, 10, "two", true},
		{6, 9, "one", true}, // the same once more
		{6, 9, "two", false},
		{5, 9, "one", false}, // an older view
		{7, 9, "two", true},
	} {
		err := l.mayVote(&types.Proposal{Payload: []byte(x.payload)}, &smartbftprotos.ViewMetadata{ViewId: x.view, LatestSequence: x.seq})
		if (err == nil) != x.ok || err != nil && !errors.Is(err, ErrProof) {
			t.Errorf("%+v: %v", x, err)
		}
	}
}

// TestNoCommitForWhatIsKnown: where a decision was fetched the library is not
// let come to keep a commit for it, which would end the process.
func TestNoCommitForWhatIsKnown(t *testing.T) {
	l := &Log{}
	about := func(seq uint64) *types.Proposal {
		b, err := proto.Marshal(&smartbftprotos.ViewMetadata{ViewId: 1, LatestSequence: seq})
		if err != nil {
			t.Fatal(err)
		}
		return &types.Proposal{Metadata: b}
	}
	through := func(seq uint64) bool {
		got := make(chan bool)
		go func() {
			ok := false
			defer func() { got <- ok }()
			l.mayCommit(about(seq))
			ok = true
			l.signing.RUnlock()
		}()
		return <-got
	}
	if !through(4) || !through(5) {
		t.Fatal("nothing is known yet")
	}
	l.forgets(&types.Decision{Proposal: *about(4)})
	if through(4) || !through(5) {
		t.Fatal("decision 4 is known, 5 is not")
	}
	l.course.left = 2
	if through(5) {
		t.Fatal("view 1 is over")
	}
}

// TestNothingKnownIsInFlight: what was in flight elsewhere is in flight here from
// the commit on, and kept, but not what was fetched meanwhile.
func TestNothingKnownIsInFlight(t *testing.T) {
	d, _, err := openDisk(&Config{Region: testRegion, Dir: t.TempDir(), Base: &testCluster(t, 4).base}, "boot")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close(false) }()
	l := &Log{disk: d, cons: &consensus.Consensus{}}
	f := reflect.ValueOf(l.cons).Elem().FieldByName("inFlight")
	*(*unsafe.Pointer)(f.Addr().UnsafePointer()) = reflect.New(f.Type().Elem()).UnsafePointer()
	l.kept.change = savedChange(t, 1)
	about := func(seq uint64) *types.Proposal {
		b, err := proto.Marshal(&smartbftprotos.ViewMetadata{ViewId: 1, LatestSequence: seq})
		if err != nil {
			t.Fatal(err)
		}
		return &types.Proposal{Metadata: b}
	}
	l.forgets(&types.Decision{Proposal: *about(4)})
	if err := l.adopt(about(4)); err != nil || flightOf(l.cons).InFlightProposal() != nil || len(d.votes) > 0 {
		t.Fatalf("what is known is in flight: %d words kept, %v", len(d.votes), err)
	}
	if err := l.adopt(about(5)); err != nil || flightOf(l.cons).InFlightProposal() == nil || len(d.votes) != 3 {
		t.Fatalf("what is not known is not in flight: %d words kept, %v", len(d.votes), err)
	}
}

// keep writes what a server of a test has kept when it was killed.
func (s *server) keep(saved ...[]byte) {
	s.cluster.t.Helper()
	d, _, err := openDisk(&Config{Region: testRegion, Dir: s.dir, Base: &s.cluster.base}, "boot")
	for _, b := range saved {
		if err == nil {
			err = d.vote(b, false, true)
		}
	}
	if err == nil {
		err = d.close(false)
	}
	if err != nil {
		s.cluster.t.Fatal(err)
	}
}

// first is the first record after a base, with one entry of server 1.
func first(b *Base, entry string) []byte {
	r := order.Record{Epoch: b.Epoch, Tick: b.Tick + 1, Prev: b.Sum, Runs: []order.Run{{Server: 1, First: 1, Count: 1}}, Entries: [][]byte{[]byte(entry)}}
	return r.AppendTo(nil)
}

// TestInFlightOutlastsAKill: a record that one server signed a commit for is the
// next one, also when it and the others were killed while the leader changed;
// the server that is away may have taken it already.
func TestInFlightOutlastsAKill(t *testing.T) {
	c := testCluster(t, 4)
	c.timeout = time.Second
	p := first(&c.base, "prepared")
	c.list[1].keep(savedProposal(t, 0, 1, p), savedCommit(t, 0, 1), savedChange(t, 0))
	c.list[2].keep(savedProposal(t, 0, 1, p), savedChange(t, 0))
	c.withoutFirst(p)
}

// TestCommitAfterChange: the library keeps a commit after a change of the leader
// when both happen at once, and could then not begin again.
func TestCommitAfterChange(t *testing.T) {
	c := testCluster(t, 4)
	c.timeout = time.Second
	p := first(&c.base, "prepared")
	c.list[1].keep(savedProposal(t, 0, 1, p), savedChange(t, 0))
	c.list[2].keep(savedProposal(t, 0, 1, p), savedChange(t, 0), savedCommit(t, 0, 1))
	c.withoutFirst(p)
}

// TestLeaderProposesOnce: a leader that was killed before the first decision of
// its view is in that view again, and proposes nothing else in it.
func TestLeaderProposesOnce(t *testing.T) {
	c := testCluster(t, 4)
	c.timeout = time.Second
	p := first(&c.base, "proposed")
	c.list[1].keep(savedProposal(t, 1, 1, p)) // server 2 leads view 1
	c.list[2].keep(savedProposal(t, 1, 1, p), savedCommit(t, 1, 1), savedChange(t, 1))
	c.list[3].keep(savedChange(t, 0), savedView(t, 1, 0))
	c.withoutFirst(p)
}

// withoutFirst opens all servers but the first, and checks that p is their
// first record and that they go on.
func (c *cluster) withoutFirst(p []byte) {
	c.t.Helper()
	for _, s := range c.list[1:] {
		if err := s.open(); err != nil {
			c.t.Fatal(err)
		}
	}
	c.t.Cleanup(c.close)
	c.goOn("", 5)
	for i, s := range c.list[1:] {
		if r := s.records(); len(r) == 0 || !slices.Equal(r[0].Bytes, p) {
			c.t.Fatalf("server %d has another first record", i+2)
		}
	}
}

// TestVouch: a server that is behind gets the vote that it lacks from one that
// has long gone that way, and no answer to an answer.
func TestVouch(t *testing.T) {
	l := &Log{peers: make([]*outbound.Queue, 5), members: make([]base.Key, 4), self: 1}
	l.peers[2] = outbound.New(outbound.Config{MaxBytes: maxQueuedBytes})
	l.course = course{view: 8, left: 9}
	for _, x := range []struct {
		next   uint64
		reason string
		sent   int
	}{{8, "", 1}, {9, "", 1}, {10, "", 0}, {9, helps, 0}, {0, "", 0}} {
		l.peers[2].Clear()
		l.vouch(2, &smartbftprotos.ViewChange{NextView: x.next, Reason: x.reason})
		if got := l.peers[2].Waiting(); got != x.sent {
			t.Errorf("%+v: %d answers", x, got)
		}
	}
}

// TestImpatient: the next leader has its time, one that is not there has less,
// and who has given up already waits for the others.
func TestImpatient(t *testing.T) {
	key := base.Key{1}
	l := &Log{cfg: Config{Timeout: time.Second}, members: []base.Key{{2}, key, {3}, {4}}, inbound: map[base.Key]int{}}
	l.started.Store(true)
	at := time.Unix(1000, 0)
	begin := func(c course) {
		c.leftAt = at
		l.course = c
	}
	for _, x := range []struct {
		course
		there bool
		after time.Duration
		want  bool
	}{
		{course{view: 4, left: 4, changes: 1}, true, time.Hour, false},
		{course{view: 4, left: 5, own: 5, changes: 1}, true, 4*time.Second - 1, false},
		{course{view: 4, left: 5, own: 5, changes: 1}, true, 4 * time.Second, true},
		{course{view: 4, left: 5, own: 5, changes: 1}, false, time.Second - 1, false},
		{course{view: 4, left: 5, own: 5, changes: 1}, false, time.Second, true},
		{course{view: 4, left: 5, own: 6, changes: 1}, false, time.Hour, false},
		{course{view: 4, left: 5, own: 5, changes: 50}, true, maxChange - 1, false},
		{course{view: 4, left: 5, own: 5, changes: 50}, true, maxChange, true},
	} {
		begin(x.course)
		l.inbound[key] = 0
		if x.there {
			l.inbound[key] = 1
		}
		if got := l.impatient(at.Add(x.after)) > 0; got != x.want {
			t.Errorf("%+v: %v", x, got)
		}
	}
}
