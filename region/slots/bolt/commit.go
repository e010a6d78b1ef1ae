package bolt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	bbolt "go.etcd.io/bbolt"

	"github.com/metatopia/metatopia/region/slots"
)

// request is a commit that waits for its turn.
type request struct {
	c    *slots.Commit
	ver  slots.Version
	err  error
	over bool // under Engine.turn
}

// Commit implements slots.Engine. Who gets the turn writes for all that wait.
func (e *Engine) Commit(_ context.Context, c *slots.Commit) (slots.Version, error) {
	r := &request{c: c}
	e.mu.Lock()
	e.queue = append(e.queue, r)
	e.mu.Unlock()
	e.turn.Lock()
	defer e.turn.Unlock()
	if !r.over {
		e.mu.Lock()
		all := e.queue
		e.queue = nil
		e.mu.Unlock()
		e.write(all)
	}
	return r.ver, r.err
}

func (e *Engine) write(all []*request) {
	err := closed(e.db.Update(func(tx *bbolt.Tx) error {
		for _, r := range all {
			r.ver, r.err = commit(tx, r.c)
			if r.err != nil && !errors.Is(r.err, slots.ErrConflict) && !errors.Is(r.err, slots.ErrNumber) {
				return r.err
			}
		}
		return nil
	}))
	for _, r := range all {
		r.over = true
		if err != nil {
			r.ver, r.err = 0, err
		}
	}
	if err == nil {
		e.mu.Lock()
		close(e.news)
		e.news = make(chan struct{})
		e.mu.Unlock()
	}
}

// commit checks and writes one transaction. What is wrong with it is told
// before anything is written, so that the others of its turn are not harmed;
// an error of the file fails them all.
func commit(tx *bbolt.Tx, c *slots.Commit) (slots.Version, error) {
	done := tx.Bucket(bDone)
	if c.Idem != (slots.ID{}) {
		if b := done.Get(c.Idem[:]); len(b) == 8 {
			return slots.Version(binary.BigEndian.Uint64(b)), nil
		}
	}
	if err := fresh(tx, c); err != nil {
		return 0, err
	}
	now, past := tx.Bucket(bNow), tx.Bucket(bPast)
	values := make([][]byte, len(c.Writes))
	for i, w := range c.Writes {
		switch w.Op {
		case slots.OpSet:
			values[i] = w.Value
		case slots.OpAdd:
			var old []byte
			if b := now.Get([]byte(w.Key)); len(b) >= 8 {
				old = b[8:]
			}
			var err error
			if values[i], err = slots.Plus(old, w.Add); err != nil {
				return 0, fmt.Errorf("%w: %q", err, w.Key)
			}
		}
	}
	ver := meta(tx, kHead) + 1
	x := entry{idem: c.Idem}
	for i, w := range c.Writes {
		key := []byte(w.Key)
		x.keys = append(x.keys, w.Key)
		if w.Op == slots.OpDelete {
			if err := now.Delete(key); err != nil {
				return 0, err
			}
			if err := past.Put(pastKey(w.Key, ver), []byte{0}); err != nil {
				return 0, err
			}
			continue
		}
		if err := now.Put(key, append(be(ver), values[i]...)); err != nil {
			return 0, err
		}
		if err := past.Put(pastKey(w.Key, ver), append([]byte{1}, values[i]...)); err != nil {
			return 0, err
		}
	}
	if c.Idem != (slots.ID{}) {
		if err := done.Put(c.Idem[:], be(ver)); err != nil {
			return 0, err
		}
	}
	if err := tx.Bucket(bLog).Put(be(ver), x.encode()); err != nil {
		return 0, err
	}
	return ver, tx.Bucket(bMeta).Put(kHead, be(ver))
}

// fresh tells whether all that was read is as it was: nothing committed since
// has written any of it.
func fresh(tx *bbolt.Tx, c *slots.Commit) error {
	if len(c.Reads) == 0 {
		return nil
	}
	if c.At < meta(tx, kCompacted) {
		return slots.ErrConflict // what came since is forgotten
	}
	cur := tx.Bucket(bLog).Cursor()
	for k, v := cur.Seek(be(c.At + 1)); k != nil; k, v = cur.Next() {
		x, err := parseEntry(v)
		if err != nil {
			return err
		}
		for _, key := range x.keys {
			if c.Saw(key) {
				return slots.ErrConflict
			}
		}
	}
	return nil
}

// Compact implements slots.Engine. It works in pieces: others write between.
func (e *Engine) Compact(ctx context.Context, upTo slots.Version) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := closed(e.db.Update(func(tx *bbolt.Tx) (err error) {
			more, err = compact(tx, min(upTo, meta(tx, kHead)), 500)
			return err
		}))
		if err != nil {
			return fmt.Errorf("slots: compact: %w", err)
		}
	}
	return nil
}

// compact forgets at most n log records up to a version, and of the keys they
// wrote everything before the newest state up to there.
func compact(tx *bbolt.Tx, upTo slots.Version, n int) (more bool, err error) {
	log := tx.Bucket(bLog)
	cur := log.Cursor()
	var ks, vs [][]byte
	for k, v := cur.First(); k != nil && bytes.Compare(k, be(upTo)) <= 0; k, v = cur.Next() {
		if len(ks) == n {
			more = true
			break
		}
		ks, vs = append(ks, bytes.Clone(k)), append(vs, bytes.Clone(v))
	}
	if len(ks) == 0 {
		return false, nil
	}
	last := slots.Version(binary.BigEndian.Uint64(ks[len(ks)-1]))
	for i, v := range vs {
		x, err := parseEntry(v)
		if err != nil {
			return false, err
		}
		for _, key := range x.keys {
			if err := forget(tx.Bucket(bPast), key, last); err != nil {
				return false, err
			}
		}
		if err := tx.Bucket(bDone).Delete(x.idem[:]); err != nil {
			return false, err
		}
		if err := log.Delete(ks[i]); err != nil {
			return false, err
		}
	}
	return more, tx.Bucket(bMeta).Put(kCompacted, be(last))
}

// forget deletes the states of a key before the newest one up to a version,
// and that one too when it says that the key is gone.
func forget(past *bbolt.Bucket, key string, upTo slots.Version) error {
	cur := past.Cursor()
	var old [][]byte
	gone := false
	from, to := pastKey(key, 0), pastKey(key, upTo)
	for k, v := cur.Seek(from); k != nil && bytes.Compare(k, to) <= 0; k, v = cur.Next() {
		old = append(old, bytes.Clone(k))
		gone = len(v) > 0 && v[0] == 0
	}
	if n := len(old); n > 0 && !gone {
		old = old[:n-1]
	}
	for _, k := range old {
		if err := past.Delete(k); err != nil {
			return err
		}
	}
	return nil
}
