package scripting

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// State of a process.
type State string

const (
	Running State = "running"
	Waiting State = "waiting" // in receive or sleep
	Exited  State = "exited"
)

// Info describes a process at one moment.
type Info struct {
	PID      uint64
	Name     string
	CID      string
	State    State
	Exit     string        // why it ended: "exit 0", "killed", "out of gas", "trap: ..."
	Err      error         // the same as an error, nil for "exit 0"
	Mailbox  int           // messages waiting
	Received uint64        // messages taken so far
	Gas      uint64        // charged so far, up to the last slice
	Memory   uint64        // bytes of linear memory, as of the last slice
	CPU      time.Duration // time spent running, neither waiting nor inside the node
	Grants   Grants
	Started  time.Time
	Ended    time.Time
}

// LogLine is a line of a process's log. Level is debug, info, warn or error.
type LogLine struct {
	PID   uint64
	Time  time.Time
	Level string
	Text  string // no control characters but tabs
}

// process is one running guest. The fields without a guard belong to its own
// goroutine, or never change.
type process struct {
	table   *Processes
	pid     uint64
	spec    SpawnSpec
	args    []string
	started time.Time
	box     *mailbox
	log     *logRing
	ctx     context.Context // ends when it is killed
	cancel  context.CancelFunc
	killed  atomic.Bool
	done    chan struct{} // closed when it has ended

	sending atomic.Int32   // lumps on their way
	work    sync.WaitGroup // what sends them

	granted  uint64 // gas given so far
	sent     int32  // lumps sent, or tried
	running  time.Time
	sender   uint64
	near     []Seen
	lumpCID  string
	lump     string
	partials [3]string // by file descriptor: an unfinished printed line

	mu   sync.Mutex
	seen Info // what info gives
}

func newProcess(t *Processes, pid uint64, spec SpawnSpec) *process {
	p := &process{table: t, pid: pid, spec: spec, started: time.Now(), box: newMailbox(), log: newLogRing(), done: make(chan struct{})}
	p.args = append(p.args, spec.Args...)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.seen = Info{PID: pid, Name: spec.Name, CID: spec.CID, State: Running, Grants: spec.Grants, Started: p.started}
	return p
}

func (p *process) argv() []string { return append([]string{p.spec.Name}, p.args...) }

func (p *process) info() Info {
	p.mu.Lock()
	i := p.seen
	p.mu.Unlock()
	i.Mailbox = p.box.len()
	return i
}

func (p *process) kill() {
	p.killed.Store(true)
	p.cancel()
}

// live is the process's goroutine.
func (p *process) live() {
	g := &guest{Context: context.Background(), p: p, spent: (*guest).slice}
	p.running = time.Now()
	first := p.grant(0)
	err := g.start(p.table.cfg.Engine, p.spec.Module, p.spec.image(p.table.cfg.Engine), nil, p.spec.Memory, int64(first))
	if err == nil && !p.killed.Load() {
		err = g.call(exportRun)
	}
	if g.mod != nil {
		p.note(g)
	}
	if p.killed.Load() && err == nil {
		err = ErrKilled
	}
	p.end(err)
	g.stop()
	p.table.retire(p)
	// It stays listed for long: only its log is of use.
	p.near, p.lumpCID, p.lump = nil, "", ""
	p.work.Wait() // p.ctx has ended
	p.box.empty()
	close(p.done)
}

func (p *process) end(err error) {
	for fd := range p.partials {
		p.flush(uint32(fd))
	}
	what := "exited"
	switch {
	case errors.Is(err, ErrKilled):
		what = "killed"
	case errors.Is(err, ErrTrap), errors.Is(err, ErrOutOfGas), errors.Is(err, ErrTooDeep), errors.Is(err, ErrRefused):
		what = "faulted"
		p.logLine("error", exitText(err))
	}
	p.mu.Lock()
	p.seen.State, p.seen.Exit, p.seen.Err, p.seen.Ended = Exited, exitText(err), err, time.Now()
	p.seen.Memory = 0
	p.mu.Unlock()
	p.cancel()
	p.log.end()
	p.table.cfg.Log.Info("process ended", "pid", p.pid, "name", p.spec.Name, "exit", exitText(err))
	p.table.cfg.OnEvent(what)
}

