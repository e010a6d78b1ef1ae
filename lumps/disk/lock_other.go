//go:build !unix

package disk

import "os"

// lockFile keeps the file open but excludes nobody: there is no flock here.
func lockFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
}

// syncDir does nothing: directories cannot be flushed on this system, so the
// last acknowledged names may be lost with the power.
func (*Store) syncDir(string) error { return nil }
