package law

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// Why a question is refused at the door, before the log.
var (
	errNotYours = errors.New("an entry is sent by who signed it")
	errKind     = errors.New("only servers make such entries")
	errAbsent   = errors.New("come into the region first")
	errStranger = errors.New("the region does not know you: come in first")
	errTooMany  = errors.New("too many entries: wait a moment")
	errServer   = errors.New("only a server of the region may ask that")
	errBeat     = errors.New("another beat was the last one here")
	errState    = errors.New("no such state here")
	errTaker    = errors.New("the login names another server")
)

// Answer answers a question of the node with the key remote.
func (c *Court) Answer(ctx context.Context, remote base.Key, q Ask) *Answer {
	a := &Answer{Server: c.cfg.Key}
	var err error
	switch q.Kind {
	case AskHead:
		a.Charter = c.charter
		a.Chain = c.Chain().Bytes()
		err = c.head(ctx, remote, a)
		a.Guest = c.guest(ctx, remote)
	case AskEntry:
		err = c.entry(ctx, remote, q.Entry, a)
	case AskReport:
		a.Charter = c.charter
		a.Chain = c.Chain().Bytes()
		err = c.report(ctx, remote, a)
	case AskLog:
		if err = c.head(ctx, remote, a); err == nil {
			a.Entries, err = c.book.Page(q.From, int(min(q.Count, MaxPage)))
		}
	case AskSample:
		err = c.sample(ctx, remote, q.Sum, a)
	case AskSign:
		err = c.sign(remote, q.Entry, a)
	}
	if err != nil {
		a.Why = clip(err.Error(), maxWhy)
	}
	return a
}

func (c *Court) guest(ctx context.Context, k base.Key) bool {
	return c.cfg.Guest != nil && c.cfg.Guest(ctx, k)
}

func (c *Court) head(ctx context.Context, remote base.Key, a *Answer) error {
	return c.region.Law(ctx, func(s *succession.State) { fill(s, remote, a) })
}

func fill(s *succession.State, remote base.Key, a *Answer) {
	h := s.Head()
	a.Index, a.Sum, a.Time, a.Wall = h.Index, h.Sum, s.Time(), s.Wall()
	a.Counter, a.Due = s.Counter(remote), s.LoginDue(remote, loginEvery)
}

func (c *Court) report(ctx context.Context, remote base.Key, a *Answer) error {
	var failed error
	err := c.region.Law(ctx, func(s *succession.State) {
		fill(s, remote, a)
		now := c.cfg.Now()
		c.mu.Lock()
		told := c.reported
		c.mu.Unlock()
		if d := now.Sub(told.at); told.words == nil || told.index != a.Index || d < 0 || d >= reportEvery {
			told = reported{at: now, index: a.Index, words: s.Explain(c.cfg.Name)}
			told.words = told.words[:min(len(told.words), maxWords)]
			for i := range told.words {
				told.words[i] = clip(told.words[i], 4096)
			}
			if told.report, failed = json.Marshal(s.Report()); failed != nil {
				return
			}
			c.mu.Lock()
			c.reported = told
			c.mu.Unlock()
		}
		a.Words, a.Report = told.words, told.report
	})
	return errors.Join(err, failed)
}

// reported is what was last told of how things stand. It is never changed.
type reported struct {
	at     time.Time
	index  uint64
	words  []string
	report []byte
}

// entry logs what a player has signed. The log judges it; the door keeps out
// what would only fill it.
func (c *Court) entry(ctx context.Context, remote base.Key, b []byte, a *Answer) error {
	x, err := succession.Parse(b)
	if err != nil {
		return err
	}
	switch {
	case x.Kind == succession.Beat || x.Kind == succession.Presence || x.Kind == succession.Renew:
		return errKind
	case x.By != remote:
		return errNotYours
	case !c.allowed(remote):
		return errTooMany
	}
	known, due := false, false
	var g succession.Genesis
	var wrong error
	if err := c.region.Law(ctx, func(s *succession.State) {
		known, due, g = s.Known(remote), s.LoginDue(remote, loginEvery), s.Signing()
		if !c.cfg.Verify(x.By, g.SigningBytes(&x), x.Sig[:]) {
			wrong = s.Mismatch(&x)
		}
	}); err != nil || wrong != nil {
		return errors.Join(err, wrong)
	}
	if x.Kind == succession.Login {
		switch {
		case x.Server != c.cfg.Key:
			return errTaker
		case !slices.Contains(c.region.Visitors(), remote):
			return errAbsent
		case !due:
			return c.head(ctx, remote, a) // it would tell nothing new
		case !x.Guest && c.guest(ctx, remote):
			return succession.ErrGuest
		}
		g.SignServer(&x, c.cfg.Sign)
		// Vacancy is a matter of time: what passed until now counts before it.
		if err := c.Beat(ctx, time.Minute); err != nil {
			c.cfg.Log.Debug("no beat before a login", "err", err)
		}
	} else if !known {
		return errStranger
	}
	d, err := c.region.SubmitLaw(ctx, x.Bytes())
	if err != nil {
		return err
	}
	a.Index, a.Time, a.Wall = d.Index, d.Time, d.Wall
	return d.Why
}

func (c *Court) isServer(ctx context.Context, remote base.Key, f func(*succession.State)) error {
	ok := false
	err := c.region.Law(ctx, func(s *succession.State) {
		if ok = slices.Contains(s.Servers(), remote); ok {
			f(s)
		}
	})
	if err == nil && !ok {
		err = errServer
	}
	return err
}

func (c *Court) sample(ctx context.Context, remote base.Key, sum succession.Sum, a *Answer) error {
	same := false
	var g succession.Genesis
	if err := c.isServer(ctx, remote, func(s *succession.State) { same, g = s.LastBeat() == sum, s.Signing() }); err != nil {
		return err
	}
	if !same {
		return errBeat
	}
	a.Wall = c.cfg.Now().UnixMilli()
	copy(a.Sig[:], c.cfg.Sign(g.SampleBytes(sum, a.Wall)))
	return nil
}

// sign signs a certificate of a state that this server has come to itself.
func (c *Court) sign(remote base.Key, body []byte, a *Answer) error {
	sum := sha256.Sum256(body)
	known, server := false, false
	c.mu.Lock()
	for i := range c.ring {
		known = known || c.ring[i].sum == sum
		server = server || slices.Contains(c.ring[i].servers, remote)
	}
	c.mu.Unlock()
	switch {
	case !server: // not one that has just been taken out either
		return errServer
	case !known:
		return errState
	}
	copy(a.Sig[:], c.cfg.Sign(body))
	return nil
}

// allowance is a bucket of entries that a player may send.
type allowance struct {
	left float64
	at   time.Time
}

const (
	entryBurst  = 16
	entryRate   = 1.0 // a second
	maxAllowed  = 4096
	allowedLife = time.Minute
)

func (c *Court) allowed(k base.Key) bool {
	now := c.cfg.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.tries[k]
	if !ok {
		if len(c.tries) >= maxAllowed {
			for o, y := range c.tries { //lint:sorted each on its own
				if now.Sub(y.at) > allowedLife {
					delete(c.tries, o)
				}
			}
			if len(c.tries) >= maxAllowed {
				return false
			}
		}
		x = allowance{entryBurst, now}
	}
	x.left = min(entryBurst, x.left+max(0, now.Sub(x.at).Seconds())*entryRate)
	x.at = now
	ok = x.left >= 1
	if ok {
		x.left--
	}
	c.tries[k] = x
	return ok
}
