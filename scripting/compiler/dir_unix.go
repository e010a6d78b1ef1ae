//go:build unix

package compiler

import (
	"fmt"
	"os"
	"syscall"
)

// CheckDir makes a cache's directory and sees that nobody else can write
// native code into it: it belongs to this user, and is for nobody else.
func CheckDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("compiler: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("compiler: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir() || !ok:
		return fmt.Errorf("compiler: %w %s is none", ErrDir, dir)
	case int(st.Uid) != os.Geteuid():
		return fmt.Errorf("compiler: %w %s belongs to user %d, not to %d", ErrDir, dir, st.Uid, os.Geteuid())
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("compiler: %w %s can be written by others: remove it", ErrDir, dir)
	case info.Mode().Perm() != 0o700:
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("compiler: %w", err)
		}
	}
	return nil
}
