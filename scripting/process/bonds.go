package process

// monitor is one wish to be told of an end.
type monitor struct {
	by, of *Process
	ref    uint64
	tag    int64
}

// refBit is set in the numbers of monitors and timers, which are also the tags
// of their letters, so that they do not meet the tags that people choose.
const refBit = 1 << 62

// nextRef needs the lock.
func (p *Process) nextRef() uint64 {
	p.lastRef++
	return refBit | p.lastRef
}

// hasRoom says whether there is room for one more signal to come. It needs the
// lock.
func (p *Process) hasRoom() bool {
	return p.remote ||
		len(p.peers)+len(p.hears)+len(p.timers)+p.box.waitingSignals() < MaxSignals
}

// Link binds two processes: when one ends other than normally, so does the
// other, or it gets an Exit letter if it traps exits. tag is the letter's. To
// link with one that has ended gives the letter, or ends p, at once. Linking
// twice changes the tag. Errors: ErrFull, and those of the capability.
func (p *Process) Link(c *Cap, tag int64) error {
	to, err := c.allows(Link)
	if err != nil || to == p {
		return err
	}
	t := p.table
	t.mu.Lock()
	if to.over {
		ok := p.hasRoom()
		t.mu.Unlock()
		if !ok {
			return ErrFull
		}
		p.exit(tag, Reason{End: Gone})
		return nil
	}
	err = t.bind(p, to, tag, 0)
	t.mu.Unlock()
	if err == nil {
		to.watched()
	}
	return err
}

// bind needs the lock. Both are alive, or starting.
func (t *Table) bind(a, b *Process, tagA, tagB int64) error {
	if a.over {
		return ErrNoProcess
	}
	if _, ok := a.peers[b]; ok {
		a.peers[b] = tagA
		return nil
	}
	for _, p := range []*Process{a, b} {
		if len(p.peers) >= MaxLinks || !p.hasRoom() {
			return ErrFull
		}
	}
	for _, p := range []*Process{a, b} {
		if p.peers == nil {
			p.peers = map[*Process]int64{}
		}
	}
	a.peers[b], b.peers[a] = tagA, tagB
	return nil
}

// Unlink undoes Link. No Exit letter comes of the link afterwards, unless it
// lies in the mailbox already.
func (p *Process) Unlink(c *Cap) {
	t := p.table
	t.mu.Lock()
	delete(p.peers, c.to)
	delete(c.to.peers, p)
	t.mu.Unlock()
	c.to.watched()
}

// Monitor has p told once of the end of another: a Down letter with the number
// that is given. One that has ended is told of at once. Errors: ErrFull, and
// those of the capability.
func (p *Process) Monitor(c *Cap) (ref uint64, err error) { return p.monitor(c, nil) }

// MonitorAs is Monitor with a tag for the letter.
func (p *Process) MonitorAs(c *Cap, tag int64) (ref uint64, err error) { return p.monitor(c, &tag) }

func (p *Process) monitor(c *Cap, tag *int64) (ref uint64, err error) {
	to, err := c.allows(Monitor)
	if err != nil {
		return 0, err
	}
	t := p.table
	t.mu.Lock()
	if to.over {
		if !p.hasRoom() {
			t.mu.Unlock()
			return 0, ErrFull
		}
		ref := p.nextRef()
		t.mu.Unlock()
		l := Letter{Tag: int64(ref), Signal: &Signal{Kind: Down, Ref: ref, Reason: Reason{End: Gone}}}
		if tag != nil {
			l.Tag = *tag
		}
		p.post(&l)
		return ref, nil
	}
	m, err := t.watch(p, to)
	if err == nil && tag != nil {
		m.tag = *tag
	}
	t.mu.Unlock()
	if err != nil {
		return 0, err
	}
	to.watched()
	return m.ref, nil
}

// watch needs the lock.
func (t *Table) watch(by, of *Process) (*monitor, error) {
	switch {
	case by.over:
		return nil, ErrNoProcess
	case len(by.hears) >= MaxMonitors, !by.hasRoom():
		return nil, ErrFull
	}
	ref := by.nextRef()
	m := &monitor{by: by, of: of, ref: ref, tag: int64(ref)}
	if by.hears == nil {
		by.hears = map[uint64]*monitor{}
	}
	if of.heard == nil {
		of.heard = map[*monitor]struct{}{}
	}
	by.hears[m.ref], of.heard[m] = m, struct{}{}
	return m, nil
}

// Demonitor undoes Monitor; no Down letter comes unless it lies there already.
func (p *Process) Demonitor(ref uint64) {
	t := p.table
	t.mu.Lock()
	m := p.hears[ref]
	if m == nil {
		t.mu.Unlock()
		return
	}
	delete(p.hears, ref)
	delete(m.of.heard, m)
	t.mu.Unlock()
	m.of.watched()
}

// TrapExits says whether the ends of those linked become letters.
func (p *Process) TrapExits(on bool) {
	p.table.mu.Lock()
	p.trap = on
	p.table.mu.Unlock()
}

// Kill ends a process for good: it cannot trap it. Those linked to it see an
// end for the reason Killed. Errors are those of the capability.
func (p *Process) Kill(c *Cap) error {
	to, err := c.allows(Kill)
	if err != nil {
		return err
	}
	to.Finish(Reason{End: Killed})
	return nil
}

// Send puts a message into a mailbox. Errors: ErrNoProcess, ErrFull,
// ErrTooLarge, and those of the capability.
func (c *Cap) Send(l Letter) error {
	to, err := c.allows(Send)
	if err != nil {
		return err
	}
	if err := l.check(); err != nil {
		return err
	}
	l.Signal = nil
	return to.post(&l)
}
