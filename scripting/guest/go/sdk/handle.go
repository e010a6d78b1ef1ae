//go:build wasip1

package sdk

import (
	"fmt"
	"strings"
	"time"
	"unsafe"
)

// Handle is a capability of this process: the only way to reach another. Its
// number means nothing elsewhere.
type Handle int32

// Rights that a handle has.
type Rights int32

const (
	CanSend Rights = 1 << iota
	CanMonitor
	CanLink
	CanKill
	AllRights = CanSend | CanMonitor | CanLink | CanKill
)

func handle(n int32) (Handle, error) {
	if n < 0 {
		return 0, Code(n)
	}
	return Handle(n), nil
}

// Self is the process itself, with all rights. Each call wants a Drop.
func Self() Handle { return Handle(mtProcessSelf()) }

// Parent is who spawned it, without the right to kill; NotFound when a person
// did.
func Parent() (Handle, error) { return handle(mtProcessParent()) }

// Send puts a message into the mailbox of h, with capabilities.
func (h Handle) Send(tag int64, data []byte, caps ...Handle) error {
	if len(caps) == 0 {
		return check(mtMessageSend(h, tag, ptr(data), int32(len(data))))
	}
	return check(mtMessageSendCaps(h, tag, ptr(data), int32(len(data)), unsafe.Pointer(unsafe.SliceData(caps)), int32(len(caps))))
}

// Link ends each when the other ends other than normally.
func (h Handle) Link(tag int64) error { return check(mtProcessLink(h, tag)) }

// Unlink undoes Link.
func (h Handle) Unlink() error { return check(mtProcessUnlink(h)) }

// Monitor has a Down letter come when h has ended, and gives its number.
func (h Handle) Monitor() (ref int64, err error) {
	ref = mtProcessMonitor(h)
	if ref < 0 {
		return 0, Code(ref)
	}
	return ref, nil
}

// Demonitor undoes Monitor.
func Demonitor(ref int64) { mtProcessDemonitor(ref) }

// TrapExits turns the ends of linked processes into letters.
func TrapExits(on bool) { mtProcessTrapExits(on) }

// Kill ends a process.
func (h Handle) Kill() error { return check(mtProcessKill(h)) }

// Rights of h.
func (h Handle) Rights() Rights { return Rights(mtProcessRights(h)) }

// Demote gives a handle of the same process with fewer rights.
func (h Handle) Demote(keep Rights) (Handle, error) { return handle(mtProcessDemote(h, uint32(keep))) }

// Lend is Demote for a handle that Revoke takes back, wherever it was sent.
func (h Handle) Lend(keep Rights) (Handle, error) { return handle(mtProcessLend(h, uint32(keep))) }

// Revoke takes back what Lend gave.
func (h Handle) Revoke() error { return check(mtProcessRevoke(h)) }

// Drop gives a handle back.
func (h Handle) Drop() { mtProcessDrop(h) }

// Register gives a name to h within the processes that came of one.
func Register(name string, h Handle) error { return check(mtProcessRegister(name, h)) }

// Unregister frees a name that this process has or gave.
func Unregister(name string) error { return check(mtProcessUnregister(name)) }

// Whereis finds what a name was given to.
func Whereis(name string) (Handle, error) { return handle(mtProcessWhereis(name)) }

// Flag says how to spawn.
type Flag int32

const (
	WithLink    Flag = 1 << iota
	WithMonitor      // the Down letter has the tag; see Spawned
	AsHandler        // handle is called for each letter
	LowPriority
	TrappingExits
	GetOrSpawn // by its name, if there is one
)

// Spawn starts this module again with one argument, and a name if it is not
// empty. It shares the bounds of this process.
func Spawn(arg []byte, name string, flags Flag, tag int64) (Handle, error) {
	return handle(mtProcessSpawn(ptr(arg), int32(len(arg)), name, uint32(flags), tag))
}

// SpawnModule starts another module, if that was granted (metatopia spawn
// --may-spawn).
func SpawnModule(cid string, arg []byte, name string, flags Flag, tag int64) (Handle, error) {
	return handle(mtProcessSpawnModule(cid, ptr(arg), int32(len(arg)), name, uint32(flags), tag))
}

// SpawnOn starts a module on another node, if that was granted (metatopia spawn
// --may-spawn-on PEER) and its owner agreed. It takes as long as that node does.
func SpawnOn(peer, cid string, arg []byte, flags Flag, tag int64) (Handle, error) {
	return handle(mtProcessSpawnOn(peer, cid, ptr(arg), int32(len(arg)), uint32(flags), tag))
}

// Spawned is the monitor that the last Spawn made.
func Spawned() (ref int64) { return mtProcessSpawned() }

// Strategies and restarts of a supervisor.
const (
	OneForOne  = "one-for-one"
	OneForAll  = "one-for-all"
	RestForOne = "rest-for-one"
	Permanent  = "permanent" // started anew after any end
	Transient  = "transient" // after any but a normal one
	Temporary  = "temporary" // never
)

// Child of a supervisor: this module, with an argument.
type Child struct {
	Name    string // found by Whereis; may be empty
	Restart string
	Handler bool
	Arg     string // without line breaks
}

// Supervise has the node keep children alive: more than restarts within a time
// end the supervisor, which is linked to this process and ends with it.
func Supervise(strategy string, restarts int, within time.Duration, children ...Child) (Handle, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %d\n", strategy, restarts, within.Milliseconds())
	for _, c := range children {
		kind, name := "blocking", c.Name
		if c.Handler {
			kind = "handler"
		}
		if name == "" {
			name = "-"
		}
		fmt.Fprintf(&b, "%s %s %s %s\n", name, c.Restart, kind, c.Arg)
	}
	return handle(mtProcessSupervise(b.String()))
}
