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

// letters is a queue in a ring that grows and is let go when it is empty and
// was large.
type letters struct {
	ring []Letter
	at   int
	n    int
}

// keepRing is the largest ring that an empty queue keeps.
const keepRing = 8

func (q *letters) push(l *Letter) {
	if q.n == len(q.ring) {
		ring := make([]Letter, max(2, 2*q.n))
		for i := range q.n {
			ring[i] = *q.nth(i)
		}
		q.ring, q.at = ring, 0
	}
	q.ring[(q.at+q.n)&(len(q.ring)-1)] = *l
	q.n++
}

// nth is a letter by its place from the front.
func (q *letters) nth(i int) *Letter { return &q.ring[(q.at+i)&(len(q.ring)-1)] }

// remove takes one out into l and keeps the order of the others.
func (q *letters) remove(i int, l *Letter) {
	*l = *q.nth(i)
	for ; i > 0; i-- {
		*q.nth(i) = *q.nth(i - 1)
	}
	*q.nth(0) = Letter{}
	q.at = (q.at + 1) & (len(q.ring) - 1)
	if q.n--; q.n == 0 && len(q.ring) > keepRing {
		q.ring, q.at = nil, 0
	}
}
