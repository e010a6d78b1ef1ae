package far

import "slices"

// NoRoom keeps a message of Arrived for which the mailbox had none, and those
// that follow it; the peer is asked to send no more to it for now. What is
// beyond the bounds is given up, and the peer told.
func (p *Peer) NoRoom(now int64, n Number, m Message) {
	e := p.exports[n]
	if e == nil || e.told {
		p.release(now, &m)
		return
	}
	if p.stashed >= maxStash || p.stashBytes+m.size() > maxStashBytes {
		p.release(now, &m)
		_ = p.push(now, &op{kind: opRefused, number: n, code: codeLost, count: 1})
		return
	}
	p.stashed++
	p.stashBytes += m.size()
	e.stash = append(e.stash, m)
	if !e.paused {
		e.paused = true
		_ = p.push(now, &op{kind: opPause, number: n})
	}
}

// Stashed gives those of ours for which messages wait.
func (p *Peer) Stashed() (all []Waiting) {
	if p.stashed == 0 {
		return nil
	}
	for n, e := range p.exports { //lint:sorted below
		if len(e.stash) > 0 {
			all = append(all, Waiting{n, e.ref})
		}
	}
	slices.SortFunc(all, func(a, b Waiting) int { return a.Number.compare(b.Number) })
	return all
}

// Waiting is one of ours for which messages wait.
type Waiting struct {
	Number Number
	Ref    Ref
}

// First gives the first message that waits for a process.
func (p *Peer) First(n Number) (Message, bool) {
	e := p.exports[n]
	if e == nil || len(e.stash) == 0 {
		return Message{}, false
	}
	if m := &e.stash[0]; m.Held == nil && len(m.Caps) > 0 {
		p.hand(m)
		m.Held = true // until the node says what it made of it
	}
	return e.stash[0], true
}

// Hold keeps the node's own form of the first message that waits.
func (p *Peer) Hold(n Number, held any) {
	if e := p.exports[n]; e != nil && len(e.stash) > 0 {
		e.stash[0].Held = held
	}
}

// Taken says that the first has found room.
func (p *Peer) Taken(now int64, n Number) {
	e := p.exports[n]
	if e == nil || len(e.stash) == 0 {
		return
	}
	p.stashed--
	p.stashBytes -= e.stash[0].size()
	e.stash[0] = Message{}
	if e.stash = e.stash[1:]; len(e.stash) == 0 {
		e.stash = nil
		if e.paused {
			e.paused = false
			_ = p.push(now, &op{kind: opResume, number: n})
		}
	}
}

// unstash gives up what waits for a process that is no more.
func (p *Peer) unstash(now int64, e *exported) {
	stash := e.stash
	e.stash = nil
	for i := range stash {
		p.stashed--
		p.stashBytes -= stash[i].size()
		p.release(now, &stash[i])
	}
}

// hand notes that the node knows the capabilities of a message from here on. The
// event with the message comes first.
func (p *Peer) hand(m *Message) {
	for _, c := range m.Caps {
		if im := p.imports[c.Number]; !c.Own && im != nil {
			if im.raw--; !im.handed && im.ended { // it was dropped after its end, and has come again
				p.events = append(p.events, Over{c.Number, Reason{End: gone}})
			}
			im.handed = true
		}
	}
}

// release drops the capabilities of a message that reaches nobody.
func (p *Peer) release(now int64, m *Message) {
	if m.Held != nil {
		return
	}
	for _, c := range m.Caps {
		im := p.imports[c.Number]
		if c.Own || im == nil {
			continue
		}
		if im.raw--; im.raw == 0 && !im.handed {
			p.Drop(now, c.Number)
		}
	}
}
