package regionbench

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/figures"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
)

// trustAims: whoever asks for accountable servers asks for what it costs.
var trustAims = map[string]figures.Aim{}

// controlBytes is what a server brings in itself with each tick, more than it
// does in most: the messages of a region next door, say.
const controlBytes = 200

// trustTurns is how often the two levels take turns in one measurement, so that
// what else the machine does falls on both.
const trustTurns = 4

// trust measures what it costs that servers are accountable: at trust crash
// nobody signs what a server does, at trust accountable the leader signs each
// record and every server what it brings in, and all check both before they take
// the record. It is measured like apply, the two levels in turns in the same log.
// The time is until the record is checked; the processors are those of all
// servers, which share this process. What players sign is the same at both levels,
// as are the votes about states, and neither is in here.
func (b *bench) trust(ctx context.Context) error {
	for _, n := range []int{3, 5} {
		b.Tell(fmt.Sprintf("trust, %d servers", n))
		both, err := b.trustTimes(ctx, n)
		if err != nil {
			return err
		}
		for _, x := range both {
			name := fmt.Sprintf("trust_%s_%d", x.trust, n)
			b.setTimes(name, x.took)
			b.report.Set(name+"_processors", x.processor/x.lasted.Seconds())
			if missing := x.sent - len(x.took); missing > 0 {
				b.report.Set(name+"_missing", float64(missing))
			}
			if x.wrong > 0 {
				return fmt.Errorf("%d of %d records are not signed as they should be", x.wrong, x.sent)
			}
		}
	}
	return nil
}

// level is what was measured at one.
type level struct {
	trust     agree.Trust
	took      []time.Duration
	sent      int
	wrong     int
	processor float64
	lasted    time.Duration
}

// cutSigner signs the records of a server, as node does.
func (m *member) cutSigner() *order.Signer {
	return &order.Signer{Key: m.public(), Sign: func(epoch, term uint64, tick base.Tick, body [32]byte) [64]byte {
		c := agree.Cut{Region: regionID, Epoch: epoch, Term: term, Tick: tick, Body: body}
		return [64]byte(ed25519.Sign(m.key, c.SigningBytes()))
	}}
}

// checkCut does what a server does with a record that was signed: it checks its
// maker's signature.
func checkCut(r *order.Encoded) bool {
	x := r.Claim
	if x == nil {
		return false
	}
	c := agree.Cut{Region: regionID, Epoch: r.Epoch, Term: x.Term, Tick: r.Tick, Body: order.Body(r.Bytes)}
	return ed25519.Verify(x.Server[:], c.SigningBytes(), x.Sig[:])
}

func (b *bench) trustTimes(ctx context.Context, n int) (both [2]*level, err error) {
	both = [2]*level{{trust: agree.Crash}, {trust: agree.Accountable}}
	c, err := open(ctx, b.Dir, n, 0, b.QUIC)
	if err != nil {
		return both, err
	}
	defer c.close()
	c.setManual()
	run := &trustRun{took: map[int64]*applied{}}
	for _, m := range c.members {
		m.mu.Lock()
		m.seen = func(r *order.Encoded, _ time.Time) { run.take(r) }
		m.mu.Unlock()
	}
	for turn := range 2 * trustTurns {
		x := both[turn%2]
		if err := run.measure(ctx, c, x, b.For/trustTurns); err != nil {
			return both, err
		}
	}
	return both, c.trouble()
}

// trustRun is what is under way in a measurement.
type trustRun struct {
	mu   sync.Mutex
	took map[int64]*applied // by the moment in which it was submitted
}

// applied is one tick's record, by the servers.
type applied struct {
	strict   bool
	by       base.Key // who brought in the entry, what was signed for it and how
	msg, sig []byte
	took     []time.Duration
	wrong    bool
}

// take is told of a record by every server.
func (t *trustRun) take(r *order.Encoded) {
	if len(r.Entries) == 0 {
		return
	}
	sent := stampOf(r)
	t.mu.Lock()
	x := t.took[sent.UnixNano()]
	t.mu.Unlock()
	if x == nil {
		return // of another turn
	}
	good := r.Claim == nil
	if x.strict {
		good = checkCut(r) && ed25519.Verify(x.by[:], x.msg, x.sig)
	}
	took := time.Since(sent)
	t.mu.Lock()
	defer t.mu.Unlock()
	x.took = append(x.took, took)
	x.wrong = x.wrong || !good
}

// measure makes ticks at one level for a while.
func (t *trustRun) measure(ctx context.Context, c *cluster, x *level, lasts time.Duration) error {
	strict := x.trust != agree.Crash
	l, err := c.leader(ctx)
	if err != nil {
		return err
	}
	for _, m := range c.members {
		m.log.Signing(strict)
	}
	begin, used := time.Now(), processorTime()
	every := time.NewTicker(time.Second / rate)
	defer every.Stop()
	var mine []*applied
	for time.Since(begin) < lasts {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-every.C:
		}
		if !l.log.Leading() { // an election, on a machine that has much else to do
			if l, err = c.leader(ctx); err != nil {
				return err
			}
		}
		in := make([]byte, inputBytes)
		copy(in, fmt.Sprint(x.trust, x.sent))
		own := region.Entry{Kind: region.EntryBorder, Seq: uint64(x.sent), Body: make([]byte, controlBytes)}
		now := time.Now()
		one := &applied{strict: strict, by: l.public()}
		if strict {
			own = region.Vouch(regionID, one.by, uint64(x.sent), own, func(b []byte) []byte {
				one.msg, one.sig = b, ed25519.Sign(l.key, b)
				return one.sig
			})
		}
		var e base.Encoder
		own.AppendTo(&e)
		t.mu.Lock()
		t.took[now.UnixNano()] = one
		t.mu.Unlock()
		for _, b := range [][]byte{in, e.B} {
			if err := l.log.Submit(b, false); err != nil {
				return err
			}
		}
		l.log.Cut(l.log.Durable(), stamp(now))
		mine = append(mine, one)
		x.sent++
	}
	x.lasted += time.Since(begin)
	x.processor += processorTime() - used
	_ = c.until(ctx, 5*time.Second, func() bool {
		t.mu.Lock()
		defer t.mu.Unlock()
		return len(mine) == 0 || len(mine[len(mine)-1].took) == len(c.members)
	})
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range mine {
		if one.wrong {
			x.wrong++
		}
		if len(one.took) != len(c.members) {
			continue
		}
		worst := one.took[0]
		for _, d := range one.took[1:] {
			worst = max(worst, d)
		}
		x.took = append(x.took, worst)
	}
	clear(t.took)
	return nil
}
