package server

import (
	"encoding/binary"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestVerifiedOnce: a good signature is checked once, a bad one each time, none
// stands for another, and what is remembered is bounded.
func TestVerifiedOnce(t *testing.T) {
	var checks atomic.Int64
	v := &verified{check: func(_ base.Key, msg, sig []byte) bool {
		checks.Add(1)
		return len(sig) == 64 && sig[0] == msg[0]
	}}
	msg, good, bad := []byte{1, 2}, make([]byte, 64), make([]byte, 64)
	good[0] = 1
	ask := func(want bool, key base.Key, msg, sig []byte, times int64) {
		t.Helper()
		before := checks.Load()
		if v.Verify(key, msg, sig) != want {
			t.Fatalf("%v, want %v", !want, want)
		}
		if n := checks.Load() - before; n != times {
			t.Fatalf("%d checks, want %d", n, times)
		}
	}
	key := base.Key{7}
	ask(true, key, msg, good, 1)
	ask(true, key, msg, good, 0)
	ask(false, key, msg, bad, 1)
	ask(false, key, msg, bad, 1)
	ask(true, base.Key{8}, msg, good, 1)
	ask(true, key, []byte{1, 3}, good, 1)
	ask(false, key, append(good[63:64:64], msg...), good[:63], 1)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range maxVerified {
				m := binary.LittleEndian.AppendUint64([]byte{1, byte(w)}, uint64(i))
				v.Verify(key, m, good)
			}
		})
	}
	all.Wait()
	if n := len(v.now) + len(v.old); n > 2*maxVerified+4 {
		t.Fatalf("%d are remembered", n)
	}
	ask(true, key, msg, good, 1) // forgotten meanwhile
}
