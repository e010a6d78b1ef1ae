package world

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

func checkpoint(t testing.TB, s *SiteRecord, by byte) *Checkpoint {
	t.Helper()
	c := &Checkpoint{World: s.World, Region: s.Region(), Tick: 600, Hash: [32]byte{1}, Root: lumps.OfNode([]byte("root")), Size: 4096, Time: 1_790_000_000_000}
	if err := c.Sign(key(by)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCheckpointRoundTrip(t *testing.T) {
	s := site(t, charter(t), 2, 10, 1, 0)
	c := checkpoint(t, s, 2)
	got, err := ParseCheckpoint(c.Encode())
	if err != nil || *got != *c {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.By(s) {
		t.Error("not taken for the server's")
	}
	if checkpoint(t, s, 3).By(s) {
		t.Error("somebody else's was taken for the server's")
	}
	if other := site(t, charter(t), 2, 10, 1, 70); got.By(other) {
		t.Error("taken for another region's")
	}
}

func TestForgedCheckpointIsRefused(t *testing.T) {
	b := checkpoint(t, site(t, charter(t), 2, 10, 1, 0), 2).Encode()
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		if _, err := ParseCheckpoint(bad); err == nil {
			t.Fatalf("byte %d changed, and it was taken", i)
		}
	}
	bad := bytes.Clone(b)
	bad[len(bad)-1] ^= 1
	if _, err := ParseCheckpoint(bad); !errors.Is(err, ErrForged) {
		t.Error(err)
	}
}

func TestNewerCheckpoints(t *testing.T) {
	s := site(t, charter(t), 2, 10, 1, 0)
	a, b := checkpoint(t, s, 2), checkpoint(t, s, 2)
	if a.Newer(b) || !a.Newer(nil) {
		t.Error("equal ones")
	}
	b.Tick++
	if a.Newer(b) || !b.Newer(a) {
		t.Error("by tick")
	}
	a.Epoch++
	if !a.Newer(b) {
		t.Error("by epoch")
	}
}

func TestStateSaysWhatItsPartsAre(t *testing.T) {
	c := charter(t)
	s := &State{Tick: 5, Site: site(t, c, 2, 10, 1, 0), Pad: 1, Carried: []lumps.Ref{lumps.Of([]byte("a")), lumps.Of([]byte("b"))}, Lacking: []lumps.Ref{lumps.Of([]byte("c"))}}
	got, err := ParseState(s.Encode())
	if err != nil || !bytes.Equal(got.Encode(), s.Encode()) {
		t.Fatal(err)
	}
	snapshot, pad := lumps.Of([]byte("snapshot")), lumps.Of(make([]byte, 10))
	links := []lumps.Ref{lumps.Of(s.Encode()), snapshot, c.ID(), pad, s.Carried[0], s.Carried[1]}
	if r, err := got.Parts(links); err != nil || r != snapshot {
		t.Errorf("%v, %v", r, err)
	}
	for _, bad := range [][]lumps.Ref{links[:5], append(links[:5:5], pad), {links[0], snapshot, pad, pad, s.Carried[0], s.Carried[1]}} {
		if _, err := got.Parts(bad); err == nil {
			t.Errorf("taken: %v", bad)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	c := &Checkpoint{World: lumps.Of([]byte("w")), Region: [16]byte{1}, Root: lumps.OfNode([]byte("root")), Size: 1}
	_ = c.Sign(key(1))
	f.Add(c.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseCheckpoint(b); err == nil && !bytes.Equal(got.Encode(), b) {
			t.Fatal("not canonical")
		}
	})
}

func FuzzParseState(f *testing.F) {
	site := &SiteRecord{World: lumps.Of([]byte("w")), Name: "R"}
	site.Servers = append(site.Servers, [32]byte{1})
	_ = site.Sign(key(2))
	f.Add((&State{Tick: 5, Site: site, Pad: 1, Carried: []lumps.Ref{lumps.Of([]byte("a"))}, Lacking: []lumps.Ref{lumps.Of([]byte("c"))}}).Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := ParseState(b); err == nil && !bytes.Equal(got.Encode(), b) {
			t.Fatal("not canonical")
		}
	})
}
