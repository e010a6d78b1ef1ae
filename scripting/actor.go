package scripting

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/scripting/process"
	"github.com/metatopia/metatopia/scripting/screen"
)

// actor is a guest as a process: the body of a blocking process or of a handler.
// The fields without a guard belong to the process's own goroutine, or never
// change once it runs.
type actor struct {
	g       guest
	letter  *process.Letter // the current one; nil for none
	proc    *process.Process
	module  *Module // nil for a supervisor
	tree    *tree
	granted int64        // gas given so far
	since   int64        // when what is timed began, in nanoseconds of the table; 0: nothing is
	gas     atomic.Int64 // what a listing shows, as are the next ones
	bytes   atomic.Int64 // of linear memory
	turns   uint32
	code    uint32
	exited  bool // it called exit
	hogged  bool // the last letter used up the slice

	cpu     atomic.Int64 // nanoseconds
	weight  int64        // how much what is timed counts
	born    int64        // in nanoseconds of the table
	table   *Processes
	img     *Image // of the module, if whoever spawned the root gave one
	cid     string
	name    string
	args    []string
	parent  *process.Cap // without the right to kill; nil for a root
	lender  *process.Cap // of the process itself, as its children get it
	from    uint64       // pid of the parent
	spawned uint64       // monitor that the last spawn made
	kind    Kind

	reserved int64 // bytes of the tree's memory

	rare *rare // most guests need none of it

	logMu   sync.Mutex
	log     *logRing // nil while there are no lines
	logOver bool
}

// rare is the state of some interfaces.
type rare struct {
	near     []Seen
	lumpCID  string
	lump     string
	answer   *WebAnswer // the last from the web
	partials [3]string  // by file descriptor: an unfinished printed line

	screen      *screen.Screen
	screenBytes int64 // of the tree's memory

	sending atomic.Int32   // lumps on their way
	work    sync.WaitGroup // what sends them
	sent    int32          // lumps sent, or tried
}

func (a *actor) more() *rare {
	if a.rare == nil {
		a.rare = &rare{}
	}
	return a.rare
}

func (a *actor) argv() []string { return append([]string{a.name}, a.args...) }

// start makes the instance.
func (a *actor) start(p *process.Process) error {
	a.g.Context, a.g.p, a.g.spent = context.Background(), a, (*guest).slice
	a.since, a.weight = a.table.now(), 1
	err := a.g.start(a.table.cfg.Engine, a.module, a.image(), a, MaxMemory, a.grant())
	if err == nil && p.Stopping() {
		err = ErrKilled
	}
	return a.outcome(err)
}

// Run implements process.Blocking.
func (a *actor) Run(p *process.Process) error {
	err := a.start(p)
	if err == nil {
		err = a.outcome(a.g.call(exportRun))
	}
	return err
}

// Start implements process.Handler.
func (a *actor) Start(p *process.Process) error {
	err := a.start(p)
	a.pause()
	return err
}

// Handle implements process.Handler.
func (a *actor) Handle(_ *process.Process, l *process.Letter) error {
	a.letter = l
	a.resume()
	f := a.module.aim(a.g.in)
	if err := f.CallWithStack(&a.g, nil); err != nil || a.exited {
		a.g.faulted = true
		return a.outcome(fault(err))
	}
	a.module.miss(a.g.in, f)
	a.letter = nil
	a.pause()
	return nil
}

// Spent implements process.Handler.
func (a *actor) Spent() bool { return a.hogged }

// Stop implements process.Handler and process.Blocking.
func (a *actor) Stop(p *process.Process) {
	if a.g.mod != nil {
		a.pause()
	}
	if r := a.rare; r != nil {
		for fd := range r.partials {
			a.flush(uint32(fd))
		}
		if r.sending.Load() > 0 {
			p.Outside(r.work.Wait) // p.Stopped is closed, or it will be soon
		}
	}
	a.dropAnswer()
	a.dropScreen()
	a.g.stop()
	a.tree.memory.Give(a.reserved)
	a.bytes.Store(0)
	// Handles of others may keep it for long.
	a.reserved, a.rare, a.letter, a.args = 0, nil, nil, nil
}

// outcome is what the process package is told of a call's end.
func (a *actor) outcome(err error) error {
	switch {
	case a.exited:
		return process.Exited(int32(a.code))
	case err == nil:
		return nil
	case errors.Is(err, ErrKilled):
		return err
	}
	a.logLine(levelError, exitText(err))
	return err
}

// resize implements room: the tree's memory bounds it.
func (a *actor) resize(size uint64) bool {
	more := int64(size) - a.reserved
	if more <= 0 {
		return true
	}
	if !a.tree.memory.Take(more) {
		return false
	}
	a.reserved += more
	return true
}

// cap gives what a handle stands for.
func (a *actor) cap(handle uint64) (*process.Cap, int32) {
	c, err := a.proc.Handles().Get(process.Handle(handle))
	return c, codeOf(err)
}

// hold gives the handle of a capability, or a code.
func (a *actor) hold(c *process.Cap) int32 {
	k, err := a.proc.Handles().Add(c)
	if err != nil {
		return codeOf(err)
	}
	return int32(k)
}

// outside runs something of the node that may take long.
func (g *guest) outside(gas int64, do func()) {
	g.charge(gas)
	a := g.p
	a.pause()
	a.proc.Outside(do)
	a.resume()
	if a.proc.Stopping() {
		panic(ErrKilled)
	}
}

func (a *actor) sleep(d time.Duration) {
	a.pause()
	a.proc.Sleep(d)
	a.resume()
	if a.proc.Stopping() {
		panic(ErrKilled)
	}
}

// age is the time since it started.
func (a *actor) age() time.Duration { return time.Duration(a.table.now() - a.born) }

func (a *actor) random(b []byte) {
	t := a.table
	t.randMu.Lock()
	defer t.randMu.Unlock()
	if _, err := t.cfg.Rand.Read(b); err != nil {
		trapf("no randomness")
	}
}
