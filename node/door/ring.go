package door

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region/access"
)

// Ring is what a server has of a region's keys: those of the password in force,
// and those that were drawn for passwords of which the log may come to have the
// record. Which are in force is what the log says, so nothing is lost however the
// process ends: keys are on disk before anybody can make a record with them, and
// are deleted when the disk has the record that takes the place of theirs.
//
// The file is version u8 = 2, keys (count u32, each the password's number u64,
// seed 64, secret 32), oldest first. It is replaced as a whole. Safe for concurrent
// use.
type Ring struct {
	path  string
	spare *Keys // for logins where there is no password

	mu   sync.Mutex
	held []drawn
}

// drawn are keys for a password of a number.
type drawn struct {
	number uint64
	keys   *Keys
}

const (
	ringVersion = 2
	sizeDrawn   = 8 + sizeSeed + sizeSecret
)

// OpenRing reads the keys of a file; one that is not there has none.
func OpenRing(path string) (*Ring, error) {
	r := &Ring{path: path}
	// A process that was killed may have left keys there.
	err := os.Remove(path + durable.NewSuffix)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("door: keys: %w", err)
	}
	if r.spare, err = newKeys(); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return r, nil
	case err == nil:
		r.held, err = parseRing(b)
	}
	if err != nil {
		return nil, fmt.Errorf("door: keys: %w", err)
	}
	return r, nil
}

func parseRing(b []byte) (list []drawn, err error) {
	d := base.NewDecoder(b)
	if v := d.U8(); d.Err() == nil && v != ringVersion {
		d.Fail(fmt.Errorf("version %d", v))
	}
	for range d.Count(maxDrawn, sizeDrawn) {
		x := drawn{number: d.U64()}
		if b := d.Raw(sizeSeed + sizeSecret); d.Err() == nil {
			if x.keys, err = keysOf(b); err != nil {
				return nil, err
			}
		}
		list = append(list, x)
	}
	return list, d.Done()
}

func ringBytes(list []drawn) []byte {
	var e base.Encoder
	e.U8(ringVersion)
	e.U32(uint32(len(list)))
	for _, x := range list {
		e.U64(x.number)
		e.Raw(x.keys.bytes())
	}
	return e.B
}

// Fit gives the keys of a password, or nil.
func (r *Ring) Fit(s access.Secret) *Keys {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.held {
		if x.keys.fits(s) {
			return x.keys
		}
	}
	return nil
}

// draw makes fresh keys for the password after the one in force. When as many
// were drawn as are kept the oldest are forgotten, but not those in force.
func (r *Ring) draw(s access.Secret) (*Keys, error) {
	k, err := newKeys()
	if err != nil {
		return nil, err
	}
	return k, r.Keep(s, s.Number+1, k)
}

// Keep adds keys for a password of a number, while s is in force.
func (r *Ring) Keep(s access.Secret, number uint64, k *Keys) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := append(slices.Clone(r.held), drawn{number, k})
	if len(list) > maxDrawn {
		i := slices.IndexFunc(list, func(x drawn) bool { return !x.keys.fits(s) })
		list = slices.Delete(list, i, i+1)
	}
	return r.replace(list)
}

// Settle deletes the keys of passwords before the one in force, and those that
// were drawn for its number and are not its own. The caller knows that s is on
// this server's disk, and will not be taken back.
func (r *Ring) Settle(s access.Secret) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(r.held), func(x drawn) bool { return x.number <= s.Number && !x.keys.fits(s) })
	if len(list) == len(r.held) {
		return nil
	}
	return r.replace(list)
}

// replace writes the file anew, for nobody else to read. r.mu is held.
func (r *Ring) replace(list []drawn) error {
	f, err := durable.Swap(r.path, ringBytes(list))
	if err == nil {
		r.held = list // the file has them, if perhaps not after a power cut
		err = errors.Join(f.Close(), durable.SyncDir(filepath.Dir(r.path)))
	}
	if err != nil {
		return fmt.Errorf("door: keys: %w", err)
	}
	return nil
}
