package stores

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots"
)

// ErrOther: the place holds another store than the region's.
var ErrOther = errors.New("this is not the store that the region has")

func prefix(id base.ID) string { return id.String() + "/" }

func ownerKey(id base.ID, owner base.Key, key string) string {
	return fmt.Sprintf("%so/%x/%s", prefix(id), owner[:], key)
}

func usedKey(id base.ID, owner base.Key) string { return fmt.Sprintf("%su/%x", prefix(id), owner[:]) }

func answerKey(id base.ID, r *region.Request) string {
	return fmt.Sprintf("%sa/%016x/%v", prefix(id), uint64(r.At), r.ID)
}

// Identify gives the id of a region's store: the one written in it, or a new one
// when begin says so. It is zero when there is none.
func Identify(ctx context.Context, s slots.Store, id base.ID, begin bool) (store base.ID, err error) {
	var fresh base.ID
	_, _ = rand.Read(fresh[:]) // never fails: it ends the program first
	key := prefix(id) + "store"
	_, err = s.Run(ctx, slots.NewID(), func(tx slots.Tx) error {
		store = base.ID{}
		b, _, err := tx.Get(key)
		switch {
		case err != nil:
			return err
		case len(b) == len(store):
			copy(store[:], b)
			return nil
		case b != nil:
			return fmt.Errorf("%w: the store's id has %d bytes", slots.ErrCorrupt, len(b))
		case !begin:
			return nil
		}
		store = fresh
		return tx.Set(key, fresh[:])
	})
	return store, err
}

func encode(v region.SlotValue) []byte {
	var e base.Encoder
	region.AppendSlotValue(&e, v)
	return e.B
}

// decode reads a value; nil is none.
func decode(b []byte) (region.SlotValue, error) {
	if b == nil {
		return region.SlotValue{}, nil
	}
	d := base.NewDecoder(b)
	v := region.ReadSlotValue(d)
	if err := d.Done(); err != nil {
		return v, fmt.Errorf("%w: %w", slots.ErrCorrupt, err)
	}
	return v, nil
}
