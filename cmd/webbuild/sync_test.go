package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSyncDirKeepsPlaceholderAndRemovesStale(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"README.md", "app.js", "old.js"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := syncDir(dir, map[string][]byte{"app.js": []byte("new")}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "README.md")); err != nil || string(got) != "README.md" {
		t.Errorf("placeholder: %q, %v", got, err)
	}
	if got, _ := os.ReadFile(filepath.Join(dir, "app.js")); string(got) != "new" {
		t.Errorf("app.js = %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "old.js")); !os.IsNotExist(err) {
		t.Errorf("stale file is still there: %v", err)
	}
}

func TestSyncDirLeavesEqualFilesAlone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.js")
	if err := os.WriteFile(path, []byte("same"), 0o644); err != nil {
		t.Fatal(err)
	}
	past := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	if err := syncDir(dir, map[string][]byte{"app.js": []byte("same")}); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !st.ModTime().Equal(past) {
		t.Error("a file with equal content was written again")
	}
}
