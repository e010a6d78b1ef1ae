package base

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Tick counts steps of a region's sim (20 Hz). Tick 0 is the founding state.
type Tick uint64

// Key is a raw Ed25519 public key: the name of a node, a player or an owner.
type Key [32]byte

func (k Key) String() string               { return hex.EncodeToString(k[:]) }
func (k Key) Short() string                { return hex.EncodeToString(k[:4]) }
func (k Key) IsZero() bool                 { return k == Key{} }
func (k Key) Compare(o Key) int            { return bytes.Compare(k[:], o[:]) }
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText parses 64 hexadecimal digits.
func (k *Key) UnmarshalText(b []byte) error { return unhex(k[:], b, "key") }

// ID names one thing for its whole life, in whichever region it is. It is
// assigned from a region's log or derived from a player's key, never chosen
// by a script.
type ID [16]byte

func (id ID) String() string               { return hex.EncodeToString(id[:]) }
func (id ID) IsZero() bool                 { return id == ID{} }
func (id ID) Compare(o ID) int             { return bytes.Compare(id[:], o[:]) }
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText parses 32 hexadecimal digits.
func (id *ID) UnmarshalText(b []byte) error { return unhex(id[:], b, "id") }

// ParseID parses 32 hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	return id, id.UnmarshalText([]byte(s))
}

// ParseKey parses 64 hexadecimal digits.
func ParseKey(s string) (Key, error) {
	var k Key
	return k, k.UnmarshalText([]byte(s))
}

func unhex(dst, src []byte, what string) error {
	if len(src) != 2*len(dst) {
		return fmt.Errorf("%s: want %d hexadecimal digits, got %d", what, 2*len(dst), len(src))
	}
	if _, err := hex.Decode(dst, src); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// DeriveID names a thing by how it came to be: a domain word and the
// canonical bytes of its cause.
func DeriveID(domain string, parts ...[]byte) ID {
	h := sha256.New()
	h.Write([]byte("metatopia/id/"))
	h.Write([]byte(domain))
	for _, p := range parts {
		var n [8]byte
		putU64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write(p)
	}
	var id ID
	copy(id[:], h.Sum(nil))
	return id
}

// AvatarID is the thing that stands for a player: the same in every region,
// so that an avatar keeps its identity over a border.
func AvatarID(player Key) ID { return DeriveID("avatar", player[:]) }
