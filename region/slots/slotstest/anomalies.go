package slotstest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

// rounds is how often each anomaly is provoked: the transactions meet after
// their reads, so one round would do.
const rounds = 25

// writeSkew: two doctors are on call, each may leave when the other stays.
func writeSkew(t *testing.T, lab Lab) {
	s := open(t, lab)
	for i := range rounds {
		a, b := key(t, "%d/a", i), key(t, "%d/b", i)
		run(t, s, func(tx slots.Tx) error { return errors.Join(tx.Set(a, []byte("on")), tx.Set(b, []byte("on"))) })
		m := newMeet(2)
		leave := func(n int, me, other string) func() error {
			return func() error {
				_, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					v, _, err := tx.Get(other)
					if err != nil {
						return err
					}
					m.wait(n)
					if string(v) == "on" {
						return tx.Set(me, []byte("off"))
					}
					return nil
				})
				return err
			}
		}
		if err := together(leave(0, a, b), leave(1, b, a)); err != nil {
			t.Fatal(err)
		}
		va, _ := get(t, s, a)
		vb, _ := get(t, s, b)
		if va == "off" && vb == "off" {
			t.Fatalf("round %d: nobody is on call", i)
		}
	}
}

// upsertSkew: two claim a name that nobody has, each under a key of its own.
func upsertSkew(t *testing.T, lab Lab) {
	s := open(t, lab)
	for i := range rounds {
		m := newMeet(2)
		claim := func(n int) func() error {
			return func() error {
				_, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					for _, k := range []string{"x", "y"} {
						v, _, err := tx.Get(key(t, "%d/%s", i, k))
						if err != nil {
							return err
						}
						if v != nil {
							m.wait(n)
							return nil
						}
					}
					m.wait(n)
					return tx.Set(key(t, "%d/%s", i, []string{"x", "y"}[n]), []byte{1})
				})
				return err
			}
		}
		if err := together(claim(0), claim(1)); err != nil {
			t.Fatal(err)
		}
		vx, _ := get(t, s, key(t, "%d/x", i))
		vy, _ := get(t, s, key(t, "%d/y", i))
		if (vx == "") == (vy == "") {
			t.Fatalf("round %d: x %q, y %q: one of them should be there", i, vx, vy)
		}
	}
}

// phantom: at most one item may be in a range; both look, both find none.
func phantom(t *testing.T, lab Lab) {
	s := open(t, lab)
	for i := range rounds {
		prefix := key(t, "%d/", i)
		m := newMeet(2)
		book := func(n int) func() error {
			return func() error {
				_, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					list, err := tx.Range(prefix, 10)
					if err != nil {
						return err
					}
					m.wait(n)
					if len(list) == 0 {
						return tx.Set(fmt.Sprintf("%s%d", prefix, n), []byte{1})
					}
					return nil
				})
				return err
			}
		}
		if err := together(book(0), book(1)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, prefix); n != 1 {
			t.Fatalf("round %d: %d bookings", i, n)
		}
		// And the other way round: at least one must stay.
		set(t, s, prefix+"0", "1")
		set(t, s, prefix+"1", "1")
		m = newMeet(2)
		cancel := func(n int) func() error {
			return func() error {
				_, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					list, err := tx.Range(prefix, 10)
					if err != nil {
						return err
					}
					m.wait(n)
					if len(list) == 2 {
						return tx.Delete(fmt.Sprintf("%s%d", prefix, n))
					}
					return nil
				})
				return err
			}
		}
		if err := together(cancel(0), cancel(1)); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, prefix); n != 1 {
			t.Fatalf("round %d: %d left", i, n)
		}
	}
}

func count(t testing.TB, s slots.Store, prefix string) (n int) {
	t.Helper()
	if err := s.View(ctx(t), 0, func(r slots.Reader) error {
		list, err := r.Range(prefix, 1000)
		n = len(list)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// lostUpdate: increments by reading and writing, none may be lost.
func lostUpdate(t *testing.T, lab Lab) {
	s := open(t, lab)
	const clients, each = 4, 15
	k := key(t, "n")
	var fs []func() error
	for range clients {
		fs = append(fs, func() error {
			for range each {
				if _, err := s.Run(ctx(t), slots.NewID(), func(tx slots.Tx) error {
					n, err := number(tx, k)
					if err != nil {
						return err
					}
					return tx.Set(k, slots.Number(n+1))
				}); err != nil {
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
	if n, _ := slots.ParseNumber([]byte(v)); n != clients*each {
		t.Fatalf("%d, want %d", n, clients*each)
	}
}

// readOnlyAnomaly of Fekete, O'Neil and O'Neil (2004): a deposit and a
// withdrawal with a fee are serializable as long as nobody looks; a reader who
// sees the deposit but not the withdrawal says that the withdrawal came later,
// and then it had no fee to pay.
func readOnlyAnomaly(t *testing.T, lab Lab) {
	s := open(t, lab)
	for i := range rounds {
		checking, savings := key(t, "%d/checking", i), key(t, "%d/savings", i)
		run(t, s, func(tx slots.Tx) error {
			return errors.Join(tx.Set(checking, slots.Number(0)), tx.Set(savings, slots.Number(0)))
		})
		var sawSavings, sawChecking int64
		first := true
		run(t, s, func(tx slots.Tx) error { // withdraw 10 from checking
			c, err := number(tx, checking)
			if err != nil {
				return err
			}
			v, err := number(tx, savings)
			if err != nil {
				return err
			}
			if first {
				// Between its reads and its commit: the deposit, and who looks.
				first = false
				run(t, s, func(tx slots.Tx) error { return tx.Set(savings, slots.Number(20)) })
				run(t, s, func(tx slots.Tx) (err error) {
					if sawSavings, err = number(tx, savings); err == nil {
						sawChecking, err = number(tx, checking)
					}
					return err
				})
			}
			fee := int64(0)
			if c+v < 10 {
				fee = 1
			}
			return tx.Set(checking, slots.Number(c-10-fee))
		})
		v, _ := get(t, s, checking)
		if end, _ := slots.ParseNumber([]byte(v)); sawSavings == 20 && sawChecking == 0 && end != -10 {
			t.Fatalf("round %d: a reader saw the deposit and no withdrawal, and yet it paid the fee: %d", i, end)
		}
	}
}
