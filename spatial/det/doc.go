// Package det is float32 geometry that gives the same bits on every CPU.
//
// The compiler may fuse x*y + z into one instruction that rounds once, and on
// arm64 it does so even through a local variable or an inlined call. An
// explicit conversion of the product forbids it (Go specification, "Floating
// point operators"), so every product here is written float32(a * b).
// Functions of package math other than Sqrt, Floor, Ceil, Trunc and Abs differ
// between CPUs and are not used: Sin, Cos and Atan2 are our own polynomials.
//
// A test compiles the package for several CPUs and fails on any fused
// instruction; see docs/protocol/determinism.md. Any goroutine may call
// anything here: there is no state.
package det
