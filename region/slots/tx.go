package slots

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// tx is one attempt at a transaction.
type tx struct {
	ctx    context.Context
	snap   Snapshot
	reads  []Span
	writes map[string]Write
	seen   int // bytes read
	size   int // bytes written
	broken error
	only   bool // a view: nothing is noted, nothing may be written
}

func (t *tx) Version() Version { return t.snap.Version() }

// fail keeps what an engine said: fn may have looked away.
func (t *tx) fail(err error) error {
	if t.broken == nil {
		t.broken = err
	}
	return t.broken
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("%w: a key of %d bytes, want 1-%d", ErrLimit, len(key), MaxKey)
	}
	return nil
}

// note puts a span into the read set.
func (t *tx) note(s Span) error {
	if t.only {
		return nil
	}
	if len(t.reads) >= MaxReads {
		return fmt.Errorf("%w: more than %d reads in a transaction", ErrLimit, MaxReads)
	}
	t.reads = append(t.reads, s)
	return nil
}

// weigh counts what was read.
func (t *tx) weigh(items ...Item) error {
	for _, x := range items {
		t.seen += len(x.Key) + len(x.Value)
	}
	if t.seen > MaxRead && !t.only {
		return fmt.Errorf("%w: a transaction reads more than %d bytes", ErrLimit, MaxRead)
	}
	return nil
}

func (t *tx) base(key string) ([]byte, Version, error) {
	if t.broken != nil {
		return nil, 0, t.broken
	}
	x, ok, err := t.snap.Get(t.ctx, key)
	if err != nil {
		return nil, 0, t.fail(err)
	}
	if !ok {
		return nil, 0, nil
	}
	if x.Value == nil {
		x.Value = []byte{}
	}
	return x.Value, x.Version, t.weigh(x)
}

func (t *tx) Get(key string) ([]byte, Version, error) {
	if err := checkKey(key); err != nil {
		return nil, 0, err
	}
	w, mine := t.writes[key]
	if mine && w.Op == OpSet {
		return w.Value, 0, nil
	} else if mine && w.Op == OpDelete {
		return nil, 0, nil
	}
	if err := t.note(Reads1(key)); err != nil {
		return nil, 0, err
	}
	v, at, err := t.base(key)
	if err == nil && mine {
		v, err = Plus(v, w.Add)
	}
	return v, at, err
}

func (t *tx) SnapshotGet(key string) ([]byte, Version, error) {
	if err := checkKey(key); err != nil {
		return nil, 0, err
	}
	return t.base(key)
}

func (t *tx) Range(prefix string, limit int) ([]Item, error) { return t.From(prefix, "", limit) }

func (t *tx) From(prefix, start string, limit int) ([]Item, error) {
	if len(prefix) > MaxKey || len(start) > MaxKey+1 || limit < 1 || limit > MaxRange {
		return nil, fmt.Errorf("%w: a range of 1-%d items with a prefix of at most %d bytes", ErrLimit, MaxRange, MaxKey)
	}
	if t.broken != nil {
		return nil, t.broken
	}
	span := Span{max(prefix, start), End(prefix)}
	if span.To != "" && span.From >= span.To {
		return nil, nil
	}
	// Own deletes may make a hole: so many more are asked for.
	ask := limit
	if !t.only {
		ask += len(t.writes)
	}
	items, err := t.snap.Range(t.ctx, span, ask)
	if err != nil {
		return nil, t.fail(err)
	}
	if len(items) == ask {
		span.To = items[ask-1].Key + "\x00" // no further was looked
	}
	if err := t.note(span); err != nil {
		return nil, err
	}
	if err := t.weigh(items...); err != nil {
		return nil, err
	}
	for i := range items {
		if items[i].Value == nil {
			items[i].Value = []byte{}
		}
	}
	if items, err = t.overlay(items, span); err != nil {
		return nil, err
	}
	return items[:min(limit, len(items))], nil
}

// overlay puts the transaction's own writes over what the snapshot holds.
func (t *tx) overlay(items []Item, span Span) ([]Item, error) {
	for _, key := range slices.Sorted(maps.Keys(t.writes)) {
		if !span.Has(key) {
			continue
		}
		w := t.writes[key]
		i, there := slices.BinarySearchFunc(items, key, func(x Item, k string) int { return compare(x.Key, k) })
		var old []byte
		if there {
			old = items[i].Value
		}
		switch w.Op {
		case OpDelete:
			if there {
				items = slices.Delete(items, i, i+1)
			}
			continue
		case OpAdd:
			var err error
			if w.Value, err = Plus(old, w.Add); err != nil {
				return nil, err
			}
		}
		if there {
			items[i].Value = w.Value
		} else {
			items = slices.Insert(items, i, Item{Key: key, Value: w.Value})
		}
	}
	return items, nil
}

func compare(a, b string) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

// write notes a write in place of an earlier one to the same key.
func (t *tx) write(w Write) error {
	if err := checkKey(w.Key); err != nil {
		return err
	}
	if len(w.Value) > MaxValue {
		return fmt.Errorf("%w: a value of %d bytes, at most %d; store what is larger as a lump", ErrLimit, len(w.Value), MaxValue)
	}
	old, had := t.writes[w.Key]
	size := t.size + len(w.Key) + len(w.Value)
	if had {
		size -= len(w.Key) + len(old.Value)
	}
	if !had && len(t.writes) >= MaxWrites || size > MaxWritten {
		return fmt.Errorf("%w: a transaction writes at most %d keys and %d bytes", ErrLimit, MaxWrites, MaxWritten)
	}
	t.size = size
	t.writes[w.Key] = w
	return nil
}

func (t *tx) Set(key string, value []byte) error {
	return t.write(Write{Key: key, Op: OpSet, Value: append([]byte{}, value...)})
}

func (t *tx) Delete(key string) error { return t.write(Write{Key: key, Op: OpDelete}) }

func (t *tx) Add(key string, n int64) error {
	w, mine := t.writes[key]
	switch {
	case !mine:
		return t.write(Write{Key: key, Op: OpAdd, Add: n})
	case w.Op == OpAdd:
		sum := w.Add + n
		if n != 0 && (n > 0) != (sum > w.Add) {
			return ErrNumber
		}
		return t.write(Write{Key: key, Op: OpAdd, Add: sum})
	}
	v, err := Plus(w.Value, n)
	if err != nil {
		return err
	}
	return t.write(Write{Key: key, Op: OpSet, Value: v})
}

// commit is what the engine is told.
func (t *tx) commit(idem ID) *Commit {
	c := &Commit{At: t.snap.Version(), Idem: idem}
	slices.SortFunc(t.reads, func(a, b Span) int { return compare(a.From, b.From) })
	for _, s := range t.reads {
		if n := len(c.Reads); n > 0 && (c.Reads[n-1].To == "" || s.From <= c.Reads[n-1].To) {
			if last := &c.Reads[n-1]; last.To != "" && (s.To == "" || s.To > last.To) {
				last.To = s.To
			}
			continue
		}
		c.Reads = append(c.Reads, s)
	}
	for _, key := range slices.Sorted(maps.Keys(t.writes)) {
		c.Writes = append(c.Writes, t.writes[key])
	}
	return c
}
