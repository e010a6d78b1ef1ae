package slotstest

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/bolt"
)

// weak is an engine that does less than the contract asks for.
type weak struct {
	slots.Engine
	spoil func(*slots.Commit)
}

func (w *weak) Commit(ctx context.Context, c *slots.Commit) (slots.Version, error) {
	w.spoil(c)
	return w.Engine.Commit(ctx, c)
}

// A suite that finds no fault in a faulty engine is worth nothing.
func TestFaultsAreFound(t *testing.T) {
	for name, spoil := range map[string]func(*slots.Commit){
		"nothing is checked": func(c *slots.Commit) { c.Reads = nil },
		// Snapshot isolation: only what is written too is checked.
		"reads are not checked": func(c *slots.Commit) {
			var kept []slots.Span
			for _, w := range c.Writes {
				if c.Saw(w.Key) {
					kept = append(kept, slots.Reads1(w.Key))
				}
			}
			c.Reads = kept
		},
		// Keys are, ranges are not.
		"phantoms": func(c *slots.Commit) {
			var kept []slots.Span
			for _, s := range c.Reads {
				if s.To == s.From+"\x00" {
					kept = append(kept, s)
				}
			}
			c.Reads = kept
		},
		"a later snapshot is claimed": func(c *slots.Commit) { c.At += 2 },
	} {
		t.Run(name, func(t *testing.T) {
			e, err := bolt.Open(filepath.Join(t.TempDir(), "slots.db"), bolt.Options{NoSync: true})
			if err != nil {
				t.Fatal(err)
			}
			s := slots.New(&weak{e, spoil})
			defer s.Close()
			for i := range 200 {
				ops := history(t, s, key(t, "%d/", i), uint64(i), 100)
				if res, _ := porcupine.CheckOperationsVerbose(model, ops, time.Minute); res == porcupine.Illegal {
					return
				}
			}
			t.Fatal("200 histories, and no fault found")
		})
	}
}
