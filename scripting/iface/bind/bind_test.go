package bind

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting/iface"
)

// TestAll: every function of every interface is declared in every language.
// That the declarations fit the host is shown by the guests of
// scripting/conformance, which compilers build from them.
func TestAll(t *testing.T) {
	marks := map[string]string{".go": "//go:wasmimport %s %s\n", ".ts": `@external("%s", "%s")`, ".h": `MT_IMPORT("%s", "%s")`}
	for path, text := range Files(iface.All()) {
		for _, i := range iface.All() {
			for _, f := range i.Funcs {
				mark := marks[filepath.Ext(path)]
				if mark == "" {
					mark = `#[link(wasm_import_module = "%s")]` // the name stands below
				}
				mark = strings.Replace(strings.Replace(mark, "%s", i.ID(), 1), "%s", f.Name, 1)
				if !strings.Contains(string(text), mark) {
					t.Errorf("%s: no %s", path, mark)
				}
			}
		}
	}
}

func TestVersions(t *testing.T) {
	i, err := iface.Parse("mt:test@2\nabout x\nfor process\nf_g(a: i32)\n  does\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range Files([]*iface.Interface{i}) {
		if !strings.Contains(string(text), "mt_test2_f_g(") && !strings.Contains(string(text), "mtTest2FG(a") {
			t.Errorf("%s: %s", path, text)
		}
	}
}

// TestWrite: what is there already is not touched.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	path, old := filepath.Join(dir, "c", "metatopia_imports.h"), time.Unix(1e9, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || !st.ModTime().Equal(old) {
		t.Errorf("written again: %v %v", st.ModTime(), err)
	}
}

func TestPageRefuses(t *testing.T) {
	i := iface.Find("lump")
	for _, text := range []string{"", "# page\n\n<!-- functions -->\n", "<!-- functions: sending -->\n"} {
		if got, err := Page(text, i); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
