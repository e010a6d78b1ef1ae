package far

// Event is something for the node: one of the types below.
type Event interface{ event() }

// Arrived is a message for a process of ours.
type Arrived struct {
	Number  Number
	Ref     Ref
	Message Message
}

// Watching says that the peer wants to know of the end of Ref. When it has ended
// already, Ended must be called.
type Watching struct {
	Number Number
	Ref    Ref
	Watch  Watch
}

// Exited: one that is linked to Ref has ended on the peer.
type Exited struct {
	Ref    Ref
	Reason Reason
}

// Killed: the peer ends Ref, as it may.
type Killed struct {
	Number Number
	Ref    Ref
}

// Over tells of the end of a process of the peer's.
type Over struct {
	Number Number
	Reason Reason
}

// Asked: the peer wants a process. Answer must be called with ID.
type Asked struct {
	ID    uint64
	Spawn Spawn
}

// Answered answers a Spawn of ours.
type Answered struct {
	ID      uint64
	Spawned Spawned
}

// Forgotten: the peer holds Ref no more.
type Forgotten struct{ Ref Ref }

// Refusal: messages to Number found no room, so many in all.
type Refusal struct {
	Number Number
	Lost   uint64
}

// Lost: the epoch is over. All that the peer gave cannot be reached and never
// will be again, spawns were not answered, and what was sent last may have
// arrived or not. Linked are ours to which somebody there is linked, Refs all of
// ours that it held.
type Lost struct {
	Linked []Ref
	Refs   []Ref
}

// Fault: the peer did what no correct one does. Lost follows if there is
// something to lose.
type Fault struct{ Why string }

func (Arrived) event()   {}
func (Watching) event()  {}
func (Exited) event()    {}
func (Killed) event()    {}
func (Over) event()      {}
func (Asked) event()     {}
func (Answered) event()  {}
func (Forgotten) event() {}
func (Refusal) event()   {}
func (Lost) event()      {}
func (Fault) event()     {}
