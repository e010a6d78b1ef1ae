// Package iface describes the interfaces that guests may import: for each
// version of each one the functions with their types, the exports that it
// needs or calls, who may use it, and its codes. From these descriptions come the
// tables in docs/interfaces and the bindings of the SDKs (scripting/iface/bind);
// a test of scripting holds the host's functions against them.
//
// A description is a text in def/NAME_VERSION.txt:
//
//	mt:log@1
//	about  lines for the author
//	for    handler process loader image
//	codes  too-large
//	export run() must
//
//	log(level: u32, text: text)  for process  since 2
//	  what it does, for people
//	= sending
//
// for says which kinds of guest are offered a function: the line at the top
// those that say nothing else. An export is one that the module must have, one
// of several that it has (or), or one that is called when it is there (may). A
// line `= WORD` begins a group: a table of its own in the docs. since is the
// revision of the version that a function came with, 1 unless said. `deprecated
// WHY` and `instead mt:NAME@N` at the top say that a version is on its way out.
package iface
