// Package web holds the browser client: its TypeScript source under src, and
// the bundle that cmd/webbuild makes of it under dist, embedded here.
//
// The bundle is not committed. A binary built from a bare clone still
// compiles and serves a page that says how to get the client.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

//go:embed unbuilt
var unbuilt embed.FS

// Assets gives the files to serve at the root of the local web address, with
// index.html on top. When the bundle is not in this binary, built is false
// and index.html says to run make web. Any goroutine may call it.
func Assets() (assets fs.FS, built bool) {
	if _, err := fs.Stat(dist, "dist/index.html"); err == nil {
		return sub(dist, "dist"), true
	}
	return sub(unbuilt, "unbuilt"), false
}

// sub never fails: both names are fixed and embedded.
func sub(fsys fs.FS, dir string) fs.FS {
	s, err := fs.Sub(fsys, dir)
	if err != nil {
		panic("web: embedded directory " + dir + ": " + err.Error())
	}
	return s
}
