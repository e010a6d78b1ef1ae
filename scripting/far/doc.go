// Package far carries processes' capabilities between two nodes: messages in
// order, links, monitors, kills, spawns, ends, and the difference between dead
// and unreachable. A Peer is this node's side of one pair: a pure state machine
// that takes packets, calls and the time, and gives packets and events.
//
// What is sent belongs to an epoch, the time during which both sides know each
// other by the same two sessions. An epoch ends when the other is silent for
// too long, when it has begun a new session (a restart is one), or when it
// breaks the rules. Everything of the epoch is gone then, on both sides: numbers
// of capabilities, messages that were not acknowledged, links. Whoever is
// reached again is met anew.
//
// The protocol is docs/protocol/process.md.
package far
