package raysim

// Out takes the effects of one Step.
type Out struct {
	s    *shard
	st   *state
	node int32
}

// Send sends a message to another node.
func (o *Out) Send(to int32, c Class, m Message) { o.SendRaw(to, c, m.Kind(), m.Size(), 0, m) }

// SendRaw is Send for messages that do not know their own size and kind.
// extra is added to the time under way, ns.
func (o *Out) SendRaw(to int32, c Class, kind uint8, size int, extra int64, msg any) {
	s, e := o.s, o.s.e
	if to < 0 || int(to) >= e.cfg.Nodes {
		panic("raysim: invariant: a message to a node that cannot be")
	}
	o.st.sent++
	o.st.bytes += uint64(size)
	s.kinds[kind].Messages++
	s.kinds[kind].Bytes += uint64(size)
	d, lost := e.cfg.Link.delay(e.cfg.Seed, o.node, to, o.st.sent, c, s.now)
	if lost {
		return
	}
	s.push(event{at: s.now + d + extra, to: to, from: o.node, seq: o.st.sent, kind: EvMessage, cls: c, msg: msg})
}

// WakeAt asks for EvWake at t; it replaces what was asked before.
func (o *Out) WakeAt(t int64) { o.st.wakeAt = max(t, o.s.now+1) }

// Latency is the time one way to another node without jitter, ns.
func (o *Out) Latency(to int32) int64 { return o.s.e.cfg.Link.Base(o.s.e.cfg.Seed, o.node, to) }

// Delivered says that the route of token has ended here.
func (o *Out) Delivered(token uint64) { o.note(Note{Kind: NoteDelivered, Token: token}) }

// Hop says that the route of token has come here by n hops.
func (o *Out) Hop(token uint64, n int) {
	o.note(Note{Kind: NoteHop, Token: token, Value: int32(n)})
}

// Lost says that the route of token could not be passed on.
func (o *Out) Lost(token uint64) { o.note(Note{Kind: NoteLost, Token: token}) }

// Found answers the lookup of token: the closest node, -1 for nobody. complete
// is the machine's own opinion of the answer.
func (o *Out) Found(token uint64, closest int32, complete bool) {
	o.note(Note{Kind: NoteFound, Token: token, Value: closest, OK: complete})
}

// Joined says that the node has taken its place.
func (o *Out) Joined() { o.note(Note{Kind: NoteJoined}) }

func (o *Out) note(n Note) {
	n.At, n.Node = o.s.now, o.node
	o.s.notes = append(o.s.notes, n)
}
