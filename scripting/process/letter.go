package process

// Letter is what lies in a mailbox: a message, or a signal of the node.
type Letter struct {
	Tag    int64 // chosen by the sender, for a receiver that picks; see Pick for signals
	Data   []byte
	Caps   []*Cap
	Signal *Signal // nil for a message
	Node   bool    // the node itself sent it, not a process
}

// SignalKind says what a signal tells.
type SignalKind uint8

const (
	Down  SignalKind = iota + 1 // Ref: the monitor, also the Tag unless another was chosen; Reason
	Exit                        // Tag: of the link; Reason. For those that trap exits.
	Timer                       // Ref: the timer, also the Tag
)

// Signal tells of something that the process asked to be told.
type Signal struct {
	Kind   SignalKind
	Ref    uint64
	Reason Reason
}

func (l *Letter) check() error {
	if len(l.Data) > MaxMessage || len(l.Caps) > MaxCaps {
		return ErrTooLarge
	}
	return nil
}

// letters is a queue: the first in a place of its own, because most queues have
// no more, the others in a ring that grows, and is let go when it is empty and
// was large.
type letters struct {
	at    int32
	n     int32 // with the first
	first Letter
	ring  []Letter
}

// keepRing is the largest ring that an empty queue keeps.
const keepRing = 8

func (q *letters) push(l *Letter) {
	if q.n == 0 {
		q.first, q.n = *l, 1
		return
	}
	if int(q.n) > len(q.ring) {
		ring := make([]Letter, max(2, 2*len(q.ring)))
		for i := range q.n - 1 {
			ring[i] = *q.nth(i + 1)
		}
		q.ring, q.at = ring, 0
	}
	q.n++
	*q.nth(q.n - 1) = *l
}

// nth is a letter by its place from the front.
func (q *letters) nth(i int32) *Letter {
	if i == 0 {
		return &q.first
	}
	return &q.ring[int(q.at+i-1)&(len(q.ring)-1)]
}

// remove takes one out into l and keeps the order of the others.
func (q *letters) remove(i int32, l *Letter) {
	*l = *q.nth(i)
	for ; i > 0; i-- {
		*q.nth(i) = *q.nth(i - 1)
	}
	if q.n--; q.n == 0 {
		q.first = Letter{}
		if len(q.ring) > keepRing {
			q.ring, q.at = nil, 0
		}
		return
	}
	q.first = q.ring[q.at]
	q.ring[q.at] = Letter{}
	q.at = (q.at + 1) & int32(len(q.ring)-1)
}
