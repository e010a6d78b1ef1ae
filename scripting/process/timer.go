package process

import "time"

// SetTimer has a Timer letter with the number that is given come after d.
// ErrFull beyond MaxTimers.
func (p *Process) SetTimer(d time.Duration) (ref uint64, err error) {
	t := p.table
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case p.over:
		return 0, ErrNoProcess
	case len(p.timers) >= MaxTimers, !p.hasRoom():
		return 0, ErrFull
	}
	ref = p.nextRef()
	if p.timers == nil {
		p.timers = map[uint64]*time.Timer{}
	}
	p.timers[ref] = time.AfterFunc(d, func() {
		t.mu.Lock()
		_, due := p.timers[ref]
		delete(p.timers, ref)
		t.mu.Unlock()
		if due {
			p.post(&Letter{Tag: int64(ref), Signal: &Signal{Kind: Timer, Ref: ref}})
		}
	})
	return ref, nil
}

// StopTimer undoes SetTimer; false when the letter is on its way or was taken.
func (p *Process) StopTimer(ref uint64) bool {
	t := p.table
	t.mu.Lock()
	defer t.mu.Unlock()
	timer, ok := p.timers[ref]
	if ok {
		timer.Stop()
		delete(p.timers, ref)
	}
	return ok
}
