// Package durable writes files so that they outlast a crash of the process and,
// after a sync, a power cut.
package durable

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

const (
	// TempPrefix begins the names of the files that a WriteFile cut short leaves.
	TempPrefix = "tmp-"
	// NewSuffix ends the name of what a Swap cut short leaves; the next one at the
	// same path begins it anew.
	NewSuffix = ".new"
)

// WriteFile puts a file that holds b, for nobody else to read, in the place of the
// one at path: after a crash the old or the new one is there, whole. Several
// goroutines may do so at once.
func WriteFile(path string, b []byte) error {
	dir, name := filepath.Split(path)
	f, err := os.CreateTemp(filepath.Clean(dir), TempPrefix+name+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// Swap is WriteFile for a path that one goroutine at a time writes to, which leaves
// one file with a known name when it is cut short. The new file comes back open,
// at its end. After a power cut it is sure to be there once its directory was
// synced; until then it may be the old one.
func Swap(path string, b []byte) (*os.File, error) {
	f, err := os.OpenFile(path+NewSuffix, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Rename(path+NewSuffix, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// SyncDir brings to the disk which files a directory has.
func SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Boot tells one start of the machine from another; "" where nothing does.
func Boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
