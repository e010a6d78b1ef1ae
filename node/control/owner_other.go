//go:build !unix

package control

import "io/fs"

func ownerOf(fs.FileInfo) (uint32, bool) { return 0, false }

// isRefused takes every failure to connect for a dead listener: systems
// without Unix error numbers also lock the data directory.
func isRefused(err error) bool { return err != nil }
