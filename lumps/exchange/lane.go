package exchange

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
)

// Why a lane ends.
var (
	errWrong  = errors.New("sent other bytes than asked for")
	errStray  = errors.New("sent what was not asked for")
	errSlow   = errors.New("sent too little")
	errBusy   = errors.New("has no room")
	errAbsent = errors.New("has not what is wanted")
)

// lane is a stream to one peer that has the content, or parts of it. It takes
// wants from its swarm and brings lumps. Its fields below gone are the
// swarm's, under its lock.
type lane struct {
	s    *swarm
	id   peer.ID
	st   network.Stream
	wake chan struct{} // something may have come to take; holds one

	came  chan arrival // read and not stored yet
	wrong atomic.Bool  // other bytes than asked for have come

	gone   bool   // it takes nothing more
	out    []*job // asked, in the order of the answers
	weight int64  // bytes of them, and of those that are being stored
	window int64  // bytes that may be asked
	hold   time.Time
	absent int           // answers in a row that nothing is there
	mean   time.Duration // between two lumps, while more than one is due
	last   time.Time     // of the lump before, or of the first want

	got  atomic.Int64 // bytes of frames; counted without the lock
	mark int64        // got when the period began
}

// arrival is a lump that a lane brought, unverified.
type arrival struct {
	j *job
	b []byte
}

// open opens a stream and, unless it is known, asks whether the peer has the
// content.
func (s *swarm) open(ctx context.Context, id peer.ID, sure bool) (*lane, error) {
	ctx, cancel := context.WithTimeout(ctx, laneOpen)
	defer cancel()
	st, err := s.x.cfg.Host.NewStream(network.WithNoDial(ctx, "lumps"), id, s.x.streams)
	if err != nil {
		return nil, err
	}
	l := &lane{s: s, id: id, st: st, window: laneFirst, wake: make(chan struct{}, 1),
		came: make(chan arrival, windowLumps)}
	if sure {
		return l, nil
	}
	defer context.AfterFunc(s.ctx, func() { _ = st.Reset() })()
	_ = st.SetDeadline(time.Now().Add(laneOpen))
	if err := l.ask(); err != nil {
		_ = st.Reset()
		l.judge(err)
		return nil, err
	}
	return l, st.SetDeadline(time.Time{})
}

func (l *lane) ask() error {
	if _, err := l.st.Write(appendWant(nil, wantWord, l.s.root)); err != nil {
		return err
	}
	var head [headLen]byte
	if _, err := io.ReadFull(l.st, head[:]); err != nil {
		return err
	}
	kind, _, err := parseHead(head[:])
	switch {
	case err != nil:
		return err
	case kind == frameLump:
		return errStray
	case kind == frameBusy:
		return errBusy
	case kind == frameAbsent:
		return errAbsent
	}
	return nil
}

// judge remembers a peer for how its lane ended.
func (l *lane) judge(err error) {
	x := l.s.x
	switch {
	case l.s.ctx.Err() != nil: // we ended it
	case errors.Is(err, errWrong):
		x.judge.fault(l.id, WrongBytes)
		x.accounts.rest(l.id, stallRest)
	case errors.Is(err, errStray):
		x.judge.fault(l.id, Unasked)
		x.accounts.rest(l.id, stallRest)
	case errors.Is(err, errWire):
		x.judge.fault(l.id, Garbled)
		x.accounts.rest(l.id, stallRest)
	case errors.Is(err, errSlow), timedOut(err):
		x.judge.fault(l.id, Stalled)
		x.meters.stalled.Add(1)
		x.accounts.stall(l.id)
	case errors.Is(err, errBusy):
		x.accounts.rest(l.id, busyRest)
	}
}

func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// run brings lumps until the stream or the swarm ends.
func (l *lane) run() {
	stop := context.AfterFunc(l.s.ctx, func() { _ = l.st.Reset() })
	ctx, cancel := context.WithCancel(l.s.ctx)
	l.s.f.work.Go(func() { l.send(ctx) })
	for range laneStores {
		l.s.f.work.Go(func() {
			for a := range l.came {
				l.deliver(a.j, a.b)
			}
		})
	}
	err := l.receive()
	close(l.came)
	cancel()
	stop()
	_ = l.st.Reset()
	if !l.wrong.Load() {
		l.judge(err)
	}
	l.s.lost(l)
}

