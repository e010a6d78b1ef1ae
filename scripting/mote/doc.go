// Package mote compiles Mote, a small language of numbers, to WebAssembly: for
// functions that must be fast, for handlers of things and for small processes.
// docs/mote.md defines the language.
//
// Compile is a pure function of its input, with bounds in limits.go: the same
// text gives the same bytes on every CPU. The guest `compiler` has a copy of
// this package inside, so it imports nothing but Go's standard library.
//
// SPDX-License-Identifier: MIT
package mote
