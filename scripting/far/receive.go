package far

// Receive takes a packet that the peer has sent, over whichever stream.
func (p *Peer) Receive(now int64, b []byte) {
	if now < p.rest {
		return
	}
	k, err := decodePacket(b)
	if err != nil {
		p.fault(now, "a packet that is none")
		return
	}
	if p.meet(now, &k) {
		p.take(now, &k)
	}
	p.flush(now)
}

// meet looks at the sessions of a packet and says whether it is of this epoch.
func (p *Peer) meet(now int64, k *packet) bool {
	if k.to.Number >= p.mine.Number && k.to != p.mine {
		// It knows a later session of this node, which has been restarted
		// with a clock that went back.
		if k.to.Number == 1<<64-1 {
			return false
		}
		p.mine.Number = k.to.Number
		p.lose(now, true)
		p.hello = true
	}
	switch {
	case k.from == p.theirs:
	case k.from.Number > p.theirs.Number:
		if p.Known() {
			p.lose(now, false)
		}
		p.theirs, p.heard = k.from, now
		p.hello = k.to != p.mine
	default: // an earlier session, or one that was made up
		p.greet(now)
		return false
	}
	if k.to != p.mine {
		p.greet(now)
		return false
	}
	p.heard = now
	return true
}

// greet tells the peer which sessions this side believes in, now and then.
func (p *Peer) greet(now int64) {
	if now-p.greeted >= p.cfg.Beat/4 {
		p.greeted, p.hello = now, true
	}
}

// take handles a packet of this epoch.
func (p *Peer) take(now int64, k *packet) {
	switch k.kind {
	case pktBye:
		p.lose(now, true)
	case pktAck:
		if !p.acked(now, k.ack) {
			p.fault(now, "an acknowledgement of what was not sent")
			return
		}
		p.answer = p.answer || k.ask
	case pktOp:
		switch {
		case !p.acked(now, k.ack):
			p.fault(now, "an acknowledgement of what was not sent")
		case k.seq > p.next: // an older stream still has what is between
			p.answer = true
		case k.seq < p.next: // it was sent again
			p.answer = true
		default:
			o, err := decodeOp(k.op)
			if err != nil {
				p.fault(now, "an operation that is none")
				return
			}
			p.next++
			if p.unsaid++; p.unsaid == 1 {
				p.ackAt = now + ackAfter
			} else if p.unsaid >= owed {
				p.answer = true
			}
			p.do(now, &o)
		}
	}
}

// do carries an operation out.
func (p *Peer) do(now int64, o *op) {
	switch o.kind {
	case opSend, opWatch, opExit, opKill, opDrop:
		e := p.exports[o.number]
		if e == nil {
			// Correct peers name what they were given and have not dropped.
			p.fault(now, "a capability that it does not have")
			return
		}
		p.doExported(now, e, o)
	case opSpawn:
		p.doSpawn(now, o)
	case opSpawned:
		w, ok := p.asked[o.id]
		if !ok {
			p.fault(now, "an answer that nobody waits for")
			return
		}
		delete(p.asked, o.id)
		s := o.spawned
		if s.Code == Started {
			caps, ok := p.unwire(now, []wireCap{o.child})
			if !ok {
				return
			}
			s.Cap = caps[0]
			p.imports[s.Cap.Number].watch = w
		}
		p.events = append(p.events, Answered{o.id, s})
		if s.Code == Started {
			p.hand(&Message{Caps: []Cap{s.Cap}})
		}
	default:
		if im := p.imports[o.number]; im != nil { // else it was dropped meanwhile
			p.doImported(im, o)
		}
	}
}

var needs = map[uint8]Rights{opSend: CanSend, opKill: CanKill, opExit: CanLink}

func (p *Peer) doExported(now int64, e *exported, o *op) {
	need := needs[o.kind]
	if o.kind == opWatch {
		need = [...]Rights{Monitored: CanMonitor, Linked: CanLink}[o.watch]
		if o.watch == Monitored && e.rights&CanLink != 0 {
			need = 0 // who may link may know
		}
	}
	if e.rights&need != need {
		p.fault(now, "a right that it does not have")
		return
	}
	switch o.kind {
	case opSend:
		caps, ok := p.unwire(now, o.message.caps)
		if !ok {
			return
		}
		m := Message{Tag: o.message.tag, Data: o.message.data, Caps: caps}
		switch {
		case e.told:
			p.release(now, &m)
		case len(e.stash) > 0:
			p.NoRoom(now, e.number, m)
		default:
			p.events = append(p.events, Arrived{e.number, e.ref, m})
			p.hand(&m)
		}
	case opWatch:
		e.watch = o.watch
		if e.watch != NotWatched && !e.told {
			p.events = append(p.events, Watching{e.number, e.ref, e.watch})
		}
	case opExit:
		p.events = append(p.events, Exited{e.ref, o.reason})
	case opKill:
		e.watch = max(e.watch, Monitored)
		p.events = append(p.events, Killed{e.number, e.ref})
	case opDrop:
		if o.count > e.given {
			p.fault(now, "more dropped than given")
			return
		}
		e.given -= o.count
		e.watch, e.told, e.paused = NotWatched, false, false // as it will see it when it comes again
		if e.given == 0 {
			p.unstash(now, e)
			delete(p.exports, e.number)
			delete(p.byRef, e.ref)
			p.events = append(p.events, Forgotten{e.ref})
		}
	}
}

func (p *Peer) doImported(im *imported, o *op) {
	switch o.kind {
	case opEnded:
		if !im.ended {
			im.ended = true
			p.events = append(p.events, Over{o.number, o.reason})
		}
	case opPause:
		im.paused = true
	case opResume:
		im.paused = false
	case opRefused:
		switch o.code {
		case codeRevoked:
			im.revoked = true
		case codeLost:
			im.lost += uint64(o.count)
			p.events = append(p.events, Refusal{o.number, im.lost})
		}
	}
}

func (p *Peer) doSpawn(now int64, o *op) {
	if _, ok := p.toDo[o.id]; ok || len(p.toDo) >= MaxSpawn {
		p.fault(now, "too many spawns at a time")
		return
	}
	s := o.spawn
	if o.parent != nil {
		caps, ok := p.unwire(now, []wireCap{*o.parent})
		if !ok {
			return
		}
		s.Parent = &caps[0]
	}
	p.toDo[o.id] = s.watch()
	p.events = append(p.events, Asked{o.id, s})
	if s.Parent != nil {
		p.hand(&Message{Caps: []Cap{*s.Parent}})
	}
}

// unwire makes capabilities of what the peer has sent. false: it was at fault.
func (p *Peer) unwire(now int64, in []wireCap) ([]Cap, bool) {
	var out []Cap
	for _, c := range in {
		if !c.mine {
			e := p.exports[c.number]
			if e == nil || c.rights&^e.rights != 0 {
				p.fault(now, "a capability that it does not have")
				return nil, false
			}
			out = append(out, Cap{Own: true, Ref: e.ref, Rights: c.rights, Hops: e.hops})
			continue
		}
		im := p.imports[c.number]
		switch {
		case im == nil && len(p.imports) >= MaxExports:
			p.fault(now, "too many capabilities")
			return nil, false
		case im == nil:
			im = &imported{rights: c.rights, hops: c.hops}
			p.imports[c.number] = im
		case im.rights != c.rights || im.hops != c.hops || im.got == 1<<30:
			p.fault(now, "a capability that has changed")
			return nil, false
		}
		im.got++
		im.raw++
		out = append(out, Cap{Number: c.number, Rights: c.rights, Hops: c.hops})
	}
	return out, true
}
