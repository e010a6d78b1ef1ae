package law

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// Region is what a court drives: node/server.
type Region interface {
	Law(ctx context.Context, f func(*succession.State)) error
	Lawful(f func(*succession.State)) error
	SubmitLaw(ctx context.Context, entry []byte) (region.LawDone, error)
	Visitors() []base.Key // who is in the region, and has a stream to this server
}

// Config of a court. All but Ask, Leading, Name and Log are required.
type Config struct {
	Charter *world.RegionCharter
	Dir     string // of the region
	Key     base.Key
	Sign    func([]byte) []byte // Ed25519 with Key
	Verify  succession.Verify
	// Counter gives the number of this node's next entry: above least, and above
	// all that it gave before.
	Counter func(least uint64) uint64
	Now     func() time.Time

	// Ask asks another server of the region; nil: there are none.
	Ask func(ctx context.Context, server base.Key, q Ask) (*Answer, error)
	// Leading reports whether this server tells the time and makes certificates
	// now; nil: always. Several that do so at once only do too much.
	Leading func() bool
	// Voters are the servers that agree on the region's log now, sorted; nil: the
	// region has one server. Who is an admin and serves the region signs by
	// itself that these are the servers that count for its roles.
	Voters func() []base.Key
	// Name is what a key is called, for people; nil: its first digits.
	Name func(base.Key) string
	// Guest reports whether a player's role is that of a guest; nil: nobody's is.
	Guest func(ctx context.Context, k base.Key) bool
	Log   *slog.Logger
}

// Court drives the roles of one region.
type Court struct {
	cfg     Config
	charter []byte
	region  Region
	book    *Book
	poke    chan struct{}

	beating sync.Mutex // one beat at a time

	mu     sync.Mutex
	newest succession.Certificate
	ring   []signable // the last states
	chain  succession.Chain
	told   time.Time // when the last presences were

	reported reported
	seatNext time.Time  // no earlier is it said again who the voters are
	voters   []base.Key // as they were at the last look
	tries    map[base.Key]allowance
}

// signable is a state that this server has come to: what could be signed of it,
// and who were the servers then.
type signable struct {
	sum     [32]byte
	servers []base.Key
}

// New makes a court that Begin gives its region.
func New(cfg Config) *Court {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Leading == nil {
		cfg.Leading = func() bool { return true }
	}
	return &Court{cfg: cfg, charter: cfg.Charter.Encode(), poke: make(chan struct{}, 1), tries: map[base.Key]allowance{}}
}

// Begin is called once, after the region's log was opened and before it runs.
func (c *Court) Begin(r Region) (err error) {
	var at succession.Certificate
	if err := r.Lawful(func(s *succession.State) { at = s.Certificate() }); err != nil {
		return fmt.Errorf("law: %w", err)
	}
	if c.book, err = OpenBook(c.cfg.Dir, at.Head.Index); err != nil {
		return err
	}
	if c.chain, err = c.book.Chain(); err == nil && len(c.chain) > 0 {
		_, ferr := succession.Follow(c.cfg.Charter.Genesis, c.chain, c.cfg.Verify)
		if last := c.chain.Last(); ferr != nil || last.Epoch != at.Epoch || last.Head.Index > at.Head.Index {
			c.cfg.Log.Warn("kept certificates do not fit the region; they are made anew", "epoch", at.Epoch, "err", ferr)
			c.chain = nil
		}
	}
	if g := c.cfg.Charter.Genesis; err == nil && at.Epoch != c.chain.Epoch(g) && c.cfg.Key == g.Founder {
		// The founder has begun an epoch, and says so to who knows the charter.
		c.chain = c.chain.With(g, succession.Renewal(g, at, c.cfg.Sign))
		err = c.book.SetChain(c.chain)
	}
	if err != nil {
		c.book.Close()
		return err
	}
	c.region = r
	c.saw(at)
	return nil
}

// Close ends the book, after the region has been closed.
func (c *Court) Close() error {
	if c.book == nil {
		return nil
	}
	return c.book.Close()
}

// Applied is server.Config.Law.
func (c *Court) Applied(list []region.LawDone) error {
	if c.book == nil {
		return errClosed
	}
	if err := c.book.Add(list); err != nil {
		return err
	}
	for i := range list {
		c.saw(list[i].After)
	}
	select {
	case c.poke <- struct{}{}:
	default:
	}
	return nil
}

func (c *Court) saw(at succession.Certificate) {
	sum := sha256.Sum256(at.SigningBytes())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = at
	if c.ring = append(c.ring, signable{sum, at.Servers}); len(c.ring) > ringSize {
		c.ring = slices.Delete(c.ring, 0, 1)
	}
}

// Chain is the newest one.
func (c *Court) Chain() succession.Chain {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chain
}

