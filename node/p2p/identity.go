package p2p

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/internal/base"
)

// ErrForeignKey: the peer's identity is not Ed25519, so it cannot be a node
// of ours (it may still be an IPFS peer).
var ErrForeignKey = errors.New("p2p: peer identity is not an Ed25519 key")

func privKey(k ed25519.PrivateKey) (crypto.PrivKey, error) {
	return crypto.UnmarshalEd25519PrivateKey(k)
}

// idOf gives the libp2p peer id of a key; the id holds the whole key.
func idOf(k base.Key) (peer.ID, error) {
	pub, err := crypto.UnmarshalEd25519PublicKey(k[:])
	if err != nil {
		return "", fmt.Errorf("p2p: key %s: %w", k.Short(), err)
	}
	return peer.IDFromPublicKey(pub)
}

// keyOf takes the key out of a peer id.
func keyOf(id peer.ID) (base.Key, error) {
	var k base.Key
	pub, err := id.ExtractPublicKey()
	if err != nil || pub.Type() != crypto.Ed25519 {
		return k, ErrForeignKey
	}
	raw, err := pub.Raw()
	if err != nil || len(raw) != len(k) {
		return k, ErrForeignKey
	}
	copy(k[:], raw)
	return k, nil
}

// PeerID is the libp2p text form of a key.
func PeerID(k base.Key) string {
	id, err := idOf(k)
	if err != nil {
		return ""
	}
	return id.String()
}

// KeyOfPeer parses the libp2p text form.
func KeyOfPeer(s string) (base.Key, error) {
	id, err := peer.Decode(s)
	if err != nil {
		return base.Key{}, fmt.Errorf("p2p: peer id %q: %w", s, err)
	}
	return keyOf(id)
}
