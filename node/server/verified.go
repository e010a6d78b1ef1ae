package server

import (
	"crypto/sha256"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
)

// maxVerified bounds the signatures that are remembered: those of some seconds of
// a full region. Two such sets are kept.
const maxVerified = 8192

// verified remembers which signatures have been found good, so that an input is
// checked once on a server and not again when its tick is made. A signature that is
// not good is not remembered. It may be used from several goroutines.
type verified struct {
	check func(key base.Key, msg, sig []byte) bool

	mu       sync.Mutex
	now, old map[[32]byte]struct{} // SHA-256 of key, signature and message
}

// Verify is check with a memory.
func (v *verified) Verify(key base.Key, msg, sig []byte) bool {
	h := sha256.New()
	h.Write(key[:])
	var n [8]byte
	n[0], n[1] = byte(len(sig)), byte(len(sig)>>8)
	h.Write(n[:])
	h.Write(sig)
	h.Write(msg)
	var sum [32]byte
	h.Sum(sum[:0])
	if v.known(sum) {
		return true
	}
	if !v.check(key, msg, sig) {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.now == nil || len(v.now) >= maxVerified {
		v.now, v.old = make(map[[32]byte]struct{}, maxVerified/8), v.now
	}
	v.now[sum] = struct{}{}
	return true
}

func (v *verified) known(sum [32]byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	_, ok := v.now[sum]
	if !ok {
		_, ok = v.old[sum]
	}
	return ok
}
