package lumpbench

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// sinks are directories for stores, one for each run: empty, but with the
// directories of a store that has been in use.
type sinks struct {
	dir string
	n   int
}

func (s *sinks) next() (string, error) {
	s.n++
	dir := filepath.Join(s.dir, fmt.Sprintf("sink-%d", s.n))
	for i := range 256 {
		if err := os.MkdirAll(filepath.Join(dir, "lumps", fmt.Sprintf("%02x", i)), 0o700); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// hollow empties the large files below a directory. It does not remove them:
// ext4 looks at each inode that was freed within the last minutes before it
// gives out another one, and every run would slow down those after it.
func hollow(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		st, err := e.Info()
		if err != nil || st.Size() < block/2 {
			return err
		}
		return os.Truncate(path, 0)
	})
}
