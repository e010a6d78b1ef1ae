package slotstest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

func add(t *testing.T, lab Lab) {
	s := open(t, lab)
	k := key(t, "n")
	var fs []func() error
	for range 4 {
		fs = append(fs, func() error {
			for range 10 {
				if _, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error { return tx.Add(k, 3) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := together(fs...); err != nil {
		t.Fatal(err)
	}
	v, _ := get(t, s, k)
	if n, err := slots.ParseNumber([]byte(v)); n != 120 || err != nil {
		t.Fatalf("%d %v, want 120", n, err)
	}
	set(t, s, k, "text")
	if _, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error { return tx.Add(k, 1) }); !errors.Is(err, slots.ErrNumber) {
		t.Fatalf("adding to text: %v", err)
	}
	set(t, s, k, string(slots.Number(math.MaxInt64)))
	if _, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error { return tx.Add(k, 1) }); !errors.Is(err, slots.ErrNumber) {
		t.Fatalf("adding past the end: %v", err)
	}
}

func ownWrites(t *testing.T, lab Lab) {
	s := open(t, lab)
	a, b, c := key(t, "a"), key(t, "b"), key(t, "c")
	set(t, s, a, "old")
	set(t, s, b, "gone")
	run(t, s, func(tx slots.Tx) error {
		if err := errors.Join(tx.Set(a, []byte("new")), tx.Delete(b), tx.Add(c, 2), tx.Add(c, 3), tx.Set(key(t, "empty"), nil)); err != nil {
			return err
		}
		va, _, _ := tx.Get(a)
		vb, _, _ := tx.Get(b)
		vc, _ := number(tx, c)
		old, _, _ := tx.SnapshotGet(a)
		list, err := tx.Range(key(t, ""), 10)
		if string(va) != "new" || vb != nil || vc != 5 || string(old) != "old" || err != nil {
			return fmt.Errorf("read %q %q %d %q %v", va, vb, vc, old, err)
		}
		if len(list) != 3 || list[0].Key != a || string(list[0].Value) != "new" || list[1].Key != c || list[2].Key != key(t, "empty") {
			return fmt.Errorf("range %+v", list)
		}
		return nil
	})
	if err := s.View(ctx(t), 0, func(r slots.Reader) error {
		v, at, err := r.Get(key(t, "empty"))
		if v == nil || len(v) != 0 || at == 0 {
			return fmt.Errorf("an empty value came back as %v at %d", v, at)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func ranges(t *testing.T, lab Lab) {
	s := open(t, lab)
	p := key(t, "")
	keys := []string{p + "\x00", p + "\x00\x00", p + "\x00\xff", p + "a", p + "a\x00", p + "aa", p + "b", p + "\xff", p + "\xff\xff"}
	run(t, s, func(tx slots.Tx) error {
		for _, k := range keys {
			if err := tx.Set(k, []byte(k)); err != nil {
				return err
			}
		}
		return nil
	})
	check := func(name string, got []slots.Item, want ...string) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: %d items, want %d", name, len(got), len(want))
		}
		for i, x := range got {
			if x.Key != want[i] || string(x.Value) != want[i] || x.Version == 0 {
				t.Fatalf("%s: item %d is %q=%q at %d, want %q", name, i, x.Key, x.Value, x.Version, want[i])
			}
		}
	}
	head := run(t, s, func(tx slots.Tx) error { return tx.Set(p+"later", nil) })
	_ = head
	run(t, s, func(tx slots.Tx) error { return tx.Delete(p + "later") })
	for _, at := range []slots.Version{0, head - 1} {
		if at != 0 && lab.Fresh == nil {
			continue
		}
		if err := s.View(ctx(t), at, func(r slots.Reader) error {
			all, err := r.Range(p, 100)
			if err != nil {
				return err
			}
			check("all", all, keys...)
			some, err := r.Range(p+"a", 2)
			if err != nil {
				return err
			}
			check("two", some, keys[3:5]...)
			rest, err := r.From(p, keys[4]+"\x00", 100)
			if err != nil {
				return err
			}
			check("rest", rest, keys[5:]...)
			none, err := r.Range(p+"nobody", 5)
			check("none", none)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// monotone: versions rise with every transaction, also of several clients, and
// a transaction that begins later has a higher one.
func monotone(t *testing.T, lab Lab) {
	s := open(t, lab)
	var last slots.Version
	seen := map[slots.Version]bool{}
	for i := range 20 {
		v := set(t, s, key(t, "%d", i%3), fmt.Sprint(i))
		if v <= last || seen[v] {
			t.Fatalf("version %d after %d", v, last)
		}
		last, seen[v] = v, true
		if _, at := get(t, s, key(t, "%d", i%3)); at != v {
			t.Fatalf("the key is at %d, its transaction at %d", at, v)
		}
	}
	if v := run(t, s, func(tx slots.Tx) error { _, _, err := tx.Get(key(t, "0")); return err }); v < last {
		t.Fatalf("a reading transaction at %d, after %d", v, last)
	}
	out := make([][]slots.Version, 4)
	var fs []func() error
	for i := range out {
		fs = append(fs, func() error {
			for j := range 8 {
				v, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error { return tx.Set(key(t, "c%d", i), []byte{byte(j)}) })
				if err != nil {
					return err
				}
				out[i] = append(out[i], v)
			}
			return nil
		})
	}
	if err := together(fs...); err != nil {
		t.Fatal(err)
	}
	for i := range out {
		for j, v := range out[i] {
			if seen[v] || j > 0 && v <= out[i][j-1] {
				t.Fatalf("client %d: versions %v", i, out[i])
			}
			seen[v] = true
		}
	}
}

func view(t *testing.T, lab Lab) {
	s := open(t, lab)
	k := key(t, "k")
	v1 := set(t, s, k, "one")
	v2 := set(t, s, k, "two")
	v3 := run(t, s, func(tx slots.Tx) error { return tx.Delete(k) })
	v4 := set(t, s, k, "four")
	for _, c := range []struct {
		at   slots.Version
		want string
		ver  slots.Version
	}{{v1, "one", v1}, {v2, "two", v2}, {v3, "", 0}, {v4, "four", v4}, {0, "four", v4}} {
		err := s.View(ctx(t), c.at, func(r slots.Reader) error {
			v, ver, err := r.Get(k)
			if string(v) != c.want || ver != c.ver || c.at != 0 && r.Version() != c.at {
				return fmt.Errorf("%q at %d in the state of %d", v, ver, r.Version())
			}
			list, err2 := r.Range(k, 5)
			if (len(list) == 1) != (c.want != "") || len(list) == 1 && string(list[0].Value) != c.want {
				return fmt.Errorf("range %+v", list)
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Fatalf("view at %d: %v", c.at, err)
		}
	}
	if err := s.View(ctx(t), v4+1_000_000, func(slots.Reader) error { return nil }); !errors.Is(err, slots.ErrFuture) {
		t.Fatalf("a version to come: %v", err)
	}
}

func idempotent(t *testing.T, lab Lab) {
	s := open(t, lab)
	k, id := key(t, "n"), slots.NewID()
	calls := 0
	do := func() slots.Version {
		v, err := s.Run(ctx(t), id, func(tx slots.Tx) error { calls++; return tx.Add(k, 1) })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	first := do()
	if again := do(); again != first || calls != 1 {
		t.Fatalf("version %d, then %d; fn ran %d times", first, again, calls)
	}
	v, _ := get(t, s, k)
	if n, _ := slots.ParseNumber([]byte(v)); n != 1 {
		t.Fatalf("added %d times", n)
	}
	// Many at the same time with one key.
	id = slots.NewID()
	vers := make([]slots.Version, 4)
	var fs []func() error
	for i := range vers {
		fs = append(fs, func() (err error) {
			vers[i], err = s.Run(ctx(t), id, func(tx slots.Tx) error { return tx.Add(k, 10) })
			return err
		})
	}
	if err := together(fs...); err != nil {
		t.Fatal(err)
	}
	v, _ = get(t, s, k)
	if n, _ := slots.ParseNumber([]byte(v)); n != 11 {
		t.Fatalf("%d, want 11", n)
	}
	for _, v := range vers {
		if v != vers[0] {
			t.Fatalf("versions %v of one transaction", vers)
		}
	}
}

func fnError(t *testing.T, lab Lab) {
	s := open(t, lab)
	mine := errors.New("not enough")
	_, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
		_ = tx.Set(key(t, "k"), []byte("x"))
		return mine
	})
	if !errors.Is(err, mine) {
		t.Fatalf("got %v", err)
	}
	if v, at := get(t, s, key(t, "k")); v != "" || at != 0 {
		t.Fatalf("a refused transaction wrote %q", v)
	}
}

func limits(t *testing.T, lab Lab) {
	s := open(t, lab)
	big := bytes.Repeat([]byte{0xff}, slots.MaxValue)
	long := key(t, "")
	long += strings.Repeat("k", slots.MaxKey-len(long))
	try := func(fn func(slots.Tx) error) error {
		_, err := s.Run(ctx(t), slots.NewID(), fn)
		return err
	}
	// All that the limits allow, at once.
	if err := try(func(tx slots.Tx) error {
		if err := tx.Set(long, big[:slots.MaxValue]); err != nil {
			return err
		}
		for i := range slots.MaxWrites - 1 {
			if err := tx.Set(key(t, "%03d", i), big[:9<<10]); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatalf("within the limits: %v", err)
	}
	// And many reads with many writes.
	if err := try(func(tx slots.Tx) error {
		for i := range 600 {
			if _, _, err := tx.Get(key(t, "read/%d", i*7919%600)); err != nil {
				return err
			}
		}
		for i := range slots.MaxWrites {
			if err := tx.Add(key(t, "add/%d", i), 1); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatalf("many reads: %v", err)
	}
	for name, fn := range map[string]func(slots.Tx) error{
		"a long key":      func(tx slots.Tx) error { return tx.Set(long+"k", nil) },
		"no key":          func(tx slots.Tx) error { return tx.Set("", nil) },
		"get a long key":  func(tx slots.Tx) error { _, _, err := tx.Get(long + "k"); return err },
		"a large value":   func(tx slots.Tx) error { return tx.Set(key(t, "v"), append(big, 0)) },
		"no limit":        func(tx slots.Tx) error { _, err := tx.Range("a", 0); return err },
		"a large range":   func(tx slots.Tx) error { _, err := tx.Range("a", slots.MaxRange+1); return err },
		"many writes":     func(tx slots.Tx) error { return fill(tx, key(t, "w"), slots.MaxWrites+1, nil) },
		"large writes":    func(tx slots.Tx) error { return fill(tx, key(t, "w"), 20, big) },
		"many reads":      func(tx slots.Tx) error { return readMany(tx, key(t, "w"), slots.MaxReads+1) },
		"delete a nobody": func(tx slots.Tx) error { return tx.Delete("") },
	} {
		if err := try(fn); !errors.Is(err, slots.ErrLimit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func fill(tx slots.Tx, prefix string, n int, v []byte) error {
	for i := range n {
		if err := tx.Set(fmt.Sprintf("%s%d", prefix, i), v); err != nil {
			return err
		}
	}
	return nil
}

func readMany(tx slots.Tx, k string, n int) error {
	for range n {
		if _, _, err := tx.Get(k); err != nil {
			return err
		}
	}
	return nil
}
