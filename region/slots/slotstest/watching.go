package slotstest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

// watch: what is watched is the whole history of a prefix, in order, from
// wherever one begins, while others write.
func watch(t *testing.T, lab Lab) {
	s := open(t, lab)
	p := key(t, "w/")
	start := set(t, s, key(t, "other"), "x")
	const clients, each = 3, 12
	wrote := make(chan map[slots.Version]string, clients)
	go func() {
		var fs []func() error
		for c := range clients {
			fs = append(fs, func() error {
				mine := map[slots.Version]string{}
				defer func() { wrote <- mine }()
				for i := range each {
					val := fmt.Sprintf("%d-%d", c, i)
					v, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
						return errors.Join(tx.Set(p+"k", []byte(val)), tx.Set(p+val, []byte(val)), tx.Set(key(t, "other"), nil))
					})
					if err != nil {
						return err
					}
					mine[v] = val
				}
				return nil
			})
		}
		if err := together(fs...); err != nil {
			t.Error(err)
		}
	}()
	var got []slots.Change
	from := start
	for len(got) < clients*each {
		// Broken off and taken up again every few changes.
		n := 0
		for c, err := range s.Watch(ctx(t), p, from) {
			if err != nil {
				t.Fatalf("watch: %v", err)
			}
			if c.Version <= from || len(c.Items) != 2 {
				t.Fatalf("after %d: %+v", from, c)
			}
			got, from = append(got, c), c.Version
			if n++; n == 5 || len(got) == clients*each {
				break
			}
		}
	}
	all := map[slots.Version]string{}
	for range clients {
		for v, val := range <-wrote {
			all[v] = val
		}
	}
	for _, c := range got {
		if val := all[c.Version]; string(c.Items[0].Value) != val && string(c.Items[1].Value) != val {
			t.Fatalf("change %d is %+v, want %s", c.Version, c.Items, val)
		}
	}
	gone := run(t, s, func(tx slots.Tx) error { return tx.Delete(p + "k") })
	for c, err := range s.Watch(ctx(t), p, gone-1) {
		if err != nil || len(c.Items) != 1 || c.Items[0].Value != nil || c.Version != gone {
			t.Fatalf("a deletion came as %+v %v", c, err)
		}
		break
	}
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Watch(stop, p, gone) {
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("an ended watch: %v", err)
		}
	}
	for _, err := range s.Watch(ctx(t), p, gone+1_000_000) {
		if !errors.Is(err, slots.ErrFuture) {
			t.Fatalf("a watch from a version to come: %v", err)
		}
		break
	}
}

func compact(t *testing.T, lab Lab) {
	s := open(t, lab.Fresh(t))
	k := key(t, "k")
	v1 := set(t, s, k, "one")
	id := slots.NewID()
	if _, err := s.Run(ctx(t), id, func(tx slots.Tx) error { return tx.Set(k, []byte("two")) }); err != nil {
		t.Fatal(err)
	}
	gone := key(t, "gone")
	set(t, s, gone, "x")
	v2 := run(t, s, func(tx slots.Tx) error { return tx.Delete(gone) })
	v3 := set(t, s, k, "three")
	if err := s.Compact(ctx(t), v2); err != nil {
		t.Fatal(err)
	}
	if err := s.Compact(ctx(t), v1); err != nil {
		t.Fatalf("compacting once more: %v", err)
	}
	if err := s.View(ctx(t), v1, func(slots.Reader) error { return nil }); !errors.Is(err, slots.ErrCompacted) {
		t.Fatalf("view of a compacted version: %v", err)
	}
	for _, err := range s.Watch(ctx(t), key(t, ""), v1) {
		if !errors.Is(err, slots.ErrCompacted) {
			t.Fatalf("watch from a compacted version: %v", err)
		}
		break
	}
	if err := s.View(ctx(t), v2, func(r slots.Reader) error {
		v, _, err := r.Get(k)
		g, _, err2 := r.Get(gone)
		if string(v) != "two" || g != nil {
			return fmt.Errorf("%q and %q", v, g)
		}
		return errors.Join(err, err2)
	}); err != nil {
		t.Fatalf("view of what is kept: %v", err)
	}
	for c, err := range s.Watch(ctx(t), key(t, ""), v2) {
		if err != nil || c.Version != v3 {
			t.Fatalf("watch from what is kept: %+v %v", c, err)
		}
		break
	}
	if v, _ := get(t, s, k); v != "three" {
		t.Fatalf("%q after compaction", v)
	}
	// The key is forgotten with the state: it counts anew.
	ran := false
	if _, err := s.Run(ctx(t), id, func(tx slots.Tx) error { ran = true; return tx.Set(k, []byte("four")) }); err != nil || !ran {
		t.Fatalf("a forgotten idempotency key: %v, ran %v", err, ran)
	}
	a, err := s.About(ctx(t))
	if err != nil || a.Compacted < v2 || a.Head < v3 || a.Engine == "" {
		t.Fatalf("about: %+v %v", a, err)
	}
}
