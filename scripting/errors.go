package scripting

import (
	"errors"

	"github.com/metatopia/metatopia/scripting/process"
)

// How a guest can fail. Faults of Handle and exits of processes wrap one.
var (
	ErrRefused   = errors.New("module refused")           // admission said no
	ErrNotUsable = errors.New("module cannot be used so") // no handle or run export, or an import of the other kind
	ErrOutOfGas  = errors.New("out of gas")               // the budget is spent
	ErrTooDeep   = errors.New("calls nested too deep")    // the call stack is spent
	ErrTrap      = errors.New("trap")                     // the module did something undefined
	ErrFailed    = errors.New("cannot be loaded")         // a loader said so
	ErrRaised    = errors.New("raised")                   // the guest itself gave up, in its own words
	ErrKilled    = errors.New("killed")                   // by Kill or Close
	ErrNoProcess = process.ErrNoProcess                   //
	ErrFull      = process.ErrFull                        // mailbox or process table
	ErrTooLarge  = process.ErrTooLarge                    // argument, message, memory
	ErrClosed    = process.ErrClosed
)
