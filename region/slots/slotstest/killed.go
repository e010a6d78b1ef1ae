package slotstest

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/metatopia/metatopia/region/slots"
)

// childEnv says to a test binary that it is the child of killedClient, and
// what to open. The tests of an engine call Child in TestMain.
const childEnv = "METATOPIA_SLOTS_CHILD"

func brief(t testing.TB) error {
	select {
	case <-t.Context().Done():
		return t.Context().Err()
	case <-time.After(2 * time.Millisecond):
		return nil
	}
}

// Child takes the process over when it is the child of killedClient: it
// transacts until it is killed and prints what was answered.
func Child(open func(place string) (slots.Store, error)) {
	place := os.Getenv(childEnv)
	if place == "" {
		return
	}
	s, err := open(place)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := uint64(1); ; i++ {
		_, err := s.Run(context.Background(), childID(i), func(tx slots.Tx) error {
			// Both or neither: a torn transaction shows.
			if err := tx.Set(fmt.Sprintf("child/a/%d", i), slots.Number(int64(i))); err != nil {
				return err
			}
			if err := tx.Set(fmt.Sprintf("child/b/%d", i), slots.Number(int64(i))); err != nil {
				return err
			}
			return tx.Add("child/n", 1)
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(i)
	}
}

func childID(i uint64) (id slots.ID) {
	copy(id[:], "child")
	binary.BigEndian.PutUint64(id[8:], i)
	return id
}

// killedClient kills a process with kill -9 while it writes: what was answered
// is there, nothing is half there, nothing is there twice.
func killedClient(t *testing.T, lab Lab) {
	if testing.Short() {
		t.Skip("starts itself again, which an emulated processor cannot")
	}
	fresh := lab.Fresh(t)
	if fresh.Place == "" {
		t.Skip("no place that another process could open")
	}
	answered := uint64(0)
	for range 3 {
		cmd := exec.CommandContext(ctx(t), os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+fresh.Place)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			var i uint64
			if _, err := fmt.Sscan(lines.Text(), &i); err == nil {
				answered = max(answered, i)
			}
			if n == 40 {
				_ = cmd.Process.Kill()
			}
		}
		_ = cmd.Wait() // killed
	}
	if answered < 40 {
		t.Fatalf("only %d transactions were answered", answered)
	}
	s := open(t, fresh)
	if err := s.View(ctx(t), 0, func(r slots.Reader) error {
		there := uint64(0)
		for i := uint64(1); i < answered+5; i++ {
			a, _, err := r.Get(fmt.Sprintf("child/a/%d", i))
			if err != nil {
				return err
			}
			b, _, err := r.Get(fmt.Sprintf("child/b/%d", i))
			if err != nil {
				return err
			}
			if string(a) != string(b) || a == nil && i <= answered {
				return fmt.Errorf("transaction %d: %x and %x, %d were answered", i, a, b, answered)
			}
			if a != nil {
				there++
			}
		}
		v, _, err := r.Get("child/n")
		if n, _ := slots.ParseNumber(v); err != nil || uint64(n) != there {
			return fmt.Errorf("counted %d, there are %d: %w", n, there, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d transactions, 3 kills", answered)
}
