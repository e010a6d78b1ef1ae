package guest

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
)

func TestOpen(t *testing.T) {
	if _, _, _, err := OpenFS(fstest.MapFS{}, "lamp"); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("not built: %v", err)
	}
	if _, _, _, err := OpenFS(fstest.MapFS{"lamp.wasm": {}}, "lamp"); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("without a source: %v", err)
	}
	if _, _, _, err := OpenFS(fstest.MapFS{}, "../embed"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not shipped: %v", err)
	}
	full := fstest.MapFS{"lamp.wasm": {Data: []byte("w")}, "lamp.source": {Data: []byte("s")}}
	wasm, source, meta, err := OpenFS(full, "lamp")
	if err != nil || string(wasm) != "w" || string(source) != "s" || meta.Name != "lamp" || meta.License != "MIT" {
		t.Errorf("got %q %q %+v %v", wasm, source, meta, err)
	}
}

// TestList: every shipped guest has a source in this repository.
func TestList(t *testing.T) {
	for _, m := range List() {
		path := "as/" + m.Name + ".ts"
		switch m.Language {
		case "Go":
			path = "go/" + m.Name + "/main.go"
		case "C":
			path = "lua/driver.c"
		}
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%s: %v", m.Name, err)
		}
	}
}
