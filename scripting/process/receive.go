package process

import "time"

// Receive waits for a letter that fits, at most d (for ever when negative). got
// is false when the time is over. ErrClosed when the process is to end. Only a
// blocking process may, of itself.
func (p *Process) Receive(pick Pick, d time.Duration, l *Letter) (got bool, err error) {
	var over <-chan time.Time
	for {
		if p.Stopping() {
			return false, ErrClosed
		}
		got, idle := p.box.take(&pick, &p.stop, p.room, l)
		if got {
			return true, nil
		}
		if !idle {
			continue
		}
		if over == nil && d >= 0 {
			if d == 0 {
				p.box.busy()
				return false, nil
			}
			timer := time.NewTimer(d)
			defer timer.Stop()
			over = timer.C
		}
		late := false
		p.table.slots.give()
		if over == nil { // a select costs more
			<-p.wake
		} else {
			select {
			case <-p.wake:
			case <-over:
				late = true
			}
		}
		p.table.slots.take(p.prio)
		if late {
			p.box.busy()
			return false, nil
		}
	}
}

// Outside gives the process's place to others while do runs, which may wait.
// Only the process itself may.
func (p *Process) Outside(do func()) {
	p.leave()
	p.outside.Store(true)
	p.table.slots.give()
	defer func() {
		p.table.slots.take(p.prio)
		p.outside.Store(false)
	}()
	do()
}

// Sleep waits for d, or until the process is to end. Only the process itself
// may.
func (p *Process) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	p.Outside(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-p.Stopped():
		}
	})
}

// Yield lets others run when some wait: it is called at the end of each slice
// of gas. A handler in the middle of a letter no longer holds up other handlers
// after it. ErrClosed when the process is to end. Only the process itself may.
func (p *Process) Yield() error {
	if p.Stopping() {
		return ErrClosed
	}
	p.leave()
	p.table.slots.yield(p.prio)
	return nil
}

// leave lets others have a handler's worker.
func (p *Process) leave() {
	if p.place != nil {
		p.place.leave()
	}
}
