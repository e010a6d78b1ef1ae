package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/witness"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// protoAgree is how the servers of a region exchange votes and questions; the
// region's id follows.
const protoAgree = "/metatopia/region/agree/1/"

const (
	// watchLag is how near to the newest tick a server is when it begins to vote:
	// what it signed in an earlier life is older.
	watchLag = 2
	// voteQueue bounds the messages that wait for one server; more are lost.
	voteQueue = 16
	// helpTicks is how long those who notice that one has diverged have to do so,
	// helpAgain how soon they help again.
	helpTicks base.Tick = 64
	helpAgain base.Tick = 600
	// inquiry bounds finding out what is wrong with this server.
	inquiry = time.Minute
)

// watching is a server's part in comparing states: it begins when the server has
// caught up.
type watching struct {
	w     *worldState
	s     *servedRegion
	ctx   context.Context // of the server
	stop  context.CancelFunc
	ended sync.WaitGroup

	mu    sync.Mutex
	watch *witness.Witness // nil before
	peers map[base.Key]chan []byte

	// Of the sim's goroutine.
	members agree.Members
	strict  bool       // servers are accountable
	shunned []base.Key // sorted
	helped  base.Tick  // the checkpoint that was, or will be, made for one who diverged
}

func (w *worldState) newWatching(s *servedRegion) *watching {
	x := &watching{w: w, s: s, peers: map[base.Key]chan []byte{}}
	x.ctx, x.stop = context.WithCancel(context.Background())
	w.n.net.Handle(protoAgree+s.id.String(), x.serve)
	return x
}

// close ends what sends votes; the witness can still be asked.
func (x *watching) close() {
	x.stop()
	x.ended.Wait()
}

// membersAt are the servers that a record came to, without those that have lied.
func membersAt(rec *order.Encoded, sim *region.Sim) (m agree.Members) {
	if rec.Servers == nil {
		return m
	}
	bad := sim.Barred()
	return agree.Members{Voters: without(rec.Servers.Voters, bad), Others: without(rec.Servers.Others, bad)}
}

// applied is told of every tick, on the sim's goroutine.
func (x *watching) applied(rec *order.Encoded, hash region.Hash, sim *region.Sim) error {
	m := membersAt(rec, sim)
	x.mu.Lock()
	watch := x.watch
	x.mu.Unlock()
	if watch == nil {
		if x.s.group.lag(rec.Tick) <= watchLag && len(m.Voters) > 0 {
			return x.begin(rec.Tick, m)
		}
		return nil
	}
	if len(m.Voters) > 0 && (!slices.Equal(m.Voters, x.members.Voters) || !slices.Equal(m.Others, x.members.Others)) {
		if err := watch.SetMembers(m); err != nil {
			x.w.n.log.Warn("servers not counted", "region", x.s.rec.Name, "err", err)
		}
		x.members = m
	}
	x.hold(watch, rec.Tick, sim)
	x.help(watch.OtherDiverged(), rec.Tick)
	return watch.Applied(rec, hash, sim)
}

// help makes a checkpoint for a server that diverged, so that it need not wait for
// the next one: at a tick that all who noticed it choose alike.
func (x *watching) help(diverged, now base.Tick) {
	if diverged > x.helped+helpAgain || diverged > 0 && x.helped == 0 {
		x.helped = (diverged/helpTicks + 2) * helpTicks
	}
	if now == x.helped {
		x.s.srv.CheckpointSoon()
	}
}

// witness is nil before the server has caught up.
func (x *watching) witness() *witness.Witness {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.watch
}

// asked is who answers a question: the witness of the life before about its ticks.
func (x *watching) asked(q []byte) *witness.Witness {
	if old := x.s.group.lives.before.Load(); old != nil && witness.Question(q) && old.Recalls(q) {
		return old
	}
	return x.witness()
}

