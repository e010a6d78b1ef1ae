package scripting

import (
	"time"

	"github.com/metatopia/metatopia/scripting/process"
)

// State of a process.
type State string

const (
	Running State = "running" // or about to
	Waiting State = "waiting" // for a letter, or for the node
	Exited  State = "exited"
)

// Kind of a process.
type Kind string

const (
	KindBlocking   Kind = "blocking"   // exports run
	KindHandling   Kind = "handler"    // exports handle
	KindSupervisor Kind = "supervisor" // keeps others alive; run by the node
	KindElsewhere  Kind = "elsewhere"  // stands for one on another node
)

// Info describes a process at one moment.
type Info struct {
	PID      uint64
	Parent   uint64 // who spawned it; 0 for a person
	Root     uint64 // of its tree
	Name     string
	Kind     Kind
	CID      string
	State    State
	Exit     string        // why it ended: "exit 0", "killed", "out of gas", "trap: ..."
	Err      error         // the same as an error, nil for "exit 0"
	Mailbox  int           // letters waiting
	Refused  uint64        // messages for which the mailbox had no room
	Received uint64        // letters taken so far
	Links    int           // processes it is linked to
	Monitors int           // that are told of its end
	Gas      uint64        // charged so far, up to the last wait or slice
	Memory   uint64        // bytes of linear memory, likewise
	CPU      time.Duration // time spent running, by samples
	Grants   Grants
	Screen   bool   // it shows something
	On       string // peer on which it runs; "" for here
	For      string // peer that started its tree; "" for this node
	Started  time.Time
	Ended    time.Time
}

func (a *actor) info() Info {
	p := a.proc.Info()
	i := Info{
		PID: p.ID, Parent: a.from, Root: a.tree.root, Name: a.name, Kind: a.kind, CID: a.cid, State: Running,
		Mailbox: p.Waiting, Refused: p.Refused, Received: p.Received, Links: p.Links, Monitors: p.Monitors,
		Gas: uint64(a.gas.Load()), Memory: uint64(a.bytes.Load()), CPU: time.Duration(a.cpu.Load()),
		For: a.tree.lodger, Grants: a.tree.grants, Started: p.Started, Ended: p.Ended,
	}
	i.Screen = a.table.screens.get(p.ID) != nil
	switch p.State {
	case process.Waiting:
		i.State = Waiting
	case process.Ended:
		i.State, i.Exit, i.Err = Exited, exitOf(p.Reason), errOf(p.Reason)
	}
	return i
}

// exitOf is how an end is shown.
func exitOf(r process.Reason) string {
	if r.End == process.Normal {
		return "exit 0"
	}
	return r.String()
}

func errOf(r process.Reason) error {
	switch {
	case r.End == process.Normal:
		return nil
	case r.Err != nil:
		return r.Err
	case r.End == process.Failed:
		return &exitError{uint32(r.Code)}
	}
	return ErrKilled
}
