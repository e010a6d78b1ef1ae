package far

import "encoding/binary"

// push queues an operation. Errors: ErrFull for a message without room. A peer
// for which too much else waits is lost.
func (p *Peer) push(now int64, o *op) error {
	if now < p.rest {
		return ErrResting
	}
	message := o.kind == opSend || o.kind == opSpawn
	switch {
	case message && !p.room():
		return ErrFull
	case len(p.queue) >= maxControl+maxQueue:
		p.lose(now, true)
		return ErrUnknown
	}
	if !p.open() {
		p.heard = now
	}
	b := o.encode()
	p.lastSeq++
	p.queue = append(p.queue, queued{p.lastSeq, b, message})
	p.queueBytes += len(b)
	if message {
		p.messages++
	}
	if !p.Known() {
		p.hello = true
	}
	p.flush(now)
	return nil
}

func (p *Peer) room() bool { return p.messages < maxQueue && p.queueBytes < maxQueueBytes }

// acked takes what the peer has acknowledged off the queue.
func (p *Peer) acked(now int64, ack uint64) bool {
	if ack > p.lastSeq {
		return false
	}
	n := 0
	for ; n < len(p.queue) && p.queue[n].seq <= ack; n++ {
		q := &p.queue[n]
		p.queueBytes -= len(q.op)
		if q.message {
			p.messages--
		}
		if n < p.sent {
			p.sentBytes -= len(q.op)
		}
		*q = queued{}
	}
	if n == 0 {
		return true
	}
	p.queue = p.queue[n:]
	if len(p.queue) == 0 {
		p.queue = nil
	}
	p.sent = max(p.sent-n, 0)
	p.progress = now
	return true
}

// wire makes the form of capabilities that goes to the peer; ours that it does
// not hold yet get a number. Call mark when they are on their way.
func (p *Peer) wire(caps []Cap) ([]wireCap, error) {
	out := make([]wireCap, 0, len(caps))
	fresh := 0
	for i := range caps {
		c := &caps[i]
		if !c.Own {
			im := p.imports[c.Number]
			if im == nil {
				return nil, ErrUnknown
			}
			out = append(out, wireCap{number: c.Number, rights: c.Rights & im.rights})
			continue
		}
		if c.Hops > MaxHops {
			return nil, ErrTooLarge
		}
		n, ok := p.byRef[c.Ref]
		if !ok {
			if fresh++; len(p.exports)+fresh > MaxExports {
				return nil, ErrFull
			}
			n = p.number()
		} else if e := p.exports[n]; e.rights != c.Rights || e.hops != c.Hops {
			panic("far: one reference for two capabilities")
		}
		out = append(out, wireCap{mine: true, number: n, rights: c.Rights, hops: c.Hops})
	}
	return out, nil
}

// mark counts capabilities as given.
func (p *Peer) mark(caps []Cap, sent []wireCap) {
	for i := range caps {
		c := &caps[i]
		if !c.Own {
			continue
		}
		n, ok := p.byRef[c.Ref]
		if !ok {
			n = sent[i].number
			p.byRef[c.Ref] = n
			p.exports[n] = &exported{number: n, ref: c.Ref, rights: c.Rights, hops: c.Hops}
		}
		p.exports[n].given++
		sent[i].number = n // one that is twice in a message
	}
}

func (p *Peer) number() (n Number) {
	binary.LittleEndian.PutUint64(n[:8], p.cfg.Rand())
	binary.LittleEndian.PutUint64(n[8:], p.cfg.Rand())
	return n
}

// target finds a capability of the peer's that permits something.
func (p *Peer) target(n Number, want Rights) (*imported, error) {
	im := p.imports[n]
	switch {
	case im == nil || im.ended:
		return nil, ErrUnknown
	case im.rights&want != want:
		return nil, ErrDenied
	case im.revoked:
		return nil, ErrRevoked
	}
	return im, nil
}

// Send sends a message. nil: it will arrive, once, in order, unless the epoch
// ends or the process does. ErrFull: too much waits, here or there.
func (p *Peer) Send(now int64, to Number, m Message) error {
	im, err := p.target(to, CanSend)
	switch {
	case err != nil:
		return err
	case len(m.Data) > MaxData || len(m.Caps) > MaxCaps:
		return ErrTooLarge
	case im.paused || !p.room():
		return ErrFull
	}
	caps, err := p.wire(m.Caps)
	if err != nil {
		return err
	}
	p.mark(m.Caps, caps)
	return p.push(now, &op{kind: opSend, number: to, message: wireMessage{m.Tag, m.Data, caps}})
}

