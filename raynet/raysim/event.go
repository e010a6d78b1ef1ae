package raysim

// event is one entry of the queue. A million nodes have millions of messages
// under way, so it is kept small: 40 bytes.
type event struct {
	at   int64
	to   int32
	from int32  // sender; -1 for what the engine gives
	seq  uint32 // sender's counter: ties of time and sender
	kind EventKind
	cls  Class
	msg  any // *ask, *boot or the protocol's message
}

// ask is the body of EvLookup and EvRoute, boot that of EvStart.
type ask struct {
	token uint64
	pose  Pose
}

type boot struct{ keys []int32 }

const chunkLen = 256

// chunk is a slab of events; slabs are used again.
type chunk struct {
	n    int
	next *chunk
	ev   [chunkLen]event
}

// wheelLen windows of the least latency (10 ms: 5 s) are kept apart; what is
// later waits in one list that is looked through once a turn.
const wheelLen = 512

// wheel is a calendar queue of one shard: a list of slabs for each window.
type wheel struct {
	width int64 // of a window, ns
	base  int64 // index of the current window since time 0
	slots [wheelLen]*chunk
	far   []event
	free  *chunk
	spare int // chunks in free
	count int
}

// push files an event. One that is due before the current window ends is put
// into it: the caller has seen to it that this window has not been taken.
func (w *wheel) push(e event) {
	w.count++
	i := max(e.at/w.width, w.base)
	if i-w.base >= wheelLen {
		w.far = append(w.far, e)
		return
	}
	w.file(&w.slots[i%wheelLen], e)
}

func (w *wheel) file(slot **chunk, e event) {
	c := *slot
	if c == nil || c.n == chunkLen {
		f := w.free
		if f == nil {
			f = &chunk{}
		} else {
			w.free = f.next
			w.spare--
		}
		f.next, f.n = c, 0
		*slot, c = f, f
	}
	c.ev[c.n] = e
	c.n++
}

// take appends the events of the current window to dst, in any order, and goes
// on to the next window.
func (w *wheel) take(dst []event) []event {
	slot := &w.slots[w.base%wheelLen]
	for c := *slot; c != nil; {
		dst = append(dst, c.ev[:c.n]...)
		w.count -= c.n
		clear(c.ev[:c.n])
		next := c.next
		// A quarter more than is in use: the first second of a world files
		// ten times what any later one does.
		if 4*w.spare*chunkLen < w.count {
			c.next, c.n = w.free, 0
			w.free = c
			w.spare++
		}
		c = next
	}
	*slot = nil
	w.base++
	if w.base%wheelLen == 0 && len(w.far) > 0 {
		w.refile()
	}
	return dst
}

// refile moves what has come within a turn from the list of far events.
func (w *wheel) refile() {
	far := w.far
	w.far = w.far[:0]
	for _, e := range far {
		if e.at/w.width-w.base < wheelLen {
			w.file(&w.slots[max(e.at/w.width, w.base)%wheelLen], e)
		} else {
			w.far = append(w.far, e)
		}
	}
	clear(far[len(w.far):])
}