// grant gives the next slice after used gas, and remembers it.
func (p *process) grant(used uint64) uint64 {
	slice := uint64(gasSlice)
	if p.spec.Gas != 0 {
		slice = min(slice, p.spec.Gas-used)
	}
	p.granted = used + slice
	return slice
}

// slice is called when a slice is used up: the point where a process can be
// killed and lets others run.
func (g *guest) slice() {
	p := g.p
	used := p.note(g)
	if p.killed.Load() {
		panic(ErrKilled)
	}
	if p.spec.Gas != 0 && used > p.spec.Gas {
		panic(ErrOutOfGas)
	}
	runtime.Gosched()
	g.gas.Set(p.grant(used))
}

// note publishes what the process used and gives the gas.
func (p *process) note(g *guest) uint64 {
	used := p.granted - uint64(g.left()) // left may be below zero
	now := time.Now()
	p.mu.Lock()
	p.seen.Gas = used
	p.seen.CPU += now.Sub(p.running)
	if g.memory {
		p.seen.Memory = uint64(g.mod.Memory().Size())
	}
	p.mu.Unlock()
	p.running = now
	return used
}

func (p *process) setState(s State) {
	p.mu.Lock()
	p.seen.State = s
	p.mu.Unlock()
}

// outside runs something of the node that may take long.
func (g *guest) outside(gas int64, do func()) {
	g.charge(gas)
	g.p.note(g)
	do()
	g.p.running = time.Now()
	if g.p.killed.Load() {
		panic(ErrKilled)
	}
}

// wait blocks until something is ready, at most d (for ever when negative).
// It gives false when the time is over; a kill does not return.
func (p *process) wait(g *guest, ready <-chan struct{}, d time.Duration) bool {
	p.note(g)
	p.setState(Waiting)
	var over <-chan time.Time
	if d >= 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		over = timer.C
	}
	ok := true
	select {
	case <-ready:
	case <-over:
		ok = false
	case <-p.ctx.Done():
		panic(ErrKilled)
	}
	p.setState(Running)
	p.running = time.Now()
	return ok
}

func (p *process) sleep(g *guest, d time.Duration) { p.wait(g, nil, max(d, 0)) }

// receive takes the next message that fits, or gives one that does not and
// leaves it. A negative timeout waits for ever.
func (p *process) receive(g *guest, size int, timeout time.Duration) ([]byte, bool) {
	deadline := time.Now().Add(timeout)
	for {
		if m, ok := p.box.take(size); ok {
			p.sender = m.from
			if len(m.data) <= size {
				p.mu.Lock()
				p.seen.Received++
				p.mu.Unlock()
			}
			return m.data, true
		}
		left := time.Duration(-1)
		if timeout >= 0 {
			if left = time.Until(deadline); left <= 0 {
				return nil, false
			}
		}
		p.wait(g, p.box.wake, left) // a stale token only makes another turn
	}
}

func (p *process) random(b []byte) {
	t := p.table
	t.randMu.Lock()
	defer t.randMu.Unlock()
	if _, err := t.cfg.Rand.Read(b); err != nil {
		trapf("no randomness")
	}
}

func (p *process) logLine(level, text string) {
	// The clone is the line alone: text may be part of a large write.
	p.log.add(LogLine{PID: p.pid, Time: time.Now(), Level: level, Text: strings.Clone(clean(text, maxLine))})
}

// print collects what is written to standard output (1) or error (2) and
// logs it by lines.
func (g *guest) print(fd uint32, b []byte) {
	p := g.p
	text := p.partials[fd] + string(b)
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok {
			break
		}
		g.charge(gasLine)
		p.logLine(printLevel(fd), line)
		text = rest
	}
	p.partials[fd] = strings.Clone(text[:min(len(text), maxLine)])
	if len(text) > maxLine {
		g.charge(gasLine)
		p.flush(fd)
	}
}

func (p *process) flush(fd uint32) {
	if p.partials[fd] != "" {
		p.logLine(printLevel(fd), p.partials[fd])
		p.partials[fd] = ""
	}
}

func printLevel(fd uint32) string {
	if fd == 2 {
		return "warn"
	}
	return "info"
}
