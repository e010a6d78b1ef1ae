package scripting

import (
	"context"
	"log/slog"
	"time"
)

// ProcessesConfig configures NewProcesses.
type ProcessesConfig struct {
	Engine *Engine
	World  func() World // may be nil, or give nil: then mt:world@1 answers "unavailable"
	Lumps  LumpReader   // may be nil: then mt:lump@1 answers "unavailable"
	Log    *slog.Logger // spawns and exits; nil for none
	// OnEvent counts: "spawned", "exited", "killed", "faulted".
	OnEvent func(name string)
	// Max is how many processes may be alive at once, 0 for 256.
	Max int
}

// Processes is the process table of a node.
type Processes struct{}

// State of a process.
type State string

const (
	Running State = "running"
	Waiting State = "waiting" // in receive or sleep
	Exited  State = "exited"
)

// SpawnSpec says what to run.
type SpawnSpec struct {
	Module *Module
	CID    string // for listings
	Name   string
	Args   []string
	Memory uint64 // bytes, 0 for the default
	Gas    uint64 // whole-life budget, 0 for none
}

// Info describes a process at one moment.
type Info struct {
	PID      uint64
	Name     string
	CID      string
	State    State
	Exit     string // why it ended: "exit 0", "killed", "out of gas", "trap: ..."
	Err      error  // the same as an error, nil for "exit 0"
	Mailbox  int    // messages waiting
	Received uint64 // messages taken so far
	Gas      uint64 // charged so far
	Memory   uint64 // bytes of linear memory
	CPU      time.Duration
	Started  time.Time
	Ended    time.Time
}

// LogLine is a line of a process's log. Level is debug, info, warn or error.
type LogLine struct {
	PID   uint64
	Time  time.Time
	Level string
	Text  string
}

// NewProcesses makes an empty process table.
func NewProcesses(cfg ProcessesConfig) *Processes { return &Processes{} }

// Spawn starts a process and returns at once.
func (p *Processes) Spawn(spec SpawnSpec) (Info, error) { return Info{}, nil }

// List gives the live processes and, with all, the last exited ones, by pid.
func (p *Processes) List(all bool) []Info { return nil }

// Get describes one process; ErrNoProcess when it is unknown.
func (p *Processes) Get(pid uint64) (Info, error) { return Info{}, nil }

// Send puts a message into a mailbox: ErrNoProcess, ErrFull or ErrTooLarge.
func (p *Processes) Send(pid uint64, data []byte) error { return nil }

// Kill stops a process, also one in an endless loop, and waits until it has
// ended. Killing an exited process is no error.
func (p *Processes) Kill(pid uint64) error { return nil }

// Tail calls fn for the lines kept and, with follow, for those to come, until
// the process has ended, ctx ends or fn fails.
func (p *Processes) Tail(ctx context.Context, pid uint64, follow bool, fn func(LogLine) error) error {
	return nil
}

// Close kills every process and waits for them.
func (p *Processes) Close() error { return nil }
