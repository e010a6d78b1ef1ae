package scripting

import "errors"

// How a guest can fail. Faults of Handle and exits of processes wrap one.
var (
	ErrRefused   = errors.New("module refused")               // admission said no
	ErrNotUsable = errors.New("module cannot be used so")     // no handle or run export, or an import of the other kind
	ErrOutOfGas  = errors.New("out of gas")                   // the budget is spent
	ErrTooDeep   = errors.New("calls nested too deep")        // the call stack is spent
	ErrTrap      = errors.New("trap")                         // the module did something undefined
	ErrFailed    = errors.New("cannot be loaded")             // a loader said so
	ErrKilled    = errors.New("killed")                       // by Kill or Close
	ErrNoProcess = errors.New("no such process")              //
	ErrFull      = errors.New("full")                         // mailbox or process table
	ErrTooLarge  = errors.New("larger than the bound allows") // argument, message, memory
	ErrClosed    = errors.New("closed")
)