// send asks for what the swarm has for this lane.
func (l *lane) send(ctx context.Context) {
	tick := time.NewTimer(stealTick)
	defer tick.Stop()
	var buf []byte
	for {
		jobs, again := l.s.take(l)
		if len(jobs) > 0 {
			buf = buf[:0]
			for _, j := range jobs {
				buf = appendWant(buf, wantLump, j.ref)
			}
			_ = l.st.SetWriteDeadline(time.Now().Add(l.s.x.period()))
			if _, err := l.st.Write(buf); err != nil {
				_ = l.st.Reset() // receive hears of it
				return
			}
			continue
		}
		var later <-chan time.Time
		if again {
			tick.Reset(stealTick)
			later = tick.C
		}
		select {
		case <-l.wake:
		case <-later:
		case <-ctx.Done():
			return
		}
	}
}

// receive takes frames until something is wrong. It is never kept from the
// stream by a disk: flow control would have the sender wait as well.
func (l *lane) receive() error {
	var head [headLen]byte
	for {
		if err := l.read(head[:]); err != nil {
			return err
		}
		kind, n, err := parseHead(head[:])
		if err != nil {
			return err
		}
		if kind == frameBusy {
			return errBusy
		}
		j := l.due()
		if j == nil || kind == frameHere {
			return errStray
		}
		if kind == frameAbsent {
			if l.s.absent(l, j) {
				return errAbsent
			}
			continue
		}
		b := takeBuffer(n)
		if err := l.read(b); err != nil {
			freeBuffer(b)
			return err
		}
		l.s.arrived(l)
		l.came <- arrival{j, b} // has room for all that a reader asks for
	}
}

// deliver stores a lump, which checks it, and passes it on. The next ones are
// read meanwhile.
func (l *lane) deliver(j *job, b []byte) {
	x := l.s.x
	if j.over() {
		// Another lane was quicker. Not looked at, so not believed either.
		x.meters.twice.Add(int64(len(b)))
		freeBuffer(b)
		l.s.came(l, j, nil, false, nil)
		return
	}
	alone, err := x.share(l.s.ctx, j.ref, b, l.s)
	if errors.Is(err, lumps.ErrMismatch) {
		if !l.wrong.Swap(true) {
			l.judge(errWrong)
		}
		_ = l.st.Reset()
		freeBuffer(b)
		l.s.failed(l, j)
		return
	}
	if err == nil {
		x.accounts.with(l.id, func(acc *account) { acc.Received += int64(len(b)) })
		x.meters.stream.add(len(b))
	}
	if !l.s.came(l, j, b, alone, err) && alone {
		freeBuffer(b)
	}
}

// read fills b. Its deadline is the swarm's to set, see due and period.
func (l *lane) read(b []byte) error {
	for len(b) > 0 {
		n, err := l.st.Read(b)
		b = b[n:]
		l.got.Add(int64(n))
		switch {
		case err == nil, len(b) == 0 && err == io.EOF:
		case timedOut(err) && l.again():
		default:
			return err
		}
	}
	return nil
}

// again tells whether enough came since the deadline was set, and sets the
// next.
func (l *lane) again() bool {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if len(l.out) > 0 && l.got.Load()-l.mark < laneLeast {
		return false
	}
	l.period()
	return true
}

// period begins a period in which something has to come, if anything is due.
// The caller holds the swarm's lock.
func (l *lane) period() {
	var end time.Time
	if len(l.out) > 0 {
		end = time.Now().Add(l.s.x.period())
	}
	l.mark = l.got.Load()
	_ = l.st.SetReadDeadline(end)
}

func (l *lane) due() *job {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	if len(l.out) == 0 {
		return nil
	}
	return l.out[0]
}
