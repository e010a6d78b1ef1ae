package assets

// idleList orders the entries that nobody holds by how long: the cache.
type idleList struct{ newest, oldest *entry }

func (i *idleList) add(e *entry) {
	e.isIdle, e.newer, e.older = true, nil, i.newest
	if i.newest != nil {
		i.newest.newer = e
	} else {
		i.oldest = e
	}
	i.newest = e
}

func (i *idleList) remove(e *entry) {
	if !e.isIdle {
		return
	}
	if e.newer != nil {
		e.newer.older = e.older
	} else {
		i.newest = e.older
	}
	if e.older != nil {
		e.older.newer = e.newer
	} else {
		i.oldest = e.newer
	}
	e.isIdle, e.newer, e.older = false, nil, nil
}

// evict drops the entry that nobody has held for longest; false when all are
// held.
func (l *Library) evict() bool {
	e := l.idle.oldest
	if e == nil {
		return false
	}
	l.forget(e)
	l.cfg.OnEvent("evicted")
	return true
}

// shrink evicts until at most so many bytes are held, and tells whether that
// could be done.
func (l *Library) shrink(to int64) bool {
	for l.held > to {
		if !l.evict() {
			return false
		}
	}
	return true
}

// forget takes an entry out of all lists.
func (l *Library) forget(e *entry) {
	l.idle.remove(e)
	for _, k := range e.keys {
		if l.byKey[k] == e {
			delete(l.byKey, k)
		}
	}
	delete(l.handles, e.handle)
	l.held -= e.bytes
	e.bytes = 0
}

// Stats are counts at one moment.
type Stats struct {
	Entries int   // known: loading, held, kept
	Idle    int   // kept, held by nobody
	Bytes   int64 // decoded
}

// Stats counts.
func (l *Library) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Stats{Entries: len(l.handles), Bytes: l.held}
	for e := l.idle.newest; e != nil; e = e.older {
		s.Idle++
	}
	return s
}
