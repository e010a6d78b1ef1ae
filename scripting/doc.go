// Package scripting runs guests: WebAssembly modules that were admitted,
// which means checked, bounded and rewritten so that every loop and every
// call pays gas (see scripting/admit and docs/protocol/scripting.md).
//
// A guest is used in one of two ways. A handler is run inside a region's sim
// by Engine.Handle: a pure function of its arguments, the same bytes on every
// CPU. A process is run by Processes: a goroutine with a mailbox, a log and
// the interfaces its node gives it.
//
// Everything in this package may be called from any goroutine.
package scripting
