package node

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// A file of a mounted directory is a content that others fetch; the owner sees
// what is mounted, and the node's own directory is refused.
func TestMountedDirectory(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	b := startNode(t, Config{Name: "Bob", Join: found(t, a).Link, Absent: true})
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tree.obj"), []byte("v 0 0 0"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := must(a.Backend().Mount(t.Context(), &control.Mount{Dir: dir, Name: "models"}))(t)
	if s := must(a.Backend().Status(t.Context()))(t); len(s.Mounts) != 1 || s.Mounts[0] != *m {
		t.Errorf("%+v", s.Mounts)
	}
	var files []control.MountFile
	err := a.Backend().MountFiles(t.Context(), &control.MountName{Name: "models"}, func(f *control.MountFile) error {
		files = append(files, *f)
		return nil
	})
	if err != nil || len(files) != 1 || files[0].Path != "tree.obj" {
		t.Fatalf("%+v, %v", files, err)
	}
	var got []byte
	err = b.Backend().LumpGet(t.Context(), &control.LumpRequest{CID: files[0].CID}, func(c *control.LumpChunk) error {
		got = append(got, c.Data...)
		return nil
	})
	if err != nil || string(got) != "v 0 0 0" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, err := a.Backend().Mount(t.Context(), &control.Mount{Dir: a.home.dir}); control.CodeOf(err) != control.Invalid {
		t.Errorf("the node's own directory: %v", err)
	}
	if err := a.Backend().Unmount(t.Context(), &control.MountName{Name: "models"}); err != nil {
		t.Fatal(err)
	}
	if err := a.Backend().Unmount(t.Context(), &control.MountName{Name: "models"}); control.CodeOf(err) != control.NotFound {
		t.Error(err)
	}
}
