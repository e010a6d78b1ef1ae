// Package top shows what the processes of a node do, once a second: on a
// terminal as a tree with logs, which can be sorted, filtered and from which
// processes can be killed, or as a stream of values for programs.
//
// The screen is a pure function of the model, and the model changes by messages
// only; run.go alone speaks to a terminal. Names, log lines and errors come from
// guests and other nodes: clean makes them safe before they reach a screen.
package top
