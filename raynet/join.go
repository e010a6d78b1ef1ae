package raynet

// joinState is how far a node is with taking its place: look it up, close the
// cell, done. A jump to another place starts again; the old view stays in use
// until the new one is selected.
type joinState uint8

const (
	joinIdle joinState = iota
	joinFinding
	joinClosing
	joinDone
)

// joinRetry is the time until a join that found nobody is tried again.
const joinRetry = 2 * second

// pumpJoin starts a join as soon as anybody is known.
func (n *Node) pumpJoin() {
	if n.join != joinIdle || n.now < n.joinAt {
		return
	}
	for _, p := range n.table.all {
		if n.usable(p) {
			n.join = joinFinding
			n.startFind(findJoin, n.self.pos, 0)
			return
		}
	}
}

func (n *Node) foundOwnPlace() {
	if n.join != joinFinding {
		return
	}
	n.join = joinClosing
	n.closure.start(closureBudget)
	n.closure.joining, n.closure.holed = true, false
	n.dirty = true
}

func (n *Node) closedOwnCell() {
	if n.join != joinClosing {
		return
	}
	if len(n.near) == 0 {
		n.join, n.joinAt = joinIdle, n.now+joinRetry
		return
	}
	n.join = joinDone
	if !n.joined {
		n.joined = true
		n.event(Joined, n.id)
	}
}

func (n *Node) rejoin() {
	if n.join == joinDone {
		n.join = joinIdle
	}
}
