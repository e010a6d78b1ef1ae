package process

import "time"

// Receive waits for a letter that fits, at most d (for ever when negative). got
// is false when the time is over. ErrClosed when the process is to end. Only a
// blocking process may, of itself.
func (p *Process) Receive(pick Pick, d time.Duration) (l Letter, got bool, err error) {
	var over <-chan time.Time
	for {
		if p.Stopping() {
			return Letter{}, false, ErrClosed
		}
		l, got, idle := p.box.take(&pick, &p.stop)
		if got {
			return l, true, nil
		}
		if !idle {
			continue
		}
		if over == nil && d >= 0 {
			if d == 0 {
				p.box.busy()
				return Letter{}, false, nil
			}
			timer := time.NewTimer(d)
			defer timer.Stop()
			over = timer.C
		}
		late := false
		p.Outside(func() {
			select {
			case <-p.wake:
			case <-over:
				late = true
			case <-p.stopped:
			}
		})
		p.box.busy()
		if late {
			return Letter{}, false, nil
		}
	}
}

// Outside gives the process's place to others while do runs, which may wait.
// Only a blocking process may, of itself.
func (p *Process) Outside(do func()) {
	p.table.slots.give()
	defer p.table.slots.take(p.spec.Priority)
	do()
}

// Yield lets others run when some wait. A blocking process calls it at the end
// of each slice; ErrClosed when it is to end.
func (p *Process) Yield() error {
	if p.Stopping() {
		return ErrClosed
	}
	p.table.slots.yield(p.spec.Priority)
	return nil
}
