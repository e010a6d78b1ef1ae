// Package process runs processes: units of execution that share nothing, know
// others only by capabilities, and talk by messages. It knows nothing of
// WebAssembly: what a process does is its Body.
//
// There are two kinds. A handler is called once for each letter and has no
// stack in between; a few workers run all of them. A blocking process has a
// goroutine and asks for letters itself. Both need one of a fixed number of
// slots to run and give it up when their slice of gas is used up and somebody
// waits, so that a process that never ends delays others by a slice at most.
//
// Whatever a process wants of another goes through a Cap: an unforgeable
// reference with rights, that can be weakened, handed on in a message and taken
// back. Links and monitors behave as Erlang's: links go both ways and pass an
// abnormal end on, monitors tell of an end, at once if it has been.
//
// Methods of Table and Process may be called from any goroutine, unless they
// say that only the process itself may.
package process
