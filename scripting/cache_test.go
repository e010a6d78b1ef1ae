package scripting

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestCacheIsPruned(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, age time.Duration) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, 100), 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(1e9, 0).Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		return path
	}
	notOurs := put("letters/old", 9*time.Hour)
	oldest, old, young := put("wazero-v1/a", 3*time.Hour), put("wazero-v2/b", 2*time.Hour), put("wazero-v2/c", time.Hour)
	prune(dir, 250)
	for path, want := range map[string]bool{notOurs: true, oldest: false, old: true, young: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}

	// An engine that uses the directory does so at its start, and its own
	// files are where prune looks.
	e, err := NewEngine(EngineConfig{CacheDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	admitGuest(t, e, spinGuest())
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	prune(dir, 0)
	left, err := filepath.Glob(filepath.Join(dir, "wazero-*", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	prune(filepath.Join(dir, "nothing"), 0)
}