// Run drives the region until ctx ends.
func (c *Court) Run(ctx context.Context) {
	for {
		wait := BeatEvery
		if c.cfg.Leading() {
			if err := c.Beat(ctx, BeatEvery); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("the region's clock stands still", "err", err)
				wait = retryEvery
			}
			if err := c.certify(ctx); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("no certificate of the region's admins", "err", err)
				wait = retryEvery
			}
		} else if c.behind() {
			// Clients of this server want certificates too.
			if c.follow(ctx); c.behind() {
				wait = retryEvery
			}
		}
		c.presences(ctx)
		if c.cfg.Voters != nil {
			if err := c.seat(ctx); err != nil && ctx.Err() == nil {
				c.cfg.Log.Warn("the region's servers do not count for its roles yet", "err", err)
			}
			wait = min(wait, seatEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-c.poke:
		case <-time.After(wait):
		}
	}
}

// seat signs, as an admin, that the region's voters are its servers, once they
// have been the same for two looks.
func (c *Court) seat(ctx context.Context) error {
	voters := c.cfg.Voters()
	c.mu.Lock()
	same := slices.Equal(voters, c.voters)
	c.voters = voters
	early := c.cfg.Now().Before(c.seatNext)
	c.mu.Unlock()
	if !same || early || len(voters) == 0 || len(voters) > succession.MaxServers {
		return nil
	}
	x := succession.Entry{Kind: succession.Members, By: c.cfg.Key, Servers: voters}
	due := false
	var g succession.Genesis
	err := c.region.Law(ctx, func(s *succession.State) {
		if due = s.May(c.cfg.Key) && !slices.Equal(s.Servers(), voters); due {
			x.Head, x.Counter, g = s.Head(), c.cfg.Counter(s.Counter(c.cfg.Key)), s.Signing()
		}
	})
	if err != nil || !due {
		return err
	}
	g.Sign(&x, c.cfg.Sign)
	ctx, cancel := context.WithTimeout(ctx, submitWait)
	defer cancel()
	d, err := c.region.SubmitLaw(ctx, x.Bytes())
	if err == nil {
		err = d.Why
	}
	if errors.Is(err, succession.ErrSoon) {
		// A temporary admin waits a day, and what is refused is in the log too.
		c.mu.Lock()
		c.seatNext = c.cfg.Now().Add(seatRefused)
		c.mu.Unlock()
	}
	return err
}

// servers are those of now and those of the last states: who has just been taken
// out has the certificates that lead to who came.
func (c *Court) servers() (list []base.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.ring {
		list = append(list, c.ring[i].servers...)
	}
	slices.SortFunc(list, base.Key.Compare)
	return slices.Compact(list)
}

// Beat tells the region the time, unless it was told less than so long ago.
func (c *Court) Beat(ctx context.Context, ago time.Duration) error {
	c.beating.Lock()
	defer c.beating.Unlock()
	var last succession.Sum
	var wall int64
	var servers []base.Key
	var g succession.Genesis
	err := c.region.Law(ctx, func(s *succession.State) {
		last, wall, servers, g = s.LastBeat(), s.Wall(), slices.Clone(s.Servers()), s.Signing()
	})
	now := c.cfg.Now().UnixMilli()
	if err != nil || now-wall < max(1, ago.Milliseconds()) {
		return err
	}
	x := succession.Entry{Kind: succession.Beat}
	c.each(ctx, servers, Ask{Kind: AskSample, Sum: last}, func(k base.Key, a *Answer) bool {
		s := succession.Sample{Server: k, Wall: a.Wall, Sig: a.Sig}
		if k == c.cfg.Key {
			s.Wall = now
			copy(s.Sig[:], c.cfg.Sign(g.SampleBytes(last, now)))
		} else if !c.cfg.Verify(k, g.SampleBytes(last, s.Wall), s.Sig[:]) {
			return false
		}
		x.Samples = append(x.Samples, s)
		return true
	})
	if 2*len(x.Samples) <= len(servers) {
		return fmt.Errorf("law: beat: %d of %d servers told the time: %w", len(x.Samples), len(servers), succession.ErrQuorum)
	}
	ctx, cancel := context.WithTimeout(ctx, submitWait)
	defer cancel()
	d, err := c.region.SubmitLaw(ctx, x.Bytes())
	if err == nil {
		err = d.Why
	}
	return err
}

