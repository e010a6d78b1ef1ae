package exchange

import (
	"bytes"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/metatopia/metatopia/lumps"
)

// The fields of a bitswap message that carry something
// (github.com/ipfs/boxo/bitswap/message/pb):
//
//	1 wantlist { 1 entry { 1 name, 2.. numbers }, 2 full }
//	2 block of version 1.0     3 payload { 1 prefix, 2 data }
//	4 presence { 1 name, 2 type }     5 pending bytes
const (
	fieldWants    = 1
	fieldOld      = 2
	fieldPayload  = 3
	fieldPresence = 4
)

// prefixRaw and prefixNode are how bitswap says of what kind a block is: the
// first bytes of its name. Nothing else is ever asked for; other hashes are
// costlier, and some make as many bytes as the sender says.
var (
	prefixRaw  = lumps.Of(nil).Bytes()[:4]
	prefixNode = lumps.OfNode(nil).Bytes()[:4]
)

// sift counts what a message would make bitswap do: wants, cancels, presences
// and blocks together. With an error comes the fault that it is.
func sift(msg []byte) (entries int, f Fault, err error) {
	s := sifter{}
	err = s.each(msg, func(num protowire.Number, v []byte) error {
		switch num {
		case fieldWants:
			return s.each(v, func(num protowire.Number, v []byte) error {
				if num != 1 {
					return nil
				}
				return s.named(v)
			})
		case fieldPresence:
			return s.named(v)
		case fieldPayload:
			return s.block(v)
		case fieldOld:
			return s.refuse(Unasked, "a block of version 1.0")
		}
		return nil
	})
	return s.entries, s.fault, err
}

type sifter struct {
	entries int
	fault   Fault
}

func (s *sifter) refuse(f Fault, what string) error {
	s.fault = f
	return fmt.Errorf("%w: %s", errSifted, what)
}

// each calls f for the fields of a message that carry bytes.
func (s *sifter) each(b []byte, f func(protowire.Number, []byte) error) error {
	for len(b) > 0 {
		num, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return s.refuse(Garbled, "no protobuf")
		}
		b = b[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(num, kind, b); n < 0 {
				return s.refuse(Garbled, "no protobuf")
			}
			b = b[n:]
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		if n < 0 {
			return s.refuse(Garbled, "no protobuf")
		}
		if err := f(num, v); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func (s *sifter) count() error {
	if s.entries++; s.entries > maxEntries {
		return s.refuse(Flood, "too many entries")
	}
	return nil
}

// named looks at a want or a presence.
func (s *sifter) named(b []byte) error {
	if err := s.count(); err != nil {
		return err
	}
	return s.each(b, func(num protowire.Number, v []byte) error {
		if num == 1 && len(v) > maxName {
			return s.refuse(Flood, "a name that is too long")
		}
		return nil
	})
}

func (s *sifter) block(b []byte) error {
	if err := s.count(); err != nil {
		return err
	}
	known := false
	err := s.each(b, func(num protowire.Number, v []byte) error {
		switch {
		case num == 1:
			known = bytes.Equal(v, prefixRaw) || bytes.Equal(v, prefixNode)
		case num == 2 && len(v) > lumps.MaxLump:
			return s.refuse(Unasked, "a block longer than any lump")
		}
		return nil
	})
	if err == nil && !known {
		err = s.refuse(Unasked, "a block of a kind that nobody asks for")
	}
	return err
}
