package node

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
)

// TestDirectoryOfAnOlderVersion: a node that does not read what an older one wrote
// says so in the same words however it meets it, and changes nothing.
func TestDirectoryOfAnOlderVersion(t *testing.T) {
	home := t.TempDir()
	a := startNode(t, Config{Name: "Ada", Home: home})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	id := a.current().servedList()[0].id
	stopNode(t, a)

	// The file's own version stands before the region's id.
	name := filepath.Join(home, "regions", id.String(), "region.db")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, append([]byte{2}, id[:]...)) {
		t.Fatal("the file is of another form than this test knows")
	}
	old := bytes.ReplaceAll(b, append([]byte{2}, id[:]...), append([]byte{1}, id[:]...))
	if err := os.WriteFile(name, old, 0o600); err != nil {
		t.Fatal(err)
	}
	refused := func(err error) {
		t.Helper()
		var v *base.VersionError
		if !errors.As(err, &v) || control.CodeOf(err) != control.Conflict ||
			!strings.Contains(err.Error(), "an older version of metatopia") || !strings.Contains(err.Error(), "region.db of version 1, wanted is 2") ||
			!strings.Contains(control.HintOf(err), "--home") {
			t.Fatalf("%v (hint %q)", err, control.HintOf(err))
		}
		if after, err := os.ReadFile(name); err != nil || !bytes.Equal(after, old) {
			t.Fatalf("the file was changed: %v", err)
		}
	}
	_, err = Start(t.Context(), Config{Name: "Ada", Home: home, Listen: loopback, Version: "test"})
	refused(err)

	// A region that is founded where one of before lies.
	if err := os.Remove(filepath.Join(home, "regions", id.String(), regionFile)); err != nil {
		t.Fatal(err)
	}
	a = startNode(t, Config{Name: "Ada", Home: home})
	_, err = a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"})
	refused(err)
}
