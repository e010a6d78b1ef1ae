// Package demo opens a whole world on one machine: it starts several nodes as
// processes of their own, founds a world, gives two of them neighbouring
// regions, sends residents walking, and counts what really happened from the
// nodes' own counters.
//
// It is a supervisor and nothing else: it knows a node only by its command
// line and its local API, exactly as a person does. A node that dies is said
// and counted as an error; nothing is restarted behind anybody's back.
package demo
