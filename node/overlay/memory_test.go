package overlay

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
)

func entryOf(i int, seq uint32, addr string) wire.Entry {
	r := wire.Record{Kind: wire.Avatar, Key: publicKey(testKey(i)), Stamp: wire.Stamp{Epoch: 1, Seq: seq}, Pos: placeOf(i)}
	r.Addr = wire.DigestOf([]byte(addr))
	return wire.Entry{Record: &r, Addr: []byte(addr)}
}

// A node whose every connected peer has gone or moved comes back without an
// invitation: it remembers others, and finds the rest through them.
func TestFoundAgainWithoutInvite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		const n = 12
		for i := range n {
			w.add(i).start()
		}
		for _, r := range w.list[1:] {
			r.knows(w.list[0])
		}
		me := w.list[n-1]
		w.until(30*time.Second, "everybody joined", func() bool {
			return !slices.ContainsFunc(w.list, func(r *resident) bool { return !r.o.Joined() })
		})
		time.Sleep(20 * time.Second)
		me.crash() // what it kept so far is all it has
		if len(me.kept.b) == 0 {
			t.Fatal("nothing was kept")
		}
		// Most go for good, the one that invited it among them; two move to
		// other addresses and meet those who stay; two stay.
		gone, moved, stay := w.list[:n-5], w.list[n-5:n-3], w.list[n-3:n-1]
		for _, r := range gone {
			r.crash()
		}
		for _, r := range moved {
			r.crash()
			r.ip, r.port = "9"+r.ip[1:], 5005
			r.start()
			r.knows(stay...)
		}
		time.Sleep(2 * time.Minute)
		me.port = 6006 // so that those who remember it do not find it first
		me.start()     // dials nobody of itself
		took := w.until(time.Minute, "the world found again", func() bool {
			near, _, _ := me.o.Near()
			for _, r := range append(slices.Clone(moved), stay...) {
				if !slices.ContainsFunc(near, func(x nearInfo) bool { return x.Key == r.key && x.Live }) {
					return false
				}
			}
			return true
		})
		t.Logf("found again after %v", took)
	})
}

// Nobody who is remembered is where it was but one, far down the list.
func TestKnocksAtEveryDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		a, b := w.add(0), w.add(1)
		a.start()
		time.Sleep(time.Second)
		rec, err := a.net.AddrRecord(wire.MaxAddr)
		if err != nil {
			t.Fatal(err)
		}
		c := newCache()
		// A record that nobody would take on trust: the address is what counts.
		c.add(1, entryOf(0, 1, string(rec)))
		for i := range 60 { // not even addresses: they are refused without a dial
			c.add(uint32(100+i), entryOf(100+i, 1, "nonsense"))
		}
		b.kept.b = c.encode()
		b.start()
		took := w.until(time.Minute, "found", func() bool { return b.o.Joined() && a.o.Joined() })
		m := map[string]uint64{}
		b.o.Stats(m)
		if m["raynet_bad_addresses"] < 60 {
			t.Fatal(m)
		}
		t.Logf("found after %v", took)
	})
}

// Whatever happened to the file, the node starts.
func TestDamagedMemory(t *testing.T) {
	c := newCache()
	for i := range 20 {
		c.add(uint32(1000+i), entryOf(i, 1, "addr"))
	}
	whole := c.encode()
	read := func(b []byte) (int, int) {
		c := newCache()
		damaged := c.decode(b)
		return len(c.nodes), damaged
	}
	if n, d := read(whole); n != 20 || d != 0 {
		t.Fatal(n, d)
	}
	if n, d := read(whole[:len(whole)/2]); n < 9 || n > 10 || d != 1 {
		t.Fatal(n, d)
	}
	if n, d := read([]byte("something else\n")); n != 0 || d != 1 {
		t.Fatal(n, d)
	}
	one := slices.Clone(whole)
	one[len(keptMagic)+keptHead] ^= 0xff // the version of the first record
	if n, d := read(one); n != 19 || d != 1 {
		t.Fatal(n, d)
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		defer w.close()
		r := w.add(0)
		r.kept.b = bytes.Repeat([]byte{0xa5}, 2*maxKeptBytes)
		r.start()
		time.Sleep(time.Second)
	})
}

// The newest 500 are kept, each with its newest record.
func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range maxKept + 50 {
		var k base.Key
		k[0], k[1] = byte(i), byte(i>>8)
		e := entryOf(0, 1, "x")
		e.Record.Key = k
		c.add(uint32(i), e)
	}
	c.trim()
	if len(c.nodes) != maxKept || c.newest(maxKept)[maxKept-1].seen != 50 {
		t.Fatal(len(c.nodes), c.newest(maxKept)[maxKept-1].seen)
	}
	c = newCache()
	c.add(10, entryOf(1, 5, "new"))
	c.add(20, entryOf(1, 4, "old"))
	c.add(5, entryOf(1, 6, "")) // nowhere to dial
	if got := c.newest(9); len(got) != 1 || got[0].seen != 20 || string(got[0].entry.Addr) != "new" {
		t.Fatalf("%+v", got)
	}
}

func FuzzCache(f *testing.F) {
	c := newCache()
	c.add(7, entryOf(1, 1, "a"))
	c.add(9, entryOf(2, 3, "bb"))
	f.Add(c.encode())
	f.Add([]byte(keptMagic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		c := newCache()
		damaged := c.decode(b)
		if len(c.nodes) > maxKept {
			t.Fatal("over the bound")
		}
		once := c.encode()
		if damaged == 0 && len(once) == len(b) {
			// Nothing was left out or said twice: only the order may differ.
			if got, want := sorted(once), sorted(b); !bytes.Equal(got, want) {
				t.Fatalf("%x became %x", b, once)
			}
		}
		d := newCache()
		if d.decode(once) != 0 || !bytes.Equal(d.encode(), once) {
			t.Fatal("what was written reads otherwise")
		}
	})
}

func sorted(b []byte) []byte {
	b = slices.Clone(b)
	slices.Sort(b)
	return b
}
