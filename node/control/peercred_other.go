//go:build !linux && !darwin

package control

import (
	"errors"
	"net"
)

// peerUID is not known here: the socket directory's mode is the guard.
func peerUID(net.Conn) (uint32, error) { return 0, errors.ErrUnsupported }
