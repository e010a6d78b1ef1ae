package byzantine

import (
	"bytes"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// entry waits for a record.
type entry struct {
	sync bool
	body []byte
}

// mine are the entries of this server that are in no record yet. The number of
// the first is one above the server's last in the log, whoever put that there:
// a leader that lies can use up a number, and then the others move up.
type mine struct {
	entries []entry
	size    int
	sent    int       // how many of them the leader was told of
	at      base.Tick // of the log, when it last was
}

func (m *mine) add(b []byte, sync bool) bool {
	if len(m.entries) >= maxMine || m.size+len(b) > maxMineBytes {
		return false
	}
	m.entries = append(m.entries, entry{sync, bytes.Clone(b)})
	m.size += len(b)
	return true
}

// settle takes out what a record holds.
func (m *mine) settle(list [][]byte) {
	for _, b := range list {
		i := slices.IndexFunc(m.entries, func(e entry) bool { return bytes.Equal(e.body, b) })
		if i == 0 {
			m.sent = max(m.sent-1, 0)
		} else {
			m.sent = 0 // numbers have moved
		}
		switch {
		case i < 0:
			continue
		case i == 0:
			m.entries = m.entries[1:]
		default:
			m.entries = slices.Delete(m.entries, i, i+1)
		}
		m.size -= len(b)
	}
}

// queue are entries that another server wants in a record, in case this one
// leads.
type queue struct {
	first   uint64 // number of the first
	entries []entry
	size    int
}

// put notes entries from a number on: those that were known from there on are
// void.
func (q *queue) put(first uint64, list []entry) {
	if len(q.entries) == 0 || first < q.first || first > q.first+uint64(len(q.entries)) {
		*q = queue{first: first}
	}
	q.cut(int(first - q.first))
	for _, e := range list {
		if len(q.entries) >= maxMine || q.size+len(e.body) > maxMineBytes {
			return // sent again later
		}
		q.entries = append(q.entries, e)
		q.size += len(e.body)
	}
}

// cut keeps the first n.
func (q *queue) cut(n int) {
	for _, e := range q.entries[n:] {
		q.size -= len(e.body)
	}
	q.entries = q.entries[:n]
}

// drop forgets the entries up to a number.
func (q *queue) drop(last uint64) {
	for len(q.entries) > 0 && q.first <= last {
		q.size -= len(q.entries[0].body)
		q.entries = q.entries[1:]
		q.first++
	}
	if len(q.entries) == 0 {
		*q = queue{}
	}
}

// settle sees to what a record settles. The caller holds the lock.
func (l *Log) settle(rec *order.Record) {
	at := 0
	for _, r := range rec.Runs {
		list := rec.Entries[at : at+int(r.Count)]
		at += int(r.Count)
		if r.Server == l.self {
			l.mine.settle(list)
			l.mine.at = rec.Tick
		} else {
			l.others[r.Server].drop(l.counters[r.Server-1])
		}
	}
	l.forward()
}

// forward tells the leader of what it has not been told of. The caller holds
// the lock.
func (l *Log) forward() {
	if len(l.mine.entries) > 0 && l.mine.sent > 0 && l.tick > l.mine.at+resendTicks {
		l.mine.sent = 0
	}
	if l.closed || l.leader == 0 || l.leader == l.self {
		return
	}
	for l.mine.sent < len(l.mine.entries) {
		m := forward{first: l.counters[l.self-1] + 1 + uint64(l.mine.sent)}
		size := 0
		for _, e := range l.mine.entries[l.mine.sent:] {
			if len(m.entries) >= maxForward || size > 0 && size+len(e.body) > forwardBytes {
				break
			}
			m.entries = append(m.entries, e)
			size += len(e.body)
		}
		l.mine.sent += len(m.entries)
		l.mine.at = l.tick
		l.send(l.leader, m.append(l.head(kindForward)))
	}
}

// assemble makes the next record of what waits. The caller holds the lock.
func (l *Log) assemble() order.Record {
	rec := order.Record{Epoch: l.epoch, Tick: l.tick + 1, Prev: l.sum}
	n := len(l.members)
	for i := range n {
		id := uint64(i + 1)
		list, first := l.mine.entries, l.counters[i]+1
		if id != l.self {
			q := &l.others[id]
			if list = q.entries; len(list) == 0 || q.first != first {
				continue
			}
		}
		// Each has its share, so that one cannot keep the others out.
		size := 0
		run := order.Run{Server: id, First: first}
		for _, e := range list {
			if size += len(e.body) + 4; size > (maxRecord-8<<10)/n || int(run.Count) >= order.MaxEntries/n {
				break
			}
			rec.Entries = append(rec.Entries, e.body)
			rec.Sync = rec.Sync || e.sync
			run.Count++
		}
		if run.Count > 0 {
			rec.Runs = append(rec.Runs, run)
		}
	}
	return rec
}
