package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// TestLendTrustsWhatItSaw: a file that was verified and has not been changed
// since is lent without another look; one that was changed is looked at.
func TestLendTrustsWhatItSaw(t *testing.T) {
	s, err := Open(t.TempDir(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	good := bytes.Repeat([]byte("lump "), 1000)
	bad := bytes.Clone(good)
	bad[7] ^= 1
	r, buf := lumps.Of(good), make([]byte, len(good))
	minute := time.Now().Add(-time.Minute)
	put := func(b []byte, changed time.Time) {
		t.Helper()
		if err := os.WriteFile(s.path(r), b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(s.path(r), changed, changed); err != nil {
			t.Fatal(err)
		}
	}
	lend := func(want []byte, wantErr error) {
		t.Helper()
		got, err := s.Lend(t.Context(), r, buf)
		if !errors.Is(err, wantErr) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
		if err == nil && &got[0] != &buf[0] {
			t.Fatal("the buffer was not used")
		}
	}
	if err := s.Put(t.Context(), r, good); err != nil {
		t.Fatal(err)
	}
	put(good, minute)
	lend(good, nil)
	put(bad, minute) // as a disk would do it: nobody can tell
	lend(bad, nil)
	if _, err := s.Get(t.Context(), r); !errors.Is(err, lumps.ErrCorrupt) {
		t.Fatal("a reader here trusts it as well:", err)
	}
	put(good, minute)
	lend(good, nil)
	put(bad, minute.Add(time.Second))
	lend(nil, lumps.ErrCorrupt)
	lend(nil, lumps.ErrNotFound)
	put(good, time.Now()) // so young that another change need not show
	lend(good, nil)
	put(bad, time.Now())
	lend(nil, lumps.ErrCorrupt)
}

// TestSeenForgets: what is remembered ends with time, with a change, and when
// there is too much of it.
func TestSeenForgets(t *testing.T) {
	var s seen
	now := time.Now()
	at := sight{size: 5, used: now.Add(-time.Hour)}
	name := func(i int) lumps.Ref { return lumps.Of(binary.LittleEndian.AppendUint64(nil, uint64(i))) }
	if s.same(name(0), at, now) {
		t.Error("never seen")
	}
	s.note(name(0), at, now)
	if !s.same(name(0), at, now.Add(seenFor)) {
		t.Error("forgotten too early")
	}
	if s.same(name(0), at, now.Add(seenFor+1)) {
		t.Error("remembered for too long")
	}
	for what, other := range map[string]sight{
		"another length": {size: 4, used: at.used}, "another time": {size: 5, used: at.used.Add(1)},
	} {
		s.note(name(0), at, now)
		if s.same(name(0), other, now) {
			t.Error(what)
		}
	}
	s.note(name(0), at, now)
	if s.same(name(0), at, now.Add(-time.Second)) {
		t.Error("the clock went back")
	}
	s.note(name(0), sight{size: 5, used: now.Add(-seenAge + 1)}, now)
	if len(s.m) != 0 {
		t.Error("a young file is remembered")
	}
	for i := range maxSeen + 10 {
		s.note(name(i), at, now)
	}
	if len(s.m) != maxSeen {
		t.Errorf("%d are remembered", len(s.m))
	}
}
