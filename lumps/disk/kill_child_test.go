package disk

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// child is a process that works on a store until it kills itself. It writes
// what it is about to take away, and what was acknowledged, into a journal: a
// line is in the kernel's hands when write returns, whoever dies then.
type child struct {
	*keep.Store
	disk *Store
	seed uint64

	say     sync.Mutex
	journal *os.File
	lines   int // until it dies
	spin    time.Duration

	// Whoever assembles a content reads, whoever makes lumps old writes: a
	// content under assembly is held, and cannot become old.
	assembling sync.RWMutex

	more [2]chan struct{} // something was added: wakes age and repin

	mu    sync.Mutex
	known []lumps.Ref
	pins  []lumps.Ref
	loose []content // assembled and not pinned
}

type content struct {
	root lumps.Ref
	all  []lumps.Ref
}

// workUntilKilled returns only when something failed.
func workUntilKilled(args string) error {
	var round, lines, spin int
	var seed uint64
	var dir string
	if _, err := fmt.Sscan(args, &round, &seed, &lines, &spin, &dir); err != nil {
		return err
	}
	c := &child{lines: lines, spin: time.Duration(spin) * time.Microsecond, seed: seed<<32 + uint64(round)<<8}
	for i := range c.more {
		c.more[i] = make(chan struct{}, 1)
	}
	if lines == 0 {
		go c.die()
	}
	var err error
	if c.journal, err = os.OpenFile(filepath.Join(dir, "journal"), os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	if c.disk, err = Open(filepath.Join(dir, "store"), Config{}); err != nil {
		return err
	}
	if c.Store, err = keeping(c.disk); err != nil {
		return err
	}
	ctx := context.Background()
	for e, err := range c.List(ctx) {
		if err != nil {
			return err
		}
		c.known = append(c.known, e.Ref)
	}
	for r, err := range c.Pins(ctx) {
		if err != nil {
			return err
		}
		c.pins = append(c.pins, r)
	}
	failed := make(chan error)
	for g, work := range []func(context.Context, *rand.Rand) error{c.add, c.add, c.add, c.get, c.age, c.sweep, c.repin} {
		rng := rand.New(rand.NewPCG(c.seed, uint64(g)))
		go func() {
			for {
				if err := work(ctx, rng); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// die kills this process as nothing else could.
func (c *child) die() {
	for end := time.Now().Add(c.spin); time.Now().Before(end); {
	}
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill() // there is nobody to tell
	}
}

func (c *child) tell(verb string, refs ...lumps.Ref) error {
	var b strings.Builder
	b.WriteString(verb)
	for _, r := range refs {
		b.WriteString(" " + r.String())
	}
	b.WriteByte('\n')
	c.say.Lock()
	defer c.say.Unlock()
	if c.lines--; c.lines == 0 {
		go c.die()
	}
	_, err := c.journal.WriteString(b.String())
	return err
}

// put stores a lump and says so. Whether it is flushed makes no difference to
// one who is killed.
func (c *child) put(ctx context.Context, rng *rand.Rand, r lumps.Ref, b []byte) error {
	put := c.Put
	if rng.IntN(2) == 0 {
		put = c.PutCached
	}
	if err := put(ctx, r, b); err != nil {
		return err
	}
	c.mu.Lock()
	c.known = append(c.known, r)
	c.mu.Unlock()
	return c.tell("put", r)
}

// add assembles a content, of leaves some of which others have too, and pins
// it or not.
func (c *child) add(ctx context.Context, rng *rand.Rand) error {
	for _, more := range c.more {
		select {
		case more <- struct{}{}:
		default:
		}
	}
	c.assembling.RLock()
	defer c.assembling.RUnlock()
	defer c.Hold()()
	var all []lumps.Ref
	tree := unixfs.Builder{Put: func(r lumps.Ref, b []byte) error {
		all = append(all, r)
		return c.put(ctx, rng, r, b)
	}}
	n := 1 + rng.IntN(6)
	for i := range n {
		size := 4096 << rng.IntN(5)
		seed := rng.Uint64() % 200 // shared with every other round
		if i == 0 {
			seed = c.seed + rng.Uint64()
		}
		b := lumpstest.Bytes(seed, size)
		r := lumps.Of(b)
		if err := c.put(ctx, rng, r, b); err != nil {
			return err
		}
		all = append(all, r)
		if err := tree.Leaf(r, size); err != nil {
			return err
		}
	}
	root, err := tree.Root()
	if err != nil {
		return err
	}
	if rng.IntN(3) > 0 {
		c.mu.Lock()
		c.loose = append(c.loose, content{root.Ref, all})
		c.mu.Unlock()
		return nil
	}
	if err := c.Flush(ctx, all); err != nil {
		return err
	}
	if err := c.tell("pinning", append([]lumps.Ref{root.Ref}, all...)...); err != nil {
		return err
	}
	if err := c.Pin(ctx, root.Ref); err != nil {
		return err
	}
	if err := c.tell("pinned", root.Ref); err != nil {
		return err
	}
	c.mu.Lock()
	c.pins = append(c.pins, root.Ref)
	c.mu.Unlock()
	return c.unpin(ctx, rng)
}

// get reads something; what is torn is said by whoever finds it.
func (c *child) get(ctx context.Context, rng *rand.Rand) error {
	c.mu.Lock()
	if len(c.known) == 0 {
		c.mu.Unlock()
		return nil
	}
	r := c.known[rng.IntN(len(c.known))]
	c.mu.Unlock()
	if _, err := lumps.Found(0, ignoreBytes(c.Get(ctx, r))); err != nil {
		return fmt.Errorf("torn or worse: %w", err)
	}
	return nil
}

func ignoreBytes(_ []byte, err error) error { return err }

// unpin lets a content go when there are many.
func (c *child) unpin(ctx context.Context, rng *rand.Rand) error {
	c.mu.Lock()
	if len(c.pins) < 12 {
		c.mu.Unlock()
		return nil
	}
	i := rng.IntN(len(c.pins))
	r := c.pins[i]
	c.pins = append(c.pins[:i], c.pins[i+1:]...)
	c.mu.Unlock()
	// Nobody pins it meanwhile: its first leaf is its own.
	if err := c.tell("unpinning", r); err != nil {
		return err
	}
	if err := c.Unpin(ctx, r); err != nil {
		return err
	}
	return c.tell("unpinned", r)
}

// age makes half of all lumps look as if nobody had used them for hours.
func (c *child) age(_ context.Context, rng *rand.Rand) error {
	<-c.more[0]
	c.assembling.Lock()
	defer c.assembling.Unlock()
	c.mu.Lock()
	known := c.known
	if len(known) < 30 {
		c.mu.Unlock()
		return nil
	}
	c.known = nil
	c.mu.Unlock()
	var old, young []lumps.Ref
	for _, r := range known {
		if rng.IntN(2) == 0 {
			old = append(old, r)
		} else {
			young = append(young, r)
		}
	}
	c.mu.Lock()
	c.known = append(c.known, young...)
	c.mu.Unlock()
	if len(old) == 0 {
		return nil
	}
	if err := c.tell("aging", old...); err != nil {
		return err
	}
	then := time.Now().Add(-2 * time.Hour)
	for _, r := range old {
		_ = os.Chtimes(c.disk.path(r), then, then) // swept already
	}
	return nil
}

func (c *child) sweep(ctx context.Context, _ *rand.Rand) error {
	_, err := c.Sweep(ctx, 0, nil)
	return err
}

// repin pins a content that was loose for a while. What is still there when
// the pin is, must stay.
func (c *child) repin(ctx context.Context, rng *rand.Rand) error {
	<-c.more[1]
	c.mu.Lock()
	if len(c.loose) < 4 {
		c.mu.Unlock()
		return nil
	}
	i := rng.IntN(len(c.loose))
	l := c.loose[i]
	c.loose = append(c.loose[:i], c.loose[i+1:]...)
	c.mu.Unlock()
	if err := c.tell("pinning", l.root); err != nil {
		return err
	}
	if err := c.Pin(ctx, l.root); err != nil {
		return err
	}
	if err := c.tell("pinned", l.root); err != nil {
		return err
	}
	left := []lumps.Ref{l.root}
	if ok, err := c.Has(ctx, l.root); ok {
		for _, r := range l.all {
			if ok, err := c.Has(ctx, r); err != nil {
				return err
			} else if ok {
				left = append(left, r)
			}
		}
	} else if err != nil {
		return err
	}
	if err := c.tell("held", left...); err != nil {
		return err
	}
	c.mu.Lock()
	c.pins = append(c.pins, l.root)
	c.mu.Unlock()
	return c.unpin(ctx, rng)
}
