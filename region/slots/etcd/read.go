package etcd

import (
	"context"
	"iter"
	"strings"

	"github.com/metatopia/metatopia/region/slots"
)

// snapshot is a revision.
type snapshot struct {
	e   *Engine
	rev int64
}

// Snapshot implements slots.Engine. The read that finds the newest revision
// goes through a quorum: it shows all that was answered.
func (e *Engine) Snapshot(ctx context.Context, at slots.Version) (slots.Snapshot, error) {
	r, err := e.c.get(ctx, rangeRequest{Key: []byte(e.prefix + "f"), Revision: int64(at)})
	if err != nil {
		return nil, err
	}
	s := &snapshot{e: e, rev: r.Header.Revision}
	if at != 0 {
		s.rev = int64(at)
	}
	return s, nil
}

func (s *snapshot) Close() {}

func (s *snapshot) Version() slots.Version { return slots.Version(s.rev) }

func (s *snapshot) Get(ctx context.Context, key string) (slots.Item, bool, error) {
	r, err := s.e.c.get(ctx, rangeRequest{Key: []byte(s.e.slot(key)), Revision: s.rev})
	if err != nil {
		return slots.Item{}, false, err
	}
	if len(r.Kvs) == 0 {
		return slots.Item{}, false, nil
	}
	v, there, err := value(r.Kvs[0].Value)
	return slots.Item{Key: key, Value: v, Version: slots.Version(r.Kvs[0].Revision)}, there, err
}

func (s *snapshot) Range(ctx context.Context, span slots.Span, limit int) (list []slots.Item, err error) {
	from, to := s.e.span(span)
	for {
		// Marks of deleted keys take places: it asks again until it has enough.
		want := limit - len(list)
		r, err := s.e.c.get(ctx, rangeRequest{Key: []byte(from), End: []byte(to), Revision: s.rev, Limit: int64(want)})
		if err != nil {
			return nil, err
		}
		for _, kv := range r.Kvs {
			v, there, err := value(kv.Value)
			if err != nil {
				return nil, err
			}
			if there {
				list = append(list, slots.Item{Key: strings.TrimPrefix(string(kv.Key), s.e.slot("")), Value: v, Version: slots.Version(kv.Revision)})
			}
		}
		if !r.More || len(list) >= limit {
			return list, nil
		}
		from = string(r.Kvs[len(r.Kvs)-1].Key) + "\x00"
	}
}

func (s *snapshot) Done(ctx context.Context, id slots.ID) (slots.Version, bool, error) {
	r, err := s.e.c.get(ctx, rangeRequest{Key: []byte(s.e.idem(id)), Revision: s.rev})
	if err != nil {
		return 0, false, err
	}
	if len(r.Kvs) == 0 {
		return 0, false, nil
	}
	return slots.Version(r.Kvs[0].Revision), true, nil
}

// Changes implements slots.Engine. etcd gives the events of a revision
// together; when the connection breaks it goes on from the last one.
func (e *Engine) Changes(ctx context.Context, prefix string, from slots.Version) iter.Seq2[slots.Change, error] {
	return func(yield func(slots.Change, error) bool) {
		if r, err := e.c.get(ctx, rangeRequest{Key: []byte(e.prefix + "f")}); err != nil {
			yield(slots.Change{}, either(ctx.Err(), err))
			return
		} else if from > slots.Version(r.Header.Revision) {
			yield(slots.Change{}, slots.ErrFuture)
			return
		}
		inner, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(e.ctx, cancel)()
		first := []byte(e.slot(prefix))
		for {
			over := false // the loop is, or the watch
			var bad error
			_ = e.c.watch(inner, first, []byte(slots.End(string(first))), int64(from)+1, func(a *watchAnswer) bool {
				if a.Result.Compacted > 0 {
					bad = slots.ErrCompacted
					return false
				}
				list, err := e.changes(a.Result.Events)
				for _, c := range list {
					if !yield(c, nil) {
						over = true
						return false
					}
					from = c.Version
				}
				bad = err
				return err == nil && !a.Result.Canceled
			})
			switch {
			case over:
				return
			case bad == nil && e.ctx.Err() != nil:
				bad = slots.ErrClosed
			case bad == nil && ctx.Err() != nil:
				bad = ctx.Err()
			}
			// Else the server, or this member of it, is away for a moment.
			if bad == nil {
				bad = pause(ctx)
			}
			if bad != nil {
				yield(slots.Change{}, bad)
				return
			}
		}
	}
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// changes puts events together by revision. A mark that Compact takes away is
// no change.
func (e *Engine) changes(events []event) (list []slots.Change, err error) {
	for _, ev := range events {
		if ev.Type == "DELETE" {
			continue
		}
		v, there, err := value(ev.Kv.Value)
		if err != nil {
			return list, err
		}
		if there && v == nil {
			v = []byte{}
		}
		x := slots.Item{Key: strings.TrimPrefix(string(ev.Kv.Key), e.slot("")), Value: v, Version: slots.Version(ev.Kv.Revision)}
		if n := len(list); n > 0 && list[n-1].Version == x.Version {
			list[n-1].Items = append(list[n-1].Items, x)
		} else {
			list = append(list, slots.Change{Version: x.Version, Items: []slots.Item{x}})
		}
	}
	return list, nil
}
