package compiler

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// ErrDir: the cache is not this user's alone.
var ErrDir = errors.New("cache directory")

// tempPrefix begins the names of the directories that children write to.
const tempPrefix = "compile-"

// Sweep removes what children left whose parent was killed. Best effort.
func Sweep(dir string) {
	left, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
	if err != nil {
		return
	}
	for _, d := range left {
		if info, err := os.Lstat(d); err == nil && time.Since(info.ModTime()) > sweepAge {
			_ = os.RemoveAll(d)
		}
	}
}
