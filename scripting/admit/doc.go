// Package admit turns an untrusted WebAssembly module into one that the node
// dares to compile and run: Rewrite checks its shape and bounds, refuses what
// is not needed, and injects metering.
//
//   - Gas: at every function entry and loop header the static cost of the code
//     that one pass can execute is taken from a counter; below zero the module
//     calls the host (MeterImport), which refills or stops it. Bulk memory and
//     table instructions pay for their size too.
//   - Depth: every function that calls takes its frame from a stack budget, so
//     that runaway recursion ends at the same call on every CPU, long before
//     the engine's own limit, whose place depends on the CPU.
//   - NaN: floats are made canonical where their bits could be seen (stores,
//     reinterpretation, copysign), because NaN bits differ between CPUs.
//
// The engine validates types afterwards. What this package must validate
// itself is every index that changes its meaning by the rewriting: functions,
// globals, locals, types and labels. An index that was out of range in the
// original and would name something injected is refused.
//
// The package has no state; every function may be called from any goroutine.
// It never panics on any input and allocates in proportion to its length.
package admit