// certify has the newest state signed when the last certificate says something
// else, or says it of an earlier time.
func (c *Court) certify(ctx context.Context) error {
	c.mu.Lock()
	next, chain := c.newest, c.chain
	c.mu.Unlock()
	if last := chain.Last(); last != nil && last.Epoch == next.Epoch && last.Since == next.Since && last.Wall == next.Wall && slices.Equal(last.Servers, next.Servers) {
		return nil
	}
	g := c.cfg.Charter.Genesis
	if !slices.Equal(chain.Signers(g), next.Servers) || len(chain) == 0 || chain.Epoch(g) != next.Epoch {
		// Another server may have led when they changed.
		chain = c.follow(ctx)
	}
	if chain.Epoch(g) != next.Epoch {
		// The founder's word that begins the epoch is not here yet.
		return fmt.Errorf("law: no certificate of epoch %d is known here: %w", next.Epoch, succession.ErrEpoch)
	}
	signers := chain.Signers(g)
	body := next.SigningBytes()
	next.Signed = nil
	c.each(ctx, signers, Ask{Kind: AskSign, Entry: body}, func(k base.Key, a *Answer) bool {
		s := succession.Signed{Server: k, Sig: a.Sig}
		if k == c.cfg.Key {
			copy(s.Sig[:], c.cfg.Sign(body))
		} else if !c.cfg.Verify(k, body, s.Sig[:]) {
			return false
		}
		next.Signed = append(next.Signed, s)
		return true
	})
	if 2*len(next.Signed) <= len(signers) {
		return fmt.Errorf("law: certificate of entry %d: %d of %d servers signed: %w", next.Head.Index, len(next.Signed), len(signers), succession.ErrQuorum)
	}
	return c.setChain(chain.With(g, next))
}

func (c *Court) setChain(chain succession.Chain) error {
	if len(chain) > succession.MaxChain || len(chain.Bytes()) > succession.MaxChainBytes {
		// Kept, nobody could read it, and the region would not start again.
		return fmt.Errorf("law: a chain of %d certificates: %w", len(chain), succession.ErrFull)
	}
	if err := c.book.SetChain(chain); err != nil {
		return err
	}
	c.mu.Lock()
	c.chain = chain
	c.mu.Unlock()
	return nil
}

// follow asks the other servers for their chains, takes the newest one that
// holds, and gives the chain that this server has then.
func (c *Court) follow(ctx context.Context) succession.Chain {
	g, best := c.cfg.Charter.Genesis, c.Chain()
	c.each(ctx, c.servers(), Ask{Kind: AskHead}, func(k base.Key, a *Answer) bool {
		if k == c.cfg.Key {
			return true
		}
		chain, err := succession.ParseChain(a.Chain)
		if err != nil || len(chain) == 0 {
			return err == nil
		}
		if last := best.Last(); last != nil && !chain.Last().Newer(last) {
			return true
		}
		if _, err := succession.Follow(g, chain, c.cfg.Verify); err != nil {
			return false
		}
		best = chain
		return true
	})
	if best.Last() != c.Chain().Last() {
		if err := c.setChain(best); err != nil {
			c.cfg.Log.Warn("certificates are not kept", "err", err)
		}
	}
	return best
}

// behind reports whether the newest certificate names other people than now.
func (c *Court) behind() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.chain.Last()
	return last == nil || last.Epoch != c.newest.Epoch || last.Since != c.newest.Since || !slices.Equal(last.Servers, c.newest.Servers)
}

// each asks all servers of a sorted list at once, itself without a question, and
// gives the answers in the list's order.
func (c *Court) each(ctx context.Context, servers []base.Key, q Ask, take func(base.Key, *Answer) bool) {
	ctx, cancel := context.WithTimeout(ctx, askWait)
	defer cancel()
	got := make([]*Answer, len(servers))
	var wg sync.WaitGroup
	for i, k := range servers {
		switch {
		case k == c.cfg.Key:
			got[i] = &Answer{}
		case c.cfg.Ask != nil:
			wg.Go(func() {
				a, err := c.cfg.Ask(ctx, k, q)
				if err == nil && a.Why == "" {
					got[i] = a
				}
			})
		}
	}
	wg.Wait()
	for i, a := range got {
		if a != nil && !take(servers[i], a) {
			c.cfg.Log.Warn("a server's signature does not fit", "server", servers[i].Short())
		}
	}
}

// presences tells once a day of each player that is here.
func (c *Court) presences(ctx context.Context) {
	now := c.cfg.Now()
	c.mu.Lock()
	early := now.Sub(c.told) < BeatEvery && !now.Before(c.told)
	if !early {
		c.told = now
	}
	c.mu.Unlock()
	if early {
		return
	}
	here := c.region.Visitors()
	var list []succession.Entry
	var g succession.Genesis
	err := c.region.Law(ctx, func(s *succession.State) {
		if !slices.Contains(s.Servers(), c.cfg.Key) {
			return
		}
		g = s.Signing()
		for _, k := range here {
			if len(list) < presenceMost && s.PresenceDue(k) {
				list = append(list, succession.Entry{Kind: succession.Presence, By: c.cfg.Key, Player: k, Head: s.Head(), Counter: c.cfg.Counter(s.Counter(c.cfg.Key))})
			}
		}
	})
	for i := range list {
		if err != nil {
			break
		}
		g.Sign(&list[i], c.cfg.Sign)
		sctx, cancel := context.WithTimeout(ctx, submitWait)
		_, err = c.region.SubmitLaw(sctx, list[i].Bytes())
		cancel()
	}
	if err != nil && ctx.Err() == nil {
		c.cfg.Log.Warn("who is here is not logged", "err", err)
	}
}
