package slotstest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/metatopia/metatopia/region/slots"
)

// histories lets clients transact at random and has porcupine look for one
// order that explains what they saw (Athalye, porcupine; the method is that of
// Wing and Gong 1993 with Lowe's memory). A whole transaction is one operation
// of the model, so linearizable here means strictly serializable.
func histories(t *testing.T, lab Lab) {
	s := open(t, lab)
	n, length := lab.Histories, lab.Length
	if n == 0 {
		n, length = 50, 200
	}
	var ran, checked time.Duration
	for i := range n {
		t0 := time.Now()
		ops := history(t, s, key(t, "%d/", i), uint64(i), length)
		t1 := time.Now()
		if res, _ := porcupine.CheckOperationsVerbose(model, ops, 2*time.Minute); res != porcupine.Ok {
			t.Fatalf("history %d of %d transactions: %v", i, len(ops), res)
		}
		ran, checked = ran+t1.Sub(t0), checked+time.Since(t1)
		if (i+1)%100 == 0 {
			t.Logf("%d histories: %v to run, %v to check", i+1, ran.Round(time.Second), checked.Round(time.Millisecond))
		}
	}
	t.Logf("%d histories, %d transactions", n, n*length)
}

const registers = 5

// step is what a transaction does to one key.
type step struct {
	k    int
	op   slots.Op
	read bool // first reads, and writes n plus what it has read
	all  bool // first reads all keys as a range, and writes n plus their sum
	n    int64
}

type result struct{ read []int64 } // what each reading step saw

func history(t *testing.T, s slots.Store, prefix string, seed uint64, length int) []porcupine.Operation {
	const clients = 5
	t0 := time.Now()
	// One for all: a context for each of 200,000 transactions would stay with
	// the test until its end.
	c, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var ops []porcupine.Operation
	var fs []func() error
	for id := range clients {
		fs = append(fs, func() error {
			rnd := rand.New(rand.NewPCG(seed, uint64(id)))
			for i := range length / clients {
				steps := steps(rnd, int64(id*1_000_000+i*100))
				var res result
				call := time.Since(t0)
				_, err := s.Run(c, slots.NewID(), func(tx slots.Tx) (err error) {
					res, err = perform(tx, prefix, steps)
					return err
				})
				if err != nil {
					return fmt.Errorf("client %d: %w", id, err)
				}
				back := time.Since(t0)
				mu.Lock()
				ops = append(ops, porcupine.Operation{ClientId: id, Input: steps, Output: res, Call: int64(call), Return: int64(back)})
				mu.Unlock()
			}
			return nil
		})
	}
	if err := together(fs...); err != nil {
		t.Fatal(err)
	}
	return ops
}

func steps(rnd *rand.Rand, n int64) []step {
	var list []step
	for range 1 + rnd.IntN(3) {
		x := step{k: rnd.IntN(registers), n: n + rnd.Int64N(100)}
		switch rnd.IntN(8) {
		case 0:
			x.op = slots.OpDelete
		case 1:
			x.op, x.n = slots.OpAdd, 1
		case 2:
			x.all = true
		case 3:
			x.op, x.read, x.n = slots.OpAdd, true, 0 // only reads
		default:
			x.read = rnd.IntN(3) > 0
		}
		list = append(list, x)
	}
	return list
}

func perform(tx slots.Tx, prefix string, list []step) (res result, err error) {
	for _, x := range list {
		k := fmt.Sprintf("%s%d", prefix, x.k)
		n := x.n
		if x.read {
			v, err := number(tx, k)
			if err != nil {
				return res, err
			}
			res.read, n = append(res.read, v), n+v%1000
		}
		if x.all {
			items, err := tx.Range(prefix, registers)
			if err != nil {
				return res, err
			}
			sum := int64(0)
			for _, y := range items {
				v, err := slots.ParseNumber(y.Value)
				if err != nil {
					return res, err
				}
				sum += v
			}
			res.read, n = append(res.read, sum), n+sum%1000
		}
		switch {
		case x.op == slots.OpDelete:
			err = tx.Delete(k)
		case x.op == slots.OpSet:
			err = tx.Set(k, slots.Number(n))
		case x.n != 0:
			err = tx.Add(k, x.n)
		}
		if err != nil {
			return res, err
		}
	}
	return res, nil
}

// state of the model; an array, so that it can be compared.
type state [registers]int64

var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(st, in, out any) (bool, any) {
		s := st.(state)
		read := out.(result).read
		for _, x := range in.([]step) {
			n := x.n
			saw := s[x.k]
			if x.all {
				saw = 0
				for _, v := range s {
					saw += v
				}
			}
			if x.read || x.all {
				if len(read) == 0 || read[0] != saw {
					return false, s
				}
				read, n = read[1:], n+saw%1000
			}
			switch {
			case x.op == slots.OpDelete:
				s[x.k] = 0
			case x.op == slots.OpSet:
				s[x.k] = n
			case x.n != 0:
				s[x.k] += x.n
			}
		}
		return true, s
	},
	DescribeOperation: func(in, out any) string { return strings.Join([]string{fmt.Sprint(in), fmt.Sprint(out)}, " -> ") },
}
