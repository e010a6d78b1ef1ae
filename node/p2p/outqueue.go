package p2p

// Class says how a message of a link may be treated when the peer is slow.
type Class uint8

const (
	// Reliable messages wait in order. When too many wait, the link fails.
	Reliable Class = iota
	// Latest replaces an unsent Latest message about the same subject.
	Latest
	// Bulk messages wait in order behind all others. When too many wait, new
	// ones are dropped.
	Bulk
	classes
)

func (c Class) String() string { return [...]string{"reliable", "latest", "bulk"}[c] }

// Outgoing is a message for one peer. The bytes are the link's from then on.
type Outgoing struct {
	Class   Class
	Subject uint64 // of Latest: what the message is about
	Msg     []byte
}

// pushed says what became of a message given to a queue.
type pushed uint8

const (
	queued   pushed = iota
	replaced        // queued, and an older one of the same subject was dropped
	refused         // dropped, for lack of room
	overrun         // a reliable one did not fit: the peer does not keep up
)

// outQueue is what waits for one stream, within maxQueued messages and
// maxQueuedBytes of each class. It is not safe for concurrent use.
type outQueue struct {
	fifo  [classes][]Outgoing // Latest: one per subject, oldest first
	bytes [classes]int
	peak  int // most messages that ever waited
}

func (q *outQueue) push(m Outgoing) pushed {
	if m.Class >= classes {
		return refused
	}
	f := &q.fifo[m.Class]
	if m.Class == Latest {
		for i := range *f {
			if (*f)[i].Subject == m.Subject {
				q.bytes[Latest] += len(m.Msg) - len((*f)[i].Msg)
				(*f)[i] = m
				return replaced
			}
		}
		if len(*f) >= maxSubjects {
			q.bytes[Latest] -= len((*f)[0].Msg)
			*f = append((*f)[:0], (*f)[1:]...)
			q.add(m)
			return replaced
		}
	}
	if len(*f) >= maxQueued || q.bytes[m.Class]+len(m.Msg) > maxQueuedBytes {
		if m.Class == Reliable {
			return overrun
		}
		return refused
	}
	q.add(m)
	return queued
}

func (q *outQueue) add(m Outgoing) {
	q.fifo[m.Class] = append(q.fifo[m.Class], m)
	q.bytes[m.Class] += len(m.Msg)
	q.peak = max(q.peak, q.len())
}

func (q *outQueue) len() int {
	n := 0
	for c := range q.fifo {
		n += len(q.fifo[c])
	}
	return n
}

// take frames what goes into the next write: reliable messages, the latest,
// then bulk, at most maxWrite bytes and at least one message. taken counts
// the messages of each class, size their bytes with the frames' lengths.
func (q *outQueue) take(buf []byte) (out []byte, taken, size [classes]int) {
	for _, c := range [...]Class{Reliable, Latest, Bulk} {
		f := q.fifo[c]
		n := 0
		for n < len(f) && (len(buf) == 0 || len(buf)+len(f[n].Msg) <= maxWrite) {
			was := len(buf)
			buf = AppendFrame(buf, f[n].Msg)
			q.bytes[c] -= len(f[n].Msg)
			size[c] += len(buf) - was
			n++
		}
		taken[c] = n
		rest := copy(f, f[n:])
		clear(f[rest:])
		if q.fifo[c] = f[:rest]; rest > 0 {
			break
		}
	}
	return buf, taken, size
}
