package bind

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/scripting/iface"
)

var update = flag.Bool("update", false, "write the tables of docs/interfaces anew")

const docs = "../../../docs/interfaces"

// TestDocs: every interface has a page, and the tables there are those of the
// descriptions.
func TestDocs(t *testing.T) {
	check := func(name string, anew func(string) (string, error)) {
		path := filepath.Join(docs, name)
		old, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("docs/interfaces has no %s", name)
			return
		} else if err != nil {
			t.Fatal(err)
		}
		text, err := anew(string(old))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case text == string(old):
		case *update:
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s differs from scripting/iface/def: run go test ./scripting/iface/bind -run Docs -update", name)
		}
	}
	for _, i := range iface.All() {
		check(PageName(i), func(s string) (string, error) { return Page(s, i) })
	}
	check("README.md", func(s string) (string, error) { return Index(s, iface.All()) })
}