// Watch says what is wanted of the end of a process there from now on.
func (p *Peer) Watch(now int64, of Number, w Watch) {
	im := p.imports[of]
	if im == nil || im.watch == w || im.ended {
		return
	}
	im.watch = w
	_ = p.push(now, &op{kind: opWatch, number: of, watch: w})
}

// Exit says that one that is linked to a process there has ended.
func (p *Peer) Exit(now int64, of Number, r Reason) {
	if im := p.imports[of]; im != nil && !im.ended {
		_ = p.push(now, &op{kind: opExit, number: of, reason: short(r)})
	}
}

// Kill ends a process there, and has its end told.
func (p *Peer) Kill(now int64, n Number) error {
	if _, err := p.target(n, CanKill); err != nil {
		return err
	}
	return p.push(now, &op{kind: opKill, number: n})
}

// Drop says that nobody here has a capability any more.
func (p *Peer) Drop(now int64, n Number) {
	im := p.imports[n]
	if im == nil {
		return
	}
	if im.raw > 0 { // it came again, and waits
		p.Watch(now, n, NotWatched)
		im.handed = false
		return
	}
	delete(p.imports, n)
	_ = p.push(now, &op{kind: opDrop, number: n, count: im.got})
}

// Spawn asks for a process there.
func (p *Peer) Spawn(now int64, s Spawn) (id uint64, err error) {
	switch {
	case len(s.CID) > MaxCID || len(s.Arg) > MaxArg || len(s.Name) > MaxName:
		return 0, ErrTooLarge
	case now < p.rest:
		return 0, ErrResting
	case len(p.asked) >= MaxSpawn || !p.room():
		return 0, ErrFull
	}
	o := &op{kind: opSpawn, id: p.spawnID + 1, spawn: s}
	if s.Parent != nil {
		caps, err := p.wire([]Cap{*s.Parent})
		if err != nil {
			return 0, err
		}
		p.mark([]Cap{*s.Parent}, caps)
		o.parent = &caps[0]
	}
	if err := p.push(now, o); err != nil {
		return 0, err
	}
	p.spawnID++
	p.asked[p.spawnID] = s.watch()
	return p.spawnID, nil
}

// Answer answers a Spawn of the peer's. It gives the number of what was
// started, which the peer watches as it has asked; false when it does not wait
// for it any more.
func (p *Peer) Answer(now int64, id uint64, s Spawned) (Number, bool) {
	w, ok := p.toDo[id]
	if !ok {
		return Number{}, false
	}
	delete(p.toDo, id)
	o := &op{kind: opSpawned, id: id, spawned: s}
	if s.Code == Started {
		caps, err := p.wire([]Cap{s.Cap})
		if err != nil {
			o.spawned = Spawned{Code: Full, Text: "too many capabilities"}
			_ = p.push(now, o)
			return Number{}, false
		}
		p.mark([]Cap{s.Cap}, caps)
		o.child = caps[0]
		p.exports[caps[0].number].watch = w
	}
	o.spawned.Text = cut(o.spawned.Text)
	if p.push(now, o) != nil {
		return Number{}, false
	}
	return o.child.number, true
}

// Ended says that a process of ours has, to a peer that watches it or has sent
// to it. Only the first time counts.
func (p *Peer) Ended(now int64, n Number, r Reason) {
	e := p.exports[n]
	if e == nil || e.told {
		return
	}
	e.told = true
	p.unstash(now, e)
	_ = p.push(now, &op{kind: opEnded, number: n, reason: short(r)})
}

// EndedOwn is Ended for a process by what this node calls it, if the peer wants to
// know.
func (p *Peer) EndedOwn(now int64, ref Ref, r Reason) {
	if n, ok := p.byRef[ref]; ok && p.exports[n].watch != NotWatched {
		p.Ended(now, n, r)
	}
}

// TakenBack says that a capability of ours was revoked.
func (p *Peer) TakenBack(now int64, n Number) {
	if e := p.exports[n]; e != nil {
		_ = p.push(now, &op{kind: opRefused, number: n, code: codeRevoked})
	}
}

// Refused is how many messages to a process there found no room there.
func (p *Peer) Refused(n Number) uint64 {
	if im := p.imports[n]; im != nil {
		return im.lost
	}
	return 0
}

func short(r Reason) Reason {
	r.Text = cut(r.Text)
	if r.End > lastEnd {
		r.End = lastEnd
	}
	return r
}

func cut(s string) string { return s[:min(len(s), MaxText)] }
