package bolt

import (
	"encoding/binary"
	"fmt"

	"github.com/metatopia/metatopia/region/slots"
)

// Keys of bucket past sort by key and then by version: a zero byte of the key
// becomes 00 ff, and 00 01 ends it, so that no key is the beginning of another.

func escape(key string) []byte {
	b := make([]byte, 0, len(key)+10)
	for i := range len(key) {
		b = append(b, key[i])
		if key[i] == 0 {
			b = append(b, 0xff)
		}
	}
	return append(b, 0, 1)
}

func pastKey(key string, v slots.Version) []byte {
	return binary.BigEndian.AppendUint64(escape(key), uint64(v))
}

// parsePast takes a key of bucket past apart.
func parsePast(b []byte) (key string, v slots.Version, err error) {
	if len(b) < 10 {
		return "", 0, fmt.Errorf("%w: a key of %d bytes", slots.ErrCorrupt, len(b))
	}
	end := len(b) - 10
	if b[end] != 0 || b[end+1] != 1 {
		return "", 0, fmt.Errorf("%w: a key without its end", slots.ErrCorrupt)
	}
	k := make([]byte, 0, end)
	for i := 0; i < end; i++ {
		k = append(k, b[i])
		if b[i] == 0 {
			if i++; i >= end || b[i] != 0xff {
				return "", 0, fmt.Errorf("%w: a key with a bare zero", slots.ErrCorrupt)
			}
		}
	}
	return string(k), slots.Version(binary.BigEndian.Uint64(b[end+2:])), nil
}

// entry is a record of bucket log.
type entry struct {
	idem slots.ID
	keys []string
}

func (x entry) encode() []byte {
	b := append([]byte{}, x.idem[:]...)
	for _, k := range x.keys {
		b = binary.BigEndian.AppendUint16(b, uint16(len(k)))
		b = append(b, k...)
	}
	return b
}

func parseEntry(b []byte) (x entry, err error) {
	bad := fmt.Errorf("%w: a log record that is no such", slots.ErrCorrupt)
	if len(b) < len(x.idem) {
		return x, bad
	}
	copy(x.idem[:], b)
	for b = b[len(x.idem):]; len(b) > 0; {
		if len(b) < 2 {
			return x, bad
		}
		n := int(binary.BigEndian.Uint16(b))
		if n == 0 || n > slots.MaxKey || len(b) < 2+n || len(x.keys) >= slots.MaxWrites {
			return x, bad
		}
		x.keys = append(x.keys, string(b[2:2+n]))
		b = b[2+n:]
	}
	return x, nil
}
