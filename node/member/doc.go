// Package member is what the servers of one region say to each other besides
// the log: who agrees to serve, who wants to join, how far everybody is, and
// where a checkpoint lies; and what the leader makes of it. It is pure: node
// moves the messages.
package member
