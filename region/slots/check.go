package slots

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Checked is what one short look at a store found.
type Checked struct {
	About About
	// Took is the mean time of a transaction that reads and writes one key.
	Took time.Duration
	// Passed are the names of what was tried.
	Passed []string
}

// Check tries the contract on a live store, among others' keys: under a prefix
// drawn at random, which it clears again. An error says what the store did that
// no store may do, or that it cannot be reached. It is short: the whole suite
// is package slotstest.
func Check(ctx context.Context, s Store) (c Checked, err error) {
	prefix := "check/" + NewID().String() + "/"
	defer func() {
		if e := clean(context.WithoutCancel(ctx), s, prefix); err == nil {
			err = e
		}
	}()
	for _, x := range []struct {
		name string
		f    func(context.Context, Store, string) error
	}{
		{"reads what it wrote", checkWrites},
		{"versions rise", checkVersions},
		{"no write skew", checkSkew},
		{"no lost update", checkUpdates},
		{"an idempotency key counts once", checkIdem},
		{"watches without gaps", checkWatch},
	} {
		if err := x.f(ctx, s, prefix+x.name+"/"); err != nil {
			return c, fmt.Errorf("slots: check: %s: %w", x.name, err)
		}
		c.Passed = append(c.Passed, x.name)
	}
	const n = 20
	begin := time.Now()
	for range n {
		if _, err := s.Run(ctx, NewID(), increment(prefix+"n")); err != nil {
			return c, fmt.Errorf("slots: check: %w", err)
		}
	}
	c.Took = time.Since(begin) / n
	c.About, err = s.About(ctx)
	return c, err
}

// clean deletes what a check has written.
func clean(ctx context.Context, s Store, prefix string) error {
	for more := true; more; {
		if _, err := s.Run(ctx, NewID(), func(tx Tx) error {
			list, err := tx.Range(prefix, MaxWrites)
			more = len(list) == MaxWrites
			for _, x := range list {
				err = errors.Join(err, tx.Delete(x.Key))
			}
			return err
		}); err != nil {
			return fmt.Errorf("slots: check: clean: %w", err)
		}
	}
	return nil
}

func increment(key string) func(Tx) error {
	return func(tx Tx) error {
		v, _, err := tx.Get(key)
		if err != nil {
			return err
		}
		n, err := ParseNumber(v)
		if err != nil {
			return err
		}
		return tx.Set(key, Number(n+1))
	}
}

func read(ctx context.Context, s Store, key string) (v []byte, at Version, err error) {
	err = s.View(ctx, 0, func(r Reader) (err error) { v, at, err = r.Get(key); return err })
	return v, at, err
}

func checkWrites(ctx context.Context, s Store, p string) error {
	at, err := s.Run(ctx, NewID(), func(tx Tx) error { return errors.Join(tx.Set(p+"a", []byte("x")), tx.Add(p+"b", 2)) })
	if err != nil {
		return err
	}
	v, ver, err := read(ctx, s, p+"a")
	if err == nil && (string(v) != "x" || ver != at) {
		return fmt.Errorf("%q at %d, want x at %d", v, ver, at)
	}
	return err
}

func checkVersions(ctx context.Context, s Store, p string) error {
	var last Version
	for range 5 {
		v, err := s.Run(ctx, NewID(), increment(p+"n"))
		if err != nil {
			return err
		}
		if v <= last {
			return fmt.Errorf("%d after %d", v, last)
		}
		last = v
	}
	return nil
}

// checkSkew: two may each leave when the other stays; they look at the same
// time.
func checkSkew(ctx context.Context, s Store, p string) error {
	for range 5 {
		if _, err := s.Run(ctx, NewID(), func(tx Tx) error { return errors.Join(tx.Set(p+"a", []byte{1}), tx.Set(p+"b", []byte{1})) }); err != nil {
			return err
		}
		var met sync.WaitGroup
		met.Add(2)
		leave := func(me, other string) error {
			var once sync.Once
			_, err := s.Run(ctx, NewID(), func(tx Tx) error {
				v, _, err := tx.Get(p + other)
				once.Do(func() { met.Done(); met.Wait() })
				if err != nil || v == nil {
					return err
				}
				return tx.Delete(p + me)
			})
			return err
		}
		errs := make(chan error, 2)
		go func() { errs <- leave("a", "b") }()
		go func() { errs <- leave("b", "a") }()
		if err := errors.Join(<-errs, <-errs); err != nil {
			return err
		}
		a, _, err1 := read(ctx, s, p+"a")
		b, _, err2 := read(ctx, s, p+"b")
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if a == nil && b == nil {
			return errors.New("both left")
		}
	}
	return nil
}

func checkUpdates(ctx context.Context, s Store, p string) error {
	const clients, each = 3, 5
	errs := make(chan error, clients)
	for range clients {
		go func() {
			var err error
			for range each {
				if _, e := s.Run(ctx, NewID(), increment(p+"n")); e != nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	var err error
	for range clients {
		err = errors.Join(err, <-errs)
	}
	if err != nil {
		return err
	}
	v, _, err := read(ctx, s, p+"n")
	if n, _ := ParseNumber(v); err == nil && n != clients*each {
		return fmt.Errorf("%d after %d additions of 1", n, clients*each)
	}
	return err
}

func checkIdem(ctx context.Context, s Store, p string) error {
	id := NewID()
	for range 2 {
		if _, err := s.Run(ctx, id, func(tx Tx) error { return tx.Add(p+"n", 1) }); err != nil {
			return err
		}
	}
	v, _, err := read(ctx, s, p+"n")
	if n, _ := ParseNumber(v); err == nil && n != 1 {
		return fmt.Errorf("it counted %d times", n)
	}
	return err
}

func checkWatch(ctx context.Context, s Store, p string) error {
	from, err := s.Run(ctx, NewID(), increment(p+"first"))
	if err != nil {
		return err
	}
	var want []Version
	for range 3 {
		v, err := s.Run(ctx, NewID(), increment(p+"n"))
		if err != nil {
			return err
		}
		want = append(want, v)
	}
	for c, err := range s.Watch(ctx, p, from) {
		if err != nil {
			return err
		}
		if c.Version != want[0] {
			return fmt.Errorf("change %d, want %d", c.Version, want[0])
		}
		if want = want[1:]; len(want) == 0 {
			break
		}
	}
	return nil
}
