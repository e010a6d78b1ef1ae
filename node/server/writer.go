package server

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// job is one tick on its way to the disk.
type job struct {
	head     head
	record   []byte
	slots    []region.SlotChange
	gone     []base.ID
	law      []region.LawDone
	access   []region.AccessDone
	expelled []region.Expelled
	still    *region.Still // not nil: a checkpoint too
	base     []byte        // of the log, with the checkpoint
	sync     bool          // somebody waits for it
	after    func()        // what rests on it; runs once it is durable
}

// write is the writer's goroutine: it takes ticks until the queue is closed.
// After a failed write nothing more is written or let out: what the disk holds
// is then the truth, and a restart goes on from there.
func (s *Server) write() {
	defer close(s.written)
	defer close(s.points)
	var batch []job
	for j := range s.queue {
		batch = append(batch, j)
		urgent := j.sync || j.still != nil
	more: // whatever waits already shares the same sync
		for len(s.queue) > 0 {
			select {
			case k, ok := <-s.queue:
				if !ok {
					break more
				}
				batch = append(batch, k)
				urgent = urgent || k.sync || k.still != nil
			default:
				break more
			}
		}
		if urgent || len(batch) >= groupTicks {
			s.flush(batch)
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		s.flush(batch)
	}
}

func (s *Server) flush(batch []job) {
	if s.failed.Load() != nil {
		return
	}
	err := s.keepLaw(batch)
	if err == nil {
		err = s.store.write(batch)
	}
	if err != nil {
		s.fail(err)
		return
	}
	if s.cfg.Replica == nil {
		s.durable.Store(uint64(batch[len(batch)-1].head.tick))
	}
	for i := range batch {
		s.tellLaw(batch[i].law)
		s.tellAccess(batch[i].head.tick, batch[i].access, batch[i].expelled)
		if batch[i].after != nil {
			batch[i].after()
		}
		if j := &batch[i]; j.still != nil {
			s.offerPoint(point{j.head, j.base, j.still})
		}
	}
	clear(batch)
}

func (s *Server) fail(err error) {
	if s.failed.CompareAndSwap(nil, &err) {
		s.log.Error("region log cannot be written; the region stops", "region", s.cfg.Region.Name, "err", err)
		s.stop()
	}
}
