// Package outbound sends the messages of a replicated log to one server of its
// region: a bounded queue, and the goroutine that keeps a stream open and writes.
// What the messages are, and what it means that some are lost, is the log's.
package outbound
