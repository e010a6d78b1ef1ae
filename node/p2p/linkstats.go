package p2p

import "sync/atomic"

// linkCounters counts one protocol's messages and streams.
type linkCounters struct {
	sent, sentBytes, dropped [classes]atomic.Uint64

	received, receivedBytes, limited, limitedBytes atomic.Uint64

	replaced                             atomic.Uint64
	dials, opened, failed, broken, idled atomic.Uint64
	accepted, stalls, peak               atomic.Uint64
}

func (c *linkCounters) replace()         { c.replaced.Add(1) }
func (c *linkCounters) drop(class Class) { c.dropped[min(class, classes-1)].Add(1) }

func (c *linkCounters) wrote(n, size [classes]int) {
	for i := range n {
		c.sent[i].Add(uint64(n[i]))
		c.sentBytes[i].Add(uint64(size[i]))
	}
}

func (c *linkCounters) saw(peak int) {
	for {
		was := c.peak.Load()
		if uint64(peak) <= was || c.peak.CompareAndSwap(was, uint64(peak)) {
			return
		}
	}
}

// LinkStats adds the links' counters to m, each as the protocol's name and
// what was counted, such as raynet_near_sent_reliable. Bytes include the
// frames' lengths, not what the transport adds. Counters that are zero are
// left out; depth and links are of this moment, the others since the start.
func (l *Links) LinkStats(m map[string]uint64) {
	for i := range l.stat {
		c, name := &l.stat[i], l.cfg.Protocols[i].Name+"_"
		put := func(what string, v uint64) {
			if v > 0 {
				m[name+what] = v
			}
		}
		for k := range classes {
			put("sent_"+k.String(), c.sent[k].Load())
			put("sent_bytes_"+k.String(), c.sentBytes[k].Load())
			put("dropped_"+k.String(), c.dropped[k].Load())
		}
		put("received", c.received.Load())
		put("received_bytes", c.receivedBytes.Load())
		put("replaced", c.replaced.Load())
		put("limited", c.limited.Load())
		put("limited_bytes", c.limitedBytes.Load())
		put("dials", c.dials.Load())
		put("opened", c.opened.Load())
		put("failed", c.failed.Load())
		put("broken", c.broken.Load())
		put("idled", c.idled.Load())
		put("accepted", c.accepted.Load())
		put("stalls", c.stalls.Load())
		put("queue_peak", c.peak.Load())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.out { //lint:sorted sums
		for i, k := range p.links {
			if k != nil {
				m[l.cfg.Protocols[i].Name+"_links"]++
				if n := k.queue.len(); n > 0 {
					m[l.cfg.Protocols[i].Name+"_depth"] += uint64(n)
				}
			}
		}
	}
}
