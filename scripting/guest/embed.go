// Package guest holds the guests that are shipped with the node: wasm modules
// with their sources. They are built, not committed: see guest/build.
package guest

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// ErrNotBuilt: this binary was built without the guests.
var ErrNotBuilt = errors.New("guests are not built in: run `make guests` and build again")

// FS is the directory of built guests: NAME.wasm and NAME.source.
func FS() fs.FS {
	d, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("guest: embedded directory is missing: " + err.Error())
	}
	return d
}

// Open gives a shipped guest: its module, its source text and what is known
// about it. It fails with ErrNotBuilt, or with fs.ErrNotExist for a name that
// is not shipped.
func Open(name string) (wasm, source []byte, meta Meta, err error) { return OpenFS(FS(), name) }

// OpenFS is Open for another directory of built guests.
func OpenFS(dir fs.FS, name string) (wasm, source []byte, meta Meta, err error) {
	meta, ok := find(name)
	if !ok {
		return nil, nil, Meta{}, fmt.Errorf("guest: open %s: %w", name, fs.ErrNotExist)
	}
	wasm, err = fs.ReadFile(dir, name+".wasm")
	if err == nil {
		source, err = fs.ReadFile(dir, name+".source")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, meta, fmt.Errorf("guest: open %s: %w", name, ErrNotBuilt)
	}
	if err != nil {
		return nil, nil, meta, fmt.Errorf("guest: open %s: %w", name, err)
	}
	return wasm, source, meta, nil
}
