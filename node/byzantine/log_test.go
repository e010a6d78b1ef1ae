package byzantine

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/outbound"
)

// TestSameRecords: entries that were submitted anywhere are in the records of
// all servers, once, in order, and the records are the same.
func TestSameRecords(t *testing.T) {
	c := testCluster(t, 4)
	c.open()
	const each = 50
	for i, s := range c.list {
		s.submit(string(rune('a'+i))+".", 0, each)
	}
	for _, s := range c.list {
		for i := range c.list {
			s.has(string(rune('a'+i))+".", each)
		}
	}
	c.same()
	first := c.list[0].records()[0]
	if first.Tick != 6 || first.Epoch != 1 || first.Prev != c.base.Sum {
		t.Fatalf("the first record is %+v", first.Record)
	}
}

// TestLeaderDies: the others go on, and what they had submitted is not lost.
func TestLeaderDies(t *testing.T) {
	c := testCluster(t, 4)
	c.timeout = 400 * time.Millisecond
	c.open()
	l := c.leader()
	for _, s := range c.list {
		s.submit("before.", 0, 1)
	}
	l.has2(c)
	l.stop(true)
	for i, s := range c.list {
		if s != l {
			s.submit(string(rune('a'+i))+".", 0, 30)
		}
	}
	for _, s := range c.list {
		for i, o := range c.list {
			if s != l && o != l {
				s.has(string(rune('a'+i))+".", 30)
			}
		}
	}
	c.same()
	// It comes back and has what the others have.
	if err := l.open(); err != nil {
		t.Fatal(err)
	}
	l.submit("back.", 0, 10)
	for i, s := range c.list {
		s.has("back.", 10)
		if s != l {
			l.has(string(rune('a'+i))+".", 30)
		}
	}
	c.same()
}

// has2 waits until all have the first entries.
func (s *server) has2(c *cluster) {
	for _, o := range c.list {
		wait(c.t, "the first entries", func() bool { return len(o.entries()) >= len(c.list) })
	}
}

// soak skips what takes long on a busy machine: many changes of the leader.
func soak(t *testing.T) {
	t.Helper()
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("many changes of the leader take long on a busy machine: METATOPIA_SOAK=1 go test ./node/byzantine")
	}
}

// TestLeadersDie: one leader after the other dies and comes back; each time the
// others go on, and nothing that they had submitted is lost.
func TestLeadersDie(t *testing.T) {
	soak(t)
	c := testCluster(t, 4)
	c.timeout = 400 * time.Millisecond
	c.open()
	for round := range 4 {
		l := c.leader()
		wait(t, "streams", func() bool {
			for _, s := range c.list {
				if len(s.log.Status().Streams) < 3 {
					return false
				}
			}
			return true
		})
		l.stop(true)
		for _, s := range c.list {
			if s != l {
				s.submit(fmt.Sprint(round, ".", s.log.Self(), "."), 0, 5)
			}
		}
		for _, s := range c.list {
			for _, o := range c.list {
				if s != l && o != l {
					s.has(fmt.Sprint(round, ".", o.log.Self(), "."), 5)
				}
			}
		}
		if err := l.open(); err != nil {
			t.Fatal(err)
		}
	}
	c.same()
}

// TestAway: a server that was away takes what it missed from others, who have
// dropped nothing yet, and believes no proof that is short of a quorum.
func TestAway(t *testing.T) {
	c := testCluster(t, 4)
	c.open()
	away := c.list[3]
	c.list[0].submit("a.", 0, 10)
	away.has("a.", 10)
	away.stop(false)
	c.list[0].submit("a.", 10, 40)
	c.list[0].has("a.", 50)
	if err := away.open(); err != nil {
		t.Fatal(err)
	}
	away.has("a.", 50)
	c.same()

	l := c.list[0].log
	l.mu.Lock()
	b := l.held[len(l.held)-1].bytes
	l.mu.Unlock()
	d, _, err := parseDecision(b)
	if err != nil || l.checkProof(&d) != nil {
		t.Fatal(err, l.checkProof(&d))
	}
	short := d
	short.Signatures = d.Signatures[:2]
	if l.checkProof(&short) == nil {
		t.Fatal("two signatures are no proof")
	}
	short.Signatures = append(slices.Clone(d.Signatures[:2]), d.Signatures[1])
	if l.checkProof(&short) == nil {
		t.Fatal("a server that signed twice counts once")
	}
	d.Proposal.Payload = append(slices.Clone(d.Proposal.Payload), 0)
	if l.checkProof(&d) == nil {
		t.Fatal("a proof of another record")
	}
}

// TestLateForward: entries that come once more when they are in a record
// already do not keep out those that come after.
func TestLateForward(t *testing.T) {
	l := &Log{epoch: 1, counters: []uint64{0, 10, 0, 0}, others: make([]queue, 5), peers: make([]*outbound.Queue, 5)}
	list := func(n int) []entry { return make([]entry, n) }
	for _, f := range []forward{{9, list(2)}, {11, list(3)}} {
		if err := l.receive(2, f.append(l.head(kindForward))); err != nil {
			t.Fatal(err)
		}
	}
	if q := l.others[2]; q.first != 11 || len(q.entries) != 3 {
		t.Fatalf("the queue begins at %d and has %d", q.first, len(q.entries))
	}
}

// TestNoCleanEndAfterALoss: where the disk did not take what was written there is
// no clean end, also when it takes what comes later.
func TestNoCleanEndAfterALoss(t *testing.T) {
	cfg := Config{Region: testRegion, Dir: t.TempDir(), Base: &testCluster(t, 4).base}
	d, _, err := openDisk(&cfg, "boot")
	if err != nil {
		t.Fatal(err)
	}
	bad := errors.New("the disk is gone")
	fails := true
	d.file.Fsync = func(*os.File) error {
		if fails {
			return bad
		}
		return nil
	}
	if err := d.vote([]byte("vote"), false, true); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	fails = false
	if err := d.close(true); !errors.Is(err, bad) {
		t.Errorf("it closes with %v", err)
	}
	if _, _, err := openDisk(&cfg, "another"); !errors.Is(err, ErrUnsure) {
		t.Errorf("another boot: %v", err)
	}
}
