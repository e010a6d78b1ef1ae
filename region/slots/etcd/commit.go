package etcd

import (
	"context"
	"fmt"
	"time"

	"github.com/metatopia/metatopia/region/slots"
)

// Commit implements slots.Engine.
func (e *Engine) Commit(ctx context.Context, c *slots.Commit) (slots.Version, error) {
	var r txnRequest
	if c.Idem != (slots.ID{}) {
		k := []byte(e.idem(c.Idem))
		r.Compare = append(r.Compare, compare{Key: k, Target: "CREATE", Result: "EQUAL", Create: new(int64)})
		r.Success = append(r.Success, op{Put: &put{Key: k}})
		r.Failure = append(r.Failure, op{Range: &rangeRequest{Key: k}})
	}
	for _, w := range c.Writes {
		p := &put{Key: []byte(e.slot(w.Key))}
		r.Success = append(r.Success, op{Put: p})
		switch w.Op {
		case slots.OpSet:
			p.Value = append([]byte{1}, w.Value...)
		case slots.OpDelete:
			p.Value = []byte{0}
		case slots.OpAdd:
			// etcd cannot add: what is read here must still hold.
			a, err := e.c.get(ctx, rangeRequest{Key: p.Key})
			if err != nil {
				return 0, err
			}
			var old []byte
			rev := new(int64)
			if len(a.Kvs) > 0 {
				*rev = a.Kvs[0].Revision
				if old, _, err = value(a.Kvs[0].Value); err != nil {
					return 0, err
				}
			}
			sum, err := slots.Plus(old, w.Add)
			if err != nil {
				return 0, fmt.Errorf("%w: %q", err, w.Key)
			}
			p.Value = append([]byte{1}, sum...)
			r.Compare = append(r.Compare, compare{Key: p.Key, Target: "MOD", Result: "EQUAL", Mod: rev})
		}
	}
	next := int64(c.At) + 1
	for _, s := range coarser(c.Reads, maxOps-len(r.Compare)) {
		from, to := e.span(s)
		r.Compare = append(r.Compare, compare{Key: []byte(from), End: []byte(to), Target: "MOD", Result: "LESS", Mod: &next})
	}
	a, err := e.c.txn(ctx, r)
	if err != nil {
		return 0, err
	}
	if a.Succeeded {
		return slots.Version(a.Header.Revision), nil
	}
	if kvs := a.kvs(); len(kvs) > 0 {
		return slots.Version(kvs[0].Revision), nil
	}
	return 0, slots.ErrConflict
}

// coarser makes at most n spans of more: a few keys that were not read are
// then watched too, which costs a needless attempt at worst.
func coarser(spans []slots.Span, n int) []slots.Span {
	if len(spans) <= n {
		return spans
	}
	out := make([]slots.Span, 0, n)
	for i := range n {
		a, b := i*len(spans)/n, (i+1)*len(spans)/n
		out = append(out, slots.Span{From: spans[a].From, To: spans[b-1].To})
	}
	return out
}

// Compact implements slots.Engine. It compacts the whole cluster, as etcd
// knows no other way, and takes away what marks and idempotency keys are as
// old.
func (e *Engine) Compact(ctx context.Context, upTo slots.Version) error {
	a, err := e.About(ctx)
	if err != nil {
		return err
	}
	upTo = min(upTo, a.Head)
	if upTo <= a.Compacted {
		return nil
	}
	var none struct{}
	if err := named(e.c.call(ctx, "/v3/kv/compaction", map[string]string{"revision": fmt.Sprint(upTo)}, &none)); err != nil && err != slots.ErrCompacted {
		return err
	}
	if err := e.sweep(ctx, e.prefix+"s/", e.prefix+"s0", upTo, true); err != nil {
		return err
	}
	return e.sweep(ctx, e.prefix+"i/", e.prefix+"i0", upTo, false)
}

// sweep deletes keys that were last written at a revision or before; only
// marks, when it says so.
func (e *Engine) sweep(ctx context.Context, from, to string, upTo slots.Version, marks bool) error {
	for {
		r, err := e.c.get(ctx, rangeRequest{Key: []byte(from), End: []byte(to), Limit: maxOps / 2})
		if err != nil {
			return err
		}
		for _, kv := range r.Kvs {
			from = string(kv.Key) + "\x00"
			if _, there, err := value(kv.Value); marks && (err != nil || there) || kv.Revision > int64(upTo) {
				continue
			}
			// Unless it was written meanwhile.
			rev := kv.Revision
			if _, err := e.c.txn(ctx, txnRequest{Compare: []compare{{Key: kv.Key, Target: "MOD", Result: "EQUAL", Mod: &rev}},
				Success: []op{{Delete: &rangeRequest{Key: kv.Key}}}}); err != nil {
				return err
			}
		}
		if !r.More {
			return nil
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(200 * time.Millisecond):
		return nil
	}
}
