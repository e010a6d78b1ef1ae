package overlay

import (
	"crypto/ed25519"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet"
)

// coreEnv gives a core its key and its buffers.
type coreEnv struct {
	key     ed25519.PrivateKey
	scratch raynet.Scratch
}

// Sign implements raynet.Env.
func (e *coreEnv) Sign(_ base.Key, msg []byte) (sig [64]byte) {
	copy(sig[:], ed25519.Sign(e.key, msg))
	return sig
}

// Verify implements raynet.Env.
func (e *coreEnv) Verify(key base.Key, msg, sig []byte) bool { return ed25519.Verify(key[:], msg, sig) }

// Scratch implements raynet.Env.
func (e *coreEnv) Scratch() *raynet.Scratch { return &e.scratch }
