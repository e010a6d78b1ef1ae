package server

import (
	"context"
	"fmt"

	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/record"
	"github.com/metatopia/metatopia/region"
)

// recordQueue bounds the steps that a recording's reader may lag behind. One
// that lags more ends the recording: the sim does not wait for it.
const recordQueue = 256

// Record gives the next steps of the region's physics to send, as a recording
// of so many steps, until they are made, ctx ends or send fails. One region
// makes one recording at a time: a second is ErrBusy.
func (s *Server) Record(ctx context.Context, steps, every int, send func([]byte) error) error {
	if !s.recording.CompareAndSwap(false, true) {
		return fmt.Errorf("server: record: %w", ErrBusy)
	}
	defer s.recording.Store(false)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the sim's goroutine must not go on for nobody
	pieces := make(chan []byte, recordQueue)
	var failed error // set before pieces is closed
	var start error
	err := s.ask(ctx, func() {
		w := s.sim.Physics()
		done := func(err error) {
			failed = err
			s.sim.Observe(nil)
			close(pieces)
		}
		rec, b, err := record.Start(w, record.Options{Label: s.cfg.Region.Name, First: uint64(s.sim.Tick()) * region.Substeps, Every: every})
		if err != nil {
			start = err
			return
		}
		pieces <- append([]byte(nil), b...)
		s.sim.Observe(func(cmds []physics.Command, w *physics.World) {
			if ctx.Err() != nil {
				done(ctx.Err())
				return
			}
			b, err := rec.Step(cmds, w)
			if err != nil {
				done(err)
				return
			}
			select {
			case pieces <- append([]byte(nil), b...):
			default:
				done(fmt.Errorf("its reader is %d steps behind", recordQueue))
				return
			}
			if steps--; steps == 0 {
				done(nil)
			}
		})
	})
	if err == nil {
		err = start
	}
	for err == nil {
		select {
		case b, ok := <-pieces:
			if !ok {
				if failed != nil {
					return fmt.Errorf("server: record: %w", failed)
				}
				return nil
			}
			err = send(b)
		case <-ctx.Done():
			err = ctx.Err()
		case <-s.quit:
			err = ErrClosed
		}
	}
	return fmt.Errorf("server: record: %w", err)
}
