//go:build !linux || 386 || arm || mips || mipsle

package arena

import (
	"errors"
	"os"
)

// slots tells that memories are on the heap.
const slots = false

var errNone = errors.New("not on this system")

func reserve(int) ([]byte, error)                   { return nil, errNone }
func release([]byte) error                          { return nil }
func rewrite([]byte, []byte) bool                   { return false }
func discard([]byte) error                          { return errNone }
func newFile([]byte, int) (*os.File, []byte, error) { return nil, nil, errNone }
func mapFile([]byte, *os.File) error                { return errNone }
func unmapFile([]byte) error                        { return errNone }
func mapLimit() int64                               { return 0 }

// Physical is how much memory the machine has, in bytes: not known here.
func Physical() uint64 { return 0 }
