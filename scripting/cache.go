package scripting

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// prune removes the oldest compiled modules while there are more than most
// bytes of them: strangers' modules come and go, and the engine itself removes
// none. Best effort: what cannot be read or removed stays.
func prune(dir string, most int64) {
	type file struct {
		path string
		size int64
		at   time.Time
	}
	var files []file
	sum := int64(0)
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		// The engine's files alone, which are in a directory named after it.
		if err != nil || !d.Type().IsRegular() || !strings.HasPrefix(filepath.Base(filepath.Dir(path)), "wazero-") {
			return nil
		}
		if info, err := d.Info(); err == nil {
			files = append(files, file{path, info.Size(), info.ModTime()})
			sum += info.Size()
		}
		return nil
	})
	slices.SortFunc(files, func(a, b file) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.path, b.path)) })
	for _, f := range files {
		if sum <= most {
			return
		}
		if os.Remove(f.path) == nil {
			sum -= f.size
		}
	}
}
