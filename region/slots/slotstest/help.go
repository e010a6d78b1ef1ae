package slotstest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/region/slots"
)

// ctx ends before go test does; a slow machine never meets it.
func ctx(t testing.TB) context.Context {
	c, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return c
}

func open(t testing.TB, lab Lab) slots.Store {
	t.Helper()
	s := lab.Open(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// run is Run that must go well.
func run(t testing.TB, s slots.Store, fn func(slots.Tx) error) slots.Version {
	t.Helper()
	v, err := s.Run(ctx(t), slots.NewID(), fn)
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return v
}

func set(t testing.TB, s slots.Store, key, value string) slots.Version {
	t.Helper()
	return run(t, s, func(tx slots.Tx) error { return tx.Set(key, []byte(value)) })
}

func get(t testing.TB, s slots.Store, key string) (value string, at slots.Version) {
	t.Helper()
	err := s.View(ctx(t), 0, func(r slots.Reader) error {
		v, ver, err := r.Get(key)
		value, at = string(v), ver
		return err
	})
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return value, at
}

func number(tx slots.Tx, key string) (int64, error) {
	v, _, err := tx.Get(key)
	if err != nil {
		return 0, err
	}
	return slots.ParseNumber(v)
}

// together runs the functions at the same time and waits for all.
func together(fs ...func() error) error {
	var wg sync.WaitGroup
	errs := make([]error, len(fs))
	for i, f := range fs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// meet makes transactions read before any of them writes: each calls it once
// in its first attempt, and goes on when all have.
type meet struct {
	wg   sync.WaitGroup
	once []sync.Once
}

func newMeet(n int) *meet {
	m := &meet{once: make([]sync.Once, n)}
	m.wg.Add(n)
	return m
}

func (m *meet) wait(i int) { m.once[i].Do(func() { m.wg.Done(); m.wg.Wait() }) }

// key names the keys of one test apart from those of the others and of
// earlier runs over the same data.
func key(t testing.TB, format string, args ...any) string {
	return fmt.Sprintf("test/%s/", t.Name()) + fmt.Sprintf(format, args...)
}
