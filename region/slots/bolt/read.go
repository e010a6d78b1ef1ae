package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	bbolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/region/slots"
)

// snapshot is a read transaction of bbolt, newest or at an older version.
type snapshot struct {
	tx  *bbolt.Tx
	at  slots.Version
	old bool // at is not the newest
}

// Snapshot implements slots.Engine. An open one keeps the file from reusing
// what it can see: it must be closed soon.
func (e *Engine) Snapshot(_ context.Context, at slots.Version) (slots.Snapshot, error) {
	tx, err := e.db.Begin(false)
	if err != nil {
		return nil, closed(err)
	}
	head := meta(tx, kHead)
	s := &snapshot{tx: tx, at: head}
	switch {
	case at > head:
		err = slots.ErrFuture
	case at != 0 && at < meta(tx, kCompacted):
		err = slots.ErrCompacted
	case at != 0 && at != head:
		s.at, s.old = at, true
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *snapshot) Close() { _ = s.tx.Rollback() }

func (s *snapshot) Version() slots.Version { return s.at }

func (s *snapshot) Get(_ context.Context, key string) (slots.Item, bool, error) {
	if s.old {
		cur := s.tx.Bucket(bPast).Cursor()
		return newest(cur, key, s.at)
	}
	return item(key, s.tx.Bucket(bNow).Get([]byte(key)))
}

func item(key string, b []byte) (slots.Item, bool, error) {
	if b == nil {
		return slots.Item{}, false, nil
	}
	if len(b) < 8 {
		return slots.Item{}, false, fmt.Errorf("%w: a value of %d bytes", slots.ErrCorrupt, len(b))
	}
	return slots.Item{Key: key, Version: slots.Version(binary.BigEndian.Uint64(b)), Value: bytes.Clone(b[8:])}, true, nil
}

// newest finds what a key held at a version.
func newest(cur *bbolt.Cursor, key string, at slots.Version) (slots.Item, bool, error) {
	end := escape(key)
	k, v := cur.Seek(pastKey(key, at))
	if k == nil {
		k, v = cur.Last()
	} else if !bytes.Equal(k, pastKey(key, at)) {
		k, v = cur.Prev()
	}
	if k == nil || len(k) != len(end)+8 || !bytes.HasPrefix(k, end) {
		return slots.Item{}, false, nil
	}
	return pastItem(key, slots.Version(binary.BigEndian.Uint64(k[len(end):])), v)
}

func pastItem(key string, at slots.Version, v []byte) (slots.Item, bool, error) {
	switch {
	case len(v) == 1 && v[0] == 0:
		return slots.Item{Key: key, Version: at}, false, nil
	case len(v) == 0 || v[0] != 1:
		return slots.Item{}, false, fmt.Errorf("%w: a state of no kind", slots.ErrCorrupt)
	}
	return slots.Item{Key: key, Version: at, Value: append([]byte{}, v[1:]...)}, true, nil
}

func (s *snapshot) Range(_ context.Context, span slots.Span, limit int) (list []slots.Item, err error) {
	if s.old {
		return s.rangeOld(span, limit)
	}
	cur := s.tx.Bucket(bNow).Cursor()
	for k, v := cur.Seek([]byte(span.From)); k != nil && span.Has(string(k)) && len(list) < limit; k, v = cur.Next() {
		x, _, err := item(string(k), v)
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

func (s *snapshot) rangeOld(span slots.Span, limit int) (list []slots.Item, err error) {
	cur := s.tx.Bucket(bPast).Cursor()
	first := escape(span.From)
	k, _ := cur.Seek(first[:len(first)-2])
	for k != nil && len(list) < limit {
		key, _, err := parsePast(k)
		if err != nil {
			return nil, err
		}
		if key >= span.From {
			if !span.Has(key) {
				break
			}
			x, ok, err := newest(cur, key, s.at)
			if err != nil {
				return nil, err
			}
			if ok {
				list = append(list, x)
			}
		}
		end := escape(key)
		end[len(end)-1]++ // behind all versions of the key
		k, _ = cur.Seek(end)
	}
	return list, nil
}

func (s *snapshot) Done(_ context.Context, id slots.ID) (slots.Version, bool, error) {
	b := s.tx.Bucket(bDone).Get(id[:])
	if len(b) != 8 {
		return 0, false, nil
	}
	return slots.Version(binary.BigEndian.Uint64(b)), true, nil
}

// Changes implements slots.Engine.
func (e *Engine) Changes(ctx context.Context, prefix string, from slots.Version) iter.Seq2[slots.Change, error] {
	return func(yield func(slots.Change, error) bool) {
		for {
			e.mu.Lock()
			news := e.news
			e.mu.Unlock()
			list, to, err := e.since(prefix, from)
			for _, c := range list {
				if !yield(c, nil) {
					return
				}
			}
			if err != nil {
				yield(slots.Change{}, err)
				return
			}
			if to > from {
				from = to
				continue
			}
			select {
			case <-ctx.Done():
				yield(slots.Change{}, ctx.Err())
				return
			case <-e.over:
				yield(slots.Change{}, slots.ErrClosed)
				return
			case <-news:
			}
		}
	}
}

// since reads a piece of the log: the changes, and up to where it was read.
func (e *Engine) since(prefix string, from slots.Version) (list []slots.Change, to slots.Version, err error) {
	const piece = 64
	to = from
	err = e.view(func(tx *bbolt.Tx) error {
		if from < meta(tx, kCompacted) {
			return slots.ErrCompacted
		} else if from > meta(tx, kHead) {
			return slots.ErrFuture
		}
		past := tx.Bucket(bPast)
		cur := tx.Bucket(bLog).Cursor()
		for k, v := cur.Seek(be(from + 1)); k != nil && len(list) < piece; k, v = cur.Next() {
			x, err := parseEntry(v)
			if err != nil {
				return err
			}
			to = slots.Version(binary.BigEndian.Uint64(k))
			c := slots.Change{Version: to}
			for _, key := range x.keys {
				if !strings.HasPrefix(key, prefix) {
					continue
				}
				y, _, err := pastItem(key, to, past.Get(pastKey(key, to)))
				if err != nil {
					return err
				}
				c.Items = append(c.Items, y)
			}
			if len(c.Items) > 0 {
				list = append(list, c)
			}
		}
		return nil
	})
	return list, to, err
}
