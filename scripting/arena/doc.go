// Package arena gives guests their linear memories.
//
// A memory is a slot of a large mapping that reserves addresses and nothing
// else: a page becomes resident when the guest touches it, and the collector
// neither scans nor counts it. Memories of one size class share mappings, so
// that 100,000 of them are a few hundred areas for the kernel. A memory that
// is given back drops its pages.
//
// An Image is a memory that was initialised once. A large one lies in a file
// without a name and is mapped copy-on-write into the slots of the memories
// that start from it; a small one is copied.
//
// What all memories together could make resident is bounded by a budget. A
// request over the budget, or one that the operating system refuses, is an
// error, never a fault of the program later.
//
// On Linux with 64-bit addresses slots are mapped as above; elsewhere they are
// ordinary Go memory with the same behaviour.
//
// Arena and Image may be used from any goroutine; a Memory belongs to one at
// a time.
package arena
