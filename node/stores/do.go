package stores

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots"
)

// Owned is a region and how much an owner may keep in its store.
type Owned struct {
	ID    base.ID
	Owner base.Key // of the region
}

func (o Owned) quota(k base.Key) int64 {
	if k == o.Owner {
		return RegionBytes
	}
	return OwnerBytes
}

// refusal ends a request without effect.
type refusal region.StoreCode

func (r refusal) Error() string { return region.StoreCode(r).String() }

// Do carries out a request, or finds out what came of it. An error says that the
// store cannot be asked now; what it cannot do is in the answer.
func (o Owned) Do(ctx context.Context, s slots.Store, r *region.Request) (*region.Answer, error) {
	var out *region.Answer
	_, err := s.Run(ctx, slots.ID(r.ID), func(tx slots.Tx) (err error) {
		out, err = o.perform(tx, r)
		return err
	})
	var no refusal
	switch {
	case errors.As(err, &no):
		return &region.Answer{ID: r.ID, Code: region.StoreCode(no)}, nil
	case errors.Is(err, slots.ErrLimit), errors.Is(err, slots.ErrCorrupt):
		return &region.Answer{ID: r.ID, Code: region.StoreFailed}, nil
	case err != nil:
		return nil, err
	case out == nil:
		// It was done before, by this server or another.
		return o.before(ctx, s, r)
	}
	// Run may have found that another's attempt counts: what was found then is
	// what was written with it.
	if r.Writes() {
		return o.before(ctx, s, r)
	}
	return out, nil
}

// before reads the answer that was written with a request.
func (o Owned) before(ctx context.Context, s slots.Store, r *region.Request) (a *region.Answer, err error) {
	err = s.View(ctx, 0, func(v slots.Reader) error {
		b, _, err := v.Get(answerKey(o.ID, r))
		if err != nil {
			return err
		}
		d := base.NewDecoder(b)
		a = region.ReadAnswer(d)
		if err := d.Done(); err != nil || a.ID != r.ID {
			return fmt.Errorf("%w: the answer to %v", slots.ErrCorrupt, r.ID)
		}
		return nil
	})
	return a, err
}

// books are the answer that grows, and what its owner has taken.
type books struct {
	o     Owned
	tx    slots.Tx
	owner base.Key
	a     *region.Answer
	size  int
	delta int64
}

// perform is the transaction.
func (o Owned) perform(tx slots.Tx, r *region.Request) (*region.Answer, error) {
	b := &books{o: o, tx: tx, owner: r.Owner, a: &region.Answer{ID: r.ID}}
	for i := range r.Steps {
		if err := b.step(&r.Steps[i]); err != nil {
			return nil, err
		}
	}
	if !r.Writes() {
		return b.a, nil
	}
	if err := b.charge(); err != nil {
		return nil, err
	}
	var e base.Encoder
	b.a.AppendTo(&e)
	return b.a, tx.Set(answerKey(o.ID, r), e.B)
}

func (b *books) step(x *region.StoreStep) error {
	key := ownerKey(b.o.ID, b.owner, x.Key)
	if x.Op == region.StoreList {
		return b.list(x)
	}
	raw, _, err := b.tx.Get(key)
	if err != nil {
		return err
	}
	v, err := decode(raw)
	if err != nil {
		return err
	}
	switch x.Op {
	case region.StoreGet:
		return b.item(x.Key, v)
	case region.StoreCheck:
		if !bytes.Equal(encode(v), encode(x.Value)) {
			return refusal(region.StoreConflict)
		}
		return nil
	case region.StoreAdd:
		sum := v.Int + x.Value.Int
		if v.Type != region.SlotInt && v.Type != region.SlotNone || x.Value.Int != 0 && (x.Value.Int > 0) != (sum > v.Int) {
			return refusal(region.StoreNumber)
		}
		if err := b.set(key, raw, region.IntSlot(sum)); err != nil {
			return err
		}
		return b.item(x.Key, region.IntSlot(sum))
	}
	return b.set(key, raw, x.Value)
}

// set writes a value in place of an old one.
func (b *books) set(key string, old []byte, v region.SlotValue) error {
	if old != nil {
		b.delta -= int64(len(key) + len(old) + itemBytes)
	}
	if v.Type == region.SlotNone {
		if old == nil {
			return nil
		}
		return b.tx.Delete(key)
	}
	now := encode(v)
	b.delta += int64(len(key) + len(now) + itemBytes)
	return b.tx.Set(key, now)
}

// charge holds what the owner has taken against the quota. Taking less is always
// allowed.
func (b *books) charge() error {
	if b.delta == 0 {
		return nil
	}
	key := usedKey(b.o.ID, b.owner)
	raw, _, err := b.tx.Get(key)
	if err != nil {
		return err
	}
	used, err := slots.ParseNumber(raw)
	if err != nil {
		return err
	}
	if used += b.delta; b.delta > 0 && used > b.o.quota(b.owner) {
		return refusal(region.StoreQuota)
	}
	return b.tx.Set(key, slots.Number(used))
}

func (b *books) item(key string, v region.SlotValue) error {
	x := region.StoreItem{Key: key, Value: v}
	if b.size += x.Size(); b.size > region.MaxAnswer {
		return refusal(region.StoreTooLarge)
	}
	b.a.Items = append(b.a.Items, x)
	return nil
}

// list answers with what is there, as much as fits.
func (b *books) list(x *region.StoreStep) error {
	base := ownerKey(b.o.ID, b.owner, "")
	start := ""
	if x.Start != "" {
		start = base + x.Start
	}
	items, err := b.tx.From(base+x.Key, start, int(x.N))
	if err != nil {
		return err
	}
	for _, i := range items {
		v, err := decode(i.Value)
		if err != nil {
			return err
		}
		y := region.StoreItem{Key: strings.TrimPrefix(i.Key, base), Value: v}
		if b.size+y.Size() > region.MaxAnswer {
			return nil
		}
		b.size += y.Size()
		b.a.Items = append(b.a.Items, y)
	}
	return nil
}