func (x *watching) begin(at base.Tick, m agree.Members) error {
	n := x.w.n
	watch, err := witness.New(witness.Config{
		Agree: agree.Config{Region: x.s.id, Epoch: x.s.group.epoch, Self: n.key, From: max(at, x.s.group.lives.signed), Verify: x.s.points.cfg.Verify,
			Sign: func(msg []byte) succession.Signature { return succession.Signature(n.sign(msg)) }},
		At: at, Members: m, Region: x.w.pastJob(x.s).Config, Load: n.loadScript, Dir: n.home.path("regions", x.s.id.String()),
		Net: x, Log: n.log.With("region", x.s.rec.Name), OnEvent: n.regionEvent,
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	x.mu.Lock()
	x.watch = watch
	x.mu.Unlock()
	x.members = m
	return nil
}

// Send queues a message for another server; it does not wait.
func (x *watching) Send(to base.Key, msg []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ctx.Err() != nil {
		return
	}
	q := x.peers[to]
	if q == nil {
		if len(x.peers) >= 2*agree.MaxMembers {
			return
		}
		q = make(chan []byte, voteQueue)
		x.peers[to] = q
		x.ended.Go(func() { x.deliver(to, q) })
	}
	select {
	case q <- msg:
	default: // a vote that is lost is missed; the next one comes soon
	}
}

// deliver writes what waits for a server on one stream, and opens another when
// that breaks.
func (x *watching) deliver(to base.Key, q chan []byte) {
	var out *p2p.Stream
	defer func() {
		if out != nil {
			out.Close()
		}
	}()
	for {
		var msg []byte
		select {
		case <-x.ctx.Done():
			return
		case msg = <-q:
		}
		if out == nil {
			ctx, cancel := context.WithTimeout(x.ctx, askWait)
			s, err := x.w.n.net.Open(ctx, to, protoAgree+x.s.id.String())
			cancel()
			if err != nil {
				continue
			}
			out = &s
		}
		late := time.AfterFunc(askWait, out.Reset)
		_, err := out.Write(p2p.AppendFrame(nil, msg))
		late.Stop()
		if err != nil {
			out.Reset()
			out = nil
		}
	}
}

// Ask puts a question on a stream of its own.
func (x *watching) Ask(ctx context.Context, to base.Key, question []byte) (out []byte, err error) {
	err = x.w.n.ask(ctx, to, protoAgree+x.s.id.String(), p2p.AppendFrame(nil, question), func(r *bufio.Reader) error {
		out, err = p2p.ReadFrame(r, witness.MaxAnswer)
		return err
	})
	return out, err
}

// serve takes another server's messages and answers its questions.
func (x *watching) serve(from base.Key, s p2p.Stream) {
	defer s.Close()
	defer context.AfterFunc(x.ctx, s.Reset)()
	r := bufio.NewReader(s)
	for {
		b, err := p2p.ReadFrame(r, witness.MaxMessage)
		if err != nil {
			return
		}
		watch := x.asked(b)
		if watch == nil {
			continue // not caught up yet
		}
		if !witness.Question(b) {
			_ = watch.Take(from, b) // counted there
			continue
		}
		a, err := watch.Answer(from, b)
		if err != nil {
			return
		}
		late := time.AfterFunc(askWait, s.Reset)
		_, err = s.Write(p2p.AppendFrame(nil, a))
		late.Stop()
		if err != nil {
			return
		}
	}
}

// diverged reports whether a server ended because the others have another state,
// or none has more than half.
func diverged(err error) bool {
	return errors.Is(err, witness.ErrDiverged) || errors.Is(err, witness.ErrSplit)
}

// inquire writes down where this server differs.
func (w *worldState) inquire(ctx context.Context, s *servedRegion) {
	watch := s.watching.witness()
	if watch == nil {
		return
	}
	s.group.lives.signed = max(s.group.lives.signed, watch.Signed())
	s.group.lives.before.Store(watch)
	ctx, cancel := context.WithTimeout(ctx, inquiry)
	defer cancel()
	r, err := watch.Investigate(ctx)
	if err != nil {
		w.n.log.Error("divergence not written down", "region", s.rec.Name, "err", err)
	}
	if r != nil {
		what := "this server had diverged"
		if len(r.Servers) > 0 {
			what = "the servers have diverged, and nobody is right"
		}
		w.n.log.Error(what, "region", s.rec.Name, "tick", uint64(r.Tick), "part", r.Part, "verdict", string(r.Verdict), "report", r.File)
	}
}

// afresh takes a state that the others agree on, not older than what this server
// has made of the log, and goes on with the same log.
func (w *worldState) afresh(ctx context.Context, s *servedRegion) error {
	got, err := w.fetchPoint(ctx, s.rec, s.voters(), s.others(), s.srv.Status().Tick)
	if err != nil {
		return err
	}
	if err := got.install(w, s.id, s.points.cfg); err != nil {
		return err
	}
	saved, err := w.loadRegion(s.id)
	if err != nil {
		return err
	}
	return w.serveWith(saved, s.group)
}
