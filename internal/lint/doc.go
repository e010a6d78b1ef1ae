// Package lint holds the rules of the code base that a compiler does not
// check, as functions that give findings, and the tests that run them over
// the whole tree:
//
//   - who may import whom (table.go), and which third-party modules may be
//     reached from where;
//   - what a core must not touch: clocks, goroutines, sockets, files, and
//     the order of a map (std.go, core.go);
//   - which float expressions give different bits on different CPUs
//     (floats.go);
//   - file length, package comments, sleeping tests (text.go), and links
//     in the docs (links.go).
//
// Every rule also has a positive control: a small fixture that must be found
// guilty, so that a rule that stopped working fails its own test.
package lint
