//go:build !unix

package compiler

import (
	"fmt"
	"os"
)

// CheckDir makes a cache's directory. Who may write there is not looked at.
func CheckDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("compiler: %w", err)
	}
	return nil
}
