//go:build !linux

package terminal

import "net"

// ownUser cannot tell here: see the package comment.
func ownUser(net.Conn) bool { return true }
