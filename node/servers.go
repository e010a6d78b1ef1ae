package node

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/world"
)

// memberWait bounds one question to another server: a change of the servers
// takes a round of their log.
const memberWait = serversWait + 5*time.Second

// askWait bounds asking how a server stands.
const askWait = 2 * time.Second

// askMember asks one node.
func (w *worldState) askMember(ctx context.Context, k base.Key, id base.ID, req member.Request, wait time.Duration) (member.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var out member.Reply
	err := w.n.ask(ctx, k, member.Proto+id.String(), p2p.AppendFrame(nil, req.AppendTo(nil)), func(r *bufio.Reader) error {
		b, err := p2p.ReadFrame(r, member.MaxReply)
		if err == nil {
			out, err = member.ParseReply(b)
		}
		return err
	})
	return out, err
}

// askServers asks several nodes how they stand; those that do not answer are
// left out.
func (w *worldState) askServers(ctx context.Context, id base.ID, keys []base.Key) map[base.Key]member.Status {
	var mu sync.Mutex
	out := map[base.Key]member.Status{}
	var wg sync.WaitGroup
	for _, k := range keys {
		wg.Go(func() {
			r, err := w.askMember(ctx, k, id, member.Request{Kind: member.AskStatus}, askWait)
			if err != nil || !r.OK {
				return
			}
			mu.Lock()
			out[k] = r.Status
			mu.Unlock()
		})
	}
	wg.Wait()
	return out
}

// listenMembers answers for a region that this node serves, joins, or has
// agreed to serve.
func (w *worldState) listenMembers(id base.ID) {
	w.n.net.Handle(member.Proto+id.String(), func(from base.Key, s p2p.Stream) {
		answer(s, memberWait, func(r *bufio.Reader, to io.Writer) bool {
			b, err := p2p.ReadFrame(r, member.MaxRequest)
			if err != nil {
				return false
			}
			req, err := member.ParseRequest(b)
			if err != nil {
				w.n.count.add(countRefused, 1)
				return false
			}
			var out member.Reply
			if err := w.answerMember(from, id, req, &out); err != nil {
				out.OK, out.Text = false, clipText(err.Error(), 500)
			} else {
				out.OK = true
			}
			_, err = to.Write(p2p.AppendFrame(nil, out.AppendTo(nil)))
			return err == nil
		})
	})
}

var errNotAgreed = errors.New("this node has not agreed to serve the region: there, run `metatopia region serve`")

func (w *worldState) answerMember(from base.Key, id base.ID, req member.Request, out *member.Reply) error {
	w.mu.Lock()
	s := w.served[id]
	w.mu.Unlock()
	if req.Kind == member.AskStatus {
		switch {
		case s != nil && s.group != nil:
			out.Status = s.group.status(s)
		case s != nil:
			st := s.srv.Status()
			out.Status = member.Status{Serving: true, Leading: true, Tick: st.Tick, Committed: st.Tick, Durable: st.Durable, Hash: st.Hash}
		case w.stuckIn(id) != nil:
			out.Status = w.stuckIn(id).stillStatus()
		case w.turning(id, &out.Status):
		default:
			out.Status.Got, out.Status.Want = w.joins.progress(id)
		}
		return nil
	}
	rec, err := world.ParseSite(req.Site)
	if err != nil {
		return err
	}
	if rec.World != w.id || rec.Region() != id {
		return errors.New("the record is of another region")
	}
	if req.Kind == member.AskServe && !w.joins.willing(id) {
		return errNotAgreed
	}
	w.addSites(rec)
	if now := w.record(id); now == nil || now.Seq != rec.Seq {
		return world.ErrStale
	}
	switch req.Kind {
	case member.AskServe:
		w.joinSoon(id)
	case member.AskJoin:
		if s == nil || s.group == nil {
			return errUnserved
		}
		if s.group.epoch != logEpoch(rec) || !lists(rec, from) {
			return errors.New("the record does not name you")
		}
		if out.ID, err = s.group.admit(w.n.ctx, from, s.srv.Status().Barred); err == nil {
			s.srv.CheckpointSoon()
		}
	}
	return err
}

func lists(rec *world.SiteRecord, k base.Key) bool {
	for _, s := range rec.Servers {
		if s == k {
			return true
		}
	}
	return false
}

func clipText(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return s
}
