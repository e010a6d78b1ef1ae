//go:build unix

package control

import (
	"errors"
	"io/fs"
	"syscall"
)

func ownerOf(info fs.FileInfo) (uint32, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return st.Uid, true
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
